/**
 * When a schedule fires: `rate(5 minutes)`, `cron(0 12 * * ? *)` and `at(2026-11-28T12:00:00)`.
 * https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
 */
import { Cron } from "croner";

const UNIT_MS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

export type Timing =
  | { readonly kind: "rate"; readonly periodMs: number }
  | { readonly kind: "cron"; readonly pattern: Cron }
  | { readonly kind: "at"; readonly timeMs: number };

/** A string says what is wrong with it. */
export function parseTiming(expression: string, timezone: string): Timing | string {
  const [, count, unit = ""] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  if (count !== undefined && Number(count) > 0) return { kind: "rate", periodMs: Number(count) * (UNIT_MS[unit] ?? 0) };
  const [, local] = /^at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)$/.exec(expression) ?? [];
  if (local !== undefined) {
    const timeMs = localTimeMs(local, timezone);
    return timeMs === undefined ? invalidZone(timezone) : { kind: "at", timeMs };
  }
  const [, fields] = /^cron\((.*)\)$/.exec(expression) ?? [];
  return (
    (fields !== undefined && parseCron(fields.trim().split(/ +/), timezone)) ||
    `Invalid Schedule Expression ${expression}.`
  );
}

/** Minutes, hours, day of the month, month, day of the week (1 is Sunday) and year; one of the days is `?`. */
function parseCron(fields: readonly string[], timezone: string): Timing | string | undefined {
  const [minute, hour, day = "", month, weekday = "", year] = fields;
  if (fields.length !== 6 || (day === "?") === (weekday === "?")) return undefined;
  if (localTimeMs("2026-01-01T00:00:00", timezone) === undefined) return invalidZone(timezone);
  const pattern = [minute, hour, day.replace("?", "*"), month, weekday.replace("?", "*"), year].map(withRange);
  try {
    return {
      kind: "cron",
      pattern: new Cron(`0 ${pattern.join(" ")}`, { timezone, alternativeWeekdays: true, mode: "7-part" }),
    };
  } catch {
    return undefined;
  }
}

/** The greatest value of each field. */
const LAST = [59, 23, 31, 12, 7, 2199];

/** `5/10`, from 5 on in steps of 10, is `5-59/10` to the library. */
function withRange(field = "", index: number): string {
  return field.replaceAll(/(?<=^|,)(\d+)\/(?=\d)/g, `$1-${LAST[index]}/`);
}

/** The first time after `afterMs`; undefined: never again. */
export function nextTimeMs(timing: Timing, startMs: number, afterMs: number): number | undefined {
  if (timing.kind === "at") return timing.timeMs > afterMs ? timing.timeMs : undefined;
  // A pattern knows no times before the start: a millisecond before it is not too early.
  if (timing.kind === "cron") return timing.pattern.nextRun(new Date(Math.max(startMs - 1, afterMs)))?.getTime();
  const first = startMs;
  if (first > afterMs) return first;
  return first + (Math.floor((afterMs - first) / timing.periodMs) + 1) * timing.periodMs;
}

const invalidZone = (timezone: string): string => `Invalid ScheduleExpressionTimezone ${timezone}.`;

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
