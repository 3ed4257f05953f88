/** What was seen of two versions that served the same traffic at the same time. */
import { bucketOf, durationOf } from "../duration-histogram.ts";

export interface VersionTraffic {
  readonly invocations: number;
  readonly errors: number;
  /** Pairs of a bucket of duration-histogram.ts and how many durations fell into it. */
  readonly durations: readonly (readonly [bucket: number, count: number])[];
}

/** Both versions while the weights were the same. */
export interface Stratum {
  readonly stable: VersionTraffic;
  readonly canary: VersionTraffic;
}

const noTraffic: VersionTraffic = { invocations: 0, errors: 0, durations: [] };
export const emptyStratum: Stratum = { stable: noTraffic, canary: noTraffic };

/** Counts the invocations of one version. */
export class TrafficCounter {
  #invocations: number;
  #errors: number;
  readonly #durations: Map<number, number>;

  constructor({ invocations, errors, durations }: VersionTraffic = noTraffic) {
    this.#invocations = invocations;
    this.#errors = errors;
    this.#durations = new Map(durations);
  }

  add(durationMs: number, failed: boolean): void {
    const bucket = bucketOf(durationMs);
    this.#invocations += 1;
    if (failed) this.#errors += 1;
    this.#durations.set(bucket, (this.#durations.get(bucket) ?? 0) + 1);
  }

  toTraffic(): VersionTraffic {
    return { invocations: this.#invocations, errors: this.#errors, durations: [...this.#durations] };
  }
}

export function addTraffic(a: VersionTraffic, b: VersionTraffic): VersionTraffic {
  const durations = new Map(a.durations);
  for (const [bucket, count] of b.durations) durations.set(bucket, (durations.get(bucket) ?? 0) + count);
  return { invocations: a.invocations + b.invocations, errors: a.errors + b.errors, durations: [...durations] };
}

/** For people: how one version does. */
export interface VersionHealth {
  readonly invocations: number;
  readonly errors: number;
  /** In milliseconds, right to 1 %; absent before the first invocation. */
  readonly p50Ms?: number;
  readonly p95Ms?: number;
}

export function healthOf({ invocations, errors, durations }: VersionTraffic): VersionHealth {
  const sorted = durations.toSorted(([a], [b]) => a - b);
  const [p50Ms, p95Ms] = [percentileMs(sorted, 0.5), percentileMs(sorted, 0.95)];
  return {
    invocations,
    errors,
    ...(p50Ms !== undefined && { p50Ms }),
    ...(p95Ms !== undefined && { p95Ms }),
  };
}

/** By nearest rank. */
function percentileMs(sorted: VersionTraffic["durations"], share: number): number | undefined {
  let left = Math.ceil(share * sorted.reduce((sum, [, count]) => sum + count, 0));
  for (const [bucket, count] of sorted) {
    left -= count;
    if (left <= 0) return durationOf(bucket);
  }
  return undefined;
}
