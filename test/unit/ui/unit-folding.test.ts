import { expect, it } from "vitest";
import { compareWithUnit, foldsOf } from "../../../src/ui/unit-folding.ts";

const original = [
  'import { read, write } from "./files.ts";',
  "const vatRate = 0.2;",
  "",
  "export function greet(name: string): string {",
  "  return name;",
  "}",
  "",
  "function main(): void {}",
  "export const gross = (net: number): number => net * (1 + vatRate);",
  "main();",
].join("\n");
const blank = (line: string): string => " ".repeat(line.length);
const unit = original
  .split("\n")
  .map((line, index) =>
    index === 0 ? line.replace(" write ", "       ") : [1, 2, 6, 8].includes(index) ? line : blank(line),
  )
  .join("\n")
  .concat("\n;export { gross as __faasify };\n");

it("says in the first of the lines that stay how many they are and what they declare", () => {
  const { text } = compareWithUnit(original, unit);
  const lines = text.split("\n");

  expect(lines[3]).toBe("// ⋯ 5 lines stay here: greet, main");
  expect(lines[9]).toBe("// ⋯ stays here");
  expect(lines[1]).toBe("const vatRate = 0.2;");
  expect(lines.slice(4, 8).join("").trim()).toBe("");
});

it("keeps every other line where it is, also those behind the original's end", () => {
  const { text } = compareWithUnit(original, unit);

  expect(text.split("\n").length).toBe(unit.split("\n").length);
  expect(text.split("\n")[8]).toBe(original.split("\n")[8]);
  expect(text).toContain("export { gross as __faasify }");
});

it("folds runs of more than one line, and finds them again in its own text", () => {
  const { text, folds } = compareWithUnit(original, unit);

  expect(folds).toEqual([{ first0: 3, last0: 7 }]);
  expect(foldsOf(text)).toEqual(folds);
  expect(foldsOf("// 12 lines\n\n")).toEqual([]);
});

it("names what of the original is left out, to the column", () => {
  const { leftOut } = compareWithUnit(original, unit);

  expect(leftOut).toContainEqual({ line0: 0, start0: 15, end0: 20 });
  expect(leftOut).toContainEqual({ line0: 7, start0: 0, end0: 24 });
  expect(leftOut.some(({ line0 }) => line0 === 8)).toBe(false);
});

it("counts lines with text, and bytes without blanks", () => {
  const same = compareWithUnit("a();\n\nb();\n", "a();\n\n     \n");

  expect(same).toMatchObject({ originalLines: 2, unitLines: 1, unitBytes: 5 });
  expect(compareWithUnit(original, original).leftOut).toEqual([]);
});
