import { expect, it } from "vitest";
import { firstDifference } from "../../../src/verify/compare.ts";
import type { Observation } from "../../../src/verify/observation.ts";
import { snapshotOf } from "../../../src/verify/snapshot.ts";

const returned = (result: unknown, args: readonly unknown[] = [], rest: Partial<Observation> = {}): Observation => ({
  input: "",
  outcome: "returned",
  promise: false,
  values: snapshotOf({ result, arguments: args }),
  output: [],
  ...rest,
});
const threw = (error: unknown): Observation => ({
  ...returned(undefined),
  outcome: "threw",
  values: snapshotOf({ error, arguments: [] }),
});
const said = (a: Observation, b: Observation): string | undefined => {
  const difference = firstDifference(a, b);
  return difference && `${difference.path}: ${difference.original} ≠ ${difference.deployed}`;
};

it("names the first path at which results part", () => {
  const result = (when: unknown) => ({ items: [0, 1, 2, { when }] });

  expect(said(returned(result(2)), returned(result(3)))).toBe("result.items[3].when: 2 ≠ 3");
});

class Cart {
  total = 1;
}
const sparse: unknown[] = [1];
sparse[2] = 3;
const extra = Object.assign([1], { note: "x" });
const shared = { a: 1 };
const cyclic: Record<string, unknown> = {};
cyclic["self"] = cyclic;

it.each<[what: string, left: unknown, right: unknown, difference: string]>([
  ["-0 and 0", -0, 0, "result: -0 ≠ 0"],
  ["NaN and null", Number.NaN, null, "result: NaN ≠ null"],
  ["bigint and number", 1n, 1, "result: 1n ≠ 1"],
  ["a number and its text", 1, "1", 'result: 1 ≠ "1"'],
  ["undefined and missing", { a: undefined }, {}, "result.a: there ≠ missing"],
  ["an extra key", {}, { a: 1 }, "result.a: missing ≠ there"],
  ["order of keys", { a: 1, b: 2 }, { b: 2, a: 1 }, "result: keys a, b ≠ keys b, a"],
  ["dates", new Date(2), new Date(3), "result: Date 2 ≠ Date 3"],
  ["an invalid date", new Date(Number.NaN), new Date(0), "result: Date NaN ≠ Date 0"],
  ["a date and its text", new Date(0), "1970", 'result: Date 0 ≠ "1970"'],
  ["holes", sparse, [1, undefined, 3], "result[1]: missing ≠ there"],
  ["properties of arrays", extra, [1], "result.note: there ≠ missing"],
  ["maps", new Map([["a", 1]]), new Map([["a", 2]]), 'result.get("a"): 1 ≠ 2'],
  ["sets", new Set([1]), new Set([2]), "result[item 0]: 1 ≠ 2"],
  ["bytes", Uint8Array.of(1), Uint8Array.of(2), "result: Uint8Array 01 ≠ Uint8Array 02"],
  ["a Buffer and its bytes", Buffer.of(1), Uint8Array.of(1), "result: Buffer 01 ≠ Uint8Array 01"],
  ["a class", new Cart(), { total: 1 }, "result: a Cart ≠ an Object"],
  ["a null prototype", Object.create(null), {}, "result: a null ≠ an Object"],
  ["frozen", Object.freeze({ a: 1 }), { a: 1 }, "result: a frozen Object ≠ an Object"],
  ["symbol keys", { [Symbol.for("k")]: 1 }, {}, 'result[Symbol.for("k")]: there ≠ missing'],
  ["regular expressions", /a/g, /a/, "result: RegExp /a/g at 0 ≠ RegExp /a/ at 0"],
  ["boxed primitives", Object(1), 1, "result: Number 1 ≠ 1"],
  [
    "an accessor",
    {
      get a() {
        return 1;
      },
    },
    { a: 1 },
    "result.a: accessor ≠ 1",
  ],
  ["sharing", [shared, shared], [{ a: 1 }, { a: 1 }], "result[1]: the same object as elsewhere ≠ another object"],
  [
    "sharing that is new",
    [{ a: 1 }, { a: 1 }],
    [shared, shared],
    "result[1]: an object of its own ≠ the same object as result[0]",
  ],
  ["cycles", cyclic, { self: {} }, "result.self: the same object as elsewhere ≠ another object"],
])("tells %s apart", (_what, left, right, difference) => {
  expect(said(returned(left), returned(right))).toBe(difference);
  expect(said(returned(left), returned(left))).toBeUndefined();
});

it("compares generators by what they give", () => {
  const giving = function* (...items: unknown[]) {
    yield* items;
  };

  expect(said(returned(giving(1)), returned(giving(2)))).toBe("result[item 0]: 1 ≠ 2");
  expect(said(returned(giving(1)), returned(giving(1)))).toBeUndefined();
});

it("sees what became of the arguments, and whether the result is one of them", () => {
  const changed = [{ a: 2 }];
  const list = [1];

  expect(said(returned(1, [{ a: 1 }]), returned(1, changed))).toBe("arguments[0].a: 1 ≠ 2");
  expect(said(returned(list, [list]), returned([1], [[1]]))).toBe(
    "arguments[0]: the same object as elsewhere ≠ another object",
  );
});

it("compares errors by class, message, code, cause and fields, not by stack", () => {
  const failed = (message: string, fields: object) => threw(Object.assign(new RangeError(message), fields));

  expect(said(failed("a", { code: "E1" }), failed("a", { code: "E1" }))).toBeUndefined();
  expect(said(failed("a", {}), failed("b", {}))).toBe('error.message: "a" ≠ "b"');
  expect(said(failed("a", { code: "E1" }), failed("a", { code: "E2" }))).toBe('error.code: "E1" ≠ "E2"');
  expect(said(threw(new RangeError("a")), threw(new TypeError("a")))).toBe('error: RangeError "a" ≠ TypeError "a"');
  expect(said(threw(new Error("a", { cause: 1 })), threw(new Error("a", { cause: 2 })))).toBe("error.cause: 1 ≠ 2");
  expect(said(threw("text"), threw(new Error("text")))).toBe('error: "text" ≠ Error "text"');
});

it("tells returning from throwing, and a promise from its value", () => {
  expect(said(returned(1), threw(new Error("no")))).toBe('outcome: returned 1 ≠ threw Error "no"');
  expect(said(returned(1, [], { promise: true }), returned(1))).toBe("result: a promise ≠ no promise");
});

it("compares the output, in order and by stream", () => {
  const prints = (...output: Observation["output"]) => returned(1, [], { output });

  expect(said(prints(["stdout", "a\n"]), prints(["stdout", "b\n"]))).toBe(String.raw`stdout: "a\n" ≠ "b\n"`);
  expect(said(prints(["stdout", "a"], ["stderr", "b"]), prints(["stdout", "a"]))).toBe('stderr: "b" ≠ nothing');
  expect(said(prints(["stdout", "a"]), prints(["stderr", "a"]))).toBe('stdout: "a" ≠ stderr "a"');
});

it("takes values nested deeper than the stack, and long iterators", () => {
  let deep: unknown[] = [];
  for (let level = 0; level < 10_000; level += 1) deep = [deep];
  const endless = (function* () {
    for (;;) yield 1;
  })();

  expect(snapshotOf(deep).nodes).toHaveLength(10_001);
  expect(snapshotOf(endless).nodes[0]?.fields).toHaveLength(1000);
});
