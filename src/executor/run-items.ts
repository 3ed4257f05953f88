/** Works on all items: so many calls at a time, each item's outcome once, whatever happens to sandboxes meanwhile. */
import { FaasifyError } from "../core/errors.ts";
import { wait } from "../deploy/wait.ts";
import { ChunkQueue, type Range } from "./chunks.ts";
import { ItemError } from "./item-error.ts";
import type { Chunk, ChunkOutcome, ItemOutcome } from "./remote-chunks.ts";

export interface RunOptions {
  readonly concurrency: number;
  /** Items of a call; undefined: by what they take. */
  readonly chunk: number | undefined;
  /** How often an item is tried again that may have run. */
  readonly retries: number;
  /** Items that take much longer than others are given to a second sandbox, and the first answer counts. */
  readonly stragglers: boolean;
}

export interface Work {
  readonly items: readonly unknown[];
  run(chunk: Chunk, signal: AbortSignal): Promise<ChunkOutcome>;
  /** The function is not there any more: puts it there again. */
  redeploy(): Promise<void>;
  /** Once per item, as they come. */
  done(index: number, value: unknown): void;
  /** Behind each call. */
  progressed(state: { readonly running: number; readonly retried: number }): void;
}

interface Flight {
  readonly range: Range;
  readonly startedAt: number;
  readonly abort: AbortController;
  isDoubled: boolean;
}

const MAX_PAUSE_MS = 1000;
/** So often in a row a call may be refused before anything has run. */
const MAX_REFUSALS = 100;
/** An item is late when it takes so many times what the others took. */
const LATE = 3;
const LOOK_MS = 50;

/**
 * Resolves when every item is done.
 *
 * @throws ItemError for the first item that throws or cannot be worked on; the signal's reason when aborted
 */
export async function runItems(work: Work, options: RunOptions, signal: AbortSignal): Promise<void> {
  const all = new AbortController();
  const stop = (): void => all.abort(signal.reason);
  signal.throwIfAborted();
  signal.addEventListener("abort", stop, { once: true });
  try {
    const run = new ItemsRun(work, options, all.signal);
    const lanes = Array.from({ length: Math.min(options.concurrency, work.items.length) }, () => run.lane());
    await Promise.all(lanes);
  } finally {
    signal.removeEventListener("abort", stop);
    // What still runs is not waited for: its outcome counts no more.
    all.abort(new DOMException("The run has ended", "AbortError"));
  }
}

class ItemsRun {
  readonly #work: Work;
  readonly #options: RunOptions;
  readonly #signal: AbortSignal;
  readonly #queue: ChunkQueue;
  readonly #flights = new Set<Flight>();
  readonly #isDone: Uint8Array;
  /** Lanes that have nothing to do at the moment. */
  readonly #idle = new Set<() => void>();
  #left: number;
  #retried = 0;
  #refusals = 0;
  #itemMs = 0;

  constructor(work: Work, options: RunOptions, signal: AbortSignal) {
    this.#work = work;
    this.#options = options;
    this.#signal = signal;
    this.#left = work.items.length;
    this.#isDone = new Uint8Array(work.items.length);
    this.#queue = new ChunkQueue(work.items.length, options);
  }

  /** One call after the other, until nothing is left. */
  async lane(): Promise<void> {
    while (this.#left > 0) {
      this.#signal.throwIfAborted();
      const range = this.#queue.take() ?? this.#straggler();
      if (range) await this.#fly(range);
      else await this.#change();
    }
  }

  /** Others may yet be lost, or become late. */
  async #change(): Promise<void> {
    const looked = new AbortController();
    const wake = (): void => looked.abort();
    this.#idle.add(wake);
    await wait(LOOK_MS, AbortSignal.any([this.#signal, looked.signal])).catch(() => this.#signal.throwIfAborted());
    this.#idle.delete(wake);
  }

  #straggler(): Range | undefined {
    if (!this.#options.stragglers || this.#itemMs === 0) return undefined;
    const now = performance.now();
    const late = Array.from(this.#flights).find(({ range, startedAt, isDoubled }) => {
      return !isDoubled && now - startedAt > this.#itemMs * (range.end - range.start) * LATE;
    });
    if (!late) return undefined;
    late.isDoubled = true;
    this.#retried += late.range.end - late.range.start;
    return late.range;
  }

  async #fly(range: Range): Promise<void> {
    const flight: Flight = { range, startedAt: performance.now(), abort: new AbortController(), isDoubled: false };
    this.#flights.add(flight);
    const signal = AbortSignal.any([this.#signal, flight.abort.signal]);
    let outcome: ChunkOutcome;
    try {
      const { start, end } = range;
      outcome = await this.#work.run({ items: this.#work.items.slice(start, end), first: start }, signal);
    } catch (error) {
      // Another one was faster, or the whole run has ended.
      if (flight.abort.signal.aborted) return;
      throw error;
    } finally {
      this.#flights.delete(flight);
    }
    await this.#settle(range, outcome, performance.now() - flight.startedAt);
    this.#work.progressed({ running: this.#flights.size, retried: this.#retried });
    for (const wake of this.#idle) wake();
  }

  async #settle(range: Range, outcome: ChunkOutcome, durationMs: number): Promise<void> {
    // Its second run was faster: all that counts is there already.
    if (!this.#isDone.subarray(range.start, range.end).includes(0)) return;
    if (outcome.kind === "done") this.#accept(range, outcome.accept(), durationMs);
    else if (outcome.kind === "refused") await this.#refused(range, outcome);
    else if (outcome.kind === "lost") await this.#lost(range, outcome.error);
    else throw outcome.error;
  }

  #accept({ start, end }: Range, outcomes: readonly ItemOutcome[], durationMs: number): void {
    this.#refusals = 0;
    this.#queue.measured(end - start, durationMs);
    this.#itemMs = durationMs / (end - start);
    for (const flight of this.#flights) {
      if (flight.range.start === start) flight.abort.abort(new DOMException("It was done elsewhere", "AbortError"));
    }
    for (const [at, outcome] of outcomes.entries()) this.#itemDone(start + at, outcome);
  }

  /** The first outcome counts. */
  #itemDone(index: number, outcome: ItemOutcome): void {
    if (this.#isDone[index] === 1) return;
    this.#isDone[index] = 1;
    this.#left -= 1;
    if ("error" in outcome) throw new ItemError(index, outcome.error);
    this.#work.done(index, outcome.value);
  }

  async #refused(range: Range, { error, smaller }: Extract<ChunkOutcome, { kind: "refused" }>): Promise<void> {
    if (smaller) {
      if (range.end - range.start === 1) throw new ItemError(range.start, error);
      this.#queue.putBackHalves(range);
      return;
    }
    this.#refusals += 1;
    if (this.#refusals > MAX_REFUSALS) throw error;
    if (error.code === "function-not-deployed") await this.#work.redeploy();
    else await wait(pauseMs(this.#refusals), this.#signal);
    this.#queue.putBack(range);
  }

  async #lost(range: Range, error: FaasifyError): Promise<void> {
    if (range.losses >= this.#options.retries) throw new ItemError(range.start, lostFor(range, error));
    this.#retried += range.end - range.start;
    this.#queue.putBackLost(range);
    await wait(pauseMs(range.losses + 1), this.#signal);
  }
}

/** Twice as long each time; not all at once. */
function pauseMs(times: number): number {
  return Math.min(MAX_PAUSE_MS, 10 * 2 ** times) * (0.5 + Math.random() / 2);
}

function lostFor({ start, end, losses }: Range, error: FaasifyError): FaasifyError {
  const which = end - start === 1 ? `item ${start}` : `one of the items ${start} to ${end - 1}`;
  const often = losses === 0 ? "" : `, ${losses + 1} times`;
  return new FaasifyError(error.code, `${error.message}${often}, while it worked on ${which}`, {
    remedy: error.remedy,
    cause: error,
  });
}
