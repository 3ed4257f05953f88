/**
 * The calling convention of a deployed function (DESIGN: a FaaSify call, or any other event). It is bundled into
 * every artifact, so it imports nothing but protocol/.
 */
import { isFaasifyCall } from "../../protocol/invocation-event.ts";
import { findNotPortable } from "../../protocol/plain-json.ts";
import { answerCall, encodeResult, type UserFunction } from "./unit/answer-call.ts";

/** What the generated entry tells of the function. */
export interface HandlerOptions {
  /** As the user knows it: `resize`. */
  readonly name: string;
  readonly parameters: readonly { readonly name: string; readonly optional: boolean; readonly rest: boolean }[];
}

/**
 * Wraps a function as a handler `(event)`.
 *
 * A FaaSify call gives positional arguments and is answered in kind. Any other event is an object with the
 * parameters by name, or else the first parameter; the result is returned (`null` for none), encoded where plain
 * JSON would change it. Errors of the function pass unchanged.
 */
export function createHandler(userFunction: unknown, options: HandlerOptions): (event: unknown) => Promise<unknown> {
  const call = callable(userFunction, options.name);
  return async (event) => {
    if (isFaasifyCall(event)) return answerCall(call, event);
    const result = (await Reflect.apply(call, undefined, argumentsOf(event, options))) ?? null;
    // One object at two places is two equal ones for whoever reads JSON.
    return findNotPortable(result) ? encodeResult(result) : result;
  };
}

function callable(value: unknown, name: string): UserFunction {
  if (typeof value !== "function") throw new TypeError(`${name} is not a function but ${typeof value}`);
  return value as UserFunction;
}

function argumentsOf(event: unknown, { name, parameters }: HandlerOptions): readonly unknown[] {
  const required = parameters.filter(({ optional, rest }) => !optional && !rest);
  const missing = required.filter((parameter) => !holds(event, parameter.name));
  if (missing.length === 0 && namesParameters(event, parameters)) return byName(event, parameters);
  if (required.length <= 1) return parameters.length === 0 ? [] : [event];
  const names = missing.map((parameter) => `\`${parameter.name}\``).join(", ");
  throw named(
    "MissingParameters",
    `the event has no ${names}: ${name} needs an object with its parameters by name, or a FaaSify call`,
  );
}

/** An empty object names all of no required parameters; any other object must name at least one. */
function namesParameters(event: unknown, parameters: HandlerOptions["parameters"]): event is Record<string, unknown> {
  if (!isRecord(event)) return false;
  return Object.keys(event).length === 0 || parameters.some(({ name }) => Object.hasOwn(event, name));
}

function byName(event: Record<string, unknown>, parameters: HandlerOptions["parameters"]): readonly unknown[] {
  // Trailing parameters that the event does not have are not passed at all, so that `arguments.length` is true.
  const last = parameters.findLastIndex(({ name }) => Object.hasOwn(event, name));
  return parameters.slice(0, last + 1).flatMap(({ name, rest }) => {
    const value = Object.hasOwn(event, name) ? event[name] : undefined;
    return rest && Array.isArray(value) ? value : [value];
  });
}

function holds(event: unknown, name: string): boolean {
  return isRecord(event) && Object.hasOwn(event, name);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function named(name: string, message: string): Error {
  const error = new TypeError(message);
  Object.defineProperty(error, "name", { value: name, configurable: true });
  return error;
}
