import type { Measured, Unit } from "./figure.ts";

/**
 * The `share`-quantile of the samples by the nearest-rank method: always one of the samples.
 *
 * @param share - from 0 to 1
 * @throws RangeError if there are no samples
 */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  if (value === undefined) throw new RangeError("a quantile of no samples");
  return value;
}

/** With an even number of samples, the mean of the two in the middle. */
export function median(samples: readonly number[]): number {
  const upper = quantile(
    samples.map((sample) => -sample),
    0.5,
  );
  return (quantile(samples, 0.5) - upper) / 2;
}

/** Sums samples up as one value of the table. */
export function measured(
  name: string,
  unit: Unit,
  samples: readonly number[],
  statistic: "p50" | "p95" = "p50",
): Measured {
  return {
    name,
    unit,
    value: statistic === "p50" ? median(samples) : quantile(samples, 0.95),
    range: [Math.min(...samples), Math.max(...samples)],
    samples: samples.length,
    statistic,
  };
}

/** Milliseconds that `work` takes. */
export async function timed(work: () => unknown): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
