/** `node --import faasify/register`: programs that are decomposed while they are loaded, with nothing written beside them. */
import { execFile, execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
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

const run = promisify(execFile);
const root = realpathSync(mkdtempSync(path.join(os.tmpdir(), "faasify-register-")));
const data = path.join(root, "data");
const cli = path.resolve("dist/cli.cjs");
const environment = {
  ...process.env,
  FAASIFY_DATA: data,
  FAASIFY_NODE: process.execPath,
  NODE_OPTIONS: "",
  FAASIFY_REMOTE_ONLY: "1",
};

mkdirSync(path.join(root, "node_modules"));
symlinkSync(path.resolve("."), path.join(root, "node_modules/faasify"));

afterAll(async () => {
  await run(process.execPath, [cli, "platform", "stop"], { env: environment });
  rmSync(root, { recursive: true, force: true });
});

let programs = 0;

function write(files: Readonly<Record<string, string>>): string {
  programs += 1;
  const folder = path.join(root, `program-${programs}`);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
  return path.join(folder, Object.keys(files)[0] ?? "");
}

/** Both outputs: with `NODE_DEBUG` the second one tells what moves. */
async function start(
  file: string,
  {
    node = process.execPath,
    env = {},
  }: { readonly node?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const options = { cwd: path.dirname(file), env: { ...environment, ...env } };
  return run(node, ["--import", "faasify/register", path.basename(file)], options);
}

async function invocations(name: string): Promise<number> {
  const { stdout } = await run(process.execPath, [cli, "metrics", "--json"], { env: environment });
  const { functions } = JSON.parse(stdout) as { functions: readonly { function: string; invocations: number }[] };
  return functions.filter((one) => one.function.endsWith(name)).reduce((sum, one) => sum + one.invocations, 0);
}

const shop = {
  "shop.mjs":
    'import { price, label } from "./price.mjs";\nconsole.log(price(2), label("a"), import.meta.url.endsWith("shop.mjs"));\n',
  "price.mjs":
    'let calls = 0;\n// @faasify\nexport function price(n) { calls += 1; console.log("call", calls); return n * 10; }\nexport function label(text) { return `<${text}>`; }\n',
};

describe("a program that is started with faasify/register", () => {
  it("runs the functions with a directive where they are deployed, and leaves its folder as it was", async () => {
    const file = write(shop);
    const { stdout, stderr } = await start(file, { env: { NODE_DEBUG: "faasify" } });

    expect(stdout).toBe("call 1\n20 <a> true\n");
    expect(stderr).toContain("price.mjs#price moves");
    expect(stderr).toContain("price.mjs#label stays: was not selected");
    expect(await invocations("price.mjs#price")).toBe(1);
    expect(readdirSync(path.dirname(file)).length).toBe(2);
    expect((await start(file)).stderr).toBe("");
  });

  it("packages and deploys again only what has changed", async () => {
    const file = write(shop);
    const list = async (): Promise<readonly string[]> => {
      const { stdout } = await run(process.execPath, [cli, "list", "--json"], { env: environment });
      return stdout.split("\n");
    };
    await start(file, { env: { FAASIFY_FUNCTIONS: "{price,label}" } });
    const first = await list();
    await start(file, { env: { FAASIFY_FUNCTIONS: "{price,label}" } });
    expect(await list()).toEqual(first);

    const price = path.join(path.dirname(file), "price.mjs");
    writeFileSync(price, readFileSync(price, "utf8").replace("n * 10", "n * 11"));
    expect((await start(file, { env: { FAASIFY_FUNCTIONS: "{price,label}" } })).stdout).toContain("22 <a>");
  });

  it("takes CommonJS, TypeScript and errors as they are", async () => {
    const common = write({
      "main.cjs":
        '"use strict";\nconst { half } = require("./half.cjs");\nconsole.log(half(4));\ntry { half("x"); } catch (error) { console.log(error.name, error.stack.split("\\n").filter((line) => line.includes("half.cjs:2")).length > 0); }\n',
      "half.cjs":
        '// @faasify\nexports.half = function half(n) { if (typeof n !== "number") throw new RangeError("no"); return n / 2; };\n',
    });
    expect((await start(common)).stdout).toBe("2\nRangeError true\n");
    const typed = write({
      "app.ts":
        'import { area, type Box } from "./area.ts";\nconst box: Box = { w: 2, h: 3 };\nconsole.log(await area(box));\n',
      "area.ts":
        "export interface Box { readonly w: number; readonly h: number }\nexport async function area({ w, h }: Box): Promise<number> {\n  return w * h;\n}\n",
      "package.json": '{ "type": "module" }',
    });
    expect((await start(typed, { env: { FAASIFY_FUNCTIONS: "area" } })).stdout).toBe("6\n");
    expect(await invocations("area.ts#area")).toBe(1);
  });

  it("refuses names that mean nothing, and does nothing without a program", async () => {
    await expect(start(write(shop), { env: { FAASIFY_FUNCTIONS: "nothing" } })).rejects.toMatchObject({
      code: 3,
      stderr: expect.stringMatching(
        /^error function-not-found: FAASIFY_FUNCTIONS names no function: nothing/,
      ) as string,
    });
    const { stdout } = await run(process.execPath, ["--import", "faasify/register", "--print", "1 + 1"], {
      cwd: root,
      env: environment,
    });
    expect(stdout).toBe("2\n");
  });
});

/** One on the PATH that knows neither TypeScript nor hooks in its own thread. */
function olderNode(): string | undefined {
  const found = (process.env["PATH"] ?? "").split(path.delimiter).map((folder) => path.join(folder, "node"));
  return found
    .filter((file) => existsSync(file))
    .find((file) => {
      const version = execFileSync(file, ["-p", "process.versions.node"], {
        encoding: "utf8",
        env: { ...process.env, NODE_OPTIONS: "" },
      });
      return /^(?:20|21)\./.test(version);
    });
}

const older = olderNode();

describe.skipIf(older === undefined)("an older Node", () => {
  const node = older ?? "";

  it("runs TypeScript, modules and CommonJS", async () => {
    const typed = write({
      "app.ts": 'import { area, Kind } from "./area.ts";\nconsole.log(area({ w: 2, h: 3 }), Kind.B);\n',
      "area.ts":
        "interface Box { readonly w: number; readonly h: number }\nexport enum Kind { A = 1, B }\n// @faasify\nexport function area({ w, h }: Box): number {\n  return w * h;\n}\n",
      "package.json": '{ "type": "module" }',
    });
    expect((await start(typed, { node })).stdout).toBe("6 2\n");
    expect((await start(write(shop), { node })).stdout).toBe("call 1\n20 <a> true\n");
    const common = write({
      "main.cjs": 'const { half } = require("./half.cjs");\nconsole.log(half(4));\n',
      "half.cjs": "// @faasify\nexports.half = (n) => n / 2;\n",
    });
    expect((await start(common, { node })).stdout).toBe("2\n");
    expect(await invocations("half.cjs#half")).toBeGreaterThan(0);
  });
});
