/** Functions of the other end. */
import type { Request } from "./contract.ts";

export interface FunctionDescription {
  readonly fn: "plain" | "method" | "async" | "generator" | "asyncGenerator";
  readonly name: string;
  readonly length: number;
  /** Its `this` counts. */
  readonly self: boolean;
}

/** Properties that every function of its kind has. */
const usualKeys = new Set<string | symbol>(["length", "name", "prototype", "arguments", "caller"]);

/** Taken once: a program may replace it later. */
const { toString } = Function.prototype as { readonly toString: (this: object) => string };

function textOf(value: object): string {
  return Reflect.apply(toString, value, []);
}

/** Undefined: a class, or a function that is more than what it does. */
export function describeFunction(value: object): FunctionDescription | undefined {
  const text = textOf(value);
  // One that asks whether it is called with `new` is a constructor.
  if (/^class\b|\bnew\.target\b/.test(text) || !Reflect.ownKeys(value).every((key) => usualKeys.has(key)))
    return undefined;
  const fn = kindOf(value);
  const name: unknown = Object.getOwnPropertyDescriptor(value, "name")?.value;
  const length: unknown = Object.getOwnPropertyDescriptor(value, "length")?.value;
  if (fn === undefined || (name !== undefined && typeof name !== "string") || typeof length !== "number")
    return undefined;
  // An arrow function that only calls a method of that name has no `this` either, but nothing is lost by sending it.
  return { fn, name: name ?? "", length, self: /\b(?:this|super|eval|native code)\b/.test(text) && !isBound(name) };
}

/** It has its `this` already. */
function isBound(name: unknown): boolean {
  return typeof name === "string" && name.startsWith("bound ");
}

function prototypeOf(value: object): object {
  return Object.getPrototypeOf(value) as object;
}

const prototypes = {
  async: prototypeOf(async () => undefined),
  generator: prototypeOf(function* () {}),
  asyncGenerator: prototypeOf(async function* () {}),
} as const;

function kindOf(value: object): FunctionDescription["fn"] | undefined {
  const prototype = prototypeOf(value);
  if (prototype === Function.prototype) return Object.hasOwn(value, "prototype") ? "plain" : "method";
  for (const [kind, known] of Object.entries(prototypes)) {
    if (known === prototype) return kind as keyof typeof prototypes;
  }
  return undefined;
}

export function isFunctionDescription(description: unknown): description is FunctionDescription {
  return typeof description === "object" && description !== null && "fn" in description;
}

type Ask = (request: Request) => unknown;

/** A function of the same kind and name that asks the other end. */
export function functionStandIn({ fn, name, length, self }: FunctionDescription, ask: Ask): object {
  const call = (target: object, given: unknown, args: readonly unknown[]): unknown =>
    ask({ how: "call", target, self: self ? given : undefined, args });
  const made = fn === "plain" ? constructible(call, ask) : asMethod(call);
  Object.defineProperty(made, "name", { value: name, configurable: true });
  Object.defineProperty(made, "length", { value: length, configurable: true });
  // It gives what the other end gives, and no promise or generator of its own around it.
  if (fn !== "plain" && fn !== "method") Object.setPrototypeOf(made, prototypes[fn]);
  return made;
}

type Call = (target: object, given: unknown, args: readonly unknown[]) => unknown;

function asMethod(call: Call): object {
  const home = {
    method(this: unknown, ...args: readonly unknown[]): unknown {
      return call(made, this, args);
    },
  };
  const made: object = home["method"];
  return made;
}

function constructible(call: Call, ask: Ask): object {
  return function standIn(this: unknown, ...args: readonly unknown[]): unknown {
    if (new.target === undefined) return call(standIn, this, args);
    return ask({ how: "construct", target: standIn, self: undefined, args });
  };
}
