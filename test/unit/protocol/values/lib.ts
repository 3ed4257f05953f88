/** What the codec's tests share. */
import { types } from "node:util";
import { decodeValue, encodeValue } from "../../../../src/protocol/values/codec.ts";
import type { ClassTable, CodecOptions, TravellingClass } from "../../../../src/protocol/values/contract.ts";

/** Through text, as values really cross. */
export function cross(value: unknown, options?: CodecOptions): unknown {
  return decodeValue(throughText(encodeValue(value, options)), options);
}

export function throughText(encoded: unknown): unknown {
  const text = JSON.stringify(encoded) as string | undefined;
  return text === undefined ? undefined : (JSON.parse(text) as unknown);
}

export function classTable(classes: Readonly<Record<string, TravellingClass>>): ClassTable {
  return {
    idOf: (prototype) => Object.entries(classes).find(([, known]) => known.prototype === prototype)?.[0],
    find: (id) => (Object.hasOwn(classes, id) ? classes[id] : undefined),
  };
}

/**
 * The first path at which two values differ: in primitives, kind, prototype, keys and their order, attributes, what the
 * kind holds, or in which objects are the same one. Prototypes are the same or, where they are ordinary objects, alike.
 */
export function differenceOf(left: unknown, right: unknown): string | undefined {
  const partners = new Map<object, object>();
  const taken = new Set<object>();
  const queue: [left: unknown, right: unknown, path: string][] = [[left, right, ""]];
  for (let next = queue.pop(); next; next = queue.pop()) {
    const [a, b, path] = next;
    if (Object.is(a, b)) continue;
    if (!isObject(a) || !isObject(b)) return `${path}: ${String(a)} and ${String(b)}`;
    const partner = partners.get(a);
    if (partner === b) continue;
    if (partner || taken.has(b)) return `${path}: other identities`;
    partners.set(a, b);
    taken.add(b);
    const why = shallowDifference(a, b);
    if (why !== undefined) return `${path}: ${why}`;
    for (const [x, y, step] of parts(a, b)) queue.push([x, y, path + step]);
  }
  return undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function shallowDifference(a: object, b: object): string | undefined {
  const tag = (object: object): string => Object.prototype.toString.call(object);
  if (tag(a) !== tag(b)) return `${tag(a)} and ${tag(b)}`;
  if (Array.isArray(a) !== Array.isArray(b)) return "one is an array";
  if (Object.isExtensible(a) !== Object.isExtensible(b)) return "one is extensible";
  const [left, right] = [Reflect.ownKeys(a), Reflect.ownKeys(b)];
  if (left.length !== right.length || left.some((key, index) => key !== right[index])) {
    return `keys ${left.map(String).join()} and ${right.map(String).join()}`;
  }
  const key = left.find((key) => attributes(a, key) !== attributes(b, key));
  return key === undefined ? undefined : `attributes of ${String(key)}`;
}

function attributes(object: object, key: string | symbol): string {
  const { writable, enumerable, configurable } = Object.getOwnPropertyDescriptor(object, key) ?? {};
  return JSON.stringify([key === "stack" || writable, enumerable, configurable]);
}

function* parts(a: object, b: object): Iterable<[unknown, unknown, string]> {
  const prototypes = [Object.getPrototypeOf(a), Object.getPrototypeOf(b)] as const;
  yield [...prototypes, ".[[Prototype]]"];
  for (const key of Reflect.ownKeys(a)) yield [Reflect.get(a, key), Reflect.get(b, key), `.${String(key)}`];
  const [left, right] = [insideOf(a), insideOf(b)];
  yield [left.length, right.length, ".size"];
  for (const [index, value] of left.entries()) yield [value, right[index], `.inside[${index}]`];
}

function insideOf(object: object): unknown[] {
  if (object instanceof Map) return [...(object as Map<unknown, unknown>).entries()].flat(1);
  if (object instanceof Set) return [...(object as Set<unknown>)];
  if (object instanceof Date) return [object.getTime()];
  if (object instanceof RegExp) return [object.source, object.flags];
  if (object instanceof ArrayBuffer) return [...new Uint8Array(object)];
  if (ArrayBuffer.isView(object)) return [object.buffer, object.byteOffset, object.byteLength];
  if (object instanceof URL || object instanceof URLSearchParams) return [String(object)];
  if (types.isBoxedPrimitive(object)) return [object.valueOf()];
  return object instanceof DOMException ? [object.name, object.message] : [];
}
