import { expect, it } from "vitest";
import { verdictLabel, verdictMarkdown, verdictSummary } from "../../../src/core/verdict-text.ts";
import { modelOf } from "./project.ts";

it.each([
  ["export const f = () => 1;", "can move"],
  ["export const f = () => console.log(Date.now());", "can move, with side effects: console, time"],
  [
    "let n = 0;\nexport const f = () => n++;",
    "can move, but uses state: uses `n`, which is changed at a.ts:2, and travels with the call",
  ],
  [
    "export function f(a: () => void) { process.exit(); }",
    "stays here: ends the process (`process.exit`) (and 1 more)",
  ],
  [
    "const f = (x: number) => x * x;\nfor (const x of [1, 2]) f(x);",
    "can move, but is called in a loop (line 2) and does so little that each remote call costs more than it saves",
  ],
  [
    "let n = 0;\nconst f = () => n++;\nfor (const x of [1, 2]) f();",
    "can move, but uses state: uses `n`, which is changed at a.ts:2, and travels with the call; is called in a loop (line 3) and does so little that each remote call costs more than it saves",
  ],
  ["// @faasify remote\nconst f = (x: number) => x * x;\nfor (const x of [1, 2]) f(x);", "can move"],
  ["main();\nfunction main() {}", "entry point: is the program's entry point, called at line 1"],
])("sums up %j in one line", (text, line) => {
  const model = modelOf(text);

  expect(verdictSummary(model)).toBe(line);
  expect(line.startsWith(verdictLabel(model.verdict))).toBe(true);
});

it("says everything in Markdown, in which names of files cannot become markup", () => {
  const text = verdictMarkdown(
    modelOf("const k = 1;\nlet n = k;\nexport const f = () => console.log(n++);", "my_[file]_.ts"),
  );

  expect(text).toBe(
    [
      "**FaaSify:** can move, but uses state",
      String.raw`- uses ${"`n`"}, which is changed at my\_\[file\]\_.ts:3, and travels with the call (line 3)`,
      "Side effects: console, state",
      String.raw`Captures: ${"`n`"} (let, my\_\[file\]\_.ts:2), ${"`k`"} (const, my\_\[file\]\_.ts:1)`,
    ].join("\n\n"),
  );
});
