/** Whether two values are the same to every program that may look at them. */
import { isDeepStrictEqual, types } from "node:util";

/** Where they differ first: `[1].name: 3 and 4`; undefined when they do not. Shared references and cycles must correspond. */
export function firstDifference(left: unknown, right: unknown): string | undefined {
  return differ({ pairs: new Map(), reversed: new Map() }, left, right, "");
}

interface Search {
  readonly pairs: Map<object, object>;
  readonly reversed: Map<object, object>;
}

function differ(search: Search, left: unknown, right: unknown, at: string): string | undefined {
  // A built-in function travels by its name: it is the very same at both ends.
  if (Object.is(left, right) && (!isObject(left) || typeof left === "function")) return undefined;
  if (!isObject(left) || !isObject(right)) return `${at || "it"}: ${show(left)} and ${show(right)}`;
  const known = search.pairs.get(left) ?? search.reversed.get(right);
  if (known) {
    return search.pairs.get(left) === right ? undefined : `${at || "it"} is shared in one and not in the other`;
  }
  search.pairs.set(left, right);
  search.reversed.set(right, left);
  return differInKind(left, right, at) ?? differInside(search, left, right, at);
}

function differInKind(left: object, right: object, at: string): string | undefined {
  const [a, b] = [Object.getPrototypeOf(left) as unknown, Object.getPrototypeOf(right) as unknown];
  if (a !== b) return `${at || "it"}: prototypes ${nameOf(a)} and ${nameOf(b)}`;
  if (Object.isExtensible(left) !== Object.isExtensible(right)) return `${at || "it"}: only one is extensible`;
  if (typeof left === "function") return `${at || "it"} is a function`;
  if (isOpaque(left) && !isDeepStrictEqual(left, right)) return `${at || "it"}: ${show(left)} and ${show(right)}`;
  return undefined;
}

/** What holds something besides properties. */
function isOpaque(value: object): boolean {
  const tests = [types.isDate, types.isRegExp, types.isBoxedPrimitive, types.isAnyArrayBuffer, types.isArrayBufferView];
  return tests.some((test) => test(value));
}

function differInside(search: Search, left: object, right: object, at: string): string | undefined {
  if (types.isMap(left) && types.isMap(right)) {
    const found = differ(search, Array.from(left), Array.from(right), `${at}.entries()`);
    if (found !== undefined) return found;
  }
  if (types.isSet(left) && types.isSet(right)) {
    const found = differ(search, Array.from(left), Array.from(right), `${at}.values()`);
    if (found !== undefined) return found;
  }
  if (ArrayBuffer.isView(left)) return undefined;
  const [keys, others] = [keysOf(left), keysOf(right)];
  const order = keys.map(String).join(", ");
  const otherOrder = others.map(String).join(", ");
  if (order !== otherOrder) return `${at || "it"}: keys ${order} and ${otherOrder}`;
  for (const key of keys) {
    const found = differInProperty(search, [left, right], key, at);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The stack of an error tells of another file, and is compared by nobody. */
function keysOf(value: object): readonly PropertyKey[] {
  return Reflect.ownKeys(value).filter((key) => !(types.isNativeError(value) && key === "stack"));
}

function differInProperty(
  search: Search,
  [left, right]: readonly [object, object],
  key: PropertyKey,
  at: string,
): string | undefined {
  const [a, b] = [Reflect.getOwnPropertyDescriptor(left, key), Reflect.getOwnPropertyDescriptor(right, key)];
  const place = typeof key === "symbol" ? `${at}[${String(key)}]` : `${at}.${String(key)}`;
  if (!a || !b) return `${place} is in one only`;
  const flags = ["enumerable", "configurable", "writable"] as const;
  const flag = flags.find((name) => a[name] !== b[name]);
  if (flag) return `${place}: only one is ${flag}`;
  if (a.get || b.get || a.set || b.set) return a.get && b.get ? undefined : `${place}: an accessor in one only`;
  return differ(search, a.value, b.value, place);
}

function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

function nameOf(prototype: unknown): string {
  const { constructor } = (prototype ?? {}) as { constructor?: { name?: string } };
  return prototype === null ? "null" : (constructor?.name ?? "?");
}

function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 60));
  if (Object.is(value, -0)) return "-0";
  if (typeof value === "bigint") return `${value}n`;
  if (types.isDate(value)) return `Date(${value.getTime()})`;
  return isObject(value) ? Object.prototype.toString.call(value) : String(value);
}
