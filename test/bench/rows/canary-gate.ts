import { findSchedule, shortName, type CanarySchedule } from "../../../src/core/canary/schedule.ts";
import { rollbackShare, type Behaviour } from "../../unit/core/canary/simulation.ts";
import type { Bench, BenchOptions, Figure, Measured, Outcome } from "../lib/figure.ts";

/** What the gate makes of simulated pairs of versions: the same seeds, and so the same figures, on every machine. */
export const canaryGate: Bench = { name: "canary", run };

const healthy: Behaviour = { errorRate: 0.02, medianMs: 50, sigma: 0.6 };
/** Of both versions together, in one schedule. The first counts; the others show what less traffic can tell. */
const INVOCATIONS = [20_000, 10_000, 5_000, 1_000];

async function run({ quick }: BenchOptions): Promise<readonly Outcome[]> {
  const names = ["Canary10Percent5Minutes", "Linear10PercentEvery1Minute"];
  const schedules = names.flatMap((name) => findSchedule(name) ?? []);
  return schedules.flatMap((schedule) => figuresOf(schedule, quick ? 50 : 500));
}

function figuresOf(schedule: CanarySchedule, pairs: number): readonly Figure[] {
  const share = (canary: Partial<Behaviour>, invocations: number): Measured => ({
    name: `${invocations} invocations, ${shortName(schedule)}`,
    value: 100 * rollbackShare(schedule, { stable: healthy, canary: { ...healthy, ...canary }, invocations }, pairs),
    unit: "%",
    samples: pairs,
  });
  const figure = (what: string, canary: Partial<Behaviour>, target: Figure["target"]): Figure => {
    const [ours, ...baselines] = INVOCATIONS.map((invocations) => share(canary, invocations));
    if (!ours) throw new Error("no traffic");
    return { what: `canaries that are rolled back: ${what}`, ours, baselines, ...(target && { target }) };
  };
  return [
    figure("equal to the version before", {}, { atMost: 2 }),
    figure("errors doubled, 2 % → 4 %", { errorRate: 0.04 }, { atLeast: 95 }),
    figure("median latency 30 % higher", { medianMs: 65 }, { atLeast: 95 }),
  ];
}
