import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { SourceMap } from "node:module";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Artifact } from "../../../src/core/artifact.ts";
import { packageUnit } from "../../../src/packager/package-unit.ts";
import { readUnitHandler } from "../../../src/packager/shim-files.ts";
import { REGISTRY, RegisteredClasses, type RegisteredNames } from "../../../src/protocol/registered-names.ts";
import { decodeAnswer, encodeCall } from "../../../src/protocol/values/codec.ts";
import { buildShimFolder, filesOf, load, temporaryFolder, unitOf, writeFiles } from "./support.ts";

const shimFolder = mkdtempSync(path.join(os.tmpdir(), "faasify-shim-"));
beforeAll(() => buildShimFolder(shimFolder));
afterAll(() => rmSync(shimFolder, { recursive: true, force: true }));

const project = {
  "package.json": `{ "type": "module" }`,
  "src/price.ts": `import { rate } from "./rate.ts";
console.log("top-level code of the module");
export function gross(net: number, discount = 0): number {
  const taxed = (net - discount) * rate;
  if (Number.isNaN(taxed)) throw new RangeError("no price");
  return taxed;
}
main();
function main() { throw new Error("main must not run in the cloud"); }
`,
  "src/rate.ts": `export const rate = 1.5;\nexport const unused = "never mentioned";\n`,
};

describe("an artifact", () => {
  it("runs outside the project, without the file's top-level program", async () => {
    const root = temporaryFolder(project);

    const handler = await load(await packageFrom(root, "src/price.ts", "gross"));

    expect(await handler({ faasify: 1, args: [10] })).toEqual({ faasify: 1, result: 15 });
    expect(await handler({ net: 10, discount: 4 })).toBe(9);
  });

  it("has the same bytes for the same sources, wherever they lie, and tells nothing of this machine", async () => {
    const first = await packageFrom(temporaryFolder(project), "src/price.ts", "gross");
    const second = await packageFrom(temporaryFolder(project), "src/price.ts", "gross");

    expect(second.sha256).toBe(first.sha256);
    expect(second.sourceMapPath).not.toBe(first.sourceMapPath);
    const text = Object.values(filesOf(first)).join("\n");
    expect(text).not.toContain(os.tmpdir());
    expect(text).not.toContain("sourceMappingURL");
    expect(text).not.toContain("never mentioned");
  });

  it("describes itself in faasify.json and in its facts", async () => {
    const root = temporaryFolder(project);
    const artifact = await packageFrom(root, "src/price.ts", "gross");

    const files = filesOf(artifact);
    expect(Object.keys(files)).toEqual(["faasify.json", "index.mjs"]);
    expect(JSON.parse(files["faasify.json"] ?? "")).toEqual({
      buildId: artifact.buildId,
      function: "src/price.ts#gross",
      handler: "index.handler",
    });
    expect(artifact).toMatchObject({ handler: "index.handler", debug: false, convention: "plain" });
    expect(artifact.buildId).toBe(hash(files["index.mjs"] ?? "", "hex").slice(0, 16));
    expect(artifact.sha256).toBe(hash(readFileSync(artifact.zipPath), "base64"));
    expect(artifact.bytes).toBe(statSync(artifact.zipPath).size);
    expect(artifact.inputs).toEqual([path.join(root, "src/price.ts"), path.join(root, "src/rate.ts")]);
  });

  it("has a source map that leads to the user's lines by absolute path", async () => {
    const root = temporaryFolder(project);
    const artifact = await packageFrom(root, "src/price.ts", "gross");

    const code = filesOf(artifact)["index.mjs"] ?? "";
    const line0 = code.split("\n").findIndex((line) => line.includes("new RangeError"));
    const column0 = code.split("\n")[line0]?.indexOf("new RangeError") ?? 0;
    const map = new SourceMap(JSON.parse(readFileSync(artifact.sourceMapPath, "utf8")));

    expect(map.findEntry(line0, column0)).toMatchObject({
      originalSource: path.join(root, "src/price.ts"),
      originalLine: 4,
    });
  });

  it("holds the shim, and names its handler, only with debug", async () => {
    const root = temporaryFolder(project);
    const plain = await packageFrom(root, "src/price.ts", "gross");
    const debug = await packageFrom(root, "src/price.ts", "gross", true);

    expect(Object.keys(filesOf(debug))).toEqual([
      "faasify-shim-worker.cjs",
      "faasify-shim.cjs",
      "faasify.json",
      "index.mjs",
    ]);
    expect(debug).toMatchObject({ handler: "faasify-shim.handler", debug: true, buildId: plain.buildId });
  });

  it("is used again when it is there, and made anew when it is damaged", async () => {
    const root = temporaryFolder(project);
    const first = await packageFrom(root, "src/price.ts", "gross");
    const written = statSync(first.zipPath).mtimeMs;

    const again = await packageFrom(root, "src/price.ts", "gross");
    expect(again).toEqual(first);
    expect(statSync(again.zipPath).mtimeMs).toBe(written);

    writeFileSync(first.zipPath, "half");
    const repaired = await packageFrom(root, "src/price.ts", "gross");
    expect(hash(readFileSync(repaired.zipPath), "base64")).toBe(first.sha256);
    expect(readdirSync(path.join(root, "artifacts"))).toHaveLength(1);
  });

  it("survives being packaged many times at once", async () => {
    const root = temporaryFolder(project);

    const all = await Promise.all(Array.from({ length: 8 }, () => packageFrom(root, "src/price.ts", "gross")));

    expect(new Set(all.map(({ zipPath }) => zipPath)).size).toBe(1);
    expect(readdirSync(path.join(root, "artifacts"))).toHaveLength(1);
  });
});

describe("packages and module kinds", () => {
  it("bundles a CommonJS package into an ES module, with its require", async () => {
    const root = temporaryFolder({
      "package.json": `{ "type": "module" }`,
      "node_modules/old/package.json": `{ "name": "old", "version": "1.0.0", "main": "main.js" }`,
      "node_modules/old/main.js": `const os = require("os");
exports.facts = () => [typeof os.EOL];`,
      "app.mjs": `import { facts } from "old";
import { createRequire } from "node:module";
const require = createRequire(import.meta.url);
export function look() { return [...facts(), typeof require("node:path").join]; }`,
    });
    const artifact = await packageFrom(root, "app.mjs", "look");
    const handler = await load(artifact);

    expect(await handler({})).toEqual(["string", "function"]);
    expect(artifact.packages).toBeUndefined();
    expect(artifact.inputs).toEqual([path.join(root, "app.mjs"), path.join(root, "node_modules/old/package.json")]);
    const map = JSON.parse(readFileSync(artifact.sourceMapPath, "utf8")) as { mappings: string };
    expect(map.mappings.startsWith(";")).toBe(true);
  });

  it("leaves a module its own __filename and __dirname, next to CommonJS that uses Node's", async () => {
    const root = temporaryFolder({
      "package.json": `{ "type": "module" }`,
      "old.cjs": `exports.place = () => [__dirname.endsWith("/"), __filename.startsWith(__dirname)];`,
      "app.mjs": `import { place } from "./old.cjs";
import path from "node:path";
import { fileURLToPath } from "node:url";
const __filename = fileURLToPath(import.meta.url);
const __dirname = path.dirname(__filename);
// @faasify allow=files
export function look() { return [...place(), __filename.startsWith(__dirname)]; }`,
    });

    expect(await (await load(await packageFrom(root, "app.mjs", "look")))({})).toEqual([false, true, true]);
  });

  it("keeps CommonJS sources CommonJS", async () => {
    const root = temporaryFolder({
      "package.json": `{}`,
      "lib.js": `const path = require("node:path");
const helper = (name) => path.basename(name);
exports.base = function base(name) { return helper(name); };`,
    });
    const artifact = await packageFrom(root, "lib.js", "base");

    expect(Object.keys(filesOf(artifact))).toContain("index.cjs");
    expect(await (await load(artifact))({ name: "/a/b" })).toBe("b");
  });

  it("bundles imported JSON", async () => {
    const root = temporaryFolder({
      "package.json": `{ "type": "module" }`,
      "rates.json": `{ "vat": 20 }`,
      "vat.ts": `import rates from "./rates.json" with { type: "json" };\nexport const vat = (net: number) => (net * rates.vat) / 100;`,
    });

    expect(await (await load(await packageFrom(root, "vat.ts", "vat")))({ net: 5 })).toBe(1);
  });

  it("deploys a function that already is a handler as it is", async () => {
    const root = temporaryFolder({
      "package.json": `{ "type": "module" }`,
      "handler.ts": `export const handler = async (event: { n: number }, context: { awsRequestId: string }) => ({ n: event.n, id: context.awsRequestId });`,
    });
    const artifact = await packageFrom(root, "handler.ts", "handler");
    const handler = await load(artifact);

    expect(artifact.convention).toBe("lambda");
    expect(await handler({ n: 1 }, { awsRequestId: "r" })).toEqual({ n: 1, id: "r" });
  });
});

describe("failures", () => {
  it("names the place where a package imports what is not installed, and the command that installs it", async () => {
    const root = temporaryFolder({
      "package.json": `{ "type": "module" }`,
      "node_modules/pads/package.json": `{ "name": "pads", "main": "main.js" }`,
      "node_modules/pads/main.js": `// needs a peer\nmodule.exports = require("@left/pad/deep");`,
      "app.ts": `import pad from "pads";\nexport const padded = (text: string): string => pad(text);`,
    });

    await expect(packageFrom(root, "app.ts", "padded")).rejects.toMatchObject({
      code: "dependency-missing",
      message: `"@left/pad/deep" cannot be found, imported at ${path.join(root, "node_modules/pads/main.js")}:2`,
      remedy: "Run npm install @left/pad in the project",
    });
  });

  it("says where the project's own code cannot be bundled", async () => {
    const root = temporaryFolder({
      "package.json": `{ "type": "module" }`,
      "node_modules/page/package.json": `{ "name": "page", "exports": { "./page.html": "./page.html" } }`,
      "node_modules/page/page.html": "<p>",
      "app.ts": `import page from "page/page.html";\nexport const run = () => page;`,
    });

    await expect(packageFrom(root, "app.ts", "run")).rejects.toMatchObject({
      code: "build-failed",
      message: expect.stringContaining("app.ts#run cannot be bundled"),
      remedy: "Correct the source at that place",
    });
  });

  it("refuses a package over the platform's limit with both sizes", async () => {
    const root = temporaryFolder({ "package.json": `{ "type": "module" }` });
    // Noise: what compresses well would stay below the limit.
    const noise = Array.from({ length: 2 }, () => incompressible(256 * 1024));
    writeFiles(root, {
      "node_modules/noise/package.json": `{ "name": "noise", "main": "main.json" }`,
      "node_modules/noise/main.json": JSON.stringify(noise),
      "big.ts": `import noise from "noise";\nexport const size = () => noise.join("").length;`,
    });

    const packaging = packageUnit(unitOf(path.join(root, "big.ts"), "size"), {
      ...optionsFor(root),
      maxBytes: 200_000,
    });

    await expect(packaging).rejects.toMatchObject({
      code: "artifact-too-large",
      message: expect.stringMatching(/big\.ts#size is 0\.\d\d MiB; a platform takes at most 0\.19 MiB/),
    });
    expect(existsSync(path.join(root, "artifacts"))).toBe(false);
  });

  it("is not made with a handler that is empty, as one is while it is being built", async () => {
    const empty = temporaryFolder({ "unit-handler.mjs": "" });

    await expect(readUnitHandler(empty)).rejects.toThrow(/has no unit handler/);
  });

  it("says so when the artifact folder cannot be written", async () => {
    const root = temporaryFolder({ ...project, artifacts: "a file where the folder should be" });

    await expect(packageFrom(root, "src/price.ts", "gross")).rejects.toMatchObject({
      code: "platform-state-not-writable",
      remedy: expect.stringContaining("FAASIFY_DATA"),
    });
  });
});

describe("values that are no plain JSON", () => {
  it("are instances of classes to which nothing but a type leads, private fields included", async () => {
    const root = temporaryFolder({
      "package.json": `{ "type": "module", "sideEffects": false }`,
      "src/pay.ts": `import type { Account } from "./account.ts";
export function pay(account: Account, sum: number): string { return account.take(sum); }`,
      "src/account.ts": `import { Named } from "./named.ts";
export class Account extends Named {
  #balance = 0;
  constructor(name: string, balance: number) { super(name); this.#balance = balance; }
  take(sum: number) { this.#balance -= sum; return this.name + " " + this.#balance; }
}
export class Unused { note = "never mentioned"; }`,
      "src/named.ts": "export class Named { constructor(readonly name: string) {} }",
    });
    const artifact = await packageFrom(root, "src/pay.ts", "pay");
    const before = registered().length;
    const handler = await load(artifact);
    const classes = new RegisteredClasses();
    for (const names of registered().slice(before)) classes.add(names.classes);
    const Account = registered()
      .flatMap((names) => Object.entries(names.classes))
      .find(([id]) => id === "src/account.ts#Account")?.[1]
      .get() as new (name: string, balance: number) => { take(sum: number): string };
    const account = new Account("Ada", 50);

    const sent = encodeCall({ args: [account, 8] }, { classes });
    const event = { faasify: 1, args: sent.encoded, effects: true };
    const answer = (await handler(JSON.parse(JSON.stringify(event)))) as { result: unknown };

    expect(decodeAnswer(answer.result, sent, { classes }).value).toBe("Ada 42");
    expect(account.take(2)).toBe("Ada 40");
    expect(filesOf(artifact)["index.mjs"]).not.toContain("never mentioned");
  });
});

function registered(): readonly RegisteredNames[] {
  return (globalThis as { readonly [REGISTRY]?: readonly RegisteredNames[] })[REGISTRY] ?? [];
}

function packageFrom(root: string, file: string, name: string, debug = false): Promise<Artifact> {
  return packageUnit(unitOf(path.join(root, file), name), { ...optionsFor(root), debug });
}

function optionsFor(root: string) {
  return { debug: false, artifactFolder: path.join(root, "artifacts"), shimFolder };
}

function hash(data: string | Uint8Array, encoding: "hex" | "base64"): string {
  return createHash("sha256").update(data).digest(encoding);
}

/** Printable, from a seeded generator. */
function incompressible(length: number): string {
  let state = 1234567 + length;
  const bytes = Buffer.alloc(length);
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    bytes[index] = 0x28 + ((state >>> 16) % 0x50);
  }
  return bytes.toString("latin1").replaceAll("\\", "/");
}
