import { expect, it } from "vitest";
import { ValueNotPortable } from "../../../../src/protocol/values/codec.ts";
import { cross, differenceOf } from "./lib.ts";

/** The same seeds give the same values everywhere. */
const GRAPHS = 100_000;

/** Mulberry32: the same numbers in every run. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

const keys = [
  "a",
  "b",
  "0",
  "7",
  "__proto__",
  "constructor",
  "$faasify",
  "",
  "two words",
  Symbol.for("k"),
  Symbol.iterator,
];
const texts = ["", "x", "$faasify", "\ud800", "é", "__proto__"];
const numbers = [0, -0, 1, -1.5, Number.NaN, Infinity, -Infinity, 2 ** 53, 5e-324];

class Generator {
  readonly #below: (below: number) => number;
  readonly #made: unknown[] = [];
  /** Something that cannot travel is in it. */
  foreign = false;

  constructor(seed: number) {
    this.#below = randomFrom(seed);
  }

  value(depth: number): unknown {
    const choice = this.#below(depth <= 0 ? 8 : 22);
    if (choice < 8) return this.#leaf(choice);
    if (choice < 10 && this.#made.length > 0) return this.#made[this.#below(this.#made.length)];
    if (choice < 13) return this.#filled({}, depth);
    if (choice < 16) return this.#array(depth);
    return this.#special(choice, depth);
  }

  #leaf(choice: number): unknown {
    if (choice < 2) return numbers[this.#below(numbers.length)];
    if (choice < 4) return texts[this.#below(texts.length)];
    if (choice === 4) return [null, undefined, true, false][this.#below(4)];
    if (choice === 5) return [1n, Symbol.for("s"), Symbol.hasInstance, Math.min][this.#below(4)];
    if (choice === 6) return this.#below(3);
    if (this.#below(40) > 0) return "leaf";
    this.foreign = true;
    return [() => 1, Symbol("own"), new WeakSet(), Promise.resolve()][this.#below(4)];
  }

  #special(choice: number, depth: number): unknown {
    const bytes = (): ArrayBuffer => Uint8Array.from({ length: 16 }, () => this.#below(256)).buffer;
    switch (choice) {
      case 16:
        return this.#filled(Object.create([null, {}, Array.prototype][this.#below(3)] ?? null) as object, depth);
      case 17: {
        const map = this.#keep(new Map<unknown, unknown>());
        for (let count = this.#below(3); count > 0; count--) map.set(this.value(depth - 1), this.value(depth - 1));
        return this.#filled(map, 0);
      }
      case 18: {
        const set = this.#keep(new Set<unknown>());
        for (let count = this.#below(3); count > 0; count--) set.add(this.value(depth - 1));
        return set;
      }
      case 19: {
        const buffer = this.#keep(bytes());
        this.#keep(new Uint16Array(buffer, 2, 3));
        return this.#keep([new DataView(buffer, 1), new Uint8Array(buffer, 4), Buffer.alloc(5, "x")][this.#below(3)]);
      }
      case 20:
        return this.#filled(
          [new Error("e"), new TypeError("t", { cause: this.value(0) })][this.#below(2)] as object,
          depth,
        );
      default:
        return this.#keep(
          [new Date(this.#below(9)), /x/g, Object(1), Object("ab"), new URL("http://a/"), new URLSearchParams("a=1")][
            this.#below(6)
          ],
        );
    }
  }

  #keep<T>(value: T): T {
    this.#made.push(value);
    return value;
  }

  #array(depth: number): unknown {
    const array: unknown[] = this.#keep([]);
    for (let count = this.#below(4); count > 0; count--) array.push(this.value(depth - 1));
    if (this.#below(6) === 0) array.length += 2;
    return this.#below(6) === 0 ? this.#filled(array, depth) : array;
  }

  #filled(object: object, depth: number): object {
    this.#keep(object);
    for (let count = this.#below(4); count > 0; count--) {
      const key = keys[this.#below(keys.length)] ?? "";
      if (typeof key === "string" && Object.hasOwn(object, key)) continue;
      const usual = this.#below(4) > 0;
      const bit = (): boolean => usual || this.#below(2) === 0;
      const value = this.value(depth - 1);
      Reflect.defineProperty(object, key, { value, writable: bit(), enumerable: bit(), configurable: bit() });
    }
    if (this.#below(8) === 0) Object.preventExtensions(object);
    return this.#below(12) === 0 && !ArrayBuffer.isView(object) ? Object.freeze(object) : object;
  }
}

function outcomeOf(seed: number): "same" | "refused" {
  const generator = new Generator(seed);
  const value = generator.value(4);
  let difference: string | undefined;
  try {
    difference = differenceOf(value, cross(value));
  } catch (error) {
    const isRefused = error instanceof ValueNotPortable;
    if (isRefused && generator.foreign) return "refused";
    throw new Error(`seed ${seed}${isRefused ? ": refused without reason" : ""}`, { cause: error });
  }
  if (difference !== undefined) throw new Error(`seed ${seed}: ${difference}`);
  return "same";
}

it(`${GRAPHS} generated values come back as they were, or are refused because something in them cannot travel`, () => {
  const count = { same: 0, refused: 0 };
  for (let seed = 1; seed <= GRAPHS; seed++) {
    count[outcomeOf(seed)]++;
  }
  expect(count.same).toBeGreaterThan(GRAPHS * 0.8);
  expect(count.refused).toBeGreaterThan(GRAPHS * 0.001);
}, 600_000);
