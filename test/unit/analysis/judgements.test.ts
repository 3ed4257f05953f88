/** Each rule of the verdicts, with the exact text and line of its reason. */
import { describe, expect, it } from "vitest";
import { readDirective } from "../../../src/analysis/directives.ts";
import { messages, project } from "./project.ts";

const OVERLAP = "and calls of an asynchronous function may overlap";

/** Text of a.mjs, the function asked for, its verdict, and all its reasons. */
type Case = [text: string, name: string, verdict: string, ...reasons: string[]];

function assertVerdict([text, name, verdict, ...reasons]: Case, file = "a.mjs"): void {
  using files = project({ [file]: text });
  const model = files.model(file, name);

  expect({ verdict: model.verdict, reasons: messages(model) }).toEqual({ verdict, reasons });
}

describe("module state", () => {
  it.each<Case>([
    [
      "let n = 0;\nexport function f() { return ++n; }",
      "f",
      "stateful",
      "2: uses `n`, which is changed at a.mjs:2, and travels with the call",
    ],
    [
      "let n = 0;\nexport async function f() { await null; n++; }",
      "f",
      "local",
      `2: uses \`n\`, which is changed at a.mjs:2, ${OVERLAP}`,
    ],
    [
      "let n = 0;\nexport async function f() { n++; }",
      "f",
      "stateful",
      "2: uses `n`, which is changed at a.mjs:2, and travels with the call",
    ],
    [
      "let n = 0;\n// @faasify state=pinned\nexport async function f() { n++; }",
      "f",
      "stateful",
      "3: uses `n`, which is changed at a.mjs:3, and is each sandbox's own",
    ],
    [
      "function make() { let n = 0; return () => n++; }\nconst next = make();\nexport function f() { return next(); }",
      "f",
      "local",
      "3: uses `next`, which keeps state in a closure and cannot travel",
    ],
    [
      "function* ids() { yield 1; }\nconst id = ids();\nexport const f = () => id.next().value;",
      "f",
      "local",
      "3: uses `id`, which is a generator that goes on where it was and cannot travel",
    ],
    [
      "const conf = { b: {} };\nexport const f = (k) => conf[k];",
      "f",
      "stateful",
      "2: uses `conf`, which is given out at a.mjs:2 to callers who may change it, and travels with the call",
    ],
    ["const table = { a: 1 };\nexport const f = (k) => table[k];", "f", "pure"],
    [
      "const store = { n: 0 };\nfunction getStore() { return store; }\nexport function f() { getStore().n++; return store.n; }",
      "f",
      "stateful",
      "3: uses `store`, which is changed at a.mjs:3, and travels with the call",
    ],
    ["exports.n = 0; exports.f = () => ++exports.n;", "f", "local", "1: changes `exports.n`, which does not travel"],
  ])("%s", (...example) => assertVerdict(example, example[0].startsWith("exports") ? "a.cjs" : "a.mjs"));
});

describe("what a unit would find in another state than the program", () => {
  it.each<Case>([
    [
      "console.log(f(1));\nconst rate = 2;\nexport function f(x) { return x * rate; }",
      "f",
      "local",
      "3: is called at line 1, before line 2 gives `rate` its value",
    ],
    [
      "export function f(x) { return x.last(); }\nf([1]);\nArray.prototype.last = function () { return this.at(-1); };",
      "f",
      "local",
      "1: is called at line 2, before line 3 changes something global that it uses",
    ],
    [
      "globalThis.mode = 1;\nexport const f = () => mode;\nexport function set(m) { globalThis.mode = m; }",
      "f",
      "local",
      "2: uses the global `mode`, which is changed at a.mjs:3",
    ],
    [
      "let f = (x) => x;\nf = wrap(f);\nfunction wrap(g) { return (x) => g(x); }",
      "f",
      "local",
      "2: is replaced at a.mjs:2",
    ],
    [
      "export class K {\n  m() { return 1; } }\nK.prototype.m = wrap(K.prototype.m);\nfunction wrap(g) { return () => g(); }",
      "K.m",
      "local",
      "3: is replaced at a.mjs:3",
    ],
    [
      "process.env.MODE = 'a';\nexport const f = () => process.env.MODE;\nf();\nprocess.env.MODE = 'b';",
      "f",
      "effects",
    ],
    [
      "const KM = { name: 'km' };\nexport const f = (unit) => unit === KM;",
      "f",
      "stateful",
      "2: uses `KM`, which is compared at a.mjs:2 with what callers may give, and travels with the call",
    ],
    [
      "class Color { static RED = new Color(); static BLUE = new Color(); }\nexport const f = () => Color.RED;",
      "f",
      "stateful",
      "2: uses `Color`, which is given out at a.mjs:2 to callers who may change it, and travels with the call",
    ],
    [
      "const list = ['a'];\nexport const f = (given = list) => given;",
      "f",
      "stateful",
      "2: uses `list`, which is given out at a.mjs:2 to callers who may change it, and travels with the call",
    ],
    [
      "class Ids { static #last = 0; next() { return ++Ids.#last; } }\nexport const f = () => new Ids().next();",
      "f",
      "stateful",
      "2: uses `Ids`, which is changed at a.mjs:1, and travels with the call",
    ],
    [
      "const Ids = class Own { static last = 0; next() { return ++Own.last; } };\nexport const f = () => new Ids().next();",
      "f",
      "local",
      "2: uses `Ids`, which changes its static fields by the name `Own`, which only it knows, and cannot travel",
    ],
    [
      "const shop = { rate: 2, price(x) { return x * this.rate; }, both(x) { return this.price(x); } };",
      "shop.both",
      "pure",
    ],
    ["export const f = (list, first) => list.reduce((sum, x) => sum + x, first);", "f", "pure"],
  ])("%s", (...example) => assertVerdict(example));

  it("such as data of a JSON file that another file changes", () => {
    using files = project({
      "a.mjs":
        'import "./b.mjs";\nimport rates from "./rates.json" with { type: "json" };\nexport const f = () => rates.euro;\nexport const g = () => change();\nimport { change } from "./b.mjs";',
      "b.mjs": 'import rates from "./rates.json" with { type: "json" };\nexport function change() { rates.euro = 2; }',
      "rates.json": '{ "euro": 1 }',
    });

    expect(messages(files.model("a.mjs", "f"))[0]).toBe("3: uses the data of rates.json, which is changed at b.mjs:2");
  });
});

describe("methods", () => {
  it.each<Case>([
    [
      "export class C { rate = 2; total = 0;\n  add(x) { this.total += x * this.rate; } }",
      "C.add",
      "stateful",
      "2: reads `this.rate` and writes `this.total`, which travel with the call",
    ],
    [
      'import { EventEmitter } from "node:events";\nexport class E extends EventEmitter {\n  hit() { this.x = 1; } }',
      "E.hit",
      "local",
      "3: uses `this`, and `E` extends `EventEmitter`, which is no class of this project",
      "3: writes `this.x`, which travels with the call",
    ],
    [
      "export default { f(x) { return x; } };",
      "default.f",
      "local",
      "1: belongs to an object without a name in its own file",
    ],
    [
      "export class A { @log m() { return 1; } }",
      "A.m",
      "local",
      "1: is changed by the decorator `@log`, which may replace it",
    ],
  ])("%s", (...example) => assertVerdict(example, "a.mjs"));
});

describe("what needs its own process", () => {
  it.each<Case>([
    ["export const f = () => process.cwd();", "f", "local", "1: depends on the working folder (`process.cwd`)"],
    ["export const f = () => process.argv[2];", "f", "local", "1: reads the program's arguments (`process.argv[…]`)"],
    ["// @faasify allow=cwd\nexport const f = () => process.cwd();", "f", "effects"],
    [
      'import fs from "fs";\nexport const f = () => fs.readFileSync("x");',
      "f",
      "local",
      "2: reads files (`fs.readFileSync`)",
    ],
    [
      "export const f = (k) => process.env[k];",
      "f",
      "local",
      "1: reads environment variables whose names are known only at run time (`process.env[…]`)",
    ],
    [
      "export function f() { setTimeout(() => 1, 1); }",
      "f",
      "local",
      "1: starts a timer (`setTimeout`), which goes on when it has returned",
    ],
  ])("%s", (...example) => assertVerdict(example, "a.mjs"));
});

it("says that a trivial function called in a loop costs more remotely", () => {
  assertVerdict([
    "function sq(x) { return x * x; }\nexport function sum(list) {\n  let s = 0;\n  for (const x of list) s += sq(x);\n  return s;\n}",
    "sq",
    "pure",
    "1: is called in a loop (line 4) and does so little that each remote call costs more than it saves",
  ]);
});

it("reads directives, and says what is wrong with them", () => {
  expect(readDirective([{ text: "/** @faasify memory=512 timeout=30 allow=files,exit */", line: 3 }])).toEqual({
    directive: { line: 3, memoryMb: 512, timeoutMs: 30_000, allow: ["files", "exit"] },
    problems: [],
  });
  expect(readDirective([{ text: "// @faasify arch=arm64 url=iam", line: 1 }])).toEqual({
    directive: { line: 1, architecture: "arm64", url: "iam", allow: [] },
    problems: [],
  });
  expect(readDirective([{ text: "// @faasify arch=arm url=all", line: 1 }]).problems).toEqual([
    { line: 1, message: "`arch=arm` is none of x86_64, arm64" },
    { line: 1, message: "`url=all` is none of iam, public" },
  ]);
  expect(readDirective([{ text: "// @faasify memroy=1 timeout=901 local", line: 1 }]).problems).toEqual([
    { line: 1, message: "`memroy` is no setting of `@faasify`; did you mean `memory`?" },
    { line: 1, message: "`timeout=901` is no whole number of seconds from 1 to 900" },
    { line: 1, message: "`local` contradicts `timeout`: the function either stays or moves" },
  ]);
});
