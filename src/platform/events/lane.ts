/** The events of one function: reads them from disk when they are due, and runs as many at once as is good. */
import type { EventPosition, QueuedEvent } from "../state/event-store.ts";

export interface LaneOptions {
  readonly nowMs: () => number;
  /** Events behind the position that are due at `nowMs`. */
  readonly read: (position: EventPosition, nowMs: number, limit: number) => QueuedEvent[];
  /** When the first event behind the position is due. */
  readonly nextDueMs: (position: EventPosition) => number | undefined;
  readonly hasRoom: () => boolean;
  /** Ends when the outcome is known. */
  readonly run: (event: QueuedEvent) => Promise<void>;
  /** Nothing is left to do. */
  readonly onIdle: () => void;
}

/** Read ahead from disk. */
const READ_EVENTS = 128;
/** So many run at once from the start: enough for quick functions. */
const FIRST_WINDOW = 8;
/** As Lambda, the queue takes more sandboxes slowly, and never all that the account has. */
const MAX_WINDOW = 200;
const WINDOW_GROWTH = 1.5;
/** A window that stays full for so long is too small for a function that takes its time. In milliseconds. */
const GROWTH_MS = 50;
/** setTimeout takes no more. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export class Lane {
  readonly #options: LaneOptions;
  /** Due, in order. */
  #ahead: QueuedEvent[] = [];
  /** There may be due events on disk behind the last one read. */
  #behind = true;
  /** When the first of the events that are not due yet will be. */
  #nextDueMs: number | undefined;
  #position: EventPosition = { dueMs: -1, id: 0 };
  #running = 0;
  #window = FIRST_WINDOW;
  /** More are due than the window lets run. */
  #full = false;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  /** Events are due, but the invoker has no room for them. */
  blocked = false;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  /** Of the last event that was read. */
  get position(): EventPosition {
    return this.#position;
  }

  /** An event that has just been written. */
  offer(event: QueuedEvent): void {
    if (event.dueMs > this.#options.nowMs()) this.#nextDueMs = Math.min(event.dueMs, this.#nextDueMs ?? event.dueMs);
    else if (this.#isNext(event)) this.#take([event]);
    else this.#behind = true;
    this.wake();
  }

  /** Nothing that is still on disk only comes before it. */
  #isNext(event: QueuedEvent): boolean {
    const first = this.#nextDueMs === undefined || this.#nextDueMs > event.dueMs;
    return !this.#behind && first && this.#ahead.length < READ_EVENTS && isAfter(event, this.#position);
  }

  wake(): void {
    if (this.#stopped) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.blocked = false;
    this.#full = false;
    for (let event = this.#next(); event; event = this.#next()) this.#start(event);
    this.#wait();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #next(): QueuedEvent | undefined {
    if (this.#ahead.length === 0) this.#read();
    if (this.#ahead.length === 0) return undefined;
    if (this.#running >= this.#window) {
      this.#full = true;
      return undefined;
    }
    if (!this.#options.hasRoom()) {
      this.blocked = true;
      return undefined;
    }
    return this.#ahead.shift();
  }

  #start(event: QueuedEvent): void {
    this.#running += 1;
    void this.#options.run(event).finally(() => {
      this.#running -= 1;
      this.wake();
    });
  }

  #read(): void {
    const nowMs = this.#options.nowMs();
    if (!this.#behind && (this.#nextDueMs === undefined || this.#nextDueMs > nowMs)) return;
    const events = this.#options.read(this.#position, nowMs, READ_EVENTS);
    this.#behind = events.length === READ_EVENTS;
    this.#take(events);
    this.#nextDueMs = this.#behind ? undefined : this.#options.nextDueMs(this.#position);
  }

  #take(events: readonly QueuedEvent[]): void {
    this.#ahead.push(...events);
    const last = events.at(-1);
    if (last) this.#position = { dueMs: last.dueMs, id: last.id };
  }

  /** Until the next event is due, or until a full window may grow. */
  #wait(): void {
    if (this.#ahead.length > 0) {
      if (this.#full) this.#timer = setTimeout(() => this.#grow(), GROWTH_MS);
    } else if (this.#nextDueMs !== undefined) {
      const delayMs = Math.min(MAX_TIMER_MS, Math.max(1, this.#nextDueMs - this.#options.nowMs()));
      this.#timer = setTimeout(() => this.wake(), delayMs);
    } else if (this.#running === 0) {
      this.#options.onIdle();
    }
  }

  /** Nothing has ended for a while: that would have stopped the timer. */
  #grow(): void {
    this.#window = Math.min(MAX_WINDOW, Math.ceil(this.#window * WINDOW_GROWTH));
    this.wake();
  }
}

function isAfter(event: EventPosition, { dueMs, id }: EventPosition): boolean {
  return event.dueMs > dueMs || (event.dueMs === dueMs && event.id > id);
}
