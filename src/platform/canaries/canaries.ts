/**
 * Drives the canaries of this platform: it moves weights, has the gate look, and rolls back or promotes. What it will do
 * is on disk before the alias changes, so that a platform that was killed in between finds what to make of the alias.
 */
import {
  advance,
  end,
  routingOf,
  sameRouting,
  startCanary,
  type CanaryPlan,
  type CanaryState,
  type Routing,
} from "../../core/canary/canary.ts";
import { TrafficCounter } from "../../core/canary/traffic.ts";
import { routeAlias } from "../api/aliases.ts";
import { findAlias, findVersion, type Catalogue } from "../api/catalogue.ts";
import type { Clock } from "../clock.ts";
import { invalidParameter, resourceConflict, resourceNotFound } from "../http/lambda-error.ts";
import type { Measured } from "../runtime/live-sandbox.ts";
import { functionArn } from "../state/function-record.ts";
import type { Collection } from "../state/state-store.ts";
import type { CanaryRecord } from "./canary-record.ts";

export interface CanariesOptions {
  readonly collection: Collection<CanaryRecord>;
  readonly catalogue: Catalogue;
  /** Must go on evenly when the system's clock is set. */
  readonly clock: Clock;
  readonly onProblem: (error: unknown) => void;
}

/** One that runs. */
interface Running {
  state: CanaryState;
  stable: TrafficCounter;
  canary: TrafficCounter;
  /** On the clock. */
  tickedAtMs: number;
  savedAtMs: number;
}

const TICK_MS = 200;
/** What was counted since the last save is lost when the platform is killed; time is then as if it had not passed. */
const SAVE_MS = 2_000;

export class Canaries {
  readonly #options: CanariesOptions;
  readonly #running = new Map<string, Running>();
  /** The last one of each function, by name. */
  readonly #ended = new Map<string, CanaryState>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: CanariesOptions) {
    this.#options = options;
    for (const { functionName, state } of options.collection.all()) {
      if (state.outcome) this.#ended.set(functionName, state);
      else this.#resume(functionName, state);
    }
  }

  find(name: string): CanaryState | undefined {
    const running = this.#running.get(name);
    return running ? withTraffic(running) : this.#ended.get(name);
  }

  /** @throws LambdaError when one runs already, or alias or version are not fit for one */
  start(name: string, wanted: CanaryPlan & { readonly alias: string; readonly canary: string }): CanaryState {
    const { catalogue, clock } = this.#options;
    const record = catalogue.get({ name, qualifier: undefined });
    if (this.#running.has(name)) throw resourceConflict(`A canary of ${name} runs already.`);
    const alias = findAlias(record, wanted.alias);
    if (!alias) throw resourceNotFound(`Cannot find alias arn: ${functionArn(name, wanted.alias)}`);
    if (Object.keys(alias.weights).length > 0) {
      throw resourceConflict(`The alias ${alias.name} is split between versions already.`);
    }
    if (!/^\d+$/.test(wanted.canary) || !findVersion(record, wanted.canary)) {
      throw resourceNotFound(`Function not found: ${functionArn(name, wanted.canary)}`);
    }
    if (!/^\d+$/.test(alias.version)) {
      throw invalidParameter(`The alias ${alias.name} must be at a published version, but is at ${alias.version}.`);
    }
    if (alias.version === wanted.canary) {
      throw invalidParameter(`The alias ${alias.name} is at version ${wanted.canary} already.`);
    }
    const versions = { alias: alias.name, stable: alias.version, canary: wanted.canary };
    const state = startCanary(wanted, versions, clock.nowMs());
    this.#apply(name, state);
    this.#follow(name, state);
    return state;
  }

  /** Ends the one that runs. @throws LambdaError when none does */
  end(name: string, kind: "promoted" | "rolled-back"): CanaryState {
    const running = this.#running.get(name);
    if (!running) throw resourceNotFound(`No canary of ${name} runs.`);
    const outcome = { reason: "by hand", atMs: this.#options.clock.nowMs() };
    const state = end(this.#orSuperseded(name, withTraffic(running)), kind, outcome);
    this.#apply(name, state);
    return state;
  }

  /** An invocation has ended: on the way of every one. `version`: a published one, otherwise undefined. */
  note(name: string, version: string | undefined, { alias, durationMs, failed }: Measured): void {
    if (this.#running.size === 0 || alias === undefined) return;
    const running = this.#running.get(name);
    if (running?.state.alias !== alias) return;
    if (version === running.state.canary) running.canary.add(durationMs, failed);
    else if (version === running.state.stable) running.stable.add(durationMs, failed);
  }

  remove(name: string): void {
    this.#running.delete(name);
    this.#ended.delete(name);
    this.#options.collection.delete(name);
  }

  /** They go on when the platform is started again. */
  close(): void {
    clearInterval(this.#timer);
    for (const [name, running] of this.#running) this.#save(name, withTraffic(running));
  }

  /** A platform that ended in the midst of a canary leaves the alias as it was, or as it was to become. */
  #resume(name: string, state: CanaryState): void {
    const { catalogue, clock } = this.#options;
    const record = catalogue.find(name);
    if (!record) return;
    const alias = findAlias(record, state.alias);
    const atMs = clock.nowMs();
    const mine = alias && possibleRoutings(state).some((routing) => sameRouting(routing, alias));
    if (!mine) this.#apply(name, end(state, "superseded", { reason: "the alias was changed", atMs }));
    else if (state.onInterrupted === "rollback")
      this.#apply(name, end(state, "rolled-back", { reason: "it was interrupted", atMs }));
    else {
      this.#apply(name, state);
      this.#follow(name, state);
    }
  }

  #follow(name: string, state: CanaryState): void {
    if (state.outcome) return;
    const nowMs = this.#options.clock.nowMs();
    this.#running.set(name, {
      state,
      stable: new TrafficCounter(state.current.stable),
      canary: new TrafficCounter(state.current.canary),
      tickedAtMs: nowMs,
      savedAtMs: nowMs,
    });
    this.#timer ??= setInterval(() => this.#tick(), TICK_MS);
  }

  #tick(): void {
    for (const [name, running] of this.#running) {
      try {
        this.#advance(name, running);
      } catch (error) {
        // On a full disk, say: the alias stays as it is, and the next tick tries again.
        this.#options.onProblem(error);
      }
    }
  }

  #advance(name: string, running: Running): void {
    const nowMs = this.#options.clock.nowMs();
    const before = this.#orSuperseded(name, withTraffic(running));
    const passedMs = nowMs - running.tickedAtMs;
    const state = advance(before, { passedMs, current: before.current, nowMs });
    if (state.outcome || state.step !== running.state.step) {
      this.#apply(name, state);
    } else if (state.looks !== running.state.looks || nowMs - running.savedAtMs >= SAVE_MS) {
      this.#save(name, state);
      running.savedAtMs = nowMs;
    }
    if (state.step !== running.state.step) {
      running.stable = new TrafficCounter();
      running.canary = new TrafficCounter();
    }
    running.state = state;
    running.tickedAtMs = nowMs;
  }

  /** Whoever changes the alias by hand knows better than we do. */
  #orSuperseded(name: string, state: CanaryState): CanaryState {
    const { catalogue, clock } = this.#options;
    const record = catalogue.find(name);
    const alias = record && findAlias(record, state.alias);
    const wanted = routingOf(state);
    if (alias && wanted && sameRouting(alias, wanted)) return state;
    return end(state, "superseded", { reason: "the alias was changed", atMs: clock.nowMs() });
  }

  /** First the plan, then the alias. */
  #apply(name: string, state: CanaryState): void {
    const { catalogue } = this.#options;
    this.#save(name, state);
    const routing = routingOf(state);
    const record = catalogue.find(name);
    if (routing && record) routeAlias(catalogue, record, { name: state.alias, ...routing });
    if (!state.outcome) return;
    this.#running.delete(name);
    this.#ended.set(name, state);
    if (this.#running.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #save(name: string, state: CanaryState): void {
    this.#options.collection.save(name, { functionName: name, state });
  }
}

function withTraffic({ state, stable, canary }: Running): CanaryState {
  return { ...state, current: { stable: stable.toTraffic(), canary: canary.toTraffic() } };
}

/** What the alias may be when the platform was killed: as it was before the canary, or at any of its steps. */
function possibleRoutings({ stable, canary, schedule }: CanaryState): readonly Routing[] {
  return [
    { version: stable, weights: {} },
    ...schedule.steps.map(({ weight }) => ({ version: stable, weights: { [canary]: weight } })),
  ];
}
