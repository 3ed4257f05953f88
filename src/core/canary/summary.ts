/** A canary as people and scripts see it: how both versions do, side by side. */
import { routingOf, type CanaryState } from "./canary.ts";
import type { GateReading } from "./gate.ts";
import { totalMs } from "./schedule.ts";
import { addTraffic, emptyStratum, healthOf, type VersionHealth } from "./traffic.ts";

export interface VersionSummary extends VersionHealth {
  readonly version: string;
  /** Its share of the alias's invocations, from 0 to 1; absent when the alias is somebody else's. */
  readonly weight?: number;
}

export interface CanarySummary {
  readonly alias: string;
  readonly schedule: string;
  readonly state: "running" | "promoted" | "rolled-back" | "superseded";
  /** Why it ended. */
  readonly reason?: string;
  readonly elapsedMs: number;
  readonly totalMs: number;
  readonly gate: "on" | "off";
  readonly reading?: GateReading;
  readonly stable: VersionSummary;
  readonly canary: VersionSummary;
}

export function summarize(state: CanaryState): CanarySummary {
  const { alias, schedule, outcome, elapsedMs, gated, reading } = state;
  let all = emptyStratum;
  for (const { stable, canary } of [...state.past, state.current]) {
    all = { stable: addTraffic(all.stable, stable), canary: addTraffic(all.canary, canary) };
  }
  const routing = routingOf(state);
  const weightOf = (version: string): { readonly weight?: number } => {
    if (!routing) return {};
    const others = Object.values(routing.weights).reduce((sum, weight) => sum + weight, 0);
    return { weight: version === routing.version ? 1 - others : (routing.weights[version] ?? 0) };
  };
  return {
    alias,
    schedule: schedule.name,
    state: outcome?.kind ?? "running",
    ...(outcome && { reason: outcome.reason }),
    elapsedMs,
    totalMs: totalMs(schedule),
    gate: gated ? "on" : "off",
    ...(reading && { reading }),
    stable: { version: state.stable, ...weightOf(state.stable), ...healthOf(all.stable) },
    canary: { version: state.canary, ...weightOf(state.canary), ...healthOf(all.canary) },
  };
}
