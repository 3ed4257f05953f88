import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { EventDraft } from "../../../src/platform/state/event-store.ts";
import { Schedules, type ScheduleRecord } from "../../../src/platform/events/schedules.ts";

const START_MS = Date.UTC(2026, 10, 28, 12, 0, 30);

const schedule = (more: Partial<ScheduleRecord> = {}): ScheduleRecord => ({
  name: "minutely",
  expression: "cron(* * * * ? *)",
  timezone: "UTC",
  enabled: true,
  deleteWhenDone: false,
  target: { functionName: "ticks", arn: "arn:aws:lambda:us-east-1:000000000000:function:ticks" },
  createdMs: START_MS,
  modifiedMs: START_MS,
  ...more,
});

beforeEach(() => {
  vi.useFakeTimers({ now: START_MS });
});
afterEach(() => {
  vi.useRealTimers();
});

function start(first: readonly ScheduleRecord[] = []) {
  const kept = new Map(first.map((record) => [record.name, record]));
  const events: EventDraft[] = [];
  const schedules = new Schedules({
    collection: {
      all: () => [...kept.values()],
      save: (key, record) => void kept.set(key, record),
      delete: (key) => void kept.delete(key),
    },
    queue: {
      accept: (event) => {
        events.push(event);
        return Promise.resolve();
      },
    },
    clock: { nowMs: () => Date.now() },
    onProblem: (error) => {
      throw error;
    },
  });
  return { schedules, kept, inputs: () => events.map(({ payload }) => JSON.parse(payload.toString()) as unknown) };
}

it("puts an event into the queue at each time of a pattern", () => {
  const { schedules, inputs } = start();
  schedules.save(schedule());

  vi.advanceTimersByTime(29_000);
  expect(inputs()).toEqual([]);
  vi.advanceTimersByTime(1_000);
  expect(inputs()).toEqual([
    expect.objectContaining({ source: "aws.scheduler", time: "2026-11-28T12:01:00Z", detail: "{}" }),
  ]);
  vi.advanceTimersByTime(180_000);
  expect(inputs()).toHaveLength(4);

  schedules.close();
  vi.advanceTimersByTime(180_000);
  expect(inputs()).toHaveLength(4);
});

it("sends what a rule of EventBridge sends, and does not list it as a schedule", () => {
  const ruleArn = "arn:aws:events:us-east-1:000000000000:rule/r";
  const { schedules, inputs } = start();
  schedules.save(schedule({ name: "rule/r/1", ruleArn }));

  vi.advanceTimersByTime(30_000);

  expect(inputs()).toEqual([expect.objectContaining({ source: "aws.events", resources: [ruleArn], detail: {} })]);
  expect(schedules.all()).toEqual([]);
});

it("sends its input, goes on after a restart, and forgets what is over", () => {
  const target = { ...schedule().target, input: '{"a":1}' };
  const { inputs, kept } = start([
    schedule({ target }),
    schedule({ name: "once", expression: "at(2026-11-28T12:01:00)", deleteWhenDone: true, target }),
    schedule({ name: "off", enabled: false }),
  ]);

  vi.advanceTimersByTime(60_000);

  expect(inputs()).toEqual([{ a: 1 }, { a: 1 }]);
  expect([...kept.keys()]).toEqual(["minutely", "off"]);
});
