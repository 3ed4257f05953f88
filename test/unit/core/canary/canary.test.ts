import { describe, expect, it } from "vitest";
import {
  advance,
  end,
  routingOf,
  sameRouting,
  startCanary,
  type CanaryState,
} from "../../../../src/core/canary/canary.ts";
import { findSchedule, oneStep, type CanarySchedule } from "../../../../src/core/canary/schedule.ts";
import { summarize } from "../../../../src/core/canary/summary.ts";
import { emptyStratum, type Stratum } from "../../../../src/core/canary/traffic.ts";

const versions = { alias: "live", stable: "3", canary: "4" };
const begin = (schedule: CanarySchedule, gated = true): CanaryState =>
  startCanary({ schedule, gated, onInterrupted: "continue" }, versions, 1_000);
const pass = (state: CanaryState, passedMs: number, current: Stratum = emptyStratum): CanaryState =>
  advance(state, { passedMs, current, nowMs: 9_000 });
const traffic = (invocations: number, errors: number) => ({ invocations, errors, durations: [] });

const linear = findSchedule("Linear10PercentEvery1Minute") ?? oneStep(1, 1);

describe("a canary", () => {
  it("has its weight while it runs, and all traffic when its time is over", () => {
    const started = begin(oneStep(10, 60_000));
    expect(routingOf(started)).toEqual({ version: "3", weights: { 4: 0.1 } });

    const almost = pass(started, 59_999);
    expect(almost.outcome).toBeUndefined();

    const over = pass(almost, 1);
    expect(over.outcome).toMatchObject({ kind: "promoted", atMs: 9_000, reason: expect.stringContaining("too few") });
    expect(routingOf(over)).toEqual({ version: "4", weights: {} });
  });

  it("goes on step by step, each with its own traffic", () => {
    const seen = { stable: traffic(90, 1), canary: traffic(10, 0) };
    const second = pass(begin(linear), 60_000, seen);

    expect(second).toMatchObject({ step: 1, past: [seen], current: emptyStratum, looks: 2 });
    expect(routingOf(second)).toEqual({ version: "3", weights: { 4: 0.2 } });
    let state = second;
    for (let minute = 2; minute <= 9; minute += 1) state = pass(state, 60_000, seen);
    expect(state.outcome).toMatchObject({ kind: "promoted" });
    expect(state.elapsedMs).toBe(540_000);
  });

  it("takes one step at a time even when its driver was late", () => {
    expect(pass(begin(linear), 500_000).step).toBe(1);
  });

  it("is promoted at once without steps", () => {
    expect(begin(findSchedule("AllAtOnce") ?? linear).outcome).toMatchObject({
      kind: "promoted",
      reason: "all at once",
    });
  });

  it("that is worse is rolled back at the next look", () => {
    const broken = { stable: traffic(900, 9), canary: traffic(100, 60) };
    const state = pass(begin(oneStep(10, 60_000)), 3_000, broken);

    expect(state.outcome).toMatchObject({
      kind: "rolled-back",
      reason: expect.stringMatching(/^version 4 fails more often than version 3 \(p = \S+, 100 and 900 invocations\)$/),
    });
    expect(routingOf(state)).toEqual({ version: "3", weights: {} });
    expect(summarize(state)).toMatchObject({
      state: "rolled-back",
      stable: { version: "3", weight: 1, invocations: 900, errors: 9 },
      canary: { version: "4", weight: 0, invocations: 100, errors: 60 },
    });
  });

  it("without a gate only tells", () => {
    const broken = { stable: traffic(900, 9), canary: traffic(100, 60) };
    const state = pass(begin(oneStep(10, 60_000), false), 3_000, broken);

    expect(state.outcome).toBeUndefined();
    expect(state.reading?.worse).toBe("errors");
  });

  it("looks by the clock, however often it is asked", () => {
    let state = begin(oneStep(10, 60_000));
    for (let tick = 0; tick < 100; tick += 1) state = pass(state, 100);

    expect(state.looks).toBe(3);
  });

  it("does not go back when the clock does", () => {
    expect(pass(pass(begin(oneStep(10, 60_000)), 5_000), -4_000).elapsedMs).toBe(5_000);
  });

  it("that has ended stays as it is", () => {
    const ended = end(begin(linear), "superseded", { reason: "the alias was changed", atMs: 2_000 });

    expect(routingOf(ended)).toBeUndefined();
    expect(pass(ended, 600_000)).toBe(ended);
    expect(end(ended, "promoted", { reason: "by hand", atMs: 3_000 })).toBe(ended);
    expect(summarize(ended).stable).not.toHaveProperty("weight");
  });
});

it("routings are compared by what they do", () => {
  const routing = { version: "3", weights: { 4: 0.1 } };

  expect(sameRouting(routing, { version: "3", weights: { 4: 0.1 } })).toBe(true);
  expect(sameRouting(routing, { version: "3", weights: { 4: 0.2 } })).toBe(false);
  expect(sameRouting(routing, { version: "3", weights: { 5: 0.1 } })).toBe(false);
  expect(sameRouting(routing, { version: "3", weights: {} })).toBe(false);
  expect(sameRouting({ version: "3", weights: {} }, routing)).toBe(false);
  expect(sameRouting(routing, { version: "4", weights: { 4: 0.1 } })).toBe(false);
});
