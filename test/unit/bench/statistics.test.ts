import { expect, it } from "vitest";
import { isReached, type Figure } from "../../bench/lib/figure.ts";
import { measured, median, quantile } from "../../bench/lib/statistics.ts";
import { formatSummary } from "../../bench/lib/table.ts";

it("takes the middle of an odd number of samples, and the mean of the two in the middle of an even one", () => {
  expect(median([30, 10, 20])).toBe(20);
  expect(median([40, 10, 30, 20])).toBe(25);
  expect(median([7])).toBe(7);
});

it("answers a quantile with one of the samples, the highest that the share needs", () => {
  const samples = Array.from({ length: 100 }, (_, index) => 100 - index);

  expect(quantile(samples, 0.95)).toBe(95);
  expect(quantile(samples, 1)).toBe(100);
  expect(quantile(samples, 0)).toBe(1);
  expect(() => quantile([], 0.5)).toThrow(RangeError);
});

it("keeps the range and the number of the samples beside their middle", () => {
  expect(measured("FaaSify", "ms", [3, 1, 2])).toMatchObject({ value: 2, range: [1, 3], samples: 3 });
});

it("counts a bound itself as reached, and says which figures are not", () => {
  const onTheBound = figure("on the bound", 60, { atMost: 60 });
  const slow = figure("slow", 61, { atMost: 60 });
  const many = figure("many", 2, { atLeast: 2 });

  expect([onTheBound, slow, many].map(isReached)).toEqual([true, false, true]);
  expect(isReached(figure("only printed", 1))).toBeUndefined();
  expect(formatSummary([onTheBound, slow, many, { what: "peer", skipped: "no compiler" }])).toBe(
    [
      "2 of 3 targets reached",
      "  NOT REACHED  slow: 61.0 ms (target ≤ 60 ms)",
      "  NOT MEASURED peer: no compiler",
    ].join("\n"),
  );
});

function figure(what: string, value: number, target?: Figure["target"]): Figure {
  return { what, ours: { name: "FaaSify", value, unit: "ms" }, baselines: [], ...(target && { target }) };
}
