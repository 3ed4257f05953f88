/** When a schedule fires: `rate(5 minutes)` and `at(2026-11-28T12:00:00)` of EventBridge Scheduler. */

const UNIT_MS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

export type Timing =
  | { readonly kind: "rate"; readonly periodMs: number }
  | { readonly kind: "at"; readonly timeMs: number };

/** A string says what is wrong with it. */
export function parseTiming(expression: string, timezone: string): Timing | string {
  const [, count, unit = ""] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  if (count !== undefined && Number(count) > 0) return { kind: "rate", periodMs: Number(count) * (UNIT_MS[unit] ?? 0) };
  const [, local] = /^at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)$/.exec(expression) ?? [];
  if (local !== undefined) {
    const timeMs = localTimeMs(local, timezone);
    return timeMs === undefined ? `Invalid ScheduleExpressionTimezone ${timezone}.` : { kind: "at", timeMs };
  }
  return expression.startsWith("cron(")
    ? "This platform knows schedules of rate(…) and at(…) only, not cron(…)."
    : `Invalid Schedule Expression ${expression}.`;
}

/** The first time after `afterMs`; undefined: never again. */
export function nextTimeMs(timing: Timing, startMs: number, afterMs: number): number | undefined {
  if (timing.kind === "at") return timing.timeMs > afterMs ? timing.timeMs : undefined;
  const first = startMs;
  if (first > afterMs) return first;
  return first + (Math.floor((afterMs - first) / timing.periodMs) + 1) * timing.periodMs;
}

/** A wall clock's time in a zone, in milliseconds since the epoch. */
function localTimeMs(local: string, timezone: string): number | undefined {
  const asUtc = Date.parse(`${local}Z`);
  if (Number.isNaN(asUtc)) return undefined;
  try {
    // Twice, because the offset at the guess may be that of the other side of a change to or from summer time.
    const guess = asUtc - offsetMs(asUtc, timezone);
    return asUtc - offsetMs(guess, timezone);
  } catch {
    return undefined;
  }
}

/** How far a zone is ahead of UTC at a time. @throws RangeError for a zone that does not exist */
function offsetMs(timeMs: number, timezone: string): number {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone: timezone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  }).formatToParts(timeMs);
  const part = (type: string): number => Number(parts.find((each) => each.type === type)?.value);
  const wall = Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second"));
  return wall - Math.floor(timeMs / 1000) * 1000;
}
