/** Counts per function, and the latest durations for percentiles. Saved now and then, never on the way of an invocation. */
import type { MetricsRecord } from "../state/state-store.ts";
import type { Measured } from "../runtime/live-sandbox.ts";

/** Percentiles are of this many latest invocations. */
const DURATIONS_KEPT = 1_000;

export class FunctionMetrics {
  invocations = 0;
  errors = 0;
  throttles = 0;
  coldStarts = 0;
  /** Changed since it was saved. */
  dirty = false;
  readonly #durationsMs = new Float64Array(DURATIONS_KEPT);
  #durations = 0;

  constructor(saved?: MetricsRecord) {
    if (!saved) return;
    ({
      invocations: this.invocations,
      errors: this.errors,
      throttles: this.throttles,
      coldStarts: this.coldStarts,
    } = saved);
    for (const durationMs of saved.durationsMs) this.#addDuration(durationMs);
  }

  add({ durationMs, failed, cold }: Measured): void {
    this.invocations += 1;
    if (failed) this.errors += 1;
    if (cold) this.coldStarts += 1;
    this.#addDuration(durationMs);
    this.dirty = true;
  }

  addThrottle(): void {
    this.throttles += 1;
    this.dirty = true;
  }

  /** In milliseconds, by nearest rank; undefined before the first invocation. `share` is in (0, 1]. */
  percentileMs(share: number): number | undefined {
    const sorted = this.#latest().toSorted((a, b) => a - b);
    return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  }

  toRecord(): MetricsRecord {
    const { invocations, errors, throttles, coldStarts } = this;
    return { invocations, errors, throttles, coldStarts, durationsMs: this.#latest() };
  }

  #addDuration(durationMs: number): void {
    this.#durationsMs[this.#durations % DURATIONS_KEPT] = durationMs;
    this.#durations += 1;
  }

  #latest(): number[] {
    const count = Math.min(this.#durations, DURATIONS_KEPT);
    const first = this.#durations - count;
    return Array.from({ length: count }, (_, index) => this.#durationsMs[(first + index) % DURATIONS_KEPT] ?? 0);
  }
}
