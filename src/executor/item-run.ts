/** A run over items as its caller holds it: a promise of all results, and an iteration over them as they come. */

/** What feeds a run. */
export interface RunFeed<R> {
  result(index: number, value: R): void;
}

type Settled = { readonly failed: false } | { readonly failed: true; readonly error: unknown };

export class ItemRun<R> implements Promise<R[]> {
  readonly [Symbol.toStringTag] = "ItemRun";
  readonly #results: R[];
  readonly #finished: Promise<R[]>;
  /** In the order in which they came. */
  readonly #arrived: number[] = [];
  #wake: (() => void)[] = [];
  #settled: Settled | undefined;
  #isAwaited = false;

  /** @param start - works on the items; resolves when all are done */
  constructor(total: number, start: (feed: RunFeed<R>) => Promise<void>) {
    this.#results = Array.from<R>({ length: total });
    const work = start({
      result: (index, value) => {
        this.#results[index] = value;
        this.#arrived.push(index);
        this.#tell();
      },
    });
    this.#finished = work.then(
      () => {
        this.#settle({ failed: false });
        return this.#results;
      },
      (error: unknown) => {
        this.#settle({ failed: true, error });
        throw error;
      },
    );
    // Whoever iterates gets the failure there; whoever does neither, as with any promise.
    this.#finished.catch((error: unknown) => {
      if (!this.#isAwaited) void Promise.reject(error);
    });
  }

  #settle(settled: Settled): void {
    this.#settled = settled;
    this.#tell();
  }

  #tell(): void {
    const waiting = this.#wake;
    this.#wake = [];
    for (const wake of waiting) wake();
  }

  // oxlint-disable-next-line unicorn/no-thenable -- it is a promise
  then<A = R[], B = never>(
    onDone?: ((results: R[]) => A | PromiseLike<A>) | null,
    onFailed?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#isAwaited = true;
    return this.#finished.then(onDone, onFailed);
  }

  catch<B = never>(onFailed?: ((error: unknown) => B | PromiseLike<B>) | null): Promise<R[] | B> {
    return this.then(undefined, onFailed);
  }

  finally(onEnd?: (() => void) | null): Promise<R[]> {
    this.#isAwaited = true;
    return this.#finished.finally(onEnd);
  }

  /** Results in the order in which they come. Stopping early leaves the run as it is: abort its signal to end it. */
  async *[Symbol.asyncIterator](): AsyncGenerator<R, void, undefined> {
    for await (const [, value] of this.entries()) yield value;
  }

  /** As the iteration, each with its item's index. */
  async *entries(): AsyncGenerator<[index: number, value: R], void, undefined> {
    this.#isAwaited = true;
    for (let at = 0; ; at += 1) {
      while (at >= this.#arrived.length) {
        if (this.#settled?.failed) throw this.#settled.error;
        if (this.#settled) return;
        await new Promise<void>((resolve) => this.#wake.push(resolve));
      }
      const index = this.#arrived[at] ?? 0;
      yield [index, this.#results[index] as R];
    }
  }
}
