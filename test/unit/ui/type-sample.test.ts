import { expect, it } from "vitest";
import { sampleOfType } from "../../../src/ui/type-sample.ts";

it.each([
  ["string", ""],
  ["number", 0],
  ["boolean", false],
  ["any", null],
  ["Item", {}],
  ["Item[]", []],
  ["string[]", [""]],
  ["readonly number[][]", [[0]]],
  ["Array<{ a: string }>", [{ a: "" }]],
  ["ReadonlyArray<Item>", []],
  ["Readonly<{ a: boolean }>", { a: false }],
  ["Record<string, number>", {}],
  ["Map<string, Item[]>", {}],
  ['"small" | "large"', "small"],
  ["null | 3 | 4", 3],
  ["undefined | string", ""],
  ["| 'it\\'s' | 'b'", "it's"],
  ["(string | number)[]", [""]],
  ["[x: number, y?: string, ...rest: boolean[]]", [0]],
  ["{ width: number; height?: number; label: string | null; }", { width: 0, label: "" }],
  ["{ readonly a: { b: string[]; }; 'c-d': 1 }", { a: { b: [""] }, "c-d": 1 }],
  ["{ [key: string]: number; a: string }", { a: "" }],
  ["{ a: number } & { b: string }", { a: 0, b: "" }],
  ["(value: string) => number", null],
  ["[string, Item[]]", ["", []]],
  ["Item['price']", null],
  ["Node.Buffer<X, Y[]>[]", []],
])("makes a value of %s", (type, value) => {
  expect(sampleOfType(type)).toEqual(value);
});

it.each([
  "",
  "{",
  "[",
  "(",
  "{ a",
  "{ a: ",
  "<",
  "Array<",
  "typeof x",
  "keyof T",
  "T extends U ? 1 : 2",
  "`a${string}`",
  "...",
  "|",
])("ends, whatever stands in the type: %s", (type) => {
  expect(() => JSON.stringify(sampleOfType(type))).not.toThrow();
});
