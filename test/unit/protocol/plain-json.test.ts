import { describe, expect, it } from "vitest";
import { findNotPortable } from "../../../src/protocol/plain-json.ts";

class Money {
  readonly cents = 1;
}
const cyclic: Record<string, unknown> = { name: "a" };
cyclic["self"] = [cyclic];
const withProperty = Object.assign([1], { extra: 2 });
const shared = { a: 1 };

describe("plain JSON carries unchanged", () => {
  it.each([
    [null],
    ["text \ud800 with half a character"],
    [0],
    [[1, [2, { a: [] }]]],
    [{ a: null, "b c": false, __proto__x: 1 }],
    [[shared, shared]],
    [JSON.parse(`{"__proto__": 1}`)],
  ])("%j", (value) => {
    expect(findNotPortable(value)).toBeUndefined();
    expect(JSON.parse(JSON.stringify(value))).toEqual(value);
  });
});

describe("plain JSON would change", () => {
  it.each<[string, string, unknown]>([
    ["result", "undefined", undefined],
    ["result", "NaN", Number.NaN],
    ["result.a", "-Infinity", { a: -Infinity }],
    ["result[0]", "-0", [-0]],
    ["result.n", "a bigint", { n: 1n }],
    ["result.items[3].when", "a Date", { items: [0, 1, 2, { when: new Date(0) }] }],
    ["result.map", "a Map", { map: new Map() }],
    ["result", "a Set", new Set()],
    ["result.m", "a Money", { m: new Money() }],
    ["result.e", "an Error", { e: new Error("x") }],
    ["result.b", "a Buffer", { b: Buffer.from("x") }],
    ["result.r", "a RegExp", { r: /x/ }],
    ["result.p", "a Promise", { p: Promise.resolve() }],
    ["result.u", "undefined", { u: undefined }],
    ["result[1]", "undefined", [1, undefined]],
    ["result[1]", "a hole in an array", [1, , 3]], // oxlint-disable-line no-sparse-arrays
    ["result.extra", "a property of an array", withProperty],
    ["result.f", "a function", { f: () => 1 }],
    ["result.C", "a class", { C: Money }],
    ["result.toJSON", "a function", { toJSON: () => 1 }],
    ["result.s", "a symbol", { s: Symbol("x") }],
    ["result[Symbol(x)]", "a property named by a symbol", { [Symbol("x")]: 1 }],
    ["result.g", "a getter or setter", Object.defineProperty({}, "g", { get: () => 1, enumerable: true })],
    ["result.h", "a hidden (not enumerable) property", Object.defineProperty({}, "h", { value: 1 })],
    ["result", "an object without a prototype", Object.create(null)],
    ['result["two words"]', "NaN", { "two words": Number.NaN }],
    ["result.self[0]", "a reference to something that contains it", cyclic],
    ["result", "a String", new String("boxed")], // oxlint-disable-line no-new-wrappers unicorn/new-for-builtins
  ])("%s is %s", (path, what, value) => {
    expect(findNotPortable(value)).toEqual({ path, what });
  });

  it("values nested so deep that the stack would end", () => {
    let deep: unknown = 1;
    for (let level = 0; level < 100_000; level++) deep = [deep];

    expect(findNotPortable(deep)?.what).toBe("nested more than 1000 levels deep");
  });
});
