/** Built-in functions, prototypes and symbols travel by name: both ends have their own. */
import { abortErrorPrototype, hostGlobal } from "./host.ts";

/** Of the language. `eval` is not among them: a function of this name is never what somebody meant to send. */
const languageNames =
  "Object Function Array Number Boolean String Symbol BigInt Date RegExp Map Set WeakMap WeakSet WeakRef Promise Proxy " +
  "Error AggregateError EvalError RangeError ReferenceError SyntaxError TypeError URIError SuppressedError " +
  "ArrayBuffer SharedArrayBuffer DataView Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array Int32Array " +
  "Uint32Array Float16Array Float32Array Float64Array BigInt64Array BigUint64Array FinalizationRegistry Iterator " +
  "parseInt parseFloat isNaN isFinite encodeURI encodeURIComponent decodeURI decodeURIComponent escape unescape " +
  "Math JSON Reflect Atomics Intl";
const hostNames =
  "Buffer URL URLSearchParams DOMException TextEncoder TextDecoder AbortController AbortSignal Event EventTarget " +
  "structuredClone queueMicrotask setTimeout clearTimeout setInterval clearInterval setImmediate clearImmediate " +
  "atob btoa fetch console";

interface Names {
  readonly nameOf: ReadonlyMap<unknown, string>;
  readonly byName: ReadonlyMap<string, object>;
}

let names: Names | undefined;

/** `Math.max`, `String`, `Array.prototype.map`, `Map.prototype`; undefined for everything that is not built in. */
export function nameOfBuiltin(value: object): string | undefined {
  names ??= collect();
  return names.nameOf.get(value) ?? nameOfConsoleMethod(value);
}

/** A console's methods are replaced by those who capture output: what counts is which one it is now. */
function nameOfConsoleMethod(value: object): string | undefined {
  if (typeof value !== "function") return undefined;
  const found = Object.entries(console).find(([, method]) => method === value);
  return found && `console.${found[0]}`;
}

/** The inverse: nothing but what {@link nameOfBuiltin} names. */
export function findBuiltin(name: string): object | undefined {
  names ??= collect();
  const known = names.byName.get(name);
  if (!known || !name.startsWith("console.")) return known;
  return (console as unknown as Record<string, object | undefined>)[name.slice("console.".length)];
}

function collect(): Names {
  const nameOf = new Map<unknown, string>();
  const byName = new Map<string, object>();
  const add = (name: string, value: unknown, native: boolean): boolean => {
    if (!isObject(value) || nameOf.has(value)) return false;
    if (native && typeof value === "function" && !isNative(value)) return false;
    nameOf.set(value, name);
    byName.set(name, value);
    return true;
  };
  const addMembers = (name: string, owner: object, native: boolean): void => {
    for (const key of Object.getOwnPropertyNames(owner)) {
      const member: unknown = Object.getOwnPropertyDescriptor(owner, key)?.value;
      if (key === "constructor" || (typeof member !== "function" && key !== "prototype")) continue;
      const isNew = add(`${name}.${key}`, member, native);
      if (isNew && (key === "prototype" || name === "Intl")) addMembers(`${name}.${key}`, member as object, native);
    }
  };
  for (const [list, native] of [
    [languageNames, true],
    [hostNames, false],
  ] as const) {
    for (const name of list.split(" ")) {
      const value = hostGlobal(name);
      if (add(name, value, native)) addMembers(name, value as object, native);
    }
  }
  add("AbortError.prototype", abortErrorPrototype(), false);
  return { nameOf, byName };
}

function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

/** A program may have replaced a built-in function by its own, which is not at the other end. */
function isNative(value: object): boolean {
  const { name } = value as { readonly name?: unknown };
  const bound = typeof name === "string" && name.startsWith("bound ");
  return !bound && Function.prototype.toString.call(value).endsWith("{ [native code] }");
}

const wellKnownSymbols = new Map(
  Object.getOwnPropertyNames(Symbol).flatMap((name): [symbol, string][] => {
    const value: unknown = Object.getOwnPropertyDescriptor(Symbol, name)?.value;
    return typeof value === "symbol" ? [[value, name]] : [];
  }),
);

/** `["s", "key"]` for a registered symbol, `["S", "iterator"]` for a well-known one; undefined for any other. */
export function encodeSymbol(symbol: symbol): readonly [string, string] | undefined {
  const key = Symbol.keyFor(symbol);
  if (key !== undefined) return ["s", key];
  const name = wellKnownSymbols.get(symbol);
  return name === undefined ? undefined : ["S", name];
}

/** The well-known symbol of this name. */
export function findSymbol(name: string): symbol | undefined {
  for (const [symbol, known] of wellKnownSymbols) if (known === name) return symbol;
  return undefined;
}
