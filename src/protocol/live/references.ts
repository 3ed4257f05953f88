/**
 * What cannot be copied and stays where it is: functions, iterators, promises, signals, streams. The other end has a
 * stand-in for it, which is as much alike as can be.
 */
import { decodeValue, encodeValue } from "../values/codec.ts";
import type { CodecOptions, ReferenceTable } from "../values/contract.ts";
import { EncodedValueBroken, ValueNotPortable } from "../values/errors.ts";
import { isProxy } from "../values/host.ts";
import type { Outcome, Request, Settlement } from "./contract.ts";
import { isPromise } from "./host.ts";
import { describeFunction, functionStandIn, isFunctionDescription } from "./functions.ts";
import { describeIterator, isIteratorDescription, iteratorStandIn, type StepResult } from "./iterators.ts";
import { describeStream, isStreamDescription, streamIterator, streamStandIn } from "./streams.ts";

/** The other end. */
export interface OtherEnd {
  /** Gives what was asked for, and does not come back before. */
  ask(request: Request): Outcome;
  /** A promise of this end that the other end knows is settled. */
  settled(settlement: Settlement): void;
  /** Something of the other end's is used up here. */
  released(): void;
}

// Taken once: a program may replace them later.
const { prototype: promisePrototype } = Promise;
type Then = (promise: object, onValue: (value: never) => void, onError: (reason: unknown) => void) => void;
const watch = Function.prototype.call.bind(Reflect.get(promisePrototype, "then") as () => void) as Then;

export class References implements ReferenceTable {
  readonly #other: OtherEnd;
  readonly #promises = new Map<object, (settlement: Outcome) => void>();
  readonly #signals = new Map<object, AbortController>();
  readonly #iterators = new Map<object, AsyncIterator<unknown>>();
  /** Promises of an iterator's steps: they are settled with two values. */
  readonly #steps = new WeakSet<object>();
  /** Stand-ins that may still be used: while there are any, the conversation goes on. */
  readonly #open = new Set<object>();
  /** Promises of this end that the other end waits for. */
  readonly #awaited = new Set<object>();
  /** What this end has given out that can be ended early. */
  readonly #given = new Set<object>();
  readonly #leave: (() => void)[] = [];
  readonly #options: CodecOptions;

  /** @param options - for what travels inside a description */
  constructor(other: OtherEnd, options: CodecOptions) {
    this.#other = other;
    this.#options = options;
  }

  /** Nobody here can use or expects anything of the other end any more. */
  get isDone(): boolean {
    return this.#open.size === 0 && this.#awaited.size === 0;
  }

  /** Something here can only go on when the other end has said something. */
  get isWaiting(): boolean {
    return this.#promises.size > 0;
  }

  describe(value: object): unknown {
    if (isProxy(value)) return undefined;
    if (typeof value === "function") return describeFunction(value);
    if (isPromise(value)) return this.#describePromise(value);
    if (value instanceof AbortSignal) return this.#describeSignal(value);
    const described = describeIterator(value) ?? describeStream(value);
    if (described !== undefined) this.#given.add(value);
    return described;
  }

  restore(description: unknown): object {
    const standIn = this.#make(description);
    if (!this.#signals.has(standIn)) this.#open.add(standIn);
    return standIn;
  }

  #make(description: unknown): object {
    const ask = (request: Request): Outcome => this.#other.ask(request);
    if (isFunctionDescription(description)) return functionStandIn(description, (request) => open(ask(request)));
    if (isIteratorDescription(description)) return iteratorStandIn(description, (request) => this.#step(request));
    if (isStreamDescription(description)) return streamStandIn(description, (request) => this.#step(request));
    if (description === "promise") return this.#promiseStandIn();
    if (description === "signal") return this.#signalStandIn().signal;
    if (isAborted(description)) return this.#abortedStandIn(description.aborted);
    throw new EncodedValueBroken(`a reference ${JSON.stringify(description)}`);
  }

  /** Does what the other end asks of something of this end. Never throws. */
  perform({ how, target, self, args }: Request): Outcome {
    try {
      if (how === "call") return { ok: true, value: Reflect.apply(target as CallableFunction, self, args) };
      if (how === "construct")
        return { ok: true, value: Reflect.construct(target as CallableFunction, args) as object };
      if (how === "abort") return this.#abort(target, args[0]);
      return this.#performStep(how, target, args);
    } catch (value) {
      return { ok: false, value };
    }
  }

  #performStep(how: "next" | "return" | "throw", target: object, args: readonly unknown[]): Outcome {
    const iterator = (this.#iterators.get(target) ?? this.#iteratorOf(target)) as unknown as Record<string, unknown>;
    const method = iterator[how];
    if (typeof method !== "function") return { ok: true, done: true, value: args[0] };
    const result: unknown = Reflect.apply(method, iterator, args);
    if (isPromise(result)) {
      this.#steps.add(result);
      return { ok: true, value: result };
    }
    const { done, value } = result as IteratorResult<unknown>;
    if (done === true) this.#given.delete(target);
    return { ok: true, done: done === true, value };
  }

  #iteratorOf(target: object): object {
    const iterator = streamIterator(target);
    if (!iterator) return target;
    this.#iterators.set(target, iterator);
    return iterator;
  }

  #abort(target: object, reason: unknown): Outcome {
    this.#signals.get(target)?.abort(reason);
    return { ok: true, value: undefined };
  }

  /** What the other end has told of one of its promises. */
  settle({ promise, ...outcome }: Settlement): void {
    this.#promises.get(promise)?.(outcome);
    this.#promises.delete(promise);
    this.#open.delete(promise);
  }

  /** The other end is gone: nothing here waits for it for ever. */
  lose(reason: Error): void {
    for (const settle of this.#promises.values()) settle({ ok: false, value: reason });
    this.#promises.clear();
    this.#open.clear();
    this.#awaited.clear();
    this.close();
  }

  /** Nothing here tells the other end anything any more. */
  close(): void {
    for (const leave of this.#leave.splice(0)) leave();
  }

  /** Ends what was given out and is not at its end: whoever asked for more is gone. Runs their `finally`. */
  async endGiven(): Promise<void> {
    for (const target of Array.from(this.#given).toReversed()) {
      try {
        const { value } = this.#performStep("return", target, [undefined]);
        await value;
      } catch {
        // There is nobody left to be told.
      }
    }
  }

  #step(request: Request): StepResult | Promise<StepResult> {
    const outcome = this.#other.ask(request);
    if (!outcome.ok) {
      this.#close(request.target);
      throw outcome.value;
    }
    const { done, value } = outcome;
    if (done === undefined) return this.#pendingStep(request.target, value as Promise<StepResult>);
    if (done) this.#close(request.target);
    return { value, done };
  }

  #close(standIn: object): void {
    this.#open.delete(standIn);
    this.#other.released();
  }

  #pendingStep(target: object, result: Promise<StepResult>): Promise<StepResult> {
    const close = (): void => this.#close(target);
    // Beside the promise itself, which is given on as it is: nobody's turn comes later by it.
    watch(result, ({ done }: StepResult) => (done ? close() : undefined), close);
    return result;
  }

  #describePromise(promise: object): unknown {
    if (Object.getPrototypeOf(promise) !== promisePrototype || Reflect.ownKeys(promise).length > 0) return undefined;
    this.#awaited.add(promise);
    const settled = (ok: boolean) => (value: unknown) => {
      this.#awaited.delete(promise);
      const isStep = ok && this.#steps.has(promise);
      const { done, value: inner } = (isStep ? value : {}) as Partial<IteratorResult<unknown>>;
      this.#other.settled(isStep ? { promise, ok, done: done === true, value: inner } : { promise, ok, value });
    };
    watch(promise, settled(true), settled(false));
    return "promise";
  }

  #promiseStandIn(): object {
    let settle: ((outcome: Outcome) => void) | undefined;
    const promise = new Promise((resolve, reject) => {
      settle = ({ ok, done, value }) => {
        if (!ok) reject(value);
        else resolve(done === undefined ? value : { value, done });
      };
    });
    if (settle) this.#promises.set(promise, settle);
    return promise;
  }

  #describeSignal(signal: AbortSignal): unknown {
    if (signal.aborted) return this.#describeAborted(signal.reason);
    const tell = (): void => {
      this.#other.ask({ how: "abort", target: signal, self: undefined, args: [signal.reason] });
    };
    signal.addEventListener("abort", tell, { once: true });
    this.#leave.push(() => signal.removeEventListener("abort", tell));
    return "signal";
  }

  #describeAborted(reason: unknown): unknown {
    try {
      return { aborted: encodeValue(reason, this.#options) };
    } catch (error) {
      if (error instanceof ValueNotPortable) return undefined;
      throw error;
    }
  }

  #signalStandIn(): AbortController {
    const controller = new AbortController();
    this.#signals.set(controller.signal, controller);
    return controller;
  }

  #abortedStandIn(reason: unknown): object {
    const controller = this.#signalStandIn();
    controller.abort(decodeValue(reason, this.#options));
    return controller.signal;
  }
}

function isAborted(description: unknown): description is { readonly aborted: unknown } {
  return typeof description === "object" && description !== null && "aborted" in description;
}

function open({ ok, value }: Outcome): unknown {
  if (ok) return value;
  throw value;
}
