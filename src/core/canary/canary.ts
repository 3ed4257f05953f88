/**
 * A canary: one version gets some of an alias's traffic, is compared with the one that had all of it, and then gets all
 * or nothing. Pure: whoever drives it tells how much time has passed and what was seen, and makes the alias what
 * {@link routingOf} says.
 */
import { looksPerStep, readGate, type GateReading } from "./gate.ts";
import { totalMs, type CanarySchedule } from "./schedule.ts";
import { emptyStratum, type Stratum } from "./traffic.ts";

export interface CanaryPlan {
  readonly schedule: CanarySchedule;
  /** Roll back what is worse; otherwise only the user does. */
  readonly gated: boolean;
  /** What becomes of a canary whose driver has ended in the midst of it. */
  readonly onInterrupted: "continue" | "rollback";
}

export interface CanaryOutcome {
  /** `superseded`: somebody else has changed the alias, or removed it; it stays as they made it. */
  readonly kind: "promoted" | "rolled-back" | "superseded";
  /** For people. */
  readonly reason: string;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
}

export interface CanaryState extends CanaryPlan {
  readonly alias: string;
  /** Numbers of versions. */
  readonly stable: string;
  readonly canary: string;
  /** Milliseconds since the epoch. */
  readonly startedAtMs: number;
  /** While somebody drove it: what nobody watched does not count. */
  readonly elapsedMs: number;
  /** Which step it is at, from 0. */
  readonly step: number;
  /** Looks that the gate has had. */
  readonly looks: number;
  readonly reading?: GateReading;
  /** What was seen in the steps before. */
  readonly past: readonly Stratum[];
  /** In this step. */
  readonly current: Stratum;
  readonly outcome?: CanaryOutcome;
}

export interface Routing {
  readonly version: string;
  /** Shares of other versions. */
  readonly weights: Readonly<Record<string, number>>;
}

export interface CanaryVersions {
  readonly alias: string;
  readonly stable: string;
  readonly canary: string;
}

export function startCanary(plan: CanaryPlan, versions: CanaryVersions, nowMs: number): CanaryState {
  const { alias, stable, canary } = versions;
  const { schedule, gated, onInterrupted } = plan;
  const state: CanaryState = {
    schedule,
    gated,
    onInterrupted,
    alias,
    stable,
    canary,
    startedAtMs: nowMs,
    elapsedMs: 0,
    step: 0,
    looks: 0,
    past: [],
    current: emptyStratum,
  };
  return schedule.steps.length === 0 ? end(state, "promoted", { reason: "all at once", atMs: nowMs }) : state;
}

export interface Progress {
  /** Since the last time. */
  readonly passedMs: number;
  /** All that was seen in this step so far. */
  readonly current: Stratum;
  readonly nowMs: number;
}

/** Time passes: perhaps the gate has a look, perhaps the next step is due. One step at most. */
export function advance(before: CanaryState, { passedMs, current, nowMs }: Progress): CanaryState {
  if (before.outcome) return before;
  const { steps } = before.schedule;
  const looks = looksPerStep(steps.length) * steps.length;
  const state = { ...before, elapsedMs: before.elapsedMs + Math.max(0, passedMs), current };
  // A driver that was late looks once for all the looks that it has missed: at the last one's threshold.
  const due = looksDue(state);
  const looked = due > state.looks ? lookAgain(state, due, looks) : state;
  const worse = looked.gated ? looked.reading?.worse : undefined;
  if (worse) return end(looked, "rolled-back", { reason: describeWorse(looked, worse), atMs: nowMs });
  if (due < (looked.step + 1) * looksPerStep(steps.length)) return looked;
  if (looked.step + 1 === steps.length)
    return end(looked, "promoted", { reason: describePromotion(looked), atMs: nowMs });
  return { ...looked, step: looked.step + 1, past: [...looked.past, current], current: emptyStratum };
}

/** Up to the end of the step it is at. */
function looksDue({ schedule: { steps }, step, elapsedMs }: CanaryState): number {
  const perStep = looksPerStep(steps.length);
  const startMs = totalMs({ steps: steps.slice(0, step) });
  const forMs = steps[step]?.forMs ?? 0;
  const inStep = Math.floor(((elapsedMs - startMs) / forMs) * perStep + 1e-9);
  return step * perStep + Math.min(perStep, Math.max(0, inStep));
}

function lookAgain(state: CanaryState, look: number, looks: number): CanaryState {
  return { ...state, looks: look, reading: readGate([...state.past, state.current], look, looks) };
}

/** Ended already: nothing changes. */
export function end(state: CanaryState, kind: CanaryOutcome["kind"], why: Omit<CanaryOutcome, "kind">): CanaryState {
  return state.outcome ? state : { ...state, outcome: { kind, ...why } };
}

/** What the alias is to be; undefined when it is somebody else's. */
export function routingOf({ outcome, schedule, step, stable, canary }: CanaryState): Routing | undefined {
  switch (outcome?.kind) {
    case "superseded":
      return undefined;
    case "promoted":
      return { version: canary, weights: {} };
    case "rolled-back":
      return { version: stable, weights: {} };
    case undefined:
      return { version: stable, weights: { [canary]: schedule.steps[step]?.weight ?? 0 } };
  }
}

export function sameRouting(a: Routing, b: Routing): boolean {
  const entries = Object.entries(a.weights);
  return (
    a.version === b.version &&
    entries.length === Object.keys(b.weights).length &&
    entries.every(([version, weight]) => b.weights[version] === weight)
  );
}

function invocationsOf(state: CanaryState): { readonly stable: number; readonly canary: number } {
  let [stable, canary] = [0, 0];
  for (const stratum of [...state.past, state.current]) {
    stable += stratum.stable.invocations;
    canary += stratum.canary.invocations;
  }
  return { stable, canary };
}

function describeWorse(state: CanaryState, worse: "errors" | "latency"): string {
  const { stable, canary } = invocationsOf(state);
  const what = worse === "errors" ? "fails more often" : "is slower";
  const p = (worse === "errors" ? state.reading?.errorsP : state.reading?.latencyP) ?? 0;
  return `version ${state.canary} ${what} than version ${state.stable} (p = ${p.toExponential(1)}, ${canary} and ${stable} invocations)`;
}

/** Fewer invocations of the canary cannot show more than that it is broken altogether. */
const TELLING_INVOCATIONS = 100;

function describePromotion(state: CanaryState): string {
  const { canary } = invocationsOf(state);
  if (!state.gated) return `the schedule is over (no gate, ${canary} invocations)`;
  if (canary >= TELLING_INVOCATIONS) return `nothing spoke against it in ${canary} invocations`;
  return `the schedule is over; ${canary} invocations were too few to tell much`;
}
