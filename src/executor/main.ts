/**
 * `import { executor } from "faasify"`: runs functions of this program where they are deployed, one call after the other
 * or over many items side by side. docs/programs.md tells what it promises.
 */
import { availableParallelism } from "node:os";
import { FaasifyError } from "../core/errors.ts";
import { ItemError } from "./item-error.ts";
import { ItemRun } from "./item-run.ts";
import { createPreparer, type AnyFunction, type Preparer } from "./prepare.ts";
import { runChunk, type RemoteFunction } from "./remote-chunks.ts";
import { runItems, type RunOptions } from "./run-items.ts";

export { FaasifyError, ItemError };

/** See faasify.d.cts, which is what callers see. */
interface ExecutorOptions {
  readonly target?: string;
  readonly memoryMb?: number;
  readonly timeoutSeconds?: number;
}

interface MapOptions {
  readonly concurrency?: number;
  readonly chunk?: number;
  readonly retries?: number;
  readonly stragglers?: boolean;
  readonly signal?: AbortSignal;
  readonly progress?: (progress: Progress) => void;
}

interface Progress {
  readonly done: number;
  readonly total: number;
  readonly running: number;
  readonly retried: number;
}

type ItemFunction<T, R> = (item: T, index: number) => R;

interface ReduceOptions<A> extends MapOptions {
  readonly initial?: A;
}

interface Executor {
  map<T, R>(fn: ItemFunction<T, R>, items: Iterable<T>, options?: MapOptions): ItemRun<Awaited<R>>;
  mapReduce<T, R, A>(
    fn: ItemFunction<T, R>,
    items: Iterable<T>,
    reduce: (total: A, value: Awaited<R>, index: number) => A | Promise<A>,
    options?: ReduceOptions<A>,
  ): Promise<A>;
  call<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Promise<Awaited<R>>;
}

/** One for each set of options that was asked for: functions that were deployed stay known. */
const preparers = new Map<string, Preparer>();

export function executor({ target = "local", memoryMb = 1024, timeoutSeconds = 900 }: ExecutorOptions = {}): Executor {
  const settings = { target, memoryMb, timeoutMs: timeoutSeconds * 1000 };
  const key = JSON.stringify(settings);
  const preparer = preparers.get(key) ?? createPreparer(__dirname, settings);
  preparers.set(key, preparer);
  const map: Executor["map"] = (fn, items, options = {}) =>
    mapItems(preparer, { fn, items: Array.from(items), options });
  return {
    map,
    mapReduce: async (fn, items, reduce, options = {}) => reduceAll(await map(fn, items, options), reduce, options),
    call: (fn, ...args) => callOnce(preparer, fn, args),
  };
}

interface MapJob {
  readonly fn: AnyFunction;
  readonly items: readonly unknown[];
  readonly options: MapOptions;
}

function mapItems<R>(preparer: Preparer, { fn, items, options }: MapJob): ItemRun<R> {
  checkFunction(fn);
  checkOptions(options);
  const signal = options.signal ?? new AbortController().signal;
  return new ItemRun<R>(items.length, async (feed) => {
    signal.throwIfAborted();
    if (items.length === 0) return;
    const remote = await preparer.prepare(fn, signal);
    let done = 0;
    const work = {
      items,
      run: (chunk: Parameters<typeof runChunk>[1], aborted: AbortSignal) => runChunk(remote, chunk, aborted),
      redeploy: () => preparer.redeploy(remote, signal),
      done: (index: number, value: unknown) => {
        done += 1;
        feed.result(index, value as R);
      },
      progressed: (state: Pick<Progress, "running" | "retried">) => {
        options.progress?.({ done, total: items.length, ...state });
      },
    };
    await runItems(work, runOptions(options, remote), signal);
  });
}

/** Without being told to, only what nobody notices is run twice. */
function runOptions(
  { concurrency = availableParallelism(), chunk, retries, stragglers = false }: MapOptions,
  { unit }: RemoteFunction,
): RunOptions {
  return { concurrency, chunk, retries: retries ?? (unit.repeatable ? 3 : 0), stragglers };
}

/** In the order of the items, whatever order they came in. */
async function reduceAll<R, A>(
  values: readonly R[],
  reduce: (total: A, value: R, index: number) => A | Promise<A>,
  options: ReduceOptions<A>,
): Promise<A> {
  const hasInitial = "initial" in options;
  if (values.length === 0 && !hasInitial) throw new TypeError("mapReduce of no items needs an initial value");
  let total = (hasInitial ? options.initial : values[0]) as A;
  for (const [index, value] of values.entries()) {
    if (index > 0 || hasInitial) total = await reduce(total, value, index);
  }
  return total;
}

async function callOnce<R>(preparer: Preparer, fn: AnyFunction, args: readonly unknown[]): Promise<R> {
  checkFunction(fn);
  const { signal } = new AbortController();
  const remote = await preparer.prepare(fn, signal);
  for (let attempt = 0; ; attempt += 1) {
    const outcome = await runChunk(remote, { items: [args], first: -1 }, signal);
    if (outcome.kind === "done") {
      const [one] = outcome.accept();
      // Thrown as it is, error or not: the caller sees what the function threw.
      if (one && "error" in one) throw one.error;
      return one?.value as R;
    }
    const isGone = outcome.kind === "refused" && outcome.error.code === "function-not-deployed";
    if (!isGone || attempt > 0) throw outcome.error;
    await preparer.redeploy(remote, signal);
  }
}

function checkFunction(fn: unknown): void {
  if (typeof fn !== "function") throw new TypeError(`executor() runs functions, not ${typeof fn}`);
}

function checkOptions({ concurrency, chunk, retries }: MapOptions): void {
  const smallest = { concurrency: 1, chunk: 1, retries: 0 };
  for (const [name, value] of Object.entries({ concurrency, chunk, retries })) {
    const least = smallest[name as keyof typeof smallest];
    if (value === undefined || (Number.isInteger(value) && value >= least)) continue;
    throw new RangeError(`${name} must be a whole number from ${least} on, not ${String(value)}`);
  }
}
