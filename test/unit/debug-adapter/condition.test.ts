import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { createSensitiveNames } from "../../../src/protocol/sensitive-names.ts";
import { conditionOf, hitConditionProblem } from "../../../src/debug-adapter/breakpoints/condition.ts";

/** Evaluates the condition at each pass, as V8 does, and returns the passes that would pause. */
function pausesAt(condition: string, passes: number, printed: unknown[][] = []): number[] {
  const context = { pass: 0, console: { log: (...args: unknown[]) => void printed.push(args) } };
  const results = Array.from({ length: passes }, (_, index) =>
    runInNewContext(condition || "true", Object.assign(context, { pass: index + 1 })),
  );
  return results.flatMap((pauses, index) => (pauses ? [index + 1] : []));
}

it.each([
  ["3", [3]],
  ["= 3", [3]],
  ["===3", [3]],
  ["> 3", [4, 5, 6]],
  [">=3", [3, 4, 5, 6]],
  ["< 3", [1, 2]],
  ["<=3", [1, 2, 3]],
  ["% 2", [2, 4, 6]],
])("pauses by the hit condition %s at the right passes", (hitCondition, expected) => {
  expect(pausesAt(conditionOf(1, { hitCondition }), 6)).toEqual(expected);
});

it("pauses always without any condition", () => {
  expect(conditionOf(1, {})).toBe("");
  expect(conditionOf(1, { condition: "  ", hitCondition: "" })).toBe("");
});

it("counts only the passes at which the condition holds", () => {
  expect(pausesAt(conditionOf(1, { condition: "pass % 2 === 0", hitCondition: "2" }), 6)).toEqual([4]);
});

it("counts each breakpoint for itself", () => {
  const both = `(${conditionOf(1, { hitCondition: "2" })}) || (${conditionOf(2, { hitCondition: "2" })})`;

  // The second is not passed when the first pauses.
  expect(pausesAt(both, 4)).toEqual([2, 3]);
});

it("prints a log message with its values and never pauses", () => {
  const printed: unknown[][] = [];

  const pauses = pausesAt(
    conditionOf(1, { logMessage: "pass {pass}, {({ a: { b: pass } }).a.b * 2} 100%" }),
    2,
    printed,
  );

  expect(pauses).toEqual([]);
  expect(printed).toEqual([
    ["pass %s, %s 100%%", 1, 2],
    ["pass %s, %s 100%%", 2, 4],
  ]);
});

it("prints only where condition and hit condition hold", () => {
  const printed: unknown[][] = [];

  pausesAt(conditionOf(1, { condition: "pass > 2", hitCondition: "> 1", logMessage: "{pass}" }), 5, printed);

  expect(printed.map(([, pass]) => pass)).toEqual([4, 5]);
});

it("takes escaped and unclosed braces for text", () => {
  const printed: unknown[][] = [];

  pausesAt(conditionOf(1, { logMessage: String.raw`\{pass\} {}` }), 1, printed);
  pausesAt(conditionOf(1, { logMessage: "open {pass" }), 1, printed);

  expect(printed).toEqual([["{pass} %s", undefined], ["open {pass"]]);
});

it("says what is wrong with a hit condition", () => {
  expect(hitConditionProblem({ hitCondition: "often" })).toContain('"often" is no hit condition');
  expect(hitConditionProblem({ hitCondition: "> -1" })).toBeDefined();
  expect(hitConditionProblem({ hitCondition: " >= 10 " })).toBeUndefined();
  expect(hitConditionProblem({})).toBeUndefined();
});

it("prints no secret, and prints its place when it has no message", () => {
  const sensitive = createSensitiveNames(["password"]);
  const surroundings = { place: "orders.ts:3", names: [], sensitive, translate: (code: string) => code };

  expect(conditionOf(1, { logMessage: "{user} {user.password}" }, surroundings)).toBe(
    '(console.log("%s %s", (user), "[redacted]"), false)',
  );
  expect(conditionOf(1, { mode: "log" }, surroundings)).toBe('(console.log("orders.ts:3"), false)');
});

it("takes one pass in so many as a sample, and pauses at none", () => {
  const taken: number[] = [];
  const context = { Symbol, Map, pass: 0, [Symbol.for("faasify.snapshot")]: () => taken.push(context.pass) };
  const condition = conditionOf(1, { mode: "sample", hitCondition: "3" });
  runInNewContext("this", context);
  for (let pass = 1; pass <= 7; pass++)
    expect(runInNewContext(condition, Object.assign(context, { pass }))).toBe(false);

  expect(taken).toEqual([1, 4, 7]);
  expect(hitConditionProblem({ mode: "sample", hitCondition: "0" })).toContain("no sampling rate");
  expect(hitConditionProblem({ mode: "sample", hitCondition: "% 5" })).toBeUndefined();
});
