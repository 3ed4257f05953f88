import { expect, it } from "vitest";
import { newFunctionName, renamed, validateName } from "../../../src/ui/new-function-name.ts";

const english = { t: (message: string, ...values: string[]) => message.replace("{0}", values[0] ?? "") };

it.each([
  ["\nfunction newFunction(net: number) {\n  return net;\n}\n", "newFunction"],
  ["\nasync function newFunction_1(net) {\n}\n", "newFunction_1"],
  ["\nfunction* newFunction<T>(net: T) {\n}\n", "newFunction"],
  ["\n  private newMethod(net: number) {\n  }\n", "newMethod"],
])("is found in what TypeScript puts in", (text, name) => {
  expect(newFunctionName(["sum = newFunction_2(net);", text])).toBe(name);
});

it("is not found where no function is made", () => {
  expect(newFunctionName(["const newLocal = 1;"])).toBeUndefined();
});

it("is replaced where it is declared and called, and nowhere else", () => {
  expect(
    renamed(["sum = newFunction(net);", "function newFunction(a) { newFunctions(); }"], "newFunction", "add"),
  ).toEqual(["sum = add(net);", "function add(a) { newFunctions(); }"]);
});

it.each(["1a", "a b", "", "return"])("“%s” is no name", (name) => {
  expect(validateName(name, "", english)).toContain("no name");
});

it("must be new in its file", () => {
  expect(validateName("add", "const add = 1;", english)).toContain("in use");
  expect(validateName("add", "const address = 1; const $add = 2;", english)).toBeUndefined();
  expect(validateName("$", "const a = b$c;", english)).toBeUndefined();
});
