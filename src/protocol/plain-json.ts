/**
 * Until the value codec exists, values cross as plain JSON. What JSON would change on its way is refused
 * with its path, never sent wrong. Pure; runs inside the function and at callers.
 */

export interface NotPortable {
  /** Where: `result.items[3].when`. */
  readonly path: string;
  /** What is there, with its article: `a Date`. */
  readonly what: string;
}

/** Deeper values are refused: JSON's own limit is where the stack ends, which nobody can foresee. */
const MAX_DEPTH = 1000;

/**
 * Finds the first thing in `value` that plain JSON would change or lose.
 *
 * References to one object from two places are allowed: both places get an equal copy.
 *
 * @param root - what the path begins with
 */
export function findNotPortable(value: unknown, root = "result"): NotPortable | undefined {
  const found = search(value, []);
  return found && { path: root + found.steps.toReversed().join(""), what: found.what };
}

interface Found {
  readonly what: string;
  /** From the inside out: it grows while the recursion returns. */
  readonly steps: string[];
}

function search(value: unknown, ancestors: object[]): Found | undefined {
  if (typeof value === "object" && value !== null) return searchObject(value, ancestors);
  const what = describePrimitive(value);
  return what === undefined ? undefined : { what, steps: [] };
}

function searchObject(value: object, ancestors: object[]): Found | undefined {
  if (ancestors.includes(value)) return { what: "a reference to something that contains it", steps: [] };
  if (ancestors.length >= MAX_DEPTH) return { what: `nested more than ${MAX_DEPTH} levels deep`, steps: [] };
  const what = describeObject(value);
  if (what !== undefined) return { what, steps: [] };
  ancestors.push(value);
  const found = Array.isArray(value) ? searchArray(value, ancestors) : searchProperties(value, ancestors);
  ancestors.pop();
  return found;
}

function searchArray(array: readonly unknown[], ancestors: object[]): Found | undefined {
  for (let index = 0; index < array.length; index++) {
    if (!Object.hasOwn(array, index)) return { what: "a hole in an array", steps: [`[${index}]`] };
    const found = searchProperty(array, String(index), ancestors);
    if (found) return found;
  }
  // Every index and `length` are there: whatever is more, JSON would drop.
  const keys = Reflect.ownKeys(array);
  if (keys.length === array.length + 1) return undefined;
  const extra = keys.find((key) => key !== "length" && !isIndex(key));
  return extra === undefined ? undefined : { what: "a property of an array", steps: [step(extra)] };
}

function searchProperties(object: object, ancestors: object[]): Found | undefined {
  for (const key of Reflect.ownKeys(object)) {
    const found = searchProperty(object, key, ancestors);
    if (found) return found;
  }
  return undefined;
}

function searchProperty(owner: object, key: string | symbol, ancestors: object[]): Found | undefined {
  const property = Object.getOwnPropertyDescriptor(owner, key);
  const what = describeProperty(key, property);
  const found = what === undefined ? search(property?.value, ancestors) : { what, steps: [] };
  found?.steps.push(Array.isArray(owner) ? `[${String(key)}]` : step(key));
  return found;
}

function describeProperty(key: string | symbol, property: PropertyDescriptor | undefined): string | undefined {
  if (typeof key === "symbol") return "a property named by a symbol";
  if (property?.get || property?.set) return "a getter or setter";
  if (property?.enumerable === false) return "a hidden (not enumerable) property";
  return undefined;
}

function describePrimitive(value: unknown): string | undefined {
  if (value === undefined) return "undefined";
  if (typeof value === "bigint") return "a bigint";
  if (typeof value === "symbol") return "a symbol";
  if (typeof value === "function") return describeFunction(value);
  if (Object.is(value, -0)) return "-0";
  return typeof value !== "number" || Number.isFinite(value) ? undefined : String(value);
}

function describeFunction(value: object): string {
  return /^class\b/.test(Function.prototype.toString.call(value)) ? "a class" : "a function";
}

function describeObject(value: object): string | undefined {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype) return undefined;
  if (Array.isArray(value) && prototype === Array.prototype) return undefined;
  if (prototype === null) return "an object without a prototype";
  const name = nameOfClass(prototype);
  return name === "" ? "an instance of a class" : `${/^[AEIOU]/i.test(name) ? "an" : "a"} ${name}`;
}

function nameOfClass(prototype: unknown): string {
  const maker: unknown = (prototype as { constructor?: unknown }).constructor;
  return typeof maker === "function" ? maker.name : "";
}

function isIndex(key: string | symbol): boolean {
  return typeof key === "string" && /^(?:0|[1-9]\d*)$/.test(key);
}

/** `.name`, or `["two words"]`. */
function step(key: string | symbol): string {
  if (typeof key === "symbol") return `[${String(key)}]`;
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}
