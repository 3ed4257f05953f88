/** Counts per function, and the latest durations for percentiles. Saved now and then, never on the way of an invocation. */
import type { MetricsRecord } from "../state/state-store.ts";
import { LATEST } from "../state/function-record.ts";
import { MinuteSeries, type MinuteRecord } from "./minutes.ts";
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
  /** A ring. It grows: thousands of functions may be deployed that hardly run. */
  readonly #durationsMs: number[] = [];
  #durations = 0;
  readonly #series = new Map<string, MinuteSeries>();
  #ownSeries: MinuteSeries | undefined;

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

  /** `version`: a published one, otherwise undefined; `concurrency`: with this one. */
  add({ durationMs, failed, cold, alias }: Measured, version: string | undefined, concurrency: number): void {
    this.invocations += 1;
    if (failed) this.errors += 1;
    if (cold) this.coldStarts += 1;
    this.#addDuration(durationMs);
    this.dirty = true;
    const nowMs = Date.now();
    this.#own().current(nowMs).add(durationMs, failed, concurrency);
    const qualifier = alias ?? version;
    if (qualifier === undefined) return;
    this.series(qualifier).current(nowMs).add(durationMs, failed, concurrency);
    // Invoked by an alias, it also counts for the version that the alias has led to.
    if (alias !== undefined)
      this.series(`${alias}:${version ?? LATEST}`)
        .current(nowMs)
        .add(durationMs, failed, concurrency);
  }

  addThrottle(): void {
    this.throttles += 1;
    this.dirty = true;
    this.#own().current(Date.now()).addThrottle();
  }

  addEvent(what: "eventsReceived" | "eventsDropped"): void {
    this.dirty = true;
    this.#own().current(Date.now()).addEvent(what);
  }

  addEventAge(ageMs: number): void {
    this.dirty = true;
    this.#own().current(Date.now()).addEventAge(ageMs);
  }

  /** Of the function (""), of a version or alias, or of `alias:version`. */
  series(key: string): MinuteSeries {
    let series = this.#series.get(key);
    if (!series) {
      series = new MinuteSeries();
      this.#series.set(key, series);
    }
    return series;
  }

  findSeries(key: string): MinuteSeries | undefined {
    return this.#series.get(key);
  }

  get seriesKeys(): readonly string[] {
    return [...this.#series.keys()];
  }

  restoreSeries(key: string, minutes: readonly MinuteRecord[]): void {
    this.#series.set(key, new MinuteSeries(minutes));
    this.#ownSeries = undefined;
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

  /** Looked up once: every invocation needs it. */
  #own(): MinuteSeries {
    this.#ownSeries ??= this.series("");
    return this.#ownSeries;
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
