/**
 * Small programs (test/fixtures/programs) and their decomposed copies, run by plain Node: what they print and how they
 * end must be the same, and the platform's own counts tell what really ran there.
 */
import { execFile } from "node:child_process";
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
import { decomposeProgram, filesBelow, inlineBack, runProgram } from "./decompose-harness.ts";

const run = promisify(execFile);
const programs = path.resolve("test/fixtures/programs");
const root = realpathSync(mkdtempSync(path.join(os.tmpdir(), "faasify-decompose-")));
const data = path.join(root, "data");
const cli = path.resolve("dist/cli.cjs");
const environment = { ...process.env, FAASIFY_DATA: data };

afterAll(async () => {
  await run(process.execPath, [cli, "platform", "stop"], { env: environment });
  rmSync(root, { recursive: true, force: true });
});

/** Programs of which nothing can run elsewhere, with a part of the reason for `f`, or for the function given. */
const local: Readonly<Record<string, string>> = {
  "async-prints-later.mjs": "another order",
  "async-state.mjs": "overlap",
  "called-early.mjs": "before line 2 gives `later` its value",
  "capture-proxy.mjs": "Proxy",
  "class-in-iife.mjs": "an instance of what the code around it makes",
  "class-mixins-private.mjs": "which is no class of this project",
  "constructor-function.mjs": "is called with `new`",
  "dynamic-import-unknown.mjs": "known only at run time",
  "environment-any.mjs": "environment",
  "files-computed.mjs": "place on disk",
  "files-written.mjs": "may change them",
  "function-properties-elsewhere.mjs": "keeps something in properties of its own",
  "function-reassigned.mjs": "is replaced at function-reassigned.mjs:5",
  "function-text-inside.mjs": "reads the text of a function",
  "function-text.mjs": "text",
  "global-changed.mjs": "changes something global",
  "global-patched-late.mjs": "changes something global",
  "json-changed.mjs": "uses the data of rates.json",
  "object-accessor.mjs": "is read like a field",
  "object-assigned.mjs": "gives `key` its value",
  "object-fluent.mjs": "is changed by its own methods",
  "object-given-out.mjs": "holds functions besides",
  "object-nested-state.mjs": "is changed by its own methods",
  "place-given.mjs": "place on disk",
  "made-constructor.mjs": "is called with `new`",
  "made-remembers-objects.mjs": "keeps state in a closure",
  "made-timer.mjs": "keeps state in a closure",
  "members-assigned-state.mjs": "is changed by a function that is its member",
  "nested-arrow-this.mjs": "of the class or object around it",
  "nested-constant.mjs": "assigns to the constant `k`",
  "nested-early.mjs": "before line 2 gives `RATE` its value",
  "nested-eval.cjs": "`eval` or `with`",
  "nested-function-captured.mjs": "calls `cb` of the code around it",
  "nested-sloppy-blocks.cjs": "of a block that it is not in",
  "no-functions.mjs": "",
  "process-things.mjs": "",
  "sloppy.cjs": "",
  "state-closure.mjs": "closure",
  "template-tag-state.mjs": "tag may remember",
  "timer-left-behind.mjs": "when it has returned",
};

/** Programs in which every call of `f` is one whose values cannot travel: it moves, and its own code runs. */
const ownCode: ReadonlySet<string> = new Set(["own-code-getter.mjs", "own-code-parameters.mjs"]);

interface Metrics {
  readonly functions: readonly { readonly function: string; readonly invocations: number }[];
}

async function invocationsIn(folder: string): Promise<number> {
  return (await calledIn(folder)).reduce((sum, { invocations }) => sum + invocations, 0);
}

async function calledIn(folder: string): Promise<Metrics["functions"]> {
  const { stdout } = await run(process.execPath, [cli, "metrics", "--json"], { env: environment, cwd: folder });
  const { functions } = JSON.parse(stdout) as Metrics;
  return functions.filter((entry) => !entry.function.startsWith("..") && entry.invocations > 0);
}

/** A program may say in its first line which functions must run remotely: `// remote: main.f Shop.price`. */
function mustRunRemotely(file: string): readonly string[] {
  return /^\/\/ remote: (.+)$/m.exec(readFileSync(file, "utf8"))?.[1]?.split(" ") ?? [];
}

describe.each(readdirSync(programs).filter((name) => /\.[cm][jt]s$/.test(name)))("%s", (name) => {
  const out = path.join(root, name);

  it("prints and ends as before", async () => {
    const copy = await decomposeProgram(path.join(programs, name), { out, data });
    const before = await runProgram(path.join(programs, name));
    const after = await runProgram(path.join(out, copy.entry), { FAASIFY_DATA: data });

    expect({ ...after, stderr: "" }).toEqual({ ...before, stderr: "" });
    const reason = local[name];
    const called = (await calledIn(out)).map((entry) => entry.function.slice(entry.function.lastIndexOf("#") + 1));
    const calledRemotely = reason === undefined && called.length > 0;
    expect(called).toEqual(expect.arrayContaining([...mustRunRemotely(path.join(programs, name))]));
    expect(calledRemotely || ownCode.has(name)).toBe(reason === undefined);
    expect(copy.remote.some((id) => id.endsWith("#f")) && reason !== undefined).toBe(false);
    expect(copy.local.map((entry) => entry.reason).join("\n")).toContain(reason ?? "");

    const copied = Object.keys(filesBelow(out)).filter((file) => existsSync(path.join(programs, file)));
    await inlineBack(out, { data });
    const original = copied.map((file) => [file, readFileSync(path.join(programs, file), "latin1")]);
    expect(copied).toContain(name);
    expect(filesBelow(out)).toMatchObject(Object.fromEntries(original) as object);
    expect(existsSync(path.join(out, ".faasify"))).toBe(false);
  });
});

describe("a copy", () => {
  it("finds packages, and keeps data and the meaning of .js, wherever it lies", async () => {
    const project = mkdtempSync(path.join(root, "project-"));
    const files = {
      "package.json": '{ "type": "module" }',
      "node_modules/greeter/package.json": '{ "name": "greeter", "main": "main.js" }',
      "node_modules/greeter/main.js": "module.exports = (name) => `hello ${name}`;",
      "src/main.js":
        'import greet from "greeter";\nexport function f(n) { return greet(n); }\nconsole.log(greet("x"), f("y"));\n',
    };
    for (const [file, text] of Object.entries(files)) {
      await run("mkdir", ["-p", path.dirname(path.join(project, file))]);
      writeFileSync(path.join(project, file), text);
    }
    const out = path.join(root, "elsewhere");
    const { entry } = await decomposeProgram(path.join(project, "src/main.js"), { out, data });

    expect(entry).toBe("main.js");
    const { stdout, stderr } = await runProgram(path.join(out, entry), { FAASIFY_DATA: data });
    expect({ stdout, stderr }).toEqual({ stdout: "hello x hello y\n", stderr: "" });
  });

  it("takes only the functions that were chosen, and replaces an earlier copy", async () => {
    const out = path.join(root, "chosen");
    const file = path.join(programs, "arrow-forms.mjs");
    await decomposeProgram(file, { out, data });
    const { remote, local } = await decomposeProgram(file, { out, data, options: ["--functions", "{f,h}"] });

    expect(remote).toEqual(["arrow-forms.mjs#f", "arrow-forms.mjs#h"]);
    expect(local).toEqual([{ id: "arrow-forms.mjs#g", reason: "was not selected" }]);
    expect(readFileSync(path.join(out, "arrow-forms.mjs"), "utf8")).toContain("n => n\n  + 1;");
  });

  it("never overwrites what it did not write", async () => {
    const folder = mkdtempSync(path.join(root, "mine-"));
    writeFileSync(path.join(folder, "program.mjs"), "export const f = (n) => n;\n");
    const file = path.join(folder, "program.mjs");
    const busy = mkdtempSync(path.join(root, "busy-"));
    writeFileSync(path.join(busy, "letter.txt"), "");

    await expect(decomposeProgram(file, { out: folder, data })).rejects.toThrow(/would overwrite/);
    await expect(decomposeProgram(file, { out: busy, data })).rejects.toThrow(/is not empty/);
    expect(existsSync(path.join(folder, ".faasify"))).toBe(false);
  });
});

describe("a workspace of several packages", () => {
  it("is one program: the packages' state is the copy's own", async () => {
    const workspace = mkdtempSync(path.join(root, "workspace-"));
    const files = {
      "app/package.json": '{ "name": "app", "type": "module" }',
      "app/src/main.mjs": `import { count, counted } from "@acme/count";
let n = 10;
export function f(by) { n += by; return n + count(by); }
console.log(f(1), f(2), counted(), n);
`,
      "packages/count/package.json":
        '{ "name": "@acme/count", "type": "module", "exports": { ".": { "import": "./src/main.mjs" } } }',
      "packages/count/src/main.mjs":
        "let n = 0;\nexport function count(by) { n += by; return n; }\nexport const counted = () => n;\n",
    };
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(path.dirname(path.join(workspace, file)), { recursive: true });
      writeFileSync(path.join(workspace, file), text);
    }
    mkdirSync(path.join(workspace, "node_modules/@acme"), { recursive: true });
    symlinkSync("../../packages/count", path.join(workspace, "node_modules/@acme/count"));
    const out = path.join(root, "workspace-copy");
    const before = await runProgram(path.join(workspace, "app/src/main.mjs"));
    const { entry } = await decomposeProgram(path.join(workspace, "app/src/main.mjs"), { out, data });
    const after = await runProgram(path.join(out, entry), { FAASIFY_DATA: data });

    expect(before.stdout).toBe("12 16 3 13\n");
    expect(after).toEqual(before);
    expect(await invocationsIn(out)).toBeGreaterThan(1);
  });
});

describe("a file that a function reads", () => {
  it("must be what it was when the program was decomposed", async () => {
    const project = mkdtempSync(path.join(root, "reads-"));
    writeFileSync(path.join(project, "rate.txt"), "1");
    writeFileSync(
      path.join(project, "program.mjs"),
      `import { readFileSync } from "node:fs";
export function f() { return readFileSync(new URL("./rate.txt", import.meta.url), "utf8"); }
try { console.log(f()); } catch (error) { console.log(error.code, error.message.slice(0, 20)); }
`,
    );
    const out = path.join(root, "reading");
    const { entry } = await decomposeProgram(path.join(project, "program.mjs"), { out, data });
    const output = async () => (await runProgram(path.join(out, entry), { FAASIFY_DATA: data })).stdout;

    expect(await output()).toBe("1\n");
    writeFileSync(path.join(out, "rate.txt"), "2");
    expect(await output()).toBe("asset-changed program.mjs#f reads \n");
    writeFileSync(path.join(out, "rate.txt"), "1");
    expect(await output()).toBe("1\n");
    expect(await invocationsIn(out)).toBe(2);
  });
});

describe("a package that cannot be bundled", () => {
  it("travels with the function, native addon included", async () => {
    const project = mkdtempSync(path.join(root, "native-"));
    mkdirSync(path.join(project, "node_modules"));
    symlinkSync(path.resolve("node_modules/@node-rs"), path.join(project, "node_modules/@node-rs"));
    writeFileSync(
      path.join(project, "program.mjs"),
      `import { crc32 } from "@node-rs/crc32";
export function f(text) { return crc32(text); }
console.log(f("hello"), crc32("hello"));
`,
    );
    const out = path.join(root, "with-addon");
    const { entry, remote } = await decomposeProgram(path.join(project, "program.mjs"), { out, data });

    expect(remote).toEqual(["program.mjs#f"]);
    const { stdout, stderr } = await runProgram(path.join(out, entry), { FAASIFY_DATA: data });
    expect({ stdout, stderr }).toEqual({ stdout: "907060870 907060870\n", stderr: "" });
    expect(await invocationsIn(out)).toBe(1);
  });
});

describe("a call", () => {
  it.each([
    [
      "is an argument",
      "export function f(o) { return o.a.length; }\nf({ a: [new WeakMap()] });\n",
      0,
      /args\[0\]\.a\[0\]/,
    ],
    ["is the result", "export function f(a) { return [new WeakSet([a])][0]; }\nf({ b: 1 });\n", 1, /WeakSet/],
    ["is too large", 'export function f(s) { return s.length; }\nf("x".repeat(7_000_000));\n', 0, /too large/],
  ])("runs here when what cannot travel %s, and tells why who asks", async (_what, text, invocations, reason) => {
    const file = path.join(mkdtempSync(path.join(root, "call-")), "program.mjs");
    writeFileSync(file, `${text}console.log("done");\n`);
    const out = mkdtempSync(path.join(root, "here-"));
    const { entry, remote } = await decomposeProgram(file, { out, data });
    const asked = { FAASIFY_DATA: data, NODE_DEBUG: "faasify" };
    const { stdout, stderr } = await runProgram(path.join(out, entry), asked);

    expect(remote).toEqual(["program.mjs#f"]);
    expect(stdout).toBe("done\n");
    expect(stderr).toMatch(/program\.mjs#f runs here/);
    expect(stderr).toMatch(reason);
    expect(await invocationsIn(out)).toBe(invocations);
  });

  it.each([
    ["it must run remotely", "", "FAASIFY_REMOTE_ONLY", "1"],
    ["the user has pinned its state", "// @faasify state=pinned\n", "FAASIFY_REMOTE_ONLY", "0"],
  ])("is refused with the path of the value when %s", async (_when, directive, name, value) => {
    const file = path.join(mkdtempSync(path.join(root, "call-")), "program.mjs");
    const body =
      "{ n += 1; return Object.keys(o); }\ntry { f({ a: [new WeakMap()] }); } catch (error) { console.log(error.code, error.message); }\n";
    writeFileSync(file, `let n = 0;\n${directive}export function f(o) ${body}`);
    const out = mkdtempSync(path.join(root, "refused-"));
    const { entry } = await decomposeProgram(file, { out, data });
    const { stdout } = await runProgram(path.join(out, entry), { FAASIFY_DATA: data, [name]: value });

    expect(stdout).toMatch(/^value-not-portable program\.mjs#f cannot be called with args\[0\]\.a\[0\]/);
    expect(await invocationsIn(out)).toBe(0);
  });
});
