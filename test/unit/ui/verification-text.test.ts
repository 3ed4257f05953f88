import { expect, it } from "vitest";
import { parseVerification, verificationText } from "../../../src/ui/verification-text.ts";

const report = {
  seed: 1,
  cases: 100,
  equal: 98,
  different: 1,
  nondeterministic: 1,
  threw: 3,
  differences: [
    {
      case: 4,
      input: "1",
      outcome: "nondeterministic",
      path: "result",
      original: "1",
      deployed: "2",
      because: "it reads the clock",
    },
    { case: 9, input: "'a', 2", outcome: "different", path: "result.items[3].when", original: "2", deployed: "3" },
  ],
} as const;

it("gives the counts, then real differences, then those that prove nothing", () => {
  const parsed = parseVerification(JSON.stringify({ ...report, function: "a.ts#f" }));
  if (!parsed) throw new Error("the report is not understood");

  expect(verificationText("f", parsed)).toBe(
    [
      "f: 98 of 100 cases equal, 1 different, 1 nondeterministic, 3 throw, here and deployed (seed 1)",
      "",
      "case 9  f('a', 2)",
      "  result.items[3].when:",
      "    here      2",
      "    deployed  3",
      "",
      "case 4  f(1)",
      "  result:",
      "    here      1",
      "    deployed  2",
      "  nondeterministic: it reads the clock",
      "",
    ].join("\n"),
  );
});

it("takes nothing else for a report", () => {
  expect(parseVerification("")).toBeUndefined();
  expect(parseVerification('{"cases":1}')).toBeUndefined();
});
