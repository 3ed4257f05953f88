/** A FaaSify call from its event to its answer. */
import type { FaasifyAnswer, FaasifyCall } from "../../../protocol/invocation-event.ts";
import type { StateAccess } from "../../../protocol/registered-names.ts";
import { decodeCall, encodeAnswer, encodeValue } from "../../../protocol/values/codec.ts";
import type { CodecOptions, ReceivedCall } from "../../../protocol/values/contract.ts";
import { setEnvironment } from "./environment.ts";
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
  const received = decodeCall(call.args, { classes }, constantsIn(state));
  const restoreEnvironment = setEnvironment(call.environment ?? {});
  try {
    setState(state, received);
    if (call.effects) return await answerWithEffects(userFunction, { received, options: { classes }, state });
    const result = await Reflect.apply(userFunction, received.self, received.args);
    return result === undefined ? { faasify: 1 } : { faasify: 1, result: encodeResult(result) };
  } finally {
    restoreEnvironment();
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
  const root = failed ? "error" : "result";
  const encoded = encodeAnswer(received, { value, state: stateAfter(state, received) }, options, root);
  return {
    faasify: 1,
    // A thrown `undefined` must not look like a result that is missing.
    ...(failed ? { error: encoded ?? encodeValue(undefined) } : encoded !== undefined && { result: encoded }),
    ...(isPromise && { promise: true }),
    ...(output.length > 0 && { output }),
  };
}

interface Outcome {
  readonly value: unknown;
  readonly failed: boolean;
  readonly isPromise: boolean;
  readonly output: NonNullable<FaasifyAnswer["output"]>;
}

async function run(userFunction: UserFunction, { args, self }: ReceivedCall): Promise<Outcome> {
  const endCapture = captureOutput();
  let isPromise = false;
  try {
    const returned = Reflect.apply(userFunction, self, args);
    isPromise = process.getBuiltinModule("node:util").types.isPromise(returned);
    // Anything else that has a `then` is a value like others: the caller's code decides what becomes of it.
    const value = isPromise ? await returned : returned;
    return { value, failed: false, isPromise, output: endCapture() };
  } catch (value) {
    return { value, failed: true, isPromise, output: endCapture() };
  }
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
