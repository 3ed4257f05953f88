/** Is a value one that JSON keeps as it is? One pass; most values that cross are. */
import { hasOnlyIndices, hasOrdinaryElements, isProxy } from "./host.ts";

/** Deeper values travel as a graph: JSON's own limit is where the stack ends, which nobody can foresee. */
const MAX_DEPTH = 1000;
/** From here on it is quicker to ask for a list of primitives as a whole. */
const LONG = 1000;

const { getOwnPropertyNames, getOwnPropertySymbols, getPrototypeOf, isExtensible } = Object;
const { isArray } = Array;
// Quicker than the ones of Object, which turn their argument into an object and their key into a key.
const { getOwnPropertyDescriptor, ownKeys } = Reflect;
const objectPrototype = Object.prototype;
const arrayPrototype = Array.prototype;
const { push } = arrayPrototype;
const lookupGetter = Function.prototype.call.bind(
  Reflect.get(objectPrototype, "__lookupGetter__") as (key: number) => unknown,
) as (object: object, key: number) => unknown;

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
  return typeof value === "object" && value !== null ? isPlainObject(value, seen, depth) : isPlainPrimitive(value);
}

function isPlainPrimitive(value: unknown): boolean {
  if (typeof value === "number") return value - value === 0 && (value !== 0 || 1 / value > 0);
  return typeof value === "string" || typeof value === "boolean" || value === null;
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
    if (property === undefined || !isUsual(property)) return false;
    const value: unknown = property.value;
    if (typeof value !== "string" && !isPlain(value, seen, depth)) return false;
  }
  return true;
}

function isPlainArray(array: readonly unknown[], seen: Set<object>, depth: number): boolean {
  const { length } = array;
  // `length` is a key as well: whatever is more, JSON would drop.
  if (!hasOnlyIndices(array) && ownKeys(array).length !== length + 1) return false;
  if (!hasWritableLength(array)) return false;
  if (length >= LONG && isPlainList(array)) return true;
  for (let index = 0; index < length; index++) {
    const property = getOwnPropertyDescriptor(array, index);
    if (property === undefined || !isUsual(property)) return false;
    const value: unknown = property.value;
    if (typeof value !== "string" && !isPlain(value, seen, depth)) return false;
  }
  return true;
}

/** Pushing nothing sets the length to what it is, or cannot. Three times as quick as asking for the property. */
function hasWritableLength(array: readonly unknown[]): boolean {
  try {
    push.call(array);
    return true;
  } catch {
    return false;
  }
}

/** Whether these are plain primitives in ordinary elements; false as well where that would have to be asked one by one. */
function isPlainList(array: readonly unknown[]): boolean {
  for (let index = 0; index < array.length; index++) {
    if (lookupGetter(array, index) !== undefined || !isPlainPrimitive(array[index])) return false;
  }
  return hasOrdinaryElements(array);
}

function isUsual(property: PropertyDescriptor): boolean {
  return property.writable === true && property.enumerable === true && property.configurable === true;
}
