/** What happened in each minute, for the metrics of CloudWatch. */
import * as v from "valibot";
import { bucketOf, durationOf } from "../../core/duration-histogram.ts";

export const minuteSchema = v.object({
  /** Minutes since the epoch. */
  minute: v.number(),
  invocations: v.number(),
  errors: v.number(),
  throttles: v.number(),
  durationSumMs: v.number(),
  durationMinMs: v.number(),
  durationMaxMs: v.number(),
  /** The most that ran at once. */
  concurrency: v.number(),
  /** Pairs of a bucket (see {@link bucketOf}) and how many durations fell into it. */
  durations: v.array(v.tuple([v.number(), v.number()])),
  /** Events that were accepted for it, and those that were given up. */
  eventsReceived: v.optional(v.number(), 0),
  eventsDropped: v.optional(v.number(), 0),
  /** How long events had waited when the function was invoked with them. */
  eventAges: v.optional(v.object({ count: v.number(), sumMs: v.number(), minMs: v.number(), maxMs: v.number() })),
});

export type MinuteRecord = Readonly<v.InferOutput<typeof minuteSchema>>;

/** CloudWatch keeps minutes for 15 days; a development machine is done with them after one. */
export const MINUTES_KEPT = 1_440;
export class Minute {
  readonly minute: number;
  invocations = 0;
  errors = 0;
  throttles = 0;
  concurrency = 0;
  durationSumMs = 0;
  durationMinMs = Number.POSITIVE_INFINITY;
  durationMaxMs = 0;
  eventsReceived = 0;
  eventsDropped = 0;
  eventAges: MinuteRecord["eventAges"];
  /** Changed since it was saved. */
  dirty = true;
  readonly #durations: Map<number, number>;

  constructor(minute: number, saved?: MinuteRecord) {
    this.minute = minute;
    this.#durations = new Map(saved?.durations);
    if (saved) {
      const { durations: _durations, minute: _minute, ...counts } = saved;
      Object.assign(this, counts);
      this.dirty = false;
    }
  }

  add(durationMs: number, failed: boolean, concurrency: number): void {
    this.invocations += 1;
    if (failed) this.errors += 1;
    this.durationSumMs += durationMs;
    if (durationMs < this.durationMinMs) this.durationMinMs = durationMs;
    if (durationMs > this.durationMaxMs) this.durationMaxMs = durationMs;
    if (concurrency > this.concurrency) this.concurrency = concurrency;
    const bucket = bucketOf(durationMs);
    this.#durations.set(bucket, (this.#durations.get(bucket) ?? 0) + 1);
    this.dirty = true;
  }

  addThrottle(): void {
    this.throttles += 1;
    this.dirty = true;
  }

  addEvent(what: "eventsReceived" | "eventsDropped"): void {
    this[what] += 1;
    this.dirty = true;
  }

  addEventAge(ageMs: number): void {
    const { count, sumMs, minMs, maxMs } = this.eventAges ?? { count: 0, sumMs: 0, minMs: ageMs, maxMs: ageMs };
    this.eventAges = {
      count: count + 1,
      sumMs: sumMs + ageMs,
      minMs: Math.min(minMs, ageMs),
      maxMs: Math.max(maxMs, ageMs),
    };
    this.dirty = true;
  }

  /** Duration and count, ascending. */
  durations(): readonly (readonly [durationMs: number, count: number])[] {
    const sorted = [...this.#durations].toSorted(([a], [b]) => a - b);
    return sorted.map(([bucket, count]) => [
      Math.min(Math.max(durationOf(bucket), this.durationMinMs), this.durationMaxMs),
      count,
    ]);
  }

  toRecord(): MinuteRecord {
    const { minute, invocations, errors, throttles, concurrency, durationSumMs, durationMinMs, durationMaxMs } = this;
    const { eventsReceived, eventsDropped, eventAges } = this;
    return {
      minute,
      invocations,
      errors,
      throttles,
      concurrency,
      durationSumMs,
      durationMinMs: Number.isFinite(durationMinMs) ? durationMinMs : 0,
      durationMaxMs,
      durations: [...this.#durations],
      eventsReceived,
      eventsDropped,
      ...(eventAges && { eventAges }),
    };
  }
}

/** The minutes of one function, or of one of its versions or aliases. */
export class MinuteSeries {
  readonly #minutes: Minute[] = [];

  constructor(saved: readonly MinuteRecord[] = []) {
    for (const record of saved) this.#minutes.push(new Minute(record.minute, record));
  }

  /** The one that now belongs to. */
  current(nowMs: number): Minute {
    const number = Math.floor(nowMs / 60_000);
    const last = this.#minutes.at(-1);
    // A clock that was set back counts into the last minute there is.
    if (last && last.minute >= number) return last;
    const minute = new Minute(number);
    this.#minutes.push(minute);
    if (this.#minutes.length > MINUTES_KEPT) this.#minutes.shift();
    return minute;
  }

  /** Oldest first. Times in milliseconds since the epoch; the end is not included. */
  between(startMs: number, endMs: number): readonly Minute[] {
    return this.#minutes.filter(({ minute }) => minute * 60_000 >= startMs && minute * 60_000 < endMs);
  }

  takeDirty(): Minute[] {
    const dirty = this.#minutes.filter((minute) => minute.dirty);
    for (const minute of dirty) minute.dirty = false;
    return dirty;
  }
}
