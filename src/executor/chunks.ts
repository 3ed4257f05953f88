/** Which items are worked on next, and how many of them together. */

/** Items from `start` up to, but without, `end`. */
export interface Range {
  readonly start: number;
  readonly end: number;
  /** How often it was lost before. */
  readonly losses: number;
}

/** A call should take about so long: then what a call costs besides its work does not count. */
const TARGET_MS = 100;

/** Whatever it takes: what was done must be told now and then, and a loss must not cost much. */
const MAX_ITEMS = 1000;

export class ChunkQueue {
  readonly #total: number;
  readonly #concurrency: number;
  readonly #fixed: number | undefined;
  readonly #again: Range[] = [];
  #next = 0;
  /** Of one item, as measured so far. */
  #itemMs: number | undefined;

  constructor(total: number, options: { readonly concurrency: number; readonly chunk: number | undefined }) {
    this.#total = total;
    this.#concurrency = options.concurrency;
    this.#fixed = options.chunk;
  }

  /** Undefined when there is nothing to do at the moment. */
  take(): Range | undefined {
    const again = this.#again.shift();
    if (again) return again;
    if (this.#next >= this.#total) return undefined;
    const start = this.#next;
    this.#next = Math.min(this.#total, start + this.#size());
    return { start, end: this.#next, losses: 0 };
  }

  /** The first calls are of one item each, the last ones share what is left. */
  #size(): number {
    if (this.#fixed !== undefined) return this.#fixed;
    if (this.#itemMs === undefined) return 1;
    const fair = Math.ceil((this.#total - this.#next) / (this.#concurrency * 2));
    return Math.max(1, Math.min(fair, Math.round(TARGET_MS / Math.max(this.#itemMs, 0.01)), MAX_ITEMS));
  }

  measured(items: number, durationMs: number): void {
    const each = durationMs / items;
    this.#itemMs = this.#itemMs === undefined ? each : this.#itemMs * 0.7 + each * 0.3;
  }

  putBack(range: Range): void {
    this.#again.push(range);
  }

  /** One by one: an item that ends its sandbox must not take others along. */
  putBackLost({ start, end, losses }: Range): void {
    for (let at = start; at < end; at += 1) this.#again.push({ start: at, end: at + 1, losses: losses + 1 });
  }

  putBackHalves({ start, end, losses }: Range): void {
    const middle = Math.ceil((start + end) / 2);
    this.#again.push({ start, end: middle, losses }, { start: middle, end, losses });
  }
}
