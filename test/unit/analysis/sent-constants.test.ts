/** Constants that each process makes anew: which of them are sent with a call. */
import { describe, expect, it } from "vitest";
import { extractUnit } from "../../../src/transform/extract-unit.ts";
import { project } from "./project.ts";

function unitOf(text: string) {
  using files = project({ "a.mjs": text });
  return extractUnit(files.analyzer, { file: files.path("a.mjs"), name: "f" });
}

const sentIn = (text: string): string[] =>
  unitOf(text)
    .manifest.state.flatMap(({ name, sent }) => (sent ? [name] : []))
    .toSorted();

describe("a constant that is sent", () => {
  it.each([
    ['const k = process.env.K ?? "x";', ["k"]],
    ["const k = Number(process.env['K']) * 2 > 3 ? `a${process.env.B}` : 'b';", ["k"]],
    ["const { K, L: k = 'l' } = process.env;", ["K", "k"]],
    ["const k = Date.now();", ["k"]],
    ["const a = Math.random(), k = a.toString(36).slice(2);", ["a", "k"]],
    ['import { randomUUID } from "node:crypto";\nconst k = randomUUID();', ["k"]],
  ])("%s", (text, names) => {
    expect(sentIn(`${text}\nexport const f = () => k;`)).toEqual(names);
  });

  it("is one that calls can set in the unit, where nothing has moved", () => {
    const text = 'const k = process.env.K ?? "x";\nexport const f = () => k;\n';
    const [file] = unitOf(text).files;

    expect(file?.text).toMatch(/^let  {2}k = process\.env\.K \?\? "x";\nexport const f = \(\) => k;\n/);
    expect(file?.text).toContain("set: (value) => { k = value; }");
  });
});

describe("a constant that is not sent", () => {
  it.each([
    "const k = 1;",
    "const k = { at: process.env.K };",
    "const k = [process.env.K];",
    "const k = read(process.env.K);\nconst read = (x) => ({ x });",
    "let k = process.env.K;",
    "const randomUUID = () => ({}), k = randomUUID(process.env.K);",
  ])("%s", (text) => {
    expect(sentIn(`${text}\nexport const f = () => k;`)).toEqual([]);
  });
});
