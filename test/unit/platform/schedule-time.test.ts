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
  ["cron(0 12 * * ? *)", "UTC", "not cron"],
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
