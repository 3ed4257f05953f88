/** Programs that are whole folders: what starts where, what their own tests see, and the way back. */
import { execFile } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
import { decomposeProgram, filesBelow, inlineBack, manifestOf, runProgram } from "./decompose-harness.ts";

const run = promisify(execFile);
const root = realpathSync(mkdtempSync(path.join(os.tmpdir(), "faasify-folder-")));
const data = path.join(root, "data");
const cli = path.resolve("dist/cli.cjs");
const environment = { ...process.env, FAASIFY_DATA: data, NODE_OPTIONS: "" };

afterAll(async () => {
  await run(process.execPath, [cli, "platform", "stop"], { env: environment });
  rmSync(root, { recursive: true, force: true });
});

function write(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(path.join(root, "program-"));
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), text);
  }
  return folder;
}

const shop = {
  "package.json": '{ "name": "shop", "type": "module", "bin": "./bin/shop.js", "exports": { ".": "./src/index.js" } }',
  "bin/shop.js": '#!/usr/bin/env node\nimport { total } from "../src/index.js";\nconsole.log(total([1, 2, 3]));\n',
  "src/index.js": '\uFEFFexport { total } from "./total.js";\r\nexport { stock } from "./stock.js";\r\n',
  "src/total.js":
    'import { add } from "./add.js";\r\nexport function total(list) {\r\n\treturn list.reduce(add, 0);\r\n}\r\n',
  "src/add.js": "export function add(a, b) {\n  return a + b;\n}\n",
  "src/stock.js":
    "const items = new Map();\nexport function stock(name, by) {\n  items.set(name, (items.get(name) ?? 0) + by);\n  return items.get(name);\n}\nexport { items };\n",
  "test/stock.js": `import assert from "node:assert";
import test from "node:test";
import { stock, total } from "../src/index.js";
import { items } from "../src/stock.js";
test("counts", () => { assert.equal(stock("a", 1), 1); assert.equal(stock("a", 2), 3); });
test("starts anew", () => { items.clear(); assert.equal(stock("a", 5), 5); assert.equal(items.get("a"), 5); });
test("sums", () => { assert.equal(total([1, 2]), 3); assert.throws(() => total(null), TypeError); });
`,
  "README.md": "# Shop\n",
};

describe("a folder", () => {
  it("starts where its package.json says, and its own tests pass against the copy unchanged", async () => {
    const folder = write(shop);
    const out = path.join(root, "shop");
    const { entry, remote } = await decomposeProgram(folder, { out, data });

    expect(entry).toBe("bin/shop.js");
    expect(new Set(remote.map((id) => id.split("/").at(-1)))).toEqual(
      new Set(["add.js#add", "stock.js#stock", "total.js#total"]),
    );
    expect((await runProgram(path.join(out, entry), { FAASIFY_DATA: data })).stdout).toBe("6\n");
    const { stdout } = await run(process.execPath, ["--test", "--test-reporter=tap", "test/stock.js"], {
      cwd: out,
      env: { ...environment, NODE_TEST_CONTEXT: undefined, FAASIFY_REMOTE_ONLY: "1" },
    });
    expect(stdout).toContain("# pass 3");
    expect(readFileSync(path.join(out, "test/stock.js"), "utf8")).toBe(shop["test/stock.js"]);
  });

  it("tells in its manifest what moved, what is rewired, and the one right that each call takes", async () => {
    const folder = write({
      ...shop,
      "src/total.js":
        'import { add } from "./add.js";\nexport const total = (list) => list.reduce((a, b) => plus(a, b), 0);\nfunction plus(a, b) { return add(a, b); }\nexport function each() { process.exit(3); }\n',
    });
    const out = path.join(root, "told");
    await decomposeProgram(folder, { out, data });
    const { report, functions } = manifestOf(out);

    expect(report?.moved["src/total.js#total"]).toEqual({
      verdict: "pure",
      effects: [],
      along: ["src/total.js#plus", "src/add.js#add"],
      rewired: [
        { file: "bin/shop.js", line: 3, kind: "call" },
        { file: "test/stock.js", line: 7, kind: "call" },
        { file: "test/stock.js", line: 7, kind: "call" },
      ],
    });
    expect(report?.moved["src/stock.js#stock"]?.effects).toEqual(["state"]);
    expect(report?.stays).toContainEqual({
      function: "src/total.js#plus",
      reason: "is called by moved functions only, and goes along with them",
    });
    expect(report?.stays.find(({ function: id }) => id === "src/total.js#each")?.reason).toContain("process.exit");
    expect(report?.edges.map(({ callee }) => callee).toSorted()).toEqual(Object.keys(functions).toSorted());
    const statements = report?.edges.map(({ statement }) => statement) ?? [];
    for (const statement of statements) {
      expect(statement).toMatchObject({ Effect: "Allow", Action: "lambda:InvokeFunction" });
      expect(statement.Resource).not.toContain("*");
    }
    expect(new Set(statements.map(({ Resource }) => Resource)).size).toBe(statements.length);
  });

  it("becomes the original again byte for byte, in place or elsewhere", async () => {
    const folder = write(shop);
    const out = path.join(root, "back");
    const elsewhere = path.join(root, "back-elsewhere");
    await decomposeProgram(folder, { out, data });
    expect(filesBelow(out)).not.toEqual(filesBelow(folder));
    await inlineBack(out, { data, options: ["--out", elsewhere] });
    expect(filesBelow(elsewhere)).toEqual(filesBelow(folder));

    expect((await inlineBack(out, { data })).toSorted()).toEqual(["src/add.js", "src/stock.js", "src/total.js"]);
    expect(filesBelow(out)).toEqual(filesBelow(folder));
    expect(existsSync(path.join(out, ".faasify"))).toBe(false);
    await expect(inlineBack(out, { data })).rejects.toThrow(/was not written by faasify decompose/);
  });

  it("does not lose what was edited in the copy", async () => {
    const out = path.join(root, "edited");
    await decomposeProgram(write(shop), { out, data });
    const file = path.join(out, "src/add.js");
    writeFileSync(file, `${readFileSync(file, "utf8")}// mine\n`);

    await expect(inlineBack(out, { data })).rejects.toMatchObject({ code: "copy-changed" });
    expect(readFileSync(file, "utf8")).toContain("// mine");
  });

  it("deploys nothing the second time", async () => {
    const out = path.join(root, "twice");
    const { entry } = await decomposeProgram(write(shop), { out, data });
    const versions = async (): Promise<string> => {
      await runProgram(path.join(out, entry), { FAASIFY_DATA: data });
      const { stdout } = await run(process.execPath, [cli, "list", "--json"], { env: environment });
      return stdout;
    };
    const first = await versions();
    expect(first).toContain("total");
    expect(await versions()).toBe(first);
  });
});

const typescript = {
  "package.json": '{ "name": "typed", "main": "dist/main.js", "scripts": { "build": "tsc -p ." } }',
  "tsconfig.json":
    '{ "compilerOptions": { "target": "es2022", "module": "node16", "outDir": "dist", "rootDir": "src", "strict": true, "types": [], "paths": { "@lib/*": ["./src/lib/*"] } }, "include": ["src"] }',
  "src/main.ts":
    'import { price } from "./lib/price";\ndeclare const console: { log(...values: unknown[]): void };\nexport enum Kind { A = 1, B }\nconsole.log(price({ net: 10, kind: Kind.B }));\n',
  "src/lib/price.ts":
    "export interface Item { readonly net: number; readonly kind: number }\nexport function price({ net, kind }: Item): string {\n  return `${net * kind} €`;\n}\n",
};

describe("a TypeScript project", () => {
  it("is decomposed in its sources, which compile in the copy as they did", async () => {
    const folder = write(typescript);
    mkdirSync(path.join(folder, "node_modules"));
    symlinkSync(path.resolve("node_modules/typescript"), path.join(folder, "node_modules/typescript"));
    const out = path.join(root, "typed");
    const { entry, remote } = await decomposeProgram(folder, { out, data });
    expect(entry).toBe("src/main.ts");
    expect(remote.map((id) => id.split("/").at(-1))).toEqual(["price.ts#price"]);

    await run(process.execPath, [path.resolve("node_modules/.bin/tsc"), "-p", "."], { cwd: out });
    const { stdout, stderr } = await runProgram(path.join(out, "dist/main.js"), {
      FAASIFY_DATA: data,
      FAASIFY_REMOTE_ONLY: "1",
    });
    expect({ stdout, stderr }).toEqual({ stdout: "20 €\n", stderr: "" });
  });
});
