import { chmodSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { modelOf, project } from "./project.ts";

describe("which functions a file has", () => {
  it("finds every kind of definition in TypeScript", () => {
    using files = project({
      "a.ts": [
        "export function declared() {}",
        "export const arrow = () => 1, expression = function () {};",
        "export default () => 2;",
        "export class C { static s() {} m() {} get g() { return 1; } constructor() {} }",
        "export const api = { get() {}, put: () => 3, value: 4 };",
        "const hidden = { get() {} };",
        "export function over(a: string): void;",
        "export function over(a: number): void;",
        "export function over(a: unknown) {}",
        "declare function outside(): void;",
      ].join("\n"),
    });
    const models = Object.values(files.functions("a.ts"));

    expect(models.map(({ name, kind, exported }) => [name, kind, exported])).toEqual([
      ["declared", "function", true],
      ["arrow", "arrow", true],
      ["expression", "function", true],
      ["default", "arrow", true],
      ["C.s", "static-method", true],
      ["C.m", "method", true],
      ["C.g", "method", true],
      ["api.get", "static-method", true],
      ["api.put", "static-method", true],
      ["hidden.get", "static-method", false],
      ["over", "function", true],
    ]);
  });

  it("finds what CommonJS exports", () => {
    using files = project({
      "a.cjs": "exports.one = () => 1;\nfunction two() {}\nmodule.exports.three = function () {};\nexports.two = two;",
      "b.cjs": "const x = 1;\nmodule.exports = { f() {}, g: () => x, h };\nfunction h() {}",
      "c.cjs": "module.exports = function named() {};",
      "d.cjs": "module.exports = async (a) => a;",
    });

    expect(Object.keys(files.functions("a.cjs"))).toEqual(["one", "two", "three"]);
    expect(Object.keys(files.functions("b.cjs"))).toEqual(["f", "g", "h"]);
    expect(Object.keys(files.functions("c.cjs"))).toEqual(["named"]);
    expect(Object.keys(files.functions("d.cjs"))).toEqual(["default"]);
    expect(files.model("a.cjs", "two").exported).toBe(true);
  });

  it("finds functions that are made while the file is loaded, and no other values", () => {
    using files = project({
      "curry.ts": "export const curry = (f: Function) => (...args: any[]) => f(...args);",
      "a.ts": [
        'import { curry } from "./curry.ts";',
        'import { anything } from "package";',
        "const tax = (rate: number, net: number) => net * rate;",
        "export const reduced = tax.bind(null, 0.07);",
        "export const add = curry((a: number, b: number) => a + b);",
        "export const other = tax;",
        "export const either = Math.min ? tax : undefined, isList = Array.isArray, pi = Math.PI;",
        "const load = () => ({ port: 1 });",
        "export const config = load();",
        "export const answer = anything(() => 1);",
        "export const called = anything(() => 1);",
        "export const size = Math.max(1, 2), list = [tax], two = called();",
      ].join("\n"),
    });

    expect(Object.keys(files.functions("a.ts"))).toEqual([
      "tax",
      "reduced",
      "add",
      "other",
      "either",
      "isList",
      "load",
      "called",
    ]);
    expect(files.model("a.ts", "add")).toMatchObject({ verdict: "pure", exported: true });
    expect(files.model("a.ts", "add").parameters.map(({ name }) => name)).toEqual(["a", "b"]);
    expect(files.model("a.ts", "reduced").parameters).toMatchObject([{ name: "args", rest: true }]);
  });

  it("sees state that a made function keeps", () => {
    using files = project({
      "a.ts":
        "const once = (f: () => number) => { let n: number | undefined; return () => (n ??= f()); };\nexport const id = once(() => 1);",
    });

    expect(files.model("a.ts", "id")).toMatchObject({
      verdict: "local",
      reasons: [{ message: expect.stringContaining("keeps state in a closure and cannot travel"), line: 2 }],
    });
  });

  it("understands JSX in .tsx and .jsx, and decorators", () => {
    using files = project({
      "a.tsx":
        "export const View = (props: { name: string }) => <b className={cls}>{props.name}</b>;\nconst cls = 'x';",
      "b.jsx": "export function View({ name }) { return <i>{name}</i>; }",
    });

    expect(files.model("a.tsx", "View").captures).toMatchObject([{ name: "cls", kind: "const" }]);
    expect(files.model("b.jsx", "View").verdict).toBe("pure");
  });
});

it("describes parameters, result, place and convention", () => {
  const model = modelOf(
    "// comment\nexport async function f(a: string, { b, c }: { b: number,\n  c: 1 }, d = 2, e?: Date[], ...rest: boolean[]): Promise<void> {}",
  );

  expect(model).toMatchObject({
    async: true,
    convention: "plain",
    returnType: "Promise<void>",
    range: { start: { line0: 1, column0: 0 }, end: { line0: 2, column0: 66 } },
    nameRange: { start: { line0: 1, column0: 22 }, end: { line0: 1, column0: 23 } },
    parameters: [
      { name: "a", type: "string", optional: false, rest: false },
      { name: "{ b, c }", type: "{ b: number, c: 1 }", optional: false, rest: false },
      { name: "d", type: "number", optional: true, rest: false },
      { name: "e", type: "Date[]", optional: true, rest: false },
      { name: "rest", type: "boolean[]", optional: true, rest: true },
    ],
  });
});

it("reads JSDoc in plain JavaScript", () => {
  const model = modelOf(
    "/**\n * @param {string} a\n * @param {number} [b]\n * @returns {boolean}\n */\nexport function f(a, b) { return true; }",
    "a.js",
  );

  expect(model.parameters.map(({ type, optional }) => [type, optional])).toEqual([
    ["string", false],
    ["number", true],
  ]);
  expect(model.returnType).toBe("boolean");
});

it.each([
  ["export const handler = async (event, context) => event;", "a.js", "lambda"],
  ["exports.handler = (event, context, callback) => callback(null, event);", "a.cjs", "lambda"],
  ['import type { Handler } from "aws-lambda";\nexport const run: Handler = async (input) => input;', "a.ts", "lambda"],
  [
    'import type { Context } from "aws-lambda";\nexport const run = async (input: object, context: Context) => input;',
    "a.ts",
    "lambda",
  ],
  [
    'import type { RequestHandler } from "express";\nexport const run: RequestHandler = (request) => request;',
    "a.ts",
    "plain",
  ],
  ["export const onClick = (event) => event.x;", "a.js", "plain"],
])("recognises the convention of %s", (text, file, convention) => {
  expect(modelOf(text, file).convention).toBe(convention);
});

it("lists captures with where they are declared, and calls with their kind", () => {
  using files = project({
    "a.ts":
      'import { half } from "./b";\nimport path from "node:path";\nconst rate = 2;\nexport function f(x: number) {\n  console.log(path.sep);\n  return half(x) * rate + Math.abs(x);\n}',
    "b.ts": "\nexport const half = (x: number) => x / 2;",
  });
  const { captures, calls } = files.model("a.ts", "f");

  expect(captures).toEqual([
    { name: "path", kind: "import", from: "path" },
    { name: "half", kind: "import", from: files.path("b.ts"), line: 2 },
    { name: "rate", kind: "const", from: files.path("a.ts"), line: 3 },
  ]);
  expect(calls).toEqual([
    { callee: "console.log", kind: "io", line: 5 },
    { callee: "half", kind: "internal", line: 6 },
    { callee: "Math.abs", kind: "other", line: 6 },
  ]);
});

describe("scopes", () => {
  it.each([
    ["a parameter", "export function f(x: number) { return x; }"],
    ["a local variable", "export function f() { const x = 1; return x; }"],
    ["a hoisted variable", "export function f() { x = 1; if (x) { var x = 2; } return x; }"],
    ["an inner function", "export function f() { return x(); function x() { return 1; } }"],
    ["a loop variable", "export function f() { for (const x of [1]) console.log(x); }"],
    ["a caught error", "export function f() { try { f(); } catch (x) { return x; } }"],
    ["a destructured name", "export function f({ a: [x] }: { a: number[] }) { return x; }"],
    ["a property", "export function f(o: { x: number }) { return o.x + { x: 1 }.x; }"],
    ["a label", "export function f() { x: for (;;) break x; }"],
    ["a type", "export function f(a: typeof x): x | undefined { return a as x; }"],
    ["a class of the same name", "export function f() { class x {} return x.name; }"],
  ])("do not capture %s", (_what, text) => {
    using files = project({ "a.ts": `${text}\nlet x = 0;\ntype x = number;\nexport const change = () => { x = 1; };` });

    expect(files.model("a.ts", "f").captures.filter(({ name }) => name === "x")).toEqual([]);
  });

  it.each([
    ["shorthand", "return { x };"],
    ["a default", "const g = (a = x) => a; return g();"],
    ["a block's end", "{ const x = 1; console.log(x); } return x;"],
    ["a destructuring assignment", "[x] = [1]; return 2;"],
    ["a template", "return `${x}`;"],
  ])("capture by %s", (_what, body) => {
    using files = project({ "a.ts": `export function f() { ${body} }\nlet x = 0;` });

    expect(files.model("a.ts", "f").captures.map(({ name }) => name)).toContain("x");
  });
});

describe("files that are not as they should be", () => {
  it("yields the functions before a syntax error, and the line of the error", () => {
    using files = project({ "a.ts": "export function good() { return 1; }\nexport function bad( {\n" });
    const { functions, problems } = files.analyzer.analyzeFile(files.path("a.ts"));

    expect(functions.map(({ name }) => name)).toContain("good");
    expect(problems[0]).toMatchObject({ file: files.path("a.ts"), line: expect.any(Number) });
    expect(problems[0]?.message).toMatch(/expected/);
  });

  it("reports a missing file, a folder and a language it does not know", () => {
    using files = project({ "x.ts/inside.ts": "", "a.py": "def f(): pass" });

    for (const name of ["missing.ts", "x.ts", "a.py"]) {
      const { functions, problems } = files.analyzer.analyzeFile(files.path(name));
      expect({ functions, problems: problems.length }).toEqual({ functions: [], problems: 1 });
    }
  });

  it.skipIf(process.platform === "win32" || process.getuid?.() === 0)("reports a file that may not be read", () => {
    using files = project({ "a.ts": "export const f = () => 1;" });
    chmodSync(files.path("a.ts"), 0);

    expect(files.analyzer.analyzeFile(files.path("a.ts")).problems[0]?.message).toContain("cannot be read");
  });

  it.each([
    ["binary data", "\u0000\u0001\uFFFD\u0000export"],
    ["deep nesting", `export const f = () => ${"(".repeat(20_000)}1${")".repeat(20_000)};`],
    ["an import cycle", 'import { f as g } from "./a";\nexport { g };\nexport const f = () => g();'],
    ["a star cycle", 'export * from "./a";\nimport { no } from "./a";\nexport const f = () => no();'],
    ["merge marks", "<<<<<<< HEAD\nexport const f = () => 1;\n=======\n>>>>>>> x"],
    ["a huge array", `export const f = () => [${"1,".repeat(50_000)}];`],
  ])("survives %s", (_what, text) => {
    using files = project({ "a.ts": text });

    expect(() => files.analyzer.analyzeFile(files.path("a.ts"))).not.toThrow();
  });
});
