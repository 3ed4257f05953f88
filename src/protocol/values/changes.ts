/** What a function changed in the objects that it received. */
import { toBase64 } from "./base64.ts";
import type { Encoder } from "./encode.ts";
import { withArticle } from "./errors.ts";
import { isIndex } from "./kinds.ts";
import type { Key, Property } from "./properties.ts";
import { type Shape, USUAL } from "./shape.ts";
import type { Wire, WireChange, WireProperties } from "./wire.ts";

/**
 * The change from `before` to `after` of call object `index`; undefined if there is none.
 *
 * @throws ValueNotPortable if something changed that cannot, or something new cannot travel
 */
export function encodeChange(encoder: Encoder, index: number, before: Shape, after: Shape): WireChange | undefined {
  const change: WireChange = {
    ...(before.prototype !== after.prototype && { p: prototypeWire(encoder, index, after.prototype) }),
    ...propertyChanges(encoder, index, before, after),
    ...dataChange(encoder, index, before, after),
    ...(after.hidden && !sameFields(before.hidden ?? {}, after.hidden) && { h: encoder.hidden(index, after.hidden) }),
    ...(before.extensible && !after.extensible && { x: 1 as const }),
  };
  return Object.keys(change).length === 0 ? undefined : change;
}

function prototypeWire(encoder: Encoder, index: number, prototype: object | null): Wire {
  return encoder.value(prototype, index, { text: ".[[Prototype]]" });
}

function dataChange(encoder: Encoder, index: number, before: Shape, after: Shape): WireChange {
  if (before.bytes && after.bytes) {
    const b = changedBytes(before.bytes, after.bytes);
    return b.length > 0 ? { b } : {};
  }
  if (sameValues(before.data, after.data)) return {};
  if (after.kind.write) return { v: encoder.data(index, after) };
  throw encoder.refusal(index, { text: "" }, `${withArticle(after.kind.name)} that was made into another one`);
}

/** Only bytes that changed: between them, the caller may have other values. */
function changedBytes(before: Uint8Array, after: Uint8Array): (number | string)[] {
  const spans: (number | string)[] = [];
  let position = 0;
  while (position < after.length) {
    if (before[position] === after[position]) {
      position++;
      continue;
    }
    const start = position;
    while (position < after.length && before[position] !== after[position]) position++;
    spans.push(start, toBase64(after.subarray(start, position)));
  }
  return spans;
}

interface Difference {
  readonly deleted: readonly Key[];
  readonly set: readonly Property[];
}

function propertyChanges(encoder: Encoder, index: number, before: Shape, after: Shape): WireChange {
  if (!before.keys && !after.keys) return denseChanges(encoder, index, before, after);
  const old = tableOf(before);
  const now = tableOf(after);
  if (!keepsOrder(old, now)) return { r: 1, ...encodeProperties(encoder, index, [...now.values()]) };
  const { deleted, set } = difference(old, now);
  return {
    ...(deleted.length > 0 && { d: deleted.map((key) => encoder.key(index, key)) }),
    ...encodeProperties(encoder, index, set),
  };
}

function denseChanges(encoder: Encoder, index: number, before: Shape, after: Shape): WireProperties {
  const k = after.values.flatMap((value, position) =>
    position < before.values.length && Object.is(before.values[position], value)
      ? []
      : [position, encoder.value(value, index, position)],
  );
  return k.length > 0 ? { k } : {};
}

function encodeProperties(encoder: Encoder, index: number, properties: readonly Property[]): WireProperties {
  return encoder.properties(index, {
    keys: properties.map(({ key }) => key),
    values: properties.map(({ value }) => value),
    flags: properties.every(({ flags }) => flags === USUAL) ? undefined : properties.map(({ flags }) => flags),
  });
}

function tableOf({ keys, values, flags }: Shape): ReadonlyMap<Key, Property> {
  return new Map(
    values.map((value, position) => {
      const key = keys ? (keys[position] ?? "") : String(position);
      return [key, { key, value, flags: flags?.[position] ?? USUAL }];
    }),
  );
}

/** Indices are always in order; of the other keys, deleting and appending must give the order that is there now. */
function keepsOrder(old: ReadonlyMap<Key, Property>, now: ReadonlyMap<Key, Property>): boolean {
  const kept = [...old.keys()].filter((key) => now.has(key));
  const added = [...now.keys()].filter((key) => !old.has(key));
  const expected = [...kept, ...added].filter((key) => !isIndex(key));
  // Symbols always come after strings, so that the two orders do not mix.
  const actual = [...now.keys()].filter((key) => !isIndex(key));
  const strings = (keys: readonly Key[]): readonly Key[] => keys.filter((key) => typeof key === "string");
  const symbols = (keys: readonly Key[]): readonly Key[] => keys.filter((key) => typeof key === "symbol");
  return sameValues(strings(expected), strings(actual)) && sameValues(symbols(expected), symbols(actual));
}

function difference(old: ReadonlyMap<Key, Property>, now: ReadonlyMap<Key, Property>): Difference {
  const deleted = [...old.keys()].filter((key) => !now.has(key));
  const set = [...now.values()].filter((property) => {
    const before = old.get(property.key);
    return !before || before.flags !== property.flags || !Object.is(before.value, property.value);
  });
  return { deleted, set };
}

function sameValues(left: readonly unknown[], right: readonly unknown[]): boolean {
  return left.length === right.length && left.every((value, position) => Object.is(value, right[position]));
}

function sameFields(left: Readonly<Record<string, unknown>>, right: Readonly<Record<string, unknown>>): boolean {
  return sameValues(Object.keys(left), Object.keys(right)) && sameValues(Object.values(left), Object.values(right));
}
