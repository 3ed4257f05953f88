import { describe, expect, it } from "vitest";
import { FALSE_ROLLBACKS, readGate } from "../../../../src/core/canary/gate.ts";
import { findSchedule, type CanarySchedule } from "../../../../src/core/canary/schedule.ts";
import { errorsP, latencyP, normalTail } from "../../../../src/core/canary/tests.ts";
import { healthOf, TrafficCounter, type Stratum, type VersionTraffic } from "../../../../src/core/canary/traffic.ts";
import { rollbackShare, type Behaviour } from "./simulation.ts";

const counts = (invocations: number, errors: number): VersionTraffic => ({ invocations, errors, durations: [] });
const stratum = (stable: VersionTraffic, canary: VersionTraffic): Stratum => ({ stable, canary });
const times = (...durationsMs: number[]): VersionTraffic => {
  const counter = new TrafficCounter();
  for (const durationMs of durationsMs) counter.add(durationMs, false);
  return counter.toTraffic();
};
const same = (durationMs: number): number => durationMs;

describe("the test on errors", () => {
  // One-sided p-values of R's fisher.test(alternative = "greater"), as is the hypergeometric tail by hand.
  it("is Fisher's exact one for few", () => {
    // 3 errors of 10 against 0 of 10: C(10,3) / C(20,3).
    expect(errorsP([stratum(counts(10, 0), counts(10, 3))])).toBeCloseTo(120 / 1140, 10);
    // The tea tasting: 3 of 4 against 1 of 4.
    expect(errorsP([stratum(counts(4, 1), counts(4, 3))])).toBeCloseTo(17 / 70, 10);
    expect(errorsP([stratum(counts(4, 0), counts(4, 4))])).toBeCloseTo(1 / 70, 10);
  });

  it("says nothing without errors, and without traffic", () => {
    expect(errorsP([])).toBe(1);
    expect(errorsP([stratum(counts(0, 0), counts(0, 0))])).toBe(1);
    expect(errorsP([stratum(counts(900, 0), counts(100, 0))])).toBe(1);
    expect(errorsP([stratum(counts(0, 0), counts(100, 100))])).toBe(1);
  });

  it("is as good as exact where it is not exact any more", () => {
    const few = errorsP([stratum(counts(18_000, 1_780), counts(2_000, 219))]);
    const many = errorsP([stratum(counts(18_200, 1_800), counts(2_020, 222))]);

    expect(many / few).toBeGreaterThan(0.7);
    expect(many / few).toBeLessThan(1.4);
  });

  it("compares only what was served at the same weights", () => {
    // Everything fails more often in the second step, where the canary has most of the traffic.
    const calm = stratum(counts(9_000, 90), counts(1_000, 10));
    const storm = stratum(counts(1_000, 100), counts(9_000, 900));
    const together = stratum(counts(10_000, 190), counts(10_000, 910));

    expect(errorsP([calm, storm])).toBeGreaterThan(0.4);
    expect(errorsP([together])).toBeLessThan(1e-50);
  });
});

describe("the test on latency", () => {
  it("is Mann and Whitney's", () => {
    // All ten above all ten: z = 50 / sqrt(10 · 10 · 21 / 12).
    const stable = times(...Array.from({ length: 10 }, (_, index) => 10 * 1.1 ** index));
    const canary = times(...Array.from({ length: 10 }, (_, index) => 100 * 1.1 ** index));

    expect(latencyP([stratum(stable, canary)], same)).toBeCloseTo(normalTail(50 / Math.sqrt(175)), 6);
    expect(latencyP([stratum(canary, stable)], same)).toBeGreaterThan(0.999);
    expect(latencyP([stratum(stable, stable)], same)).toBeCloseTo(0.5, 6);
  });

  it("takes equal durations for equal", () => {
    const equal = times(...Array.from({ length: 50 }, () => 20));

    expect(latencyP([stratum(equal, equal)], same)).toBe(1);
  });

  it("says nothing of less than ten", () => {
    const [stable, canary] = [
      times(...Array.from({ length: 100 }, () => 1)),
      times(...Array.from({ length: 9 }, () => 900)),
    ];

    expect(latencyP([stratum(stable, canary)], same)).toBe(1);
  });
});

it.each([
  [0, 0.5],
  [1, 0.158_655_253_9],
  [-1, 0.841_344_746_1],
  [2.326_347_874, 0.01],
  [6, 9.865_876_45e-10],
])("the normal distribution's tail above %s is %s", (z, expected) => {
  expect(Math.abs(normalTail(z) / expected - 1)).toBeLessThan(2e-7);
});

it("a process whose code is not compiled yet is not taken for slower", () => {
  const many = (durationMs: number, count: number): VersionTraffic =>
    times(...Array.from({ length: count }, () => durationMs));

  expect(readGate([stratum(many(0.05, 9_000), many(0.6, 1_000))], 20, 20).worse).toBeUndefined();
  expect(readGate([stratum(many(20, 9_000), many(20.8, 1_000))], 20, 20).worse).toBeUndefined();
  expect(readGate([stratum(many(20, 9_000), many(23, 1_000))], 20, 20).worse).toBe("latency");
});

it("the looks of a schedule together spend no more than may be false", () => {
  for (const looks of [1, 18, 20]) {
    let spent = 0;
    for (let look = 1; look <= looks; look += 1) spent += 2 * readGate([], look, looks).threshold;
    expect(spent).toBeCloseTo(FALSE_ROLLBACKS, 10);
  }
});

it("health is right to a bucket", () => {
  const counter = new TrafficCounter();
  for (let ms = 1; ms <= 100; ms += 1) counter.add(ms, ms > 97);
  const { invocations, errors, p50Ms = 0, p95Ms = 0 } = healthOf(counter.toTraffic());

  expect({ invocations, errors }).toEqual({ invocations: 100, errors: 3 });
  expect(Math.abs(p50Ms / 50 - 1)).toBeLessThan(0.011);
  expect(Math.abs(p95Ms / 95 - 1)).toBeLessThan(0.011);
  expect(healthOf(counts(0, 0))).toEqual({ invocations: 0, errors: 0 });
});

describe("simulated pairs, 20,000 invocations in a schedule", () => {
  const healthy: Behaviour = { errorRate: 0.02, medianMs: 50, sigma: 0.6 };
  const schedule = (name: string): CanarySchedule => {
    const found = findSchedule(name);
    if (!found) throw new Error(name);
    return found;
  };
  const canary5 = schedule("Canary10Percent5Minutes");
  const pair = (canary: Partial<Behaviour>) => ({
    stable: healthy,
    canary: { ...healthy, ...canary },
    invocations: 20_000,
  });

  it("of 500 that are equal at most 2 % are rolled back", { timeout: 120_000 }, () => {
    expect(rollbackShare(canary5, pair({}), 500)).toBeLessThanOrEqual(0.02);
  });

  it("of 200 with doubled errors, 2 % → 4 %, at least 95 % are rolled back", { timeout: 120_000 }, () => {
    expect(rollbackShare(canary5, pair({ errorRate: 0.04 }), 200)).toBeGreaterThanOrEqual(0.95);
  });

  it("of 200 with a median latency 30 % higher at least 95 % are rolled back", { timeout: 120_000 }, () => {
    expect(rollbackShare(canary5, pair({ medianMs: 65 }), 200)).toBeGreaterThanOrEqual(0.95);
  });

  it("load that triples meanwhile is not the canary's fault", { timeout: 120_000 }, () => {
    const weather = (time: number): number => 1 + 2 * time;
    const rising = { ...pair({}), invocations: 5_000, weather };

    expect(rollbackShare(schedule("Linear10PercentEvery1Minute"), rising, 100)).toBeLessThanOrEqual(0.02);
  });
});
