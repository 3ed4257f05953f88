/** Value → {@link Snapshot}: what a caller can tell apart, without the identity of the process. */
import { inspect, types } from "node:util";
import type { Snapshot, SnapshotNode, SnapshotValue } from "./observation.ts";

/** An endless iterator must not make an endless snapshot. */
const longestIterator = 1000;

type FieldPair = readonly [path: string, value: SnapshotValue];

/** Takes what it finds; getters are not run, iterators are. */
export function snapshotOf(value: unknown): Snapshot {
  const nodes: SnapshotNode[] = [];
  const seen = new Map<object, number>();
  // A list instead of recursion: values may be nested deeper than the stack.
  const todo: (() => void)[] = [];

  const refer = (child: unknown): SnapshotValue => {
    if (!isObject(child)) return primitiveText(child);
    const known = seen.get(child);
    if (known !== undefined) return known;
    const index = nodes.length;
    seen.set(child, index);
    nodes.push({ type: "", fields: [] });
    todo.push(() => {
      nodes[index] = nodeOf(child, refer);
    });
    return index;
  };

  const root = refer(value);
  for (let next = todo.shift(); next; next = todo.shift()) next();
  return { root, nodes };
}

const isObject = (value: unknown): value is object =>
  (typeof value === "object" && value !== null) || typeof value === "function";

function primitiveText(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (Object.is(value, -0)) return "-0";
  return typeof value === "symbol" ? symbolText(value) : String(value);
}

function symbolText(symbol: symbol): string {
  const key = Symbol.keyFor(symbol);
  return key === undefined ? symbol.toString() : `Symbol.for(${JSON.stringify(key)})`;
}

type Refer = (child: unknown) => SnapshotValue;

function nodeOf(value: object, refer: Refer): SnapshotNode {
  const text = contentText(value);
  return {
    type: typeOf(value),
    ...(text !== undefined && { text }),
    fields: [...contentFields(value, refer), ...ownFields(value, refer)],
  };
}

/** The nearest constructor's name, and whether the object may still change. */
function typeOf(value: object): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  const name = prototype === null ? "null" : constructorName(prototype as object);
  if (Object.isFrozen(value) && !isEmptyFrozen(value)) return `frozen ${name}`;
  if (Object.isSealed(value)) return `sealed ${name}`;
  return Object.isExtensible(value) ? name : `fixed ${name}`;
}

/** An empty typed array may not be frozen, and an empty object that is not extensible counts as frozen: say `fixed`. */
const isEmptyFrozen = (value: object): boolean => Reflect.ownKeys(value).length === 0;

function constructorName(prototype: object): string {
  const descriptor = Object.getOwnPropertyDescriptor(prototype, "constructor");
  const made: unknown = descriptor?.value;
  if (typeof made === "function" && made.name !== "") return made.name;
  const next: unknown = Object.getPrototypeOf(prototype);
  return next === null ? "Object" : constructorName(next as object);
}

/** What an object holds besides its properties. */
function contentText(value: object): string | undefined {
  if (typeof value === "function") return `function ${value.name}`;
  if (Array.isArray(value)) return `length ${value.length}`;
  if (types.isDate(value)) return String(value.getTime());
  if (types.isRegExp(value)) return `${String(value)} at ${value.lastIndex}`;
  if (types.isBoxedPrimitive(value)) return primitiveText(value.valueOf());
  if (types.isArrayBufferView(value)) return hex(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  if (types.isAnyArrayBuffer(value)) return hex(new Uint8Array(value));
  if (value instanceof URL || value instanceof URLSearchParams) return value.toString();
  return undefined;
}

const hex = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");

function contentFields(value: object, refer: Refer): FieldPair[] {
  if (types.isMap(value)) {
    return Array.from(value).flatMap(([key, item], index): FieldPair[] => {
      const name = isObject(key) ? `[entry ${index}]` : `.get(${primitiveText(key)})`;
      return [...(isObject(key) ? [[`${name}.key`, refer(key)] as const] : []), [name, refer(item)]];
    });
  }
  if (types.isSet(value)) return Array.from(value, (item, index) => [`[item ${index}]`, refer(item)] as const);
  if (types.isGeneratorObject(value) || types.isMapIterator(value) || types.isSetIterator(value))
    return drain(value, refer);
  return [];
}

/** Iterators are compared by what they give. Reading them uses them up: this is the last that is done with them. */
function drain(value: object, refer: Refer): FieldPair[] {
  if (!(Symbol.iterator in value)) return [];
  const items: FieldPair[] = [];
  try {
    for (const item of value as Iterable<unknown>) {
      if (items.length >= longestIterator) break;
      items.push([`[item ${items.length}]`, refer(item)]);
    }
  } catch (error) {
    items.push(["[thrown]", refer(error)]);
  }
  return items;
}

/** A stack names places, which differ; bytes of buffers are in the text. */
function ownFields(value: object, refer: Refer): FieldPair[] {
  const isBytes = types.isArrayBufferView(value);
  const keys = Reflect.ownKeys(value).filter((key) => !isHidden(value, key) && !(isBytes && isIndex(key)));
  return keys.map((key) => fieldOf(value, key, refer));
}

function isHidden(value: object, key: string | symbol): boolean {
  if (types.isNativeError(value)) return key === "stack";
  if (Array.isArray(value) || typeof value === "string") return key === "length";
  if (types.isRegExp(value)) return key === "lastIndex";
  if (types.isStringObject(value)) return key === "length" || isIndex(key);
  return typeof value === "function" && (key === "length" || key === "name" || key === "prototype");
}

const isIndex = (key: string | symbol): boolean => typeof key === "string" && /^(?:0|[1-9]\d*)$/.test(key);

function fieldOf(value: object, key: string | symbol, refer: Refer): FieldPair {
  const path = pathOf(key);
  const descriptor = Object.getOwnPropertyDescriptor(value, key);
  if (!descriptor) return [path, "undefined"];
  if (!("value" in descriptor)) return [path, `accessor${descriptor.set ? " with setter" : ""}`];
  const hidden = descriptor.enumerable || types.isNativeError(value) ? "" : " (not enumerable)";
  const fixed = descriptor.writable || Object.isFrozen(value) ? "" : " (read-only)";
  return [`${path}${hidden}${fixed}`, refer(descriptor.value)];
}

function pathOf(key: string | symbol): string {
  if (typeof key === "symbol") return `[${symbolText(key)}]`;
  if (isIndex(key)) return `[${key}]`;
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

/** One line for people. */
export function inputText(args: readonly unknown[]): string {
  const options = { depth: 6, breakLength: Infinity, maxArrayLength: 20, maxStringLength: 200 };
  const text = args.map((value) => inspect(value, options)).join(", ");
  return text.length > 400 ? `${text.slice(0, 399)}…` : text;
}
