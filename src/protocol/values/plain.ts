/** Is a value one that JSON keeps as it is? One pass; most values that cross are. */
import { hasOnlyIndices, isProxy } from "./host.ts";

/** Deeper values travel as a graph: JSON's own limit is where the stack ends, which nobody can foresee. */
const MAX_DEPTH = 1000;

const { getOwnPropertyDescriptor, getOwnPropertyNames, getOwnPropertySymbols, getPrototypeOf, isExtensible } = Object;
const { isArray } = Array;
const objectPrototype = Object.prototype;
const arrayPrototype = Array.prototype;

/**
 * The objects of a value that JSON keeps as it is, in depth-first preorder; undefined for any other value. An object
 * that is there twice would become two: such a value is not plain.
 *
 * @param foreign - objects that must not be part of it
 */
export function plainObjects(value: unknown, foreign?: ReadonlyMap<object, unknown>): Set<object> | undefined {
  const seen = new Set<object>();
  return isPlain(value, seen, 0) && !(foreign && meets(seen, foreign)) ? seen : undefined;
}

function meets(seen: ReadonlySet<object>, foreign: ReadonlyMap<object, unknown>): boolean {
  for (const object of seen) if (foreign.has(object)) return true;
  return false;
}

function isPlain(value: unknown, seen: Set<object>, depth: number): boolean {
  if (typeof value === "string" || typeof value === "boolean" || value === null) return true;
  if (typeof value === "number") return value - value === 0 && (value !== 0 || 1 / value > 0);
  return typeof value === "object" && isPlainObject(value, seen, depth);
}

function isPlainObject(object: object, seen: Set<object>, depth: number): boolean {
  if (depth === MAX_DEPTH || isProxy(object) || seen.size === seen.add(object).size) return false;
  if (!isExtensible(object)) return false;
  const prototype: unknown = getPrototypeOf(object);
  if (isArray(object)) return prototype === arrayPrototype && isPlainArray(object, seen, depth + 1);
  return prototype === objectPrototype && hasPlainProperties(object, seen, depth + 1);
}

// The two loops are alike, but one for both would be half as fast: a key is a string here and a number there.

function hasPlainProperties(object: object, seen: Set<object>, depth: number): boolean {
  if (getOwnPropertySymbols(object).length > 0) return false;
  const names = getOwnPropertyNames(object);
  for (let index = 0; index < names.length; index++) {
    const property = getOwnPropertyDescriptor(object, names[index] as string);
    if (!property || !isUsual(property) || !isPlain(property.value, seen, depth)) return false;
  }
  return true;
}

function isPlainArray(array: readonly unknown[], seen: Set<object>, depth: number): boolean {
  const { length } = array;
  if (!hasOnlyIndices(array)) {
    // `length` is a key as well: whatever is more, JSON would drop.
    if (getOwnPropertySymbols(array).length > 0 || getOwnPropertyNames(array).length !== length + 1) return false;
  }
  if (getOwnPropertyDescriptor(array, "length")?.writable !== true) return false;
  for (let index = 0; index < length; index++) {
    const property = getOwnPropertyDescriptor(array, index);
    if (!property || !isUsual(property) || !isPlain(property.value, seen, depth)) return false;
  }
  return true;
}

function isUsual({ writable, enumerable, configurable }: PropertyDescriptor): boolean {
  return writable === true && enumerable === true && configurable === true;
}
