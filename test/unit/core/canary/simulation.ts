/** Pairs of versions that serve simulated traffic; the same seed gives the same invocations. */
import { advance, startCanary, type CanaryState } from "../../../../src/core/canary/canary.ts";
import { totalMs, type CanarySchedule } from "../../../../src/core/canary/schedule.ts";
import { TrafficCounter, type Stratum } from "../../../../src/core/canary/traffic.ts";

export interface Behaviour {
  readonly errorRate: number;
  /** Durations are log-normal, as services' are. */
  readonly medianMs: number;
  readonly sigma: number;
}

export interface Pair {
  readonly stable: Behaviour;
  readonly canary: Behaviour;
  /** Of both together, over the whole schedule. */
  readonly invocations: number;
  /** Changes all errors and durations over time: load that grows, a dependency that falters. From 0 to 1 of the schedule. */
  readonly weather?: (time: number) => number;
}

/** How often the driver looks at the clock in one schedule. */
const TICKS = 60;

/** Runs a canary to its end. */
export function simulate(schedule: CanarySchedule, pair: Pair, seed: number): CanaryState {
  const random = mulberry32(seed);
  const plan = { schedule, gated: true, onInterrupted: "continue" } as const;
  let state = startCanary(plan, { alias: "live", stable: "1", canary: "2" }, 0);
  const tickMs = totalMs(schedule) / TICKS;
  let counters = newCounters();
  let step = 0;
  for (let tick = 1; !state.outcome; tick += 1) {
    const weather = pair.weather?.(tick / TICKS) ?? 1;
    const weight = schedule.steps[state.step]?.weight ?? 0;
    for (let index = 0; index < pair.invocations / TICKS; index += 1) {
      const side = random() < weight ? "canary" : "stable";
      const { errorRate, medianMs, sigma } = pair[side];
      const durationMs = medianMs * weather * Math.exp(sigma * gaussian(random));
      counters[side].add(durationMs, random() < errorRate * weather);
    }
    state = advance(state, { passedMs: tickMs, current: toStratum(counters), nowMs: tick * tickMs });
    if (state.step !== step) counters = newCounters();
    step = state.step;
  }
  return state;
}

const newCounters = () => ({ stable: new TrafficCounter(), canary: new TrafficCounter() });

function toStratum({ stable, canary }: ReturnType<typeof newCounters>): Stratum {
  return { stable: stable.toTraffic(), canary: canary.toTraffic() };
}

/** The share of seeds, from 1 to `count`, with which the canary was rolled back. */
export function rollbackShare(schedule: CanarySchedule, pair: Pair, count: number): number {
  let rolledBack = 0;
  for (let seed = 1; seed <= count; seed += 1) {
    if (simulate(schedule, pair, seed).outcome?.kind === "rolled-back") rolledBack += 1;
  }
  return rolledBack / count;
}

/** Tommy Ettinger's generator: the same numbers everywhere. */
export function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Box and Muller's. */
function gaussian(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
