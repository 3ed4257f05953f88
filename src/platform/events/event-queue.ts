/**
 * Invocations that nobody waits for. An event is on disk before its caller hears of it and until its outcome is
 * settled, so that it runs at least once, whatever happens to the platform; it may run twice, as on Lambda.
 */
import type { Clock } from "../clock.ts";
import type { EventDraft, EventStore, QueuedEvent } from "../state/event-store.ts";
import { Lane } from "./lane.ts";

/** What became of one attempt. */
export type Attempt =
  | { readonly kind: "done" }
  /** Again after so many milliseconds. `counted`: the function itself failed, which it may only so often. */
  | { readonly kind: "again"; readonly delayMs: number; readonly counted: boolean };

/** What the queue needs to run events. */
export interface EventRunner {
  /** Could it start now, without being throttled? */
  hasRoom(functionName: string): boolean;
  /** Runs one attempt. What follows from it, such as events for destinations, is handed to `follow`. */
  run(event: QueuedEvent): Promise<Settled>;
}

export interface Settled {
  readonly attempt: Attempt;
  /** Events for other functions that come out of it: written together with the end of this one. */
  readonly followers: readonly EventDraft[];
}

interface Accepting {
  readonly draft: EventDraft;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export interface EventQueueOptions {
  readonly store: EventStore;
  readonly runner: EventRunner;
  /** Must not go back. */
  readonly clock: Clock;
  /** It is on disk. */
  readonly onAccepted: (event: QueuedEvent) => void;
  /** The end of an event cannot be written; after a `kill -9` it would run again. */
  readonly onProblem: (error: unknown) => void;
}

const RETRY_WRITE_MS = 1_000;
/** No attempt is put off for longer: a later one was written before the clock was set back. */
const MAX_DELAY_MS = 600_000;

export class EventQueue {
  readonly #options: EventQueueOptions;
  readonly #lanes = new Map<string, Lane>();
  #accepting: Accepting[] = [];
  #settled: { readonly event: QueuedEvent; readonly settled: Settled }[] = [];
  #flushing = false;
  #stopped = false;

  constructor(options: EventQueueOptions) {
    this.#options = options;
    options.store.clampDue(options.clock.nowMs() + MAX_DELAY_MS);
    for (const name of options.store.functionNames()) this.#lane(name).wake();
  }

  /** Events that are not settled yet, on disk. */
  get size(): number {
    return this.#options.store.count();
  }

  /** Resolves when the event is on disk. */
  accept(draft: EventDraft): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#accepting.push({ draft, resolve, reject });
      this.#flushSoon();
    });
  }

  /** An invocation has ended: there may be room for events that wait for it. */
  readonly onRoom = (): void => {
    for (const lane of this.#lanes.values()) if (lane.blocked) lane.wake();
  };

  /** The function is gone, and with it its events. */
  removeFunction(name: string): void {
    this.#lanes.get(name)?.stop();
    this.#lanes.delete(name);
    this.#options.store.removeFunction(name);
  }

  /** Starts nothing more. */
  pause(): void {
    this.#stopped = true;
    for (const lane of this.#lanes.values()) lane.stop();
  }

  /** Writes what is known. What still runs will run again after the next start. */
  stop(): void {
    this.pause();
    this.#flush();
  }

  #lane(name: string): Lane {
    let lane = this.#lanes.get(name);
    if (!lane) {
      const { store, runner, clock } = this.#options;
      lane = new Lane({
        nowMs: () => clock.nowMs(),
        read: (position, nowMs, limit) => store.readDue(name, position, { nowMs, limit }),
        nextDueMs: (position) => store.nextDueMs(name, position),
        hasRoom: () => !this.#stopped && runner.hasRoom(name),
        run: (event) => this.#run(event),
        onIdle: () => this.#lanes.delete(name),
      });
      this.#lanes.set(name, lane);
    }
    return lane;
  }

  async #run(event: QueuedEvent): Promise<void> {
    const settled = await this.#options.runner.run(event);
    this.#settled.push({ event, settled });
    this.#flushSoon();
  }

  /** Many events share one write. */
  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    setImmediate(() => this.#flush());
  }

  #retrySoon(): void {
    if (!this.#stopped) setTimeout(() => this.#flushSoon(), RETRY_WRITE_MS);
  }

  #flush(): void {
    this.#flushing = false;
    this.#writeSettled();
    const accepting = this.#accepting;
    if (accepting.length === 0) return;
    this.#accepting = [];
    try {
      this.#add(accepting.map(({ draft }) => draft));
      for (const { resolve } of accepting) resolve();
    } catch (error) {
      for (const { reject } of accepting) reject(error);
    }
  }

  #add(drafts: readonly EventDraft[]): void {
    const { store } = this.#options;
    const added: QueuedEvent[] = [];
    const nowMs = this.#options.clock.nowMs();
    store.transaction(() => {
      for (const draft of drafts) added.push(store.add(draft, nowMs));
    });
    for (const event of added) this.#options.onAccepted(event);
    for (const event of added) this.#lane(event.functionName).offer(event);
  }

  #writeSettled(): void {
    const batch = this.#settled;
    if (batch.length === 0) return;
    this.#settled = [];
    const { store, onProblem, clock } = this.#options;
    const nowMs = clock.nowMs();
    const followers: QueuedEvent[] = [];
    const again: QueuedEvent[] = [];
    try {
      store.transaction(() => {
        for (const { event, settled } of batch) {
          if (settled.attempt.kind === "done") store.remove(event.id);
          else again.push(this.#reschedule(event, settled.attempt));
          for (const draft of settled.followers) followers.push(store.add(draft, nowMs));
        }
      });
    } catch (error) {
      // The disk is full, for example: what is settled stays so, and is written when that is possible.
      onProblem(error);
      this.#settled.push(...batch);
      this.#retrySoon();
      return;
    }
    for (const event of followers) this.#options.onAccepted(event);
    for (const event of [...again, ...followers]) this.#lane(event.functionName).offer(event);
  }

  #reschedule(event: QueuedEvent, { delayMs, counted }: Attempt & { kind: "again" }): QueuedEvent {
    const { store, clock } = this.#options;
    // Behind what its lane has read already, so that it is read again.
    const dueMs = clock.nowMs() + Math.max(1, delayMs);
    const attempts = event.attempts + (counted ? 1 : 0);
    store.reschedule(event.id, dueMs, attempts);
    return { ...event, dueMs, attempts };
  }
}
