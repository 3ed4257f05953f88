/** The built-in kinds of objects: how they are told, what they hold besides properties, how they are made again. */
import { isError } from "./host.ts";

/**
 * What one kind of object holds besides its own properties is a flat list of values (`data`).
 *
 * Everything goes through built-in methods that were taken before any program ran: a subclass may have its own.
 */
export interface Kind {
  /** On the wire. */
  readonly name: string;
  /** Of objects that nobody has given another one. */
  readonly prototype: object | null;
  is(object: object): boolean;
  read?(object: object): readonly unknown[];
  /** `data` is there unless the kind is `late`. */
  make(data: readonly unknown[]): object;
  /** Replaces everything. Kinds without it cannot change. */
  write?(object: object, data: readonly unknown[]): void;
  /** Holds objects that may hold it: made empty, filled when all objects are there. */
  readonly late?: true;
  /** The step of a path to `data[index]`. */
  step?(index: number, data: readonly unknown[]): string;
  /** Own keys that are part of the data, not properties. */
  isData?(object: object, key: string | symbol): boolean;
}

type Method = (this: unknown, ...args: readonly unknown[]) => unknown;

function getter(prototype: object, name: string | symbol): (object: object) => unknown {
  const get = Reflect.get(Object.getOwnPropertyDescriptor(prototype, name) ?? {}, "get") as Method;
  return (object) => get.call(object);
}

/** Whether a built-in method that wants its own kind takes the object. */
function takes(read: (object: object) => unknown): (object: object) => boolean {
  return (object) => {
    try {
      read(object);
      return true;
    } catch {
      return false;
    }
  };
}

function method(prototype: object, name: string): (object: object, ...args: readonly unknown[]) => unknown {
  const found = Object.getOwnPropertyDescriptor(prototype, name)?.value as Method;
  return (object, ...args) => found.call(object, ...args);
}

export const objectKind: Kind = {
  name: "Object",
  prototype: Object.prototype,
  is: () => true,
  make: () => ({}),
};

/** Its data is its length; elements are properties. */
export const arrayKind: Kind = {
  name: "Array",
  prototype: Array.prototype,
  is: Array.isArray,
  read: (array) => [(array as unknown[]).length],
  make: ([length]) => {
    const array: unknown[] = [];
    array.length = length as number;
    return array;
  },
  write: (array, [length]) => {
    (array as unknown[]).length = length as number;
  },
  isData: (_, key) => key === "length",
};

/** The first of the new keys, as far as they stand in the same order already: the others were added behind them. */
function countKept(now: Iterable<unknown>, keys: readonly unknown[]): number {
  let kept = 0;
  for (const key of now) if (kept < keys.length && sameValueZero(key, keys[kept])) kept++;
  return kept;
}

function sameValueZero(left: unknown, right: unknown): boolean {
  return left === right || (Number.isNaN(left) && Number.isNaN(right));
}

const mapForEach = method(Map.prototype, "forEach");
const mapDelete = method(Map.prototype, "delete");
const mapSet = method(Map.prototype, "set");
const mapKind: Kind = {
  name: "Map",
  prototype: Map.prototype,
  is: takes(getter(Map.prototype, "size")),
  read: (map) => {
    const data: unknown[] = [];
    mapForEach(map, (value: unknown, key: unknown) => data.push(key, value));
    return data;
  },
  make: () => new Map(),
  // What stays is not taken out: an iterator that is on its way would begin anew.
  write: (map, data) => {
    const now: unknown[] = [];
    mapForEach(map, (_value: unknown, key: unknown) => now.push(key));
    const keys = data.filter((_, index) => index % 2 === 0);
    const kept = new Set(keys.slice(0, countKept(now, keys)));
    for (const key of now) if (!kept.has(key)) mapDelete(map, key);
    for (let index = 0; index < data.length; index += 2) mapSet(map, data[index], data[index + 1]);
  },
  late: true,
  step: (index, data) => {
    const key = data[index - 1];
    if (index % 2 === 0) return `.keys()[${index / 2}]`;
    return isSimple(key) ? `.get(${JSON.stringify(key)})` : `.values()[${(index - 1) / 2}]`;
  },
};

function isSimple(key: unknown): boolean {
  return typeof key === "string" || typeof key === "boolean" || (typeof key === "number" && Number.isFinite(key));
}

const setForEach = method(Set.prototype, "forEach");
const setDelete = method(Set.prototype, "delete");
const setAdd = method(Set.prototype, "add");
const setKind: Kind = {
  name: "Set",
  prototype: Set.prototype,
  is: takes(getter(Set.prototype, "size")),
  read: (set) => {
    const data: unknown[] = [];
    setForEach(set, (value: unknown) => data.push(value));
    return data;
  },
  make: () => new Set(),
  write: (set, data) => {
    const now: unknown[] = [];
    setForEach(set, (value: unknown) => now.push(value));
    const kept = new Set(data.slice(0, countKept(now, data)));
    for (const value of now) if (!kept.has(value)) setDelete(set, value);
    for (const value of data) setAdd(set, value);
  },
  late: true,
  step: (index) => `.values()[${index}]`,
};

const getTime = method(Date.prototype, "getTime");
const setTime = method(Date.prototype, "setTime");
const dateKind: Kind = {
  name: "Date",
  prototype: Date.prototype,
  is: takes(getTime),
  read: (date) => [getTime(date)],
  make: ([time]) => new Date(time as number),
  write: (date, [time]) => {
    setTime(date, time);
  },
};

const source = getter(RegExp.prototype, "source");
const flagGetters = Object.entries({
  d: "hasIndices",
  g: "global",
  i: "ignoreCase",
  m: "multiline",
  s: "dotAll",
  u: "unicode",
  v: "unicodeSets",
  y: "sticky",
}).map(([flag, name]) => [flag, getter(RegExp.prototype, name)] as const);
const regExpKind: Kind = {
  name: "RegExp",
  prototype: RegExp.prototype,
  is: (object) => object !== RegExp.prototype && takes(source)(object),
  read: (object) => [source(object), flagGetters.map(([flag, has]) => (has(object) === true ? flag : "")).join("")],
  make: ([pattern, flags]) => new RegExp(pattern as string, flags as string),
};

/** All built-in errors: they differ in their prototypes only. */
const errorKind: Kind = {
  name: "Error",
  prototype: Error.prototype,
  is: isError,
  make: () => {
    // The stack of this place is of no use to anybody, and costs time.
    const limit = Object.getOwnPropertyDescriptor(Error, "stackTraceLimit");
    if (limit?.writable === true) Error.stackTraceLimit = 0;
    const error = new Error();
    if (limit) Object.defineProperty(Error, "stackTraceLimit", limit);
    return error;
  },
};

function boxedKind(name: string, prototype: object): Kind {
  const read = method(prototype, "valueOf");
  return {
    name,
    prototype,
    // The prototypes of Number, String and Boolean are such objects themselves.
    is: (object) => object !== prototype && takes(read)(object),
    read: (object) => [read(object)],
    make: ([value]) => Object(value) as object,
  };
}

const stringKind: Kind = {
  ...boxedKind("String", String.prototype),
  isData: (object, key) =>
    key === "length" || (isIndex(key) && Number(key) < String.prototype.valueOf.call(object).length),
};

export function isIndex(key: string | symbol): key is string {
  return typeof key === "string" && /^(?:0|[1-9]\d{0,15})$/.test(key);
}

const errorPrototypes = [
  "EvalError",
  "RangeError",
  "ReferenceError",
  "SyntaxError",
  "TypeError",
  "URIError",
  "AggregateError",
  "SuppressedError",
].flatMap((name) => {
  const found = (globalThis as unknown as Record<string, { readonly prototype: object } | undefined>)[name];
  return found ? [found.prototype] : [];
});

export const languageKinds: readonly (readonly [prototype: object, kind: Kind])[] = [
  objectKind,
  arrayKind,
  mapKind,
  setKind,
  dateKind,
  regExpKind,
  errorKind,
  stringKind,
  boxedKind("Number", Number.prototype),
  boxedKind("Boolean", Boolean.prototype),
  boxedKind("BigInt", BigInt.prototype),
  boxedKind("Symbol", Symbol.prototype),
]
  .map((kind): [object, Kind] => [kind.prototype ?? {}, kind])
  .concat(errorPrototypes.map((prototype) => [prototype, errorKind]));
