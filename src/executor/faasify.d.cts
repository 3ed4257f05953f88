/** What a program sees of `faasify`. */

/** A failure that FaaSify foresees: docs/troubleshooting.md has a heading for each code. */
export declare class FaasifyError extends Error {
  readonly code: string;
  /** What to do about it. */
  readonly remedy: string;
}

/** Why a run over items has ended; `cause` is what the function threw, or why it could not be run. */
export declare class ItemError extends Error {
  /** Of the item, from 0. */
  readonly index: number;
}

export interface ExecutorOptions {
  /** Where functions are deployed: `local` unless told otherwise. */
  readonly target?: string;
  /** Of each sandbox; 1024 unless told otherwise. */
  readonly memoryMb?: number;
  /** Of each call; 900 unless told otherwise. */
  readonly timeoutSeconds?: number;
}

export interface MapOptions {
  /** Calls at a time; as many as this machine has cores unless told otherwise. */
  readonly concurrency?: number;
  /** Items of one call. Unless told otherwise, so many that a call takes about 0.1 s. */
  readonly chunk?: number;
  /**
   * How often an item is tried again whose sandbox or platform was lost while it may have run. Unless told otherwise: 3
   * for a function that nobody can notice to have run twice, 0 for one that uses the network and the like. What a
   * function throws is never tried again.
   */
  readonly retries?: number;
  /** Gives a second sandbox what takes three times as long as the others took; the first answer counts. */
  readonly stragglers?: boolean;
  /** Ends the run: the promise and the iteration are rejected with its reason. */
  readonly signal?: AbortSignal;
  readonly progress?: (progress: Progress) => void;
}

export interface Progress {
  /** Items. */
  readonly done: number;
  readonly total: number;
  /** Calls in flight. */
  readonly running: number;
  /** Items that were given to another sandbox, so far. */
  readonly retried: number;
}

export interface ReduceOptions<A> extends MapOptions {
  /** Without it the first result is the initial total, as with `Array.prototype.reduce`. */
  readonly initial?: A;
}

/** A promise of all results, in the order of the items; iterated, the results in the order in which they come. */
export interface ItemRun<R> extends Promise<R[]>, AsyncIterable<R> {
  /** As the iteration, each with its item's index. */
  entries(): AsyncGenerator<[index: number, value: R], void, undefined>;
}

export interface Executor {
  /**
   * Runs a function for each item where it is deployed, several at a time. It may be any function of the program's files
   * that can move, also one inside others: the values that it captures travel along, as they are at the start.
   *
   * @throws ItemError with the item's index for what the function throws
   */
  map<T, R>(fn: (item: T, index: number) => R, items: Iterable<T>, options?: MapOptions): ItemRun<Awaited<R>>;
  /** As `map`; the results are then put together here, in the order of the items. */
  mapReduce<T, R, A = Awaited<R>>(
    fn: (item: T, index: number) => R,
    items: Iterable<T>,
    reduce: (total: A, value: Awaited<R>, index: number) => A | Promise<A>,
    options?: ReduceOptions<A>,
  ): Promise<A>;
  /** Runs a function once. Throws what the function throws. */
  call<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Promise<Awaited<R>>;
}

export declare function executor(options?: ExecutorOptions): Executor;
