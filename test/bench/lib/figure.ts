/** What every benchmark returns: one line of the table that `npm run bench` prints. */

export type Unit = "ms" | "req/s" | "×" | "%" | "MB" | "open";

/** The numbers behind one value: the median of all samples, the whole range, and what else is worth saying. */
export interface Measured {
  readonly name: string;
  readonly value: number;
  readonly unit: Unit;
  /** Of the samples, in the same unit. */
  readonly range?: readonly [low: number, high: number];
  readonly samples?: number;
  /** `p95`, `median of 3 rounds`: how `value` follows from the samples. */
  readonly statistic?: string;
  /** Milliseconds of CPU time per request, where a whole process tree was measured. */
  readonly cpuMs?: number;
}

/** Exactly one bound. */
export type Target = { readonly atMost: number } | { readonly atLeast: number };

export interface Figure {
  /** What is measured, in the words of the list of figures to reach. */
  readonly what: string;
  readonly ours: Measured;
  /** Absent for figures that are only printed. */
  readonly target?: Target;
  /** Measured in the same run, alternating with ours where that makes sense. */
  readonly baselines: readonly Measured[];
  readonly note?: string;
}

/** A figure that cannot be measured here, with the reason: `aws-lambda-ric could not be compiled`. */
export interface Skipped {
  readonly what: string;
  readonly skipped: string;
}

export type Outcome = Figure | Skipped;

export function isSkipped(outcome: Outcome): outcome is Skipped {
  return "skipped" in outcome;
}

/** `undefined` when there is nothing to reach. */
export function isReached({ ours, target }: Figure): boolean | undefined {
  if (!target) return undefined;
  return "atMost" in target ? ours.value <= target.atMost : ours.value >= target.atLeast;
}

export interface BenchOptions {
  /** Fewer samples: to see that everything runs, not to quote. */
  readonly quick: boolean;
}

export interface Bench {
  /** What `npm run bench -- NAME` selects. */
  readonly name: string;
  run(options: BenchOptions): Promise<readonly Outcome[]>;
}
