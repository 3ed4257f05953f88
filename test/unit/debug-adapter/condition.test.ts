import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
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
  expect(hitConditionProblem("often")).toContain('"often" is no hit condition');
  expect(hitConditionProblem("> -1")).toBeDefined();
  expect(hitConditionProblem(" >= 10 ")).toBeUndefined();
  expect(hitConditionProblem(undefined)).toBeUndefined();
});
