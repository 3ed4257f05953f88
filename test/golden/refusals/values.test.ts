/**
 * The words in which the codec says that a value cannot cross. `values.txt` has them; `vitest run --project golden -u`
 * writes it anew. A text of src/protocol/values that no case provokes fails the last test.
 */
import { beforeAll, describe, expect, it } from "vitest";
import {
  decodeAnswer,
  decodeCall,
  decodeValue,
  encodeAnswer,
  encodeCall,
  encodeValue,
} from "../../../src/protocol/values/codec.ts";
import type { CodecOptions } from "../../../src/protocol/values/contract.ts";
import { classTable } from "../../unit/protocol/values/lib.ts";
import { textsIn } from "./texts.ts";

class Point {
  x = 1;
}
const nameless = new (class {
  x = 1;
})();
const detached = new ArrayBuffer(1);
structuredClone(detached, { transfer: [detached] });

/** Values that nothing can carry, by what is done with them. */
const unportable: readonly unknown[] = [
  () => 1,
  class {
    x = 1;
  },
  { deep: [{ in: () => 1 }] },
  Symbol("own"),
  { [Symbol("own")]: 1 },
  {
    get a() {
      return 1;
    },
  },
  new Proxy({}, {}),
  new Point(),
  nameless,
  Reflect.apply(
    function (): unknown {
      return arguments;
    },
    undefined,
    [],
  ),
  new SharedArrayBuffer(1),
  detached,
  new ArrayBuffer(1, { maxByteLength: 2 }),
  Promise.resolve(),
];

/** What no encoder makes, inside `$faasify`. */
const damaged: readonly unknown[] = [
  1,
  {},
  { objects: {}, value: 1 },
  { objects: [], value: [0] },
  { objects: [], value: {} },
  { objects: [], value: ["x"] },
  { objects: [], value: ["z", "x"] },
  { objects: [], value: ["b", "0x1"] },
  { objects: [], value: ["n", "toString"] },
  { objects: [], value: ["S", "unknown"] },
  { objects: [], value: ["g", "eval"] },
  { objects: [], value: ["k", "a.ts#A"] },
  { objects: [1], value: [0] },
  { objects: [["Socket", []]], value: [0] },
  { objects: [["Object", 1]], value: [0] },
  { objects: [["Object", [], 1]], value: [0] },
  { objects: [["Object", [], { k: 1 }]], value: [0] },
  { objects: [["Object", [], { k: ["a"] }]], value: [0] },
  { objects: [["Object", [], { k: [["n", "-0"], 1] }]], value: [0] },
  { objects: [["Object", [], { K: ["a", 1, 99] }]], value: [0] },
  { objects: [["Object", [], { p: 1 }]], value: [0] },
  { objects: [["Object", [], { p: ["g", "Promise.prototype"] }]], value: [0] },
  { objects: [["Object", [], { h: 1 }]], value: [0] },
  { objects: [["Object", [], { h: ["#a", 1] }]], value: [0] },
  { objects: [["ArrayBuffer", [1e12]]], value: [0] },
  { objects: [["ref", 1]], value: [0] },
];

interface Change {
  readonly target: object;
  readonly change: unknown;
}

const fixed = { a: 1 };
Object.defineProperty(fixed, "a", { configurable: false, writable: false });
const fixedList = [1];
Object.defineProperty(fixedList, 0, { configurable: false });

/** Changes that the caller's object does not take, or that are none. */
const impossible: readonly Change[] = [
  { target: {}, change: 1 },
  { target: {}, change: { d: 1 } },
  { target: Object.freeze({ a: 1 }), change: { d: ["a"] } },
  { target: Object.freeze({ a: 1 }), change: { k: ["a", 2] } },
  { target: Object.freeze({ a: 1 }), change: { k: ["b", 2] } },
  { target: Object.freeze({ a: 1 }), change: { p: null } },
  { target: Object.preventExtensions({ a: 1 }), change: { r: 1, k: ["b", 1] } },
  { target: fixed, change: { r: 1, k: ["b", 1] } },
  { target: Object.freeze([1]), change: { v: [0] } },
  { target: fixedList, change: { v: [0] } },
  { target: {}, change: { v: [1] } },
  { target: {}, change: { b: [0, "AAAA"] } },
  { target: new ArrayBuffer(1), change: { b: [0, "AAAA"] } },
  { target: new ArrayBuffer(1), change: { b: [0, 1] } },
];

const said: string[] = [];

function say(title: string, act: () => unknown): void {
  try {
    act();
    said.push(`${title}: nothing is wrong`);
  } catch (error) {
    const { name, message } = error as Error;
    said.push(`${title}: ${name}: ${message}`);
  }
}

beforeAll(() => {
  for (const [index, value] of unportable.entries()) say(`value ${index}`, () => encodeValue(value));
  for (const graph of damaged) say(JSON.stringify(graph), () => decodeValue({ $faasify: graph }, options()));
  say("something beside the graph", () => decodeValue({ $faasify: {}, more: 1 }));
  for (const { target, change } of impossible) {
    const sent = encodeCall({ args: [target] });
    say(JSON.stringify(change), () =>
      decodeAnswer({ $faasify: { objects: [], value: 1, changes: [[0, change]] } }, sent, options()),
    );
  }
  saidOfCalls();
});

function options(): CodecOptions {
  return { classes: classTable({ "a.ts#Point": { prototype: Point.prototype } }) };
}

function saidOfCalls(): void {
  const sent = encodeCall({ args: [{}] });
  const answer = (changes: unknown): unknown => ({ $faasify: { objects: [], value: 1, changes } });
  say("no list of changes", () => decodeAnswer(answer(1), sent));
  say("a change that is none", () => decodeAnswer(answer([1]), sent));
  say("a change of nothing", () => decodeAnswer(answer([[5, {}]]), sent));
  say("arguments that are none", () => decodeCall({ a: 1 }));
  say("state that is none", () => decodeCall({ $faasify: { objects: [], args: [], state: 1 } }));

  const received = decodeCall(JSON.parse(JSON.stringify(encodeCall({ args: [/a/] }).encoded)));
  (received.args[0] as RegExp).compile("b");
  say("a pattern compiled anew", () => encodeAnswer(received, { value: 1 }));

  const view = encodeCall({ args: [], state: { bytes: new Uint8Array([1, 2]).subarray(1) } }).encoded;
  say("a view of another part", () => decodeCall(view, {}, { bytes: new Uint8Array(2) }));
  const text = encodeCall({ args: [], state: { bytes: new Uint8Array(2) } }).encoded;
  say("another kind of constant", () => decodeCall(text, {}, { bytes: new Map() }));
  say("a buffer of another length", () => decodeCall(text, {}, { bytes: new Uint8Array(3) }));
}

describe("what the codec refuses", () => {
  it("is said as it was", async () => {
    await expect(`${said.join("\n")}\n`).toMatchFileSnapshot("values.txt");
  });

  it("is every text that it has", () => {
    const silent = textsIn(["protocol/values"]).filter(({ pattern }) => !said.some((one) => pattern.test(one)));

    expect(silent.map(({ place, wording }) => `${place}: ${wording}`)).toEqual([]);
  });
});
