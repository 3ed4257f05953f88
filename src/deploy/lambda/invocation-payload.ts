/** What goes into an Invoke request of a Lambda API, and what its answer means. */
import { inspect } from "node:util";
import * as v from "valibot";
import { FaasifyError } from "../../core/errors.ts";
import type { FunctionError, InvocationInput, InvocationResult } from "../../core/invocation.ts";
import type { FaasifyCall } from "../../protocol/invocation-event.ts";
import { decodeValue, encodeCall } from "../../protocol/values/codec.ts";
import type { ClassTable, Encoded, TravellingClass } from "../../protocol/values/contract.ts";
import { EncodedValueBroken, ValueNotPortable } from "../../protocol/values/errors.ts";

const answerSchema = v.object({ faasify: v.literal(1), result: v.optional(v.unknown()) });

const functionErrorSchema = v.object({
  errorType: v.optional(v.string(), "Error"),
  errorMessage: v.optional(v.string(), ""),
  trace: v.optional(v.array(v.string()), []),
});

/** The `name` of the error with which a unit's handler refuses its function's result. */
const VALUE_NOT_PORTABLE = "ValueNotPortable";

/**
 * The body of an Invoke request.
 *
 * @throws FaasifyError `value-not-portable` if an argument cannot travel
 */
export function toPayload(input: InvocationInput): string {
  if (input.kind === "event") return JSON.stringify(input.event ?? null);
  const call: FaasifyCall = { faasify: 1, args: encodeArguments(input.arguments) };
  return JSON.stringify(call);
}

function encodeArguments(args: readonly unknown[]): Encoded {
  try {
    return encodeCall({ args }).encoded;
  } catch (error) {
    if (!(error instanceof ValueNotPortable)) throw error;
    throw notPortable(error.message, error);
  }
}

function notPortable(message: string, cause?: unknown): FaasifyError {
  return new FaasifyError("value-not-portable", message, {
    remedy: "Pass and return data: leave functions and other values out that belong to one process",
    cause,
  });
}

export interface Sent {
  readonly name: string;
  readonly input: InvocationInput;
  /** The platform marked the answer as the function's error. */
  readonly failed: boolean;
}

/**
 * Reads the body of an Invoke answer.
 *
 * @throws FaasifyError `value-not-portable` if the result was refused, `invocation-failed` if the answer is none
 */
export function fromPayload(
  text: string,
  { name, input, failed }: Sent,
): Pick<InvocationResult, "result" | "error" | "notPlain"> {
  const payload = parse(text, name);
  if (failed) return { error: functionError(payload) };
  if (input.kind === "event") return readResult(payload, name);
  const answer = v.safeParse(answerSchema, payload);
  if (answer.success) return readResult(answer.output.result ?? null, name);
  throw new FaasifyError("invocation-failed", `${name} does not take arguments: it answered ${text.slice(0, 80)}`, {
    remedy: "Invoke it with an event",
  });
}

/** What plain JSON keeps is its own encoding. */
function readResult(encoded: Encoded, name: string): Pick<InvocationResult, "result" | "notPlain"> {
  try {
    const result = decodeValue(encoded, { classes: createStandIns() });
    return result === encoded ? { result } : { result, notPlain: { encoded, text: inspect(result, { depth: 12 }) } };
  } catch (cause) {
    if (!(cause instanceof EncodedValueBroken)) throw cause;
    throw new FaasifyError("invocation-failed", `${name} gave a result that cannot be read (${cause.message})`, {
      remedy: "Deploy the function again",
      cause,
    });
  }
}

/** The function's own classes are not here: their instances get empty ones of the same name. What is private stays unseen. */
function createStandIns(): ClassTable {
  const classes = new Map<string, TravellingClass>();
  const ids = new Map<object, string>();
  return {
    idOf: (prototype) => ids.get(prototype),
    find(id) {
      const known = classes.get(id) ?? standIn(id.slice(id.lastIndexOf("#") + 1));
      classes.set(id, known);
      ids.set(known.prototype, id);
      return known;
    },
  };
}

function standIn(name: string): TravellingClass {
  const maker = { [name]: function () {} }[name];
  const prototype: object = { constructor: maker };
  Object.defineProperty(prototype, "constructor", { enumerable: false });
  if (maker) maker.prototype = prototype;
  return {
    prototype,
    hidden: {
      read: () => ({}),
      write: () => undefined,
      create: () => Object.create(prototype) as object,
    },
  };
}

function functionError(payload: unknown): FunctionError {
  const parsed = v.safeParse(functionErrorSchema, payload);
  if (!parsed.success) return { name: "Error", message: JSON.stringify(payload), stack: [] };
  const { errorType, errorMessage, trace } = parsed.output;
  if (errorType === VALUE_NOT_PORTABLE) {
    throw notPortable(errorMessage);
  }
  return { name: errorType, message: errorMessage, stack: trace };
}

function parse(text: string, name: string): unknown {
  if (text === "") return null;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FaasifyError("invocation-failed", `${name} answered something that is not JSON: ${text.slice(0, 80)}`, {
      remedy: "Return a value that JSON can express",
      cause,
    });
  }
}
