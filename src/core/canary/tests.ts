/**
 * One-sided tests: is the canary worse? Both are stratified by the steps of a schedule, as traffic and its errors may
 * change over time just as the weights do: only what was served at the same weights is compared.
 */
import { durationOf } from "../duration-histogram.ts";
import type { Stratum, VersionTraffic } from "./traffic.ts";

/**
 * The two-proportion test on errors: the probability of as many errors among the canary's invocations, or more, if both
 * versions fail equally often. Exact (Fisher's, over strata the sum of hypergeometric counts) while errors are few; by
 * the normal distribution (Mantel–Haenszel, with continuity correction) where they are many.
 */
export function errorsP(strata: readonly Stratum[]): number {
  const tables = strata.map(tableOf).filter(({ canary, stable, errors }) => canary > 0 && stable > 0 && errors > 0);
  const observed = tables.reduce((sum, { canaryErrors }) => sum + canaryErrors, 0);
  const few = tables.reduce((sum, { errors }) => sum + errors, 0) <= EXACT_ERRORS;
  return few ? exactTail(tables, observed) : normalTailOf(tables, observed);
}

const EXACT_ERRORS = 2_000;

interface Table {
  readonly canary: number;
  readonly stable: number;
  readonly errors: number;
  readonly canaryErrors: number;
}

function tableOf({ stable, canary }: Stratum): Table {
  return {
    canary: canary.invocations,
    stable: stable.invocations,
    errors: stable.errors + canary.errors,
    canaryErrors: canary.errors,
  };
}

function exactTail(tables: readonly Table[], observed: number): number {
  let sum: Distribution = { first: 0, chances: [1] };
  for (const table of tables) sum = convolve(sum, hypergeometric(table));
  const from = Math.max(0, observed - sum.first);
  return Math.min(
    1,
    sum.chances.slice(from).reduce((all, chance) => all + chance, 0),
  );
}

/** Of whole numbers from `first` on. */
interface Distribution {
  readonly first: number;
  readonly chances: readonly number[];
}

/** What is less likely than this adds nothing to any probability that a gate looks at. */
const NEGLIGIBLE = 1e-18;

/** How many of `errors` fall on the canary by chance. */
function hypergeometric({ canary, stable, errors }: Table): Distribution {
  const low = Math.max(0, errors - stable);
  const high = Math.min(errors, canary);
  const all = logChoose(canary + stable, errors);
  const chances = Array.from({ length: high - low + 1 }, (_, index) =>
    Math.exp(logChoose(canary, low + index) + logChoose(stable, errors - low - index) - all),
  );
  const first = chances.findIndex((chance) => chance > NEGLIGIBLE);
  const last = chances.findLastIndex((chance) => chance > NEGLIGIBLE);
  return { first: low + first, chances: chances.slice(first, last + 1) };
}

function convolve(a: Distribution, b: Distribution): Distribution {
  const chances = Array.from({ length: a.chances.length + b.chances.length - 1 }, () => 0);
  for (const [i, x] of a.chances.entries()) {
    for (const [j, y] of b.chances.entries()) chances[i + j] = (chances[i + j] ?? 0) + x * y;
  }
  return { first: a.first + b.first, chances };
}

function normalTailOf(tables: readonly Table[], observed: number): number {
  let expected = 0;
  let variance = 0;
  for (const { canary, stable, errors } of tables) {
    const all = canary + stable;
    expected += (errors * canary) / all;
    variance += (errors * (all - errors) * canary * stable) / (all * all * (all - 1));
  }
  return variance > 0 ? normalTail((observed - expected - 0.5) / Math.sqrt(variance)) : 1;
}

/**
 * The Mann–Whitney test on durations (van Elteren's over strata), with ties: the probability of the canary's being as
 * slow, or slower, if it were slower by no more than `tolerated` says.
 */
export function latencyP(strata: readonly Stratum[], tolerated: (durationMs: number) => number): number {
  let statistic = 0;
  let variance = 0;
  for (const stratum of strata) {
    const ranks = rankSum(sampleOf(stratum.stable, tolerated), sampleOf(stratum.canary));
    if (!ranks) continue;
    const weight = 1 / (ranks.all + 1);
    statistic += weight * ranks.excess;
    variance += weight * weight * ranks.variance;
  }
  return variance > 0 ? normalTail(statistic / Math.sqrt(variance)) : 1;
}

/** Fewer say nothing by the normal distribution. */
const MIN_RANKED = 10;

type Sample = readonly (readonly [durationMs: number, count: number])[];

function sampleOf({ durations }: VersionTraffic, change = (durationMs: number): number => durationMs): Sample {
  return durations.map(([bucket, count]) => [change(durationOf(bucket)), count]);
}

interface RankSum {
  readonly all: number;
  /** Of the canary's ranks, over what is expected of equal versions. */
  readonly excess: number;
  readonly variance: number;
}

function rankSum(stable: Sample, canary: Sample): RankSum | undefined {
  const values = new Map<number, { stable: number; canary: number }>();
  for (const [sample, side] of [
    [stable, "stable"],
    [canary, "canary"],
  ] as const) {
    for (const [durationMs, count] of sample) {
      const found = values.get(durationMs) ?? { stable: 0, canary: 0 };
      found[side] += count;
      values.set(durationMs, found);
    }
  }
  const stableCount = countOf(stable);
  const canaryCount = countOf(canary);
  if (Math.min(stableCount, canaryCount) < MIN_RANKED) return undefined;
  const all = stableCount + canaryCount;
  let below = 0;
  let ranks = 0;
  let ties = 0;
  for (const [, { stable, canary }] of [...values].toSorted(([a], [b]) => a - b)) {
    const tied = stable + canary;
    ranks += canary * (below + (tied + 1) / 2);
    ties += tied ** 3 - tied;
    below += tied;
  }
  const variance = ((stableCount * canaryCount) / 12) * (all + 1 - ties / (all * (all - 1)));
  return { all, excess: ranks - (canaryCount * (all + 1)) / 2, variance };
}

const countOf = (sample: Sample): number => sample.reduce((sum, [, count]) => sum + count, 0);

/** The probability of a standard normal number above `z`; right to 1e-7 of itself. */
export function normalTail(z: number): number {
  if (z < 0) return 1 - normalTail(-z);
  // W. J. Cody's rational approximation in the form of Numerical Recipes, erfcc: relative error below 1.2e-7.
  const x = z / Math.SQRT2;
  const t = 1 / (1 + x / 2);
  const polynomial = coefficients.reduceRight((sum, coefficient) => sum * t + coefficient, 0);
  return (t * Math.exp(-x * x + polynomial)) / 2;
}

const coefficients = [
  -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223,
  0.17087277,
];

function logChoose(n: number, k: number): number {
  return logFactorial(n) - logFactorial(k) - logFactorial(n - k);
}

const small = [0, 0];

/** Exact for small numbers, Stirling's series for the others. */
function logFactorial(n: number): number {
  if (n < 256) {
    for (let next = small.length; next <= n; next += 1) small.push((small[next - 1] ?? 0) + Math.log(next));
    return small[n] ?? 0;
  }
  return n * Math.log(n) - n + Math.log(2 * Math.PI * n) / 2 + 1 / (12 * n) - 1 / (360 * n ** 3);
}
