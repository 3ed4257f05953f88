/** Long lists of primitives are looked at as a whole: here nothing odd in them may be overlooked. */
import { describe, expect, it } from "vitest";
import { encodeValue, ValueNotPortable } from "../../../../src/protocol/values/codec.ts";
import { hasOrdinaryElements } from "../../../../src/protocol/values/host.ts";
import { cross, differenceOf } from "./lib.ts";

const LENGTH = 3000;

const lists: Readonly<Record<string, () => unknown[]>> = {
  "small integers": () => Array.from({ length: LENGTH }, (_, index) => index),
  fractions: () => Array.from({ length: LENGTH }, (_, index) => index + 0.5),
  texts: () => Array.from({ length: LENGTH }, (_, index) => `text ${index}`),
  "all plain kinds": () => Array.from({ length: LENGTH }, (_, index) => [index, "x", null, true, 1e300][index % 5]),
  "places filled one by one": () => {
    const list = Array<unknown>(LENGTH);
    for (let index = 0; index < LENGTH; index++) list[index] = index;
    return list;
  },
};

const oddities: Readonly<Record<string, (list: unknown[], at: number) => void>> = {
  NaN: (list, at) => (list[at] = Number.NaN),
  "-0": (list, at) => (list[at] = -0),
  undefined: (list, at) => (list[at] = undefined),
  "a bigint": (list, at) => (list[at] = 1n),
  "a registered symbol": (list, at) => (list[at] = Symbol.for("s")),
  "a Date": (list, at) => (list[at] = new Date(0)),
  "the list itself": (list, at) => (list[at] = list),
  "a hole": (list, at) => Reflect.deleteProperty(list, at),
  "a read-only element": (list, at) => Object.defineProperty(list, at, { writable: false }),
  "a hidden element": (list, at) => Object.defineProperty(list, at, { enumerable: false }),
  "a fixed element": (list, at) => Object.defineProperty(list, at, { configurable: false }),
  "a property": (list) => Object.assign(list, { extra: 1 }),
  "a hidden property": (list) => Object.defineProperty(list, "extra", { value: 1 }),
  "a property with a symbol": (list) => Object.assign(list, { [Symbol.for("extra")]: 1 }),
  "a read-only length": (list) => Object.defineProperty(list, "length", { writable: false }),
  "no more elements": (list) => Object.preventExtensions(list),
  sealed: (list) => Object.seal(list),
  frozen: (list) => Object.freeze(list),
  "another prototype": (list) => Object.setPrototypeOf(list, null),
};

const places = [0, 1, LENGTH / 2, LENGTH - 1];
const cases = Object.keys(lists).flatMap((kind) => Object.keys(oddities).map((odd) => [kind, odd] as const));

function made(kind: string): unknown[] {
  return lists[kind]?.() ?? [];
}

describe("a long list", () => {
  it.each(Object.keys(lists))("of %s is its own encoding", (kind) => {
    const list = made(kind);
    expect(encodeValue(list)).toBe(list);
  });

  it.each(cases)("of %s with %s crosses without loss", (kind, odd) => {
    for (const at of places) {
      const list = at === 0 ? made(kind) : [...made(kind)];
      oddities[odd]?.(list, at);
      expect(encodeValue(list)).not.toBe(list);
      expect(differenceOf(list, cross(list))).toBeUndefined();
    }
  });

  it.each(["get", "set"])("with an accessor (%s) in it is refused, and the accessor does not run", (accessor) => {
    for (const at of places) {
      const list = made("small integers");
      const ran = (): never => {
        throw new Error("it ran");
      };
      Object.defineProperty(list, at, { [accessor]: ran, enumerable: true, configurable: true });
      expect(() => encodeValue(list)).toThrow(ValueNotPortable);
      expect(() => encodeValue(list)).toThrow(`value[${at}] is a getter or setter`);
    }
  });

  it.each(["small integers", "texts"])("of %s that never had a hole needs no question per element", (kind) => {
    expect(hasOrdinaryElements([...made(kind)])).toBe(true);
  });

  it("with a hole that the prototype fills is not plain", () => {
    const list = made("small integers");
    Reflect.deleteProperty(list, 7);
    Reflect.set(Array.prototype, 7, 7);
    try {
      expect(encodeValue(list)).not.toBe(list);
    } finally {
      Reflect.deleteProperty(Array.prototype, 7);
    }
  });
});
