import vm from "node:vm";
import { describe, expect, it } from "vitest";
import { blocksWith, changeExpression } from "../../../src/debug-adapter/breakpoints/variable-watch.ts";

describe("blocks", () => {
  const text = `let count = 0;
function add(by) { count += by; }
const text = "count {";
const other = { counts: 1, get it() { return this.count; } };
class Counter {
  next() { return [...count]; }
}
// count {
`;

  it("are those that mention the variable, whole", () => {
    const lines = text.split("\n");
    const found = blocksWith(text, "count").map(({ start, end }) => {
      expect(lines[start.line0]?.charAt(start.column0)).toBe("{");
      return [start.line0, end.line0];
    });
    expect(found).toEqual([
      [1, 1],
      [4, 6],
    ]);
  });
});

describe("the expression of a place", () => {
  const places = (condition: string, hits = "") => {
    const context = vm.createContext({});
    const expression = changeExpression({ id: 1, name: "x", condition, hits });
    return (x: unknown): unknown => vm.runInContext(`((x) => ${expression})`, context)(x);
  };

  it("is true where the value is another one than at the last place", () => {
    const at = places("");
    expect([Number.NaN, Number.NaN, 1, 1, 2, 2].map(at)).toEqual([false, false, true, false, true, false]);
  });

  it("compares with the last value also where the condition did not hold", () => {
    const at = places("value > oldValue + 1");
    expect([1, 2, 3, 5, 5].map(at)).toEqual([false, false, false, true, false]);
  });
});
