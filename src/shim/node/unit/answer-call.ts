/** A FaaSify call from its event to its answer. */
import type { FaasifyAnswer, FaasifyCall } from "../../../protocol/invocation-event.ts";
import type { CallerChannel } from "../../../protocol/live/contract.ts";
import type { StateAccess } from "../../../protocol/registered-names.ts";
import { decodeCall, encodeAnswer, encodeValue } from "../../../protocol/values/codec.ts";
import type { CodecOptions, ReceivedCall } from "../../../protocol/values/contract.ts";
import { ValueNotPortable } from "../../../protocol/values/errors.ts";
import { connectToCaller } from "./caller-line.ts";
import { setEnvironment } from "./environment.ts";
import { LiveCall } from "./live-call.ts";
import { unitNames } from "./names.ts";
import { captureOutput } from "./output.ts";

export type UserFunction = (this: unknown, ...args: readonly unknown[]) => unknown;

/** Values that are no plain JSON are encoded. */
export function encodeResult(result: unknown): unknown {
  return encodeValue(result, { classes: unitNames().classes }, "result");
}

/**
 * Calls the function. Without `effects` what it throws passes unchanged.
 *
 * @throws ValueNotPortable, EncodedValueBroken
 */
export async function answerCall(userFunction: UserFunction, call: FaasifyCall): Promise<FaasifyAnswer> {
  const { classes, state } = unitNames();
  const restoreEnvironment = setEnvironment(call.environment ?? {});
  try {
    if (call.channel) return await answerLive(userFunction, call, call.channel);
    const received = decodeCall(call.args, { classes }, constantsIn(state));
    setState(state, received);
    if (call.effects) return await answerWithEffects(userFunction, { received, options: { classes }, state });
    const result = await Reflect.apply(userFunction, received.self, received.args);
    return result === undefined ? { faasify: 1 } : { faasify: 1, result: encodeResult(result) };
  } finally {
    restoreEnvironment();
  }
}

/** The result, and everything else, is told over the channel. */
async function answerLive(
  userFunction: UserFunction,
  call: FaasifyCall,
  channel: CallerChannel,
): Promise<FaasifyAnswer> {
  const { classes, state } = unitNames();
  const travelling: Record<string, StateAccess> = {};
  const live = new LiveCall(connectToCaller(channel), classes, {
    read: () => Object.fromEntries(Object.entries(travelling).map(([id, access]) => [id, access.get()])),
    write: (id, value) => state.get(id)?.set?.(value),
  });
  const options = { classes: live.classes, references: live.references };
  const received = decodeCall(call.args, options, constantsIn(state));
  setState(state, received);
  for (const id of Object.keys(received.state ?? {})) {
    const access = state.get(id);
    if (access?.set) travelling[id] = access;
  }
  const endCapture = captureOutput();
  try {
    return await live.serve(userFunction, call.args, received);
  } finally {
    endCapture();
  }
}

type StateTable = ReadonlyMap<string, StateAccess>;

interface Running {
  readonly received: ReceivedCall;
  readonly options: CodecOptions;
  readonly state: StateTable;
}

async function answerWithEffects(userFunction: UserFunction, running: Running): Promise<FaasifyAnswer> {
  const { received, options, state } = running;
  const outcome = await run(userFunction, received);
  const { value, failed, isPromise, output } = outcome;
  if (outcome.isOddPromise) throw new ValueNotPortable("result", "a promise with a class or properties of its own");
  const root = failed ? "error" : "result";
  const encoded = encodeAnswer(received, { value, state: stateAfter(state, received) }, options, root);
  return {
    faasify: 1,
    // A thrown `undefined` must not look like a result that is missing; `null` is its own encoding.
    ...(failed
      ? { error: encoded === undefined ? encodeValue(undefined) : encoded }
      : encoded !== undefined && { result: encoded }),
    ...(failed && isOfLanguage(value) && { engine: process.versions.node }),
    ...(isPromise && { promise: true }),
    ...(output.length > 0 && { output }),
  };
}

const ownErrors: ReadonlySet<unknown> = new Set(
  [EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map(({ prototype }) => prototype),
);

function isOfLanguage(value: unknown): boolean {
  return value instanceof Error && ownErrors.has(Object.getPrototypeOf(value));
}

interface Outcome {
  readonly value: unknown;
  readonly failed: boolean;
  readonly isPromise: boolean;
  /** More than the caller's side makes again. */
  readonly isOddPromise: boolean;
  readonly output: NonNullable<FaasifyAnswer["output"]>;
}

async function run(userFunction: UserFunction, { args, self }: ReceivedCall): Promise<Outcome> {
  const endCapture = captureOutput();
  let isPromise = false;
  let isOddPromise = false;
  const outcome = (value: unknown, failed: boolean): Outcome => {
    return { value, failed, isPromise, isOddPromise, output: endCapture() };
  };
  try {
    const returned = Reflect.apply(userFunction, self, args);
    isPromise = process.getBuiltinModule("node:util").types.isPromise(returned);
    // Anything else that has a `then` is a value like others: the caller's code decides what becomes of it.
    isOddPromise = isPromise && isOdd(returned as object);
    const value = isPromise ? await returned : returned;
    return outcome(value, false);
  } catch (value) {
    return outcome(value, true);
  }
}

function isOdd(promise: object): boolean {
  return Object.getPrototypeOf(promise) !== Promise.prototype || Reflect.ownKeys(promise).length > 0;
}

/** What constants hold is filled in place: other code of the unit has it in hand. */
function constantsIn(state: StateTable): Record<string, object> {
  const constants: Record<string, object> = {};
  for (const [id, access] of state) {
    const value = access.set ? undefined : access.get();
    if (typeof value === "object" && value !== null) constants[id] = value;
  }
  return constants;
}

function setState(state: StateTable, { state: values = {} }: ReceivedCall): void {
  for (const [id, value] of Object.entries(values)) {
    const access = state.get(id);
    if (!access) throw new TypeError(`the function has no variable ${id}: deploy it again`);
    access.set?.(value);
  }
}

function stateAfter(state: StateTable, { state: values = {} }: ReceivedCall): Record<string, unknown> {
  const after: Record<string, unknown> = {};
  for (const id of Object.keys(values)) {
    const access = state.get(id);
    if (access?.set) after[id] = access.get();
  }
  return after;
}
