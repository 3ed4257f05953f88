import { describe, expect, it } from "vitest";
import { FaasifyError } from "../../../src/core/errors.ts";
import type { Unit } from "../../../src/core/unit.ts";
import { extractUnit } from "../../../src/transform/extract-unit.ts";
import { project, type Project } from "../analysis/project.ts";

function unitOf(files: Project, file: string, name: string): Unit {
  return extractUnit(files.analyzer, { file: files.path(file), name });
}

/** The first file's text with blanks and blank lines squeezed, without the names that it makes known. */
function kept(unit: Unit): string {
  const text = (unit.files[0]?.text ?? "").replace(/\n;\(globalThis\[Symbol\.for\("faasify\.names"\)\].*\n$/, "");
  return text.replaceAll(/[ \n]+/g, " ").trim();
}

function failureOf(extract: () => unknown): FaasifyError {
  try {
    extract();
  } catch (error) {
    if (error instanceof FaasifyError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("what is refused", () => {
  it("a function that stays, with all reasons and lines", () => {
    using files = project({ "a.ts": "export function f(each: () => void) {\n  process.stdin.resume();\n}" });

    expect(failureOf(() => unitOf(files, "a.ts", "f"))).toMatchObject({
      code: "function-stays-local",
      message: expect.stringMatching(
        /a\.ts#f cannot move: reads standard input.*\(line 2\); takes the callback `each`.*\(line 1\)/,
      ),
    });
  });

  it("an entry point", () => {
    using files = project({ "a.ts": "function main() {}\nmain();" });

    expect(failureOf(() => unitOf(files, "a.ts", "main")).code).toBe("function-stays-local");
  });

  it("a function that is not there, naming those that are", () => {
    using files = project({ "a.ts": "export const one = () => 1;\nexport function two() {}" });

    expect(failureOf(() => unitOf(files, "a.ts", "three"))).toMatchObject({
      code: "function-not-found",
      remedy: "Name one of its functions: one, two",
    });
  });

  it("a file that is not there, does not parse, or is in another language", () => {
    using files = project({ "bad.ts": "export function f() {\n  return (;\n}", "a.py": "" });

    expect(failureOf(() => unitOf(files, "none.ts", "f")).code).toBe("file-not-found");
    expect(failureOf(() => unitOf(files, "bad.ts", "f"))).toMatchObject({
      code: "file-not-parsed",
      message: expect.stringContaining("bad.ts:2 does not parse"),
    });
    expect(failureOf(() => unitOf(files, "a.py", "f")).code).toBe("file-not-parsed");
  });

  it("a needed file that does not parse", () => {
    using files = project({
      "a.ts": 'import { g } from "./b";\nexport const f = () => g();',
      "b.ts": "export const g = (",
    });

    expect(failureOf(() => unitOf(files, "a.ts", "f"))).toMatchObject({
      code: "file-not-parsed",
      message: expect.stringContaining("b.ts:1"),
    });
  });

  it("an import that leads nowhere, unless the function does not need it", () => {
    using files = project({
      "a.ts":
        'import { g } from "./missing";\nimport { h } from "@no/such";\nexport const f = () => g();\nexport const free = () => 1;',
    });

    expect(failureOf(() => unitOf(files, "a.ts", "f"))).toMatchObject({
      code: "dependency-missing",
      message: expect.stringMatching(/"\.\/missing", imported by .*a\.ts:1/),
    });
    expect(kept(unitOf(files, "a.ts", "free"))).toBe("export const free = () => 1;");
  });
});

describe("what a unit keeps", () => {
  it.each([
    [
      "an initialiser that calls a function",
      "const t = make();\nfunction make() { return 1; }\nexport const f = () => t;",
      "const t = make(); function make() { return 1; } export const f = () => t;",
    ],
    [
      "a later assignment",
      "let t = 0;\nt = 5;\nexport const f = () => t;",
      "let t = 0; t = 5; export const f = () => t;",
    ],
    [
      "a seeding call",
      "const t = new Map();\nfunction seed() { t.set(1, 2); }\nseed();\nexport const f = () => t.size;",
      "const t = new Map(); function seed() { t.set(1, 2); } seed(); export const f = () => t.size;",
    ],
    [
      "a helper that fills its parameter",
      "const t: number[] = [];\nfunction fill(x: number[]) { x.push(1); }\nfill(t);\nexport const f = () => t.length;",
      "const t: number[] = []; function fill(x: number[]) { x.push(1); } fill(t); export const f = () => t.length;",
    ],
    [
      "a prototype",
      "function P() {}\nP.prototype.m = () => 1;\nexport const f = () => new P();",
      "function P() {} P.prototype.m = () => 1; export const f = () => new P();",
    ],
    ["an enum", "enum E { A, B }\nexport const f = () => E.A;", "enum E { A, B } export const f = () => E.A;"],
    [
      "a base class",
      "class A {}\nclass B extends A {}\nclass C {}\nexport const f = () => new B();",
      "class A {} class B extends A {} export const f = () => new B();",
    ],
    [
      "overloads",
      "export function f(a: string): void;\nexport function f(a: number): void;\nexport function f(a: unknown) {}\nconst b = 1;",
      "export function f(a: string): void; export function f(a: number): void; export function f(a: unknown) {}",
    ],
    [
      "a destructured constant",
      "const { a, b } = { a: 1, b: 2 };\nconst c = 3;\nexport const f = () => a;",
      "const { a, b } = { a: 1, b: 2 }; export const f = () => a;",
    ],
  ])("%s", (_what, text, expected) => {
    using files = project({ "a.ts": `console.log('program');\n${text}\nconsole.log(f());` });

    expect(kept(unitOf(files, "a.ts", "f"))).toBe(expected);
  });

  it("nothing of the program that feeds the function", () => {
    using files = project({
      "a.ts":
        "const seen = new Map();\nexport function f(x: string) { seen.set(x, 1); }\nfunction main() { seen.set('z', 0); f('x'); }\nmain();\nfor (const x of process.argv) { f(x); seen.delete(x); }",
    });

    expect(kept(unitOf(files, "a.ts", "f"))).toBe(
      "const seen = new Map(); export function f(x: string) { seen.set(x, 1); }",
    );
  });

  it("what JSX becomes calls of", () => {
    using files = project({
      "a.tsx":
        'import * as React from "./react";\nimport { unused } from "./react";\nexport const f = () => <b>{1}</b>;',
      "b.jsx": "/** @jsx dom.make */\nconst drop = 1;\nconst dom = { make: (t) => t };\nexport const f = () => <b />;",
      "react.ts": "export const createElement = (t: string) => t;\nexport const unused = 1;",
    });

    expect(kept(unitOf(files, "a.tsx", "f"))).toContain('import * as React from "./react";');
    expect(
      unitOf(files, "a.tsx", "f")
        .files.map(({ text }) => text)
        .join("\n"),
    ).toContain("createElement");
    expect(kept(unitOf(files, "b.jsx", "f"))).toMatch(/^\/\*\* @jsx dom\.make \*\/ const dom/);
  });

  it("modules loaded inside functions", () => {
    using files = project({
      "a.cjs": 'exports.f = async () => require("./b.cjs").one() + (await import("./c.mjs")).two;',
      "b.cjs": "exports.one = () => 1;",
      "c.mjs": "export const two = 2;",
    });

    expect(unitOf(files, "a.cjs", "f").files.map(({ path }) => path)).toEqual(
      ["a.cjs", "b.cjs", "c.mjs"].map((name) => files.path(name)),
    );
  });

  it("re-exports, along their whole way", () => {
    using files = project({
      "a.ts": 'import { g, whole } from "./index";\nexport const f = () => g() + whole.h();',
      "index.ts": 'export { g0 as g, other } from "./g";\nexport * as whole from "./h";',
      "g.ts": "export const g0 = () => 1;\nexport const other = () => 2;",
      "h.ts": "export const h = () => 3;",
    });
    const texts = unitOf(files, "a.ts", "f").files.map(({ text }) => text.replaceAll(/[ \n]+/g, " ").trim());

    expect(texts).toEqual([
      'import { g, whole } from "./index"; export const f = () => g() + whole.h();',
      'export { g0 as g, } from "./g"; export * as whole from "./h";',
      "export const g0 = () => 1;",
      "export const h = () => 3;",
    ]);
  });
});

it.each([
  ["a.mjs", "export const f = () => 1;", "{}", "esm", "f"],
  ["a.cjs", "const f = () => 1;", "{}", "cjs", "__faasify"],
  ["a.js", "const f = () => 1;", "{}", "cjs", "__faasify"],
  ["a.js", "const f = () => 1;", '{"type":"module"}', "esm", "__faasify"],
  ["a.js", "export const f = () => 1;", "{}", "esm", "f"],
  ["a.ts", "const f = () => 1;", "{}", "esm", "__faasify"],
  ["a.ts", "const f = () => 1;\nexport = { f };", "{}", "cjs", "__faasify"],
  ["a.ts", "const f = () => 1;\nexport { f as g };", "{}", "esm", "g"],
  ["a.js", "const f = () => 1;\nexports.g = f;", "{}", "cjs", "g"],
  ["a.js", "const f = () => 1;\nmodule.exports = f;", "{}", "cjs", "__faasify"],
  ["a.js", "module.exports = function f() {};", "{}", "cjs", "__faasify"],
])("exports %s with %j beside %s as %s", (file, text, manifest, ...[format, exportName]) => {
  using files = project({ "package.json": manifest, [file]: text });

  expect(unitOf(files, file, "f")).toMatchObject({ format, exportName });
});

it("lists effects, environment and packages in the manifest", () => {
  using files = project({
    "node_modules/pad/package.json": '{"name":"pad","main":"i.js"}',
    "node_modules/pad/i.js": "module.exports = (x) => x;",
    "a.ts":
      'import pad from "pad";\nimport { key } from "./b";\nexport const f = () => pad(key() + process.env.MODE);\nexport const g = () => process.env.OTHER;',
    "b.ts": 'import { env } from "node:process";\nexport const key = () => env["API_KEY"];',
  });

  expect(unitOf(files, "a.ts", "f").manifest).toEqual({
    effects: ["environment"],
    environment: ["API_KEY", "MODE"],
    assets: [],
    packages: ["pad"],
    addons: [],
    state: [],
    classes: [],
  });
});

describe("a function that is made while its file is loaded", () => {
  it("is extracted with what makes it", () => {
    using files = project({
      "a.ts": [
        "const curry = (f: (a: number, b: number) => number) => (a: number, b: number) => f(a, b);",
        "const rate = 2;",
        "const unused = 3;",
        "export const scaled = curry((a, b) => a * b * rate);",
      ].join("\n"),
    });

    expect(kept(unitOf(files, "a.ts", "scaled"))).toBe(
      "const curry = (f: (a: number, b: number) => number) => (a: number, b: number) => f(a, b); const rate = 2; export const scaled = curry((a, b) => a * b * rate);",
    );
  });
});
