/** Sets an object's own properties to given ones: of a new object, or of one that the program has. */
import { hasOnlyElements } from "./host.ts";
import { arrayKind, isIndex, type Kind } from "./kinds.ts";
import { CONFIGURABLE, ENUMERABLE, USUAL, WRITABLE } from "./shape.ts";

export type Key = string | symbol;

export interface Property {
  readonly key: Key;
  readonly value: unknown;
  readonly flags: number;
}

/** Adds or changes one property. */
export function setProperty(target: object, { key, value, flags }: Property): void {
  // Whatever `Object.prototype` has of this name (`__proto__`!) must not be asked.
  if (flags === USUAL && !(key in target)) {
    (target as Record<Key, unknown>)[key] = value;
    return;
  }
  const current = Object.getOwnPropertyDescriptor(target, key);
  if (key === "stack" && current?.get && current.configurable === true && target instanceof Error) {
    // The engine's own getter stays, and gives what was set.
    target.stack = value as string;
    if (flags === (WRITABLE | CONFIGURABLE)) return;
  }
  Object.defineProperty(target, key, {
    value,
    writable: (flags & WRITABLE) !== 0,
    enumerable: (flags & ENUMERABLE) !== 0,
    configurable: (flags & CONFIGURABLE) !== 0,
  });
}

/** Why {@link setProperty} would fail. */
export function whyNotSet(target: object, { key, value, flags }: Property): string | undefined {
  const current = Object.getOwnPropertyDescriptor(target, key);
  if (!current) return Object.isExtensible(target) ? undefined : `it takes no new property ${String(key)}`;
  if (current.configurable === true) return undefined;
  const sameKind = (flags & CONFIGURABLE) === 0 && current.enumerable === ((flags & ENUMERABLE) !== 0);
  const allowed = current.writable === true || (Object.is(current.value, value) && (flags & WRITABLE) === 0);
  return sameKind && allowed ? undefined : `its property ${String(key)} is read-only`;
}

/** Listing the elements of a large view would take seconds. */
function propertyKeys(target: object, kind: Kind): readonly Key[] {
  if (ArrayBuffer.isView(target) && hasOnlyElements(target)) return Object.getOwnPropertySymbols(target);
  return Reflect.ownKeys(target).filter((key) => kind.isData?.(target, key) !== true);
}

/** Makes `properties` all that the object has, in this order. */
export function replaceProperties(target: object, kind: Kind, properties: readonly Property[]): void {
  const current = propertyKeys(target, kind);
  const keeps = current.every((key, position) => properties[position]?.key === key);
  if (!keeps) for (const key of current) Reflect.deleteProperty(target, key);
  for (const property of properties) setProperty(target, property);
}

/** Why {@link replaceProperties} would fail. */
export function whyNotReplace(target: object, kind: Kind, properties: readonly Property[]): string | undefined {
  const current = propertyKeys(target, kind);
  const keeps = current.every((key, position) => properties[position]?.key === key);
  if (!keeps && !Object.isExtensible(target)) return "it is not extensible";
  const stuck = keeps ? undefined : current.find((key) => !canDelete(target, key));
  if (stuck !== undefined) return `its property ${String(stuck)} cannot be deleted`;
  return firstReason(target, properties);
}

export function firstReason(target: object, properties: readonly Property[]): string | undefined {
  for (const property of properties) {
    const why = whyNotSet(target, property);
    if (why !== undefined) return why;
  }
  return undefined;
}

export function canDelete(target: object, key: Key): boolean {
  return Object.getOwnPropertyDescriptor(target, key)?.configurable !== false;
}

/** An array whose length is fixed takes neither more nor fewer elements. */
export function whyNotLength(target: object, kind: Kind, length: unknown): string | undefined {
  if (kind !== arrayKind || (target as unknown[]).length === length) return undefined;
  if (Object.getOwnPropertyDescriptor(target, "length")?.writable === false) return "its length is read-only";
  const stuck = Object.keys(target).some(
    (key) => isIndex(key) && Number(key) >= Number(length) && !canDelete(target, key),
  );
  return stuck ? "an element of it cannot be deleted" : undefined;
}
