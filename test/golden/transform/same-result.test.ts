/** A unit gives what its function gives in its program, however the program sets up what the function uses. */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createAnalyzer } from "../../../src/analysis/analyzer.ts";
import { extractUnit } from "../../../src/transform/extract-unit.ts";

const run = promisify(execFile);
const folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), "faasify-same-")));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Each has a function `f` in its first file, exported. */
const programs: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "another name of the same object": {
    "a.mjs": "const o = { a: 1 };\nconst alias = o;\nalias.b = 2;\nexport const f = () => o;",
  },
  "a part taken out": {
    "a.mjs": "const o = { part: {} };\nconst { part } = o;\npart.z = 1;\nexport const f = () => o;",
  },
  "a loop over it": {
    "a.mjs": "const o = {};\nfor (const each of [o]) each.seen = true;\nexport const f = () => o;",
  },
  "a function that loops over it": {
    "a.mjs":
      "const o = { list: [{}] };\nfunction seed() { for (const each of o.list) each.seen = true; }\nseed();\nexport const f = () => o;",
  },
  "a function called on the spot": {
    "a.mjs": "const o = {};\n(function (x) { x.a = 1; })(o);\n((x) => { x.b = 1; })(o);\nexport const f = () => o;",
  },
  "a method of its class": {
    "a.mjs":
      "class R { m = {}; on(k) { this.m[k] = 1; return this; } }\nconst r = new R();\nr.on('a').on('b');\nexport const f = () => r.m;",
  },
  "a function handing it on": {
    "a.mjs":
      "const o = {};\nfunction outer(x) { inner(x); }\nfunction inner(y) { y.a = 1; outer.done ?? (outer.done = true); }\nouter(o);\nexport const f = () => o;",
  },
  "functions handing it to each other": {
    "a.mjs":
      "const o = { n: 2 };\nfunction even(x) { if (x.n > 0) odd(x); }\nfunction odd(x) { x.n -= 1; even(x); }\neven(o);\nexport const f = () => o;",
  },
  "initialisers of unused variables": {
    "a.mjs":
      "const o = {};\nconst reg = (k) => { o[k] = 1; return k; };\nexport const A = reg('a'), B = reg('b');\nexport const f = () => o;",
  },
  "numbers given in turn": {
    "a.mjs": "let id = 0;\nconst next = () => ++id;\nconst A = next();\nconst B = next();\nexport const f = () => B;",
  },
  "a class's static block": {
    "a.mjs": "const o = {};\nclass K { static { o.k = 1; } }\nexport const f = () => o;",
  },
  "a part handed to Object.assign": {
    "a.mjs": "const o = { part: {} };\nObject.assign(o.part, { a: 1 });\nexport const f = () => o;",
  },
  "a change of a built-in prototype": {
    "a.mjs":
      "Array.prototype.last = function () { return this.at(-1); };\nObject.defineProperty(String.prototype, 'shout', { value() { return this + '!'; } });\nexport const f = () => [[1, 2].last(), 'a'.shout()];",
  },
  "a global": {
    "a.mjs": "globalThis.rate = 3;\nglobalThis.unused = (() => { throw 1; });\nexport const f = () => rate;",
  },
  "the environment": {
    "a.mjs": "process.env.FAASIFY_SAME = 'set';\nexport const f = () => process.env.FAASIFY_SAME;",
  },
  "another file's function that fills it": {
    "a.mjs":
      "import { table } from './b.mjs';\nimport { seed } from './c.mjs';\nseed();\nexport const f = () => table;",
    "b.mjs": "export const table = {};",
    "c.mjs": "import { table } from './b.mjs';\nexport const seed = () => { table.x = 1; };",
  },
  "a variable of another file that is moved on": {
    "a.mjs": "import { v, bump } from './b.mjs';\nbump();\nexport const f = () => v;",
    "b.mjs": "export let v = 1;\nexport const bump = () => { v += 1; };",
  },
  "another file's registration": {
    "a.mjs":
      "import { all } from './r.mjs';\nimport { helper } from './p.mjs';\nexport const f = () => [all(), helper()];",
    "r.mjs": "const table = [];\nexport const register = (x) => { table.push(x); };\nexport const all = () => table;",
    "p.mjs": "import { register } from './r.mjs';\nregister('p');\nexport const helper = () => 1;",
  },
  "another file's Object.assign": {
    "a.mjs": "import { r } from './r.mjs';\nimport { helper } from './p.mjs';\nexport const f = () => [r, helper()];",
    "r.mjs": "export const r = {};",
    "p.mjs": "import { r } from './r.mjs';\nObject.assign(r, { p: 1 });\nexport const helper = () => 1;",
  },
  "a member asked for by a name known at run time": {
    "a.mjs": "import * as all from './i.mjs';\nconst name = 'double';\nexport const f = () => all[name](2);",
    "i.mjs": "export * from './x.mjs';\nexport const own = 1;",
    "x.mjs": "const k = 2;\nexport const double = (n) => n * k;",
  },
  "methods that change what they are given": {
    "a.mjs":
      "class Store { put(o) { o.a = 1; } static mark(o) { o.b = 1; } }\nconst store = new Store();\nconst tools = { mark(o) { o.c = 1; }, also: (o) => { o.d = 1; } };\nfunction self() { this.e = 1; }\nconst o = {};\nstore.put(o);\nStore.mark(o);\ntools.mark(o);\ntools.also(o);\nself.call(o);\nexport const f = () => o;",
  },
  "a static method": {
    "a.mjs":
      "class R { static list = []; static add(x) { this.list.push(x); } }\nR.add('a');\nexport const f = () => R.list;",
  },
  "a file required for its effects": {
    "a.cjs": "require('./setup.cjs');\nexports.f = () => globalThis.requiredSetup;",
    "setup.cjs": "globalThis.requiredSetup = 3;",
  },
  "exports made in a loop": {
    "a.cjs": "for (const n of ['p', 'q']) exports[n] = () => n;\nexports.f = () => exports.p();",
  },
  "exports copied from another file": {
    "a.cjs": "const lib = require('./lib.cjs');\nexports.f = () => [lib.g(), lib.b, lib.v];",
    "lib.cjs":
      "Object.defineProperty(exports, '__esModule', { value: true });\nObject.assign(exports, require('./x.cjs'), { b: 2 });\nObject.defineProperty(exports, 'v', { get: () => 3 });",
    "x.cjs": "exports.g = () => k;\nconst k = 7;",
  },
};

async function resultsOf(places: readonly (readonly [key: string, file: string])[]): Promise<Record<string, unknown>> {
  const script = `
    const results = {};
    for (const [key, file] of ${JSON.stringify(places)}) {
      const loaded = await import(file);
      const f = loaded.f ?? loaded.default.f;
      results[key] = await f();
    }
    console.log(JSON.stringify(results));`;
  const { stdout } = await run(process.execPath, ["--no-warnings", "--input-type=module", "--eval", script]);
  return JSON.parse(stdout) as Record<string, unknown>;
}

describe("set up by", () => {
  let originals: Record<string, unknown>;
  let units: Record<string, unknown>;

  beforeAll(async () => {
    const places = Object.entries(programs).map(([title, files], index) => {
      const home = path.join(folder, String(index));
      mkdirSync(home);
      for (const [name, text] of Object.entries(files)) writeFileSync(path.join(home, name), text);
      const file = path.join(home, Object.keys(files)[0] ?? "");
      return { title, file };
    });
    const urls = places.map(({ title, file }) => [title, pathToFileURL(file).href] as const);
    originals = await resultsOf(urls);
    for (const { file } of places) {
      const unit = extractUnit(createAnalyzer(), { file, name: "f" });
      rmSync(path.dirname(file), { recursive: true });
      mkdirSync(path.dirname(file));
      for (const { path: unitFile, text } of unit.files) writeFileSync(unitFile, text);
    }
    units = await resultsOf(urls);
  }, 240_000);

  it.each(Object.keys(programs))("%s", (title) => {
    expect(originals[title]).toBeDefined();
    expect(units[title]).toEqual(originals[title]);
  });
});
