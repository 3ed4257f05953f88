/** Iterators and generators of the other end: it makes the next value when it is asked for it. */
import type { Request } from "./contract.ts";
import { isGenerator } from "./host.ts";

export interface IteratorDescription {
  /** Its tag: `Generator`, `AsyncGenerator`, `Map Iterator`. */
  readonly iterator: string;
  readonly methods: readonly Method[];
}

type Method = "next" | "return" | "throw";

export interface StepResult {
  readonly done: boolean;
  readonly value: unknown;
}

const builtinIterator = /^(?:Array|Map|Set|String|RegExp String|Segmenter String) Iterator$|^Iterator Helper$/;

/** Undefined: none that the language has. Iterators of the program's own are ordinary objects with functions. */
export function describeIterator(value: object): IteratorDescription | undefined {
  const tag = Object.prototype.toString.call(value).slice("[object ".length, -1);
  const isOwn = Object.hasOwn(value, Symbol.toStringTag) || Reflect.ownKeys(value).length > 0;
  if (isOwn || (!isGenerator(value) && !builtinIterator.test(tag))) return undefined;
  const methods = (["next", "return", "throw"] as const).filter((name) => name in value);
  return { iterator: tag, methods };
}

export function isIteratorDescription(description: unknown): description is IteratorDescription {
  return typeof description === "object" && description !== null && "iterator" in description;
}

function prototypeOf(value: object): object {
  return Object.getPrototypeOf(value) as object;
}

/** What iterators of this tag inherit. */
function prototypeFor(tag: string): object {
  switch (tag) {
    case "Generator":
      return prototypeOf(prototypeOf((function* () {})()));
    case "AsyncGenerator":
      return prototypeOf(prototypeOf((async function* () {})()));
    case "Array Iterator":
      return prototypeOf([].values());
    case "Map Iterator":
      return prototypeOf(new Map().keys());
    case "Set Iterator":
      return prototypeOf(new Set().keys());
    case "String Iterator":
      return prototypeOf(""[Symbol.iterator]());
    case "RegExp String Iterator":
      return prototypeOf("".matchAll(/x/g));
    default:
      return prototypeOf(prototypeOf([].values()));
  }
}

type Step = (request: Request) => StepResult | Promise<StepResult>;

/** An iterator with the same methods. */
export function iteratorStandIn({ iterator, methods }: IteratorDescription, step: Step): object {
  const standIn = Object.create(prototypeFor(iterator)) as object;
  for (const how of methods) {
    const value = (...args: readonly unknown[]): unknown => step({ how, target: standIn, self: undefined, args });
    Object.defineProperty(standIn, how, { value, writable: true, configurable: true });
  }
  return standIn;
}
