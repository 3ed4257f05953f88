import { expect, it } from "vitest";
import { nextTimeMs, parseTiming, type Timing } from "../../../src/platform/events/schedule-time.ts";

it.each([
  ["rate(1 minute)", "UTC", { kind: "rate", periodMs: 60_000 }],
  ["rate(5 minutes)", "UTC", { kind: "rate", periodMs: 300_000 }],
  ["rate(2 days)", "UTC", { kind: "rate", periodMs: 172_800_000 }],
  ["at(2026-07-01T12:00:00)", "UTC", { kind: "at", timeMs: Date.UTC(2026, 6, 1, 12) }],
  ["at(2026-07-01T12:00:00)", "Europe/Berlin", { kind: "at", timeMs: Date.UTC(2026, 6, 1, 10) }],
  ["at(2026-12-01T12:00:00)", "Europe/Berlin", { kind: "at", timeMs: Date.UTC(2026, 11, 1, 11) }],
  ["at(2026-03-29T03:30:00)", "Europe/Berlin", { kind: "at", timeMs: Date.UTC(2026, 2, 29, 1, 30) }],
])("%s in %s", (expression, timezone, timing) => {
  expect(parseTiming(expression, timezone)).toEqual(timing);
});

it.each([
  ["rate(0 minutes)", "UTC", "Invalid Schedule Expression"],
  ["rate(1 second)", "UTC", "Invalid Schedule Expression"],
  ["at(tomorrow)", "UTC", "Invalid Schedule Expression"],
  ["at(2026-07-01T12:00:00)", "Nowhere/Land", "Invalid ScheduleExpressionTimezone Nowhere/Land"],
  ["cron(0 12 * * * *)", "UTC", "Invalid Schedule Expression"],
  ["cron(0 12 ? * ? *)", "UTC", "Invalid Schedule Expression"],
  ["cron(0 12 * * ?)", "UTC", "Invalid Schedule Expression"],
  ["cron(60 12 * * ? *)", "UTC", "Invalid Schedule Expression"],
  ["cron(0 12 * * ? *)", "Nowhere/Land", "Invalid ScheduleExpressionTimezone Nowhere/Land"],
])("refuses %s in %s", (expression, timezone, problem) => {
  expect(parseTiming(expression, timezone)).toEqual(expect.stringContaining(problem));
});

it("counts a rate from its start, and skips what was missed", () => {
  const everyMinute: Timing = { kind: "rate", periodMs: 60_000 };

  expect(nextTimeMs(everyMinute, 1_000, 0)).toBe(1_000);
  expect(nextTimeMs(everyMinute, 1_000, 1_000)).toBe(61_000);
  expect(nextTimeMs(everyMinute, 1_000, 599_000)).toBe(601_000);
});

it("has one time only for at", () => {
  const once: Timing = { kind: "at", timeMs: 5_000 };

  expect(nextTimeMs(once, 0, 4_999)).toBe(5_000);
  expect(nextTimeMs(once, 0, 5_000)).toBeUndefined();
});

/** The examples of https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html and more. */
it.each([
  ["cron(0 10 * * ? *)", "UTC", "2026-11-29T10:00:00.000Z"],
  ["cron(0 18 ? * MON-FRI *)", "UTC", "2026-11-30T18:00:00.000Z"],
  ["cron(0 18 ? * 2-6 *)", "UTC", "2026-11-30T18:00:00.000Z"],
  ["cron(0 8 1 * ? *)", "UTC", "2026-12-01T08:00:00.000Z"],
  ["cron(0/10 * ? * * *)", "UTC", "2026-11-28T12:10:00.000Z"],
  ["cron(3/20 * ? * * *)", "UTC", "2026-11-28T12:03:00.000Z"],
  ["cron(0/5 8-17 ? * MON-FRI *)", "UTC", "2026-11-30T08:00:00.000Z"],
  ["cron(15 10 ? * 6L 2026-2028)", "UTC", "2026-12-25T10:15:00.000Z"],
  ["cron(0 9 L * ? *)", "UTC", "2026-11-30T09:00:00.000Z"],
  ["cron(0 9 ? * 2#1 *)", "UTC", "2026-12-07T09:00:00.000Z"],
  ["cron(0 10 * * ? *)", "America/New_York", "2026-11-28T15:00:00.000Z"],
  ["cron(0 10 * JUL ? *)", "Europe/Berlin", "2027-07-01T08:00:00.000Z"],
  ["cron(0 10 * * ? 2020)", "UTC", undefined],
])("%s in %s is next at %s", (expression, timezone, expected) => {
  const timing = parseTiming(expression, timezone);
  if (typeof timing === "string") throw new Error(timing);

  const nextMs = nextTimeMs(timing, 0, Date.parse("2026-11-28T12:00:00Z"));

  expect(nextMs === undefined ? undefined : new Date(nextMs).toISOString()).toBe(expected);
});

it("fires a pattern at its start, and not before", () => {
  const timing = parseTiming("cron(0 12 * * ? *)", "UTC");
  if (typeof timing === "string") throw new Error(timing);
  const noon = Date.UTC(2026, 10, 28, 12);

  expect(nextTimeMs(timing, noon, 0)).toBe(noon);
  expect(nextTimeMs(timing, noon, noon)).toBe(noon + 86_400_000);
});
