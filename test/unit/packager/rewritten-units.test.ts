/** Units whose code asks for files and modules in ways that a bundle changes: packaged, and run where nothing else is. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { SourceMap } from "node:module";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Artifact } from "../../../src/core/artifact.ts";
import { packageUnit } from "../../../src/packager/package-unit.ts";
import { buildShimFolder, filesOf, load, temporaryFolder, unitOf } from "./support.ts";

const shimFolder = mkdtempSync(path.join(os.tmpdir(), "faasify-shim-"));
beforeAll(() => buildShimFolder(shimFolder));
afterAll(() => rmSync(shimFolder, { recursive: true, force: true }));

const esm = { "package.json": `{ "type": "module" }` };

function packageFrom(root: string, file: string): Promise<Artifact> {
  return packageUnit(unitOf(path.join(root, file), "f"), {
    debug: false,
    artifactFolder: path.join(root, "artifacts"),
    shimFolder,
  });
}

async function resultOf(files: Readonly<Record<string, string>>, file: string, event: object = {}): Promise<unknown> {
  return (await load(await packageFrom(temporaryFolder(files), file)))(event);
}

describe("files read by constant paths", () => {
  const data = { "src/data/x.txt": "x", "src/data/deep/y.txt": "y", "top.txt": "top" };

  it.each([
    [
      "an ES module",
      { ...esm, ...data },
      "src/a.mjs",
      `import { readFileSync } from "node:fs";
export const f = () => readFileSync(new URL("./data/x.txt", import.meta.url), "utf8") + readFileSync(import.meta.dirname + "/../top.txt", "utf8");`,
    ],
    [
      "CommonJS",
      data,
      "src/a.cjs",
      `const fs = require("fs"), path = require("path");
exports.f = () => fs.readFileSync(path.join(__dirname, "data", "x.txt"), "utf8") + fs.readFileSync(path.resolve(__filename, "../../top.txt"), "utf8");`,
    ],
    [
      "TypeScript as CommonJS",
      data,
      "src/a.cts",
      `import fs = require("fs");
export const f = (): string => fs.readFileSync(__dirname + "/data/x.txt", "utf8") + fs.readFileSync(require.resolve("../top.txt"), "utf8");`,
    ],
    [
      "an ES module that has a `__dirname` of its own",
      { ...esm, ...data },
      "src/a.mjs",
      `import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
const __dirname = dirname(fileURLToPath(import.meta.url));
const text = readFileSync(join(__dirname, "data/x.txt"), "utf8");
export const f = () => text + readFileSync(fileURLToPath(import.meta.resolve("../top.txt")), "utf8");`,
    ],
  ])("are found by %s", async (_what, files, file, text) => {
    expect(await resultOf({ ...files, [file]: text }, file)).toBe("xtop");
  });

  it("lie in the artifact as in the project, and only those; a change makes it stale", async () => {
    const root = temporaryFolder({
      ...esm,
      ...data,
      "src/a.mjs": `import { readdirSync, readFileSync } from "node:fs";
import { b } from "./deep/b.mjs";
export const f = () => [readdirSync(new URL("data", import.meta.url)), b()];`,
      "src/deep/b.mjs": `import { readFileSync } from "node:fs";
export const b = () => readFileSync(new URL("../../top.txt", import.meta.url), "utf8");
export const unused = () => readFileSync(new URL("../../package.json", import.meta.url), "utf8");`,
    });
    const artifact = await packageFrom(root, "src/a.mjs");

    expect(Object.keys(filesOf(artifact))).toEqual([
      "faasify.json",
      "files/src/data/deep/y.txt",
      "files/src/data/x.txt",
      "files/top.txt",
      "index.mjs",
    ]);
    expect(artifact.assets).toEqual(["files/src/data/deep/y.txt", "files/src/data/x.txt", "files/top.txt"]);
    expect(artifact.inputs).toEqual(expect.arrayContaining([path.join(root, "src/data"), path.join(root, "top.txt")]));
    expect(await (await load(artifact))({})).toEqual([["deep", "x.txt"], "top"]);
  });

  it("may lie outside the package: in another one of the workspace", async () => {
    const root = temporaryFolder({
      "app/package.json": `{ "type": "module" }`,
      "app/a.mjs": `import { text } from "lib";\nexport const f = () => text();`,
      "lib/package.json": `{ "name": "lib", "type": "module", "exports": "./index.mjs" }`,
      "lib/index.mjs": `import { readFileSync } from "node:fs";\nexport const text = () => readFileSync(new URL("./note.txt", import.meta.url), "utf8");`,
      "lib/note.txt": "note",
    });
    mkdirSync(path.join(root, "node_modules"));
    symlinkSync(path.join(root, "lib"), path.join(root, "node_modules/lib"));
    const artifact = await packageFrom(root, "app/a.mjs");

    expect(artifact.assets).toEqual(["files/lib/note.txt"]);
    expect(await (await load(artifact))({})).toBe("note");
    expect(Object.values(filesOf(artifact)).join()).not.toContain(root);
  });

  it("keep every line and column of the code where it was", async () => {
    const root = temporaryFolder({
      ...esm,
      "x.txt": "x",
      "a.ts": `import { readFileSync } from "node:fs";
class Secret { #n = 1; n() { return this.#n; } }
export function f(s: Secret): string {
  const text = readFileSync(new URL("./x.txt", import.meta.url), "utf8"); if (text) throw new RangeError(text + s.n());
  return text;
}`,
    });
    const artifact = await packageFrom(root, "a.ts");

    const code = filesOf(artifact)["index.mjs"] ?? "";
    const line0 = code.split("\n").findIndex((line) => line.includes("new RangeError"));
    const column0 = code.split("\n")[line0]?.indexOf("new RangeError") ?? 0;
    const map = new SourceMap(JSON.parse(readFileSync(artifact.sourceMapPath, "utf8")));
    expect(map.findEntry(line0, column0)).toMatchObject({ originalLine: 3, originalColumn: 90 });
  });

  it.each([
    ["is not there", "gone.txt", /gone\.txt, which `f` reads, does not exist/],
    ["is an empty folder", "empty", /empty, which `f` reads, is an empty folder/],
  ])("fail by name when one %s", async (_what, name, message) => {
    const root = temporaryFolder({
      ...esm,
      "a.mjs": `import fs from "node:fs";\nexport const f = () => fs.readFileSync(new URL("./${name}", import.meta.url));`,
    });
    mkdirSync(path.join(root, "empty"));

    await expect(packageFrom(root, "a.mjs")).rejects.toMatchObject({
      code: "asset-missing",
      message: expect.stringMatching(message),
    });
  });
});

describe("modules loaded by names of a known set", () => {
  const plugins = {
    ...esm,
    "plugins/a.mjs": `export default (x) => "a" + x;`,
    "plugins/b.mjs": `export default (x) => "b" + x;`,
    "plugins/c.cjs": `module.exports = (x) => "c" + x;`,
    "plugins/rates.json": `{ "euro": 2 }`,
  };

  it.each([
    [
      "a table",
      `const files = { a: "./plugins/a.mjs", c: "./plugins/c.cjs" };\nexport const f = async (kind) => (await import(files[kind])).default(1);`,
      { kind: "c" },
      "c1",
    ],
    [
      "a template",
      "export const f = async (kind) => (await import(`./plugins/${kind}.mjs`)).default(1);",
      { kind: "b" },
      "b1",
    ],
    [
      "a choice",
      `export const f = async (kind) => (await import(kind === "a" ? "./plugins/a.mjs" : "node:path")).default(1);`,
      { kind: "a" },
      "a1",
    ],
    [
      "JSON",
      `const files = ["./plugins/rates.json"];\nexport const f = async (kind) => (await import(files[kind], { with: { type: "json" } })).default.euro;`,
      { kind: 0 },
      2,
    ],
    [
      "a `require` of its own",
      `import { createRequire } from "node:module";\nconst load = createRequire(import.meta.url);\nexport const f = (kind) => load("./plugins/c.cjs")(kind) + load("./plugins/rates.json").euro + load("node:path").sep;`,
      { kind: "x" },
      "cx2/",
    ],
    [
      "a `require` of its own, named so",
      `import { createRequire } from "node:module";\nconst require = createRequire(import.meta.url);\nconst rates = require("./plugins/rates.json");\nexport const f = (kind) => require("./plugins/c.cjs")(kind) + rates.euro;`,
      { kind: "x" },
      "cx2",
    ],
  ])("by %s", async (_what, text, event, result) => {
    expect(await resultOf({ ...plugins, "a.mjs": text }, "a.mjs", event)).toBe(result);
  });

  it("in CommonJS, with or without endings", async () => {
    const files = {
      "plugins/c.js": `exports.run = (x) => "c" + x;`,
      "a.js": `exports.f = (kind) => require("./plugins/" + kind).run(1);`,
    };

    expect(await resultOf(files, "a.js", { kind: "c" })).toBe("c1");
    expect(await resultOf(files, "a.js", { kind: "c.js" })).toBe("c1");
  });

  it("fail as in Node for any other name", async () => {
    const text = "export const f = (kind) => import(`./plugins/${kind}.mjs`).catch((error) => error.code);";

    expect(await resultOf({ ...plugins, "a.mjs": text }, "a.mjs", { kind: "z" })).toBe("ERR_MODULE_NOT_FOUND");
  });

  it("with nothing but what they reach", async () => {
    const root = temporaryFolder({
      ...esm,
      "p/a.ts": `export const run = () => "a";\nmain();\nfunction main() { throw new Error("is left out"); }`,
      "a.ts": "export const f = async (kind: string): Promise<string> => (await import(`./p/${kind}.ts`)).run();",
    });
    const artifact = await packageFrom(root, "a.ts");

    expect(await (await load(artifact))({ kind: "a" })).toBe("a");
    expect(filesOf(artifact)["index.mjs"]).not.toContain("is left out");
  });
});

describe("packages in several forms", () => {
  it("are taken in the form that Node takes", async () => {
    const files = {
      ...esm,
      "node_modules/dual/package.json": `{ "name": "dual", "exports": { ".": { "module": "./bundler.mjs", "import": "./esm.mjs", "require": "./cjs.cjs" }, "./sub": { "node": { "require": "./cjs.cjs", "default": "./esm.mjs" } } } }`,
      "node_modules/dual/bundler.mjs": `export const form = "bundler";`,
      "node_modules/dual/esm.mjs": `export const form = "esm";`,
      "node_modules/dual/cjs.cjs": `exports.form = "cjs";`,
      "old.cjs": `exports.old = () => require("dual").form + require("dual/sub").form;`,
      "a.mjs": `import { form } from "dual";\nimport { form as sub } from "dual/sub";\nimport { old } from "./old.cjs";\nexport const f = () => [form, sub, old()];`,
    };

    expect(await resultOf(files, "a.mjs")).toEqual(["esm", "esm", "cjscjs"]);
  });

  it("and top-level await, circular imports and side effects work as in Node", async () => {
    const files = {
      ...esm,
      "a.ts": `import "./setup.js";\nimport { even } from "./even.js";\nconst limit = await Promise.resolve(10);\nexport const f = (n: number) => [even(n), limit, (globalThis as { K?: number }).K];`,
      "even.ts": `import { odd } from "./odd.js";\nexport const even = (n: number): boolean => n === 0 || odd(n - 1);`,
      "odd.ts": `import { even } from "./even.js";\nexport const odd = (n: number): boolean => n !== 0 && even(n - 1);`,
      "setup.ts": `(globalThis as { K?: number }).K = 7;`,
    };

    expect(await resultOf(files, "a.ts", { n: 4 })).toEqual([true, 10, 7]);
  });
});
