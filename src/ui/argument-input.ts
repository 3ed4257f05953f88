/** What the user types to invoke a function: a sample to start from, and its reading. Pure. */
import type { FunctionModel, Parameter } from "../core/function-model.ts";
import type { InvocationInput } from "../core/invocation.ts";
import { sampleOfType } from "./type-sample.ts";

export type ParsedInput =
  | { readonly ok: true; readonly input: InvocationInput }
  | { readonly ok: false; readonly problem: string };

/** Part of `vscode.l10n`. */
interface Localizer {
  t(message: string, ...values: (string | number)[]): string;
}

/** `items: Item[], coupon?: string`: the prompt of the input box. */
export function describeParameters({ parameters }: FunctionModel): string {
  return parameters
    .map(({ name, type, optional, rest }) => `${rest ? "..." : ""}${name}${optional && !rest ? "?" : ""}: ${type}`)
    .join(", ");
}

/** JSON text that {@link parseInput} accepts, made of the parameters' types; optional parameters are left out. */
export function sampleInput({ parameters, convention }: FunctionModel): string {
  const required = parameters.filter(({ optional, rest }) => !optional && !rest);
  const samples = required.map(({ type }) => sampleOfType(type));
  return JSON.stringify(convention === "lambda" ? (samples[0] ?? {}) : samples);
}

/**
 * Reads what the user typed: a JSON array of arguments; for a function of one parameter also a single JSON
 * value that is no array; for a Lambda handler the event.
 */
export function parseInput(text: string, model: FunctionModel, l10n: Localizer): ParsedInput {
  let value: unknown;
  try {
    value = text.trim() === "" ? [] : JSON.parse(text);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { ok: false, problem: l10n.t("This is not JSON: {0}", detail) };
  }
  if (model.convention === "lambda") return { ok: true, input: { kind: "event", event: value } };
  return parseArguments(value, model.parameters, l10n);
}

function parseArguments(value: unknown, parameters: readonly Parameter[], l10n: Localizer): ParsedInput {
  if (!Array.isArray(value)) {
    if (parameters.length === 1) return { ok: true, input: { kind: "arguments", arguments: [value] } };
    return { ok: false, problem: l10n.t("Give the arguments as a JSON array, like {0}", '["one", 2]') };
  }
  const most = parameters.some(({ rest }) => rest) ? Infinity : parameters.length;
  if (value.length > most) return { ok: false, problem: tooMany(value, most, l10n) };
  const missing = parameters.slice(value.length).find(({ optional, rest }) => !optional && !rest);
  if (missing) {
    return { ok: false, problem: l10n.t("The argument {0} ({1}) is missing", missing.name, missing.type) };
  }
  return { ok: true, input: { kind: "arguments", arguments: value as readonly unknown[] } };
}

function tooMany(value: readonly unknown[], most: number, l10n: Localizer): string {
  if (most === 0) return l10n.t("The function takes no arguments: leave the array empty");
  const problem = l10n.t("The function takes at most {0} arguments, but these are {1}", most, value.length);
  return most === 1 ? `${problem}. ${l10n.t("One array as the argument is written [[…]]")}` : problem;
}
