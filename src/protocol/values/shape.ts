/** What one object is and holds, without what it refers to: the base of encoding and of finding changes. */
import { binaryKinds, bufferKind } from "./binary-kinds.ts";
import type { ClassTable, HiddenFields } from "./contract.ts";
import { abortErrorPrototype, hasOnlyElements, hostGlobal } from "./host.ts";
import { hostKinds } from "./host-kinds.ts";
import { arrayKind, type Kind, languageKinds, objectKind } from "./kinds.ts";

export const WRITABLE = 1;
export const ENUMERABLE = 2;
export const CONFIGURABLE = 4;
/** Of a property that was simply assigned. */
export const USUAL = 7;
/** A getter or setter: never travels. */
export const ACCESSOR = 8;

export interface Shape {
  readonly kind: Kind;
  readonly prototype: object | null;
  readonly extensible: boolean;
  /** Own keys in their order; undefined: `values` are all elements of an array that has nothing else. */
  readonly keys: readonly (string | symbol)[] | undefined;
  readonly values: readonly unknown[];
  /** One per key; undefined: all are {@link USUAL}. */
  readonly flags: readonly number[] | undefined;
  /** What the kind holds besides properties. */
  readonly data: readonly unknown[];
  /** A copy of a buffer's bytes. */
  readonly bytes?: Uint8Array;
  readonly hidden?: Readonly<Record<string, unknown>>;
}

let kinds: ReadonlyMap<object, Kind> | undefined;

/** Built-in prototypes whose objects travel, with the kind of these objects. */
export function knownPrototypes(): ReadonlyMap<object, Kind> {
  return (kinds ??= collectKinds());
}

export function findKind(name: string): Kind | undefined {
  for (const kind of knownPrototypes().values()) if (kind.name === name) return kind;
  return undefined;
}

function collectKinds(): ReadonlyMap<object, Kind> {
  const all = new Map(languageKinds);
  for (const kind of [...binaryKinds, ...hostKinds()]) all.set(kind.prototype ?? {}, kind);
  const bytes = all.get(Uint8Array.prototype);
  const abortError = abortErrorPrototype();
  const error = all.get(Error.prototype);
  if (abortError && error) all.set(abortError, error);
  const Buffer = hostGlobal("Buffer") as { readonly prototype: object } | undefined;
  if (Buffer && bytes) all.set(Buffer.prototype, bytes);
  return all;
}

/** By what the object really is, whatever its class pretends. */
export function kindOf(object: object): Kind {
  if (Array.isArray(object)) return arrayKind;
  const known = knownPrototypes();
  for (let next = getPrototypeOf(object); next !== null; next = getPrototypeOf(next)) {
    const kind = known.get(next);
    if (kind?.is(object) === true) return kind;
  }
  return objectKind;
}

export function getPrototypeOf(object: object): object | null {
  return Object.getPrototypeOf(object) as object | null;
}

/** The accessors of the nearest class that has them: they speak for all that it inherits. */
export function hiddenFieldsOf(prototype: object | null, classes: ClassTable | undefined): HiddenFields | undefined {
  if (!classes) return undefined;
  for (let next = prototype; next !== null; next = getPrototypeOf(next)) {
    const id = classes.idOf(next);
    const hidden = id === undefined ? undefined : classes.find(id)?.hidden;
    if (hidden) return hidden;
  }
  return undefined;
}

/** Runs no code of the program but the accessors of hidden fields. */
export function capture(object: object, kind: Kind, classes: ClassTable | undefined): Shape {
  const prototype = getPrototypeOf(object);
  const hidden = prototype === kind.prototype ? undefined : hiddenFieldsOf(prototype, classes);
  return {
    kind,
    prototype,
    extensible: Object.isExtensible(object),
    data: kind.read?.(object) ?? [],
    ...captureProperties(object, kind),
    ...(kind === bufferKind && { bytes: new Uint8Array((object as ArrayBuffer).slice(0)) }),
    ...(hidden && { hidden: hidden.read(object) }),
  };
}

function captureProperties(object: object, kind: Kind): Pick<Shape, "keys" | "values" | "flags"> {
  const keys = ownKeys(object, kind);
  const values: unknown[] = [];
  const flags: number[] = [];
  let usual = true;
  for (const key of keys) {
    const property = Object.getOwnPropertyDescriptor(object, key);
    if (!property) continue;
    const stack = nativeStack(object, key, property);
    values.push(stack === undefined ? property.value : stack.text);
    // Of a frozen error it cannot be set.
    const isSettable = property.configurable === true ? WRITABLE : 0;
    const flag = stack === undefined ? flagsOf(property) : flagsOf(property) - ACCESSOR + isSettable;
    flags.push(flag);
    usual &&= flag === USUAL;
  }
  const dense = kind === arrayKind && usual && isDense(keys, (object as unknown[]).length);
  return { keys: dense ? undefined : keys, values, flags: usual ? undefined : flags };
}

function ownKeys(object: object, kind: Kind): readonly (string | symbol)[] {
  if (ArrayBuffer.isView(object) && hasOnlyElements(object)) return Object.getOwnPropertySymbols(object);
  const keys = Reflect.ownKeys(object);
  if (!kind.isData) return keys;
  const readOnlyLength = kind === arrayKind && Object.getOwnPropertyDescriptor(object, "length")?.writable === false;
  return keys.filter((key) => kind.isData?.(object, key) !== true || (readOnlyLength && key === "length"));
}

/** An array's index keys come first and in order: the last one tells. */
function isDense(keys: readonly (string | symbol)[], length: number): boolean {
  return keys.length === length && (length === 0 || keys.at(-1) === String(length - 1));
}

function flagsOf(property: PropertyDescriptor): number {
  return (
    (property.writable === true ? WRITABLE : 0) |
    (property.enumerable === true ? ENUMERABLE : 0) |
    (property.configurable === true ? CONFIGURABLE : 0) |
    ("get" in property ? ACCESSOR : 0)
  );
}

/** The engine makes `stack` with a getter of its own: to programs it is a value. */
function nativeStack(object: object, key: unknown, property: PropertyDescriptor): { text: unknown } | undefined {
  if (key !== "stack" || !("get" in property)) return undefined;
  const native = Object.getOwnPropertyDescriptor(new Error(), "stack");
  return property.get === native?.get ? { text: property.get?.call(object) as unknown } : undefined;
}
