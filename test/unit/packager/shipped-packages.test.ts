/** Packages that cannot be bundled: found out by what they do, and shipped with what they need. */
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Artifact } from "../../../src/core/artifact.ts";
import type { Machine } from "../../../src/packager/native-binary.ts";
import { packageUnit } from "../../../src/packager/package-unit.ts";
import { buildShimFolder, filesOf, load, temporaryFolder, unitOf, writeFiles } from "./support.ts";

const shimFolder = mkdtempSync(path.join(os.tmpdir(), "faasify-shim-"));
beforeAll(() => buildShimFolder(shimFolder));
afterAll(() => rmSync(shimFolder, { recursive: true, force: true }));

const here: Machine = { platform: "linux", arch: "x64" };

function packageFrom(root: string, name: string, { debug = false, file = "app.ts" } = {}): Promise<Artifact> {
  const unit = unitOf(path.join(root, file), name);
  return packageUnit(unit, { debug, artifactFolder: path.join(root, "artifacts"), shimFolder, machine: here });
}

function prefixed(folder: string, files: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).map(([name, text]) => [`${folder}/${name}`, text]));
}

/** A package of one file. */
function one(name: string, code: string, more: object = {}): Record<string, string> {
  const manifest = { name, version: "1.2.3", main: "main.js", ...more };
  return {
    [`node_modules/${name}/package.json`]: JSON.stringify(manifest),
    [`node_modules/${name}/main.js`]: code,
  };
}

const app = (name: string): Record<string, string> => ({
  "package.json": `{ "type": "module" }`,
  "app.ts": `import it from "${name}";\nexport const run = (value: string): unknown => it(value);`,
});

/** The first bytes of a compiled file for Linux. */
function elf(machine: number): Buffer {
  const bytes = Buffer.alloc(64);
  bytes.writeUInt32BE(0x7f454c46, 0);
  bytes[5] = 1;
  bytes.writeUInt16LE(machine, 18);
  return bytes;
}
const forX64 = elf(0x3e);
const forArm = elf(0xb7);

function writeBinary(root: string, name: string, content: Buffer): void {
  mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
  writeFileSync(path.join(root, name), content);
}

describe("a package that cannot be bundled", () => {
  it.each([
    [
      "a file beside itself",
      `module.exports = () => require("fs").readFileSync(__dirname + "/data.txt", "utf8");`,
      "uses its own place on disk",
    ],
    [
      "modules by computed names",
      `module.exports = (name) => require("./parts/" + name);`,
      "loads modules by computed names",
    ],
    [
      "modules by another name",
      `const load = require;\nmodule.exports = (name) => load("./parts/" + name);`,
      "loads modules by computed names",
    ],
    [
      "its own place in text",
      `module.exports = () => eval("require")("fs").readFileSync(require.resolve("./data.txt"), "utf8");`,
      "evaluates text as code",
    ],
    [
      "the folder of the program",
      `module.exports = () => require("fs").readFileSync(require.resolve("./data.txt"), "utf8");`,
      "uses its own place on disk",
    ],
  ])("uses %s, and finds it", async (_what, code, reason) => {
    const root = temporaryFolder({
      ...app("odd"),
      ...one("odd", code),
      "node_modules/odd/data.txt": "found",
      "node_modules/odd/parts/x.js": `module.exports = "found";`,
    });
    const artifact = await packageFrom(root, "run");

    expect(artifact.packages).toEqual([
      { name: "odd", version: "1.2.3", place: "node_modules/odd", bytes: expect.any(Number), reason },
    ]);
    expect(artifact.inputs).toContain(path.join(root, "node_modules/odd/package.json"));
    const answer = await (await load(artifact))({ value: "x" });
    expect(typeof answer === "function" ? answer("x") : answer).toBe("found");
  });

  it("is an ES module that finds its worker, too", async () => {
    const root = temporaryFolder({
      ...app("modern"),
      ...one(
        "modern",
        `import { readFileSync } from "node:fs";\nexport default () => readFileSync(new URL("./w.txt", import.meta.url), "utf8");`,
        { type: "module" },
      ),
      "node_modules/modern/w.txt": "worker",
    });

    expect(await (await load(await packageFrom(root, "run")))({ value: "x" })).toBe("worker");
  });

  it.each([
    ["in a comment", `// __dirname is not used\nmodule.exports = (value) => value + "__dirname";`],
    ["to tell where it is", `module.exports = typeof require === "function" ? (value) => value + "__dirname" : 0;`],
    ["of its own", `const __dirname = "";\nmodule.exports = (value) => value + "__dirname" + __dirname;`],
    ["in a file that is left out", `module.exports = (value) => value + "__dirname";`],
  ])("is none that mentions Node's names only %s", async (_what, code) => {
    const root = temporaryFolder({
      ...app("plain"),
      ...one("plain", code),
      "node_modules/plain/other.js": "exports.place = __dirname;",
    });
    const artifact = await packageFrom(root, "run");

    expect(artifact.packages).toBeUndefined();
    expect(Object.keys(filesOf(artifact))).toEqual(["faasify.json", "index.mjs"]);
    expect(await (await load(artifact))({ value: "x" })).toBe("x__dirname");
  });
});

describe("what is shipped", () => {
  const odd = `const inner = require("inner");\nmodule.exports = () => [__dirname.length > 0, inner()];`;

  it("has the packages that it needs, each in its version, and neither tests nor development's", async () => {
    const root = temporaryFolder({
      ...app("odd"),
      ...one("odd", odd, {
        dependencies: { inner: "2" },
        devDependencies: { tool: "1" },
        optionalDependencies: { gone: "1" },
      }),
      ...one("odd/node_modules/inner", `module.exports = () => "two, " + require("leaf");`, {
        dependencies: { leaf: "1" },
      }),
      ...one("inner", `module.exports = () => "one";`),
      ...one("leaf", `module.exports = "leaf";`),
      ...one("tool", ""),
      "node_modules/odd/README.md": "",
      "node_modules/odd/LICENSE": "MIT",
      "node_modules/odd/main.d.ts": "",
      "node_modules/odd/test/main.test.js": "",
      "node_modules/odd/docs/index.html": "",
      "app.ts": `import odd from "odd";\nimport inner from "inner";\nexport const run = () => [odd(), inner()];`,
    });
    const artifact = await packageFrom(root, "run");

    expect(Object.keys(filesOf(artifact))).toEqual([
      "faasify.json",
      "index.mjs",
      "node_modules/inner/main.js",
      "node_modules/inner/package.json",
      "node_modules/leaf/main.js",
      "node_modules/leaf/package.json",
      "node_modules/odd/LICENSE",
      "node_modules/odd/main.js",
      "node_modules/odd/package.json",
    ]);
    expect(await (await load(artifact))({})).toEqual([[true, "two, leaf"], "one"]);
  });

  it("is not in the bundle as well: one copy of a package keeps its state", async () => {
    const root = temporaryFolder({
      ...app("odd"),
      ...one("odd", `const state = require("state");\nmodule.exports = () => [__dirname.length > 0, (state.n += 1)];`, {
        dependencies: { state: "1" },
      }),
      ...one("state", `exports.n = 0;`),
      "app.ts": `import odd from "odd";\nimport state from "state";\nexport const run = () => { odd(); return state.n; };`,
    });
    const artifact = await packageFrom(root, "run");

    expect(await (await load(artifact))({})).toBe(1);
    expect(artifact.packages?.map(({ name, reason }) => `${name}: ${reason}`)).toEqual([
      "odd: uses its own place on disk",
      "state: is needed by a package that cannot be bundled",
    ]);
  });

  it("lies where several versions find each other", async () => {
    const root = temporaryFolder({
      ...app("user"),
      ...one("user", `module.exports = () => require("odd")();`, { dependencies: { odd: "1" } }),
      ...one("user/node_modules/odd", `module.exports = () => "old " + (__dirname.length > 0);`),
      ...one("odd", `module.exports = () => "new " + (__dirname.length > 0);`),
      "app.ts": `import odd from "odd";\nimport user from "user";\nexport const run = () => [odd(), user()];`,
    });

    expect(await (await load(await packageFrom(root, "run")))({})).toEqual(["new true", "old true"]);
  });

  it("keeps what looks superfluous and is mentioned", async () => {
    const root = temporaryFolder({
      ...app("odd"),
      ...one(
        "odd",
        `module.exports = () => require("fs").readFileSync(__dirname + "/test/" + "page.md", "utf8") + require("fs").readFileSync(__dirname + "/intro" + ".md", "utf8");`,
      ),
      "node_modules/odd/test/page.md": "page ",
      "node_modules/odd/intro.md": "intro",
    });

    expect(await (await load(await packageFrom(root, "run")))({ value: "" })).toBe("page intro");
  });

  it("gives the same bytes wherever it is, also through symbolic links, and the same with the shim", async () => {
    const files = {
      ...app("odd"),
      ...one("odd", odd, { dependencies: { inner: "1" } }),
      ...one("inner", `module.exports = () => 1;`),
    };
    const first = temporaryFolder(files);
    const second = temporaryFolder(app("odd"));
    const store = ".store/odd/node_modules";
    for (const name of ["odd", "inner"]) {
      const moved = Object.entries(files).filter(([file]) => file.startsWith(`node_modules/${name}/`));
      writeFiles(second, Object.fromEntries(moved.map(([file, text]) => [file.replace("node_modules", store), text])));
    }
    mkdirSync(path.join(second, "node_modules"));
    symlinkSync(path.join(second, store, "odd"), path.join(second, "node_modules/odd"));

    const [plain, linked, debug] = [
      await packageFrom(first, "run"),
      await packageFrom(second, "run"),
      await packageFrom(first, "run", { debug: true }),
    ];
    expect(linked.sha256).toBe(plain.sha256);
    expect(hash(debug)).not.toBe(hash(plain));
    expect(debug.buildId).toBe(plain.buildId);
    expect(Object.keys(filesOf(debug))).toContain("node_modules/inner/main.js");
  });
});

function hash({ zipPath }: Artifact): string {
  return createHash("sha256").update(readFileSync(zipPath)).digest("hex");
}

describe("a native addon", () => {
  const addon = `module.exports = () => require("./build/Release/addon.node");`;

  it("is shipped for the machine that the function runs on, without its sources", async () => {
    const root = temporaryFolder({
      ...app("native"),
      ...one("native", `module.exports = require("node-gyp-build")(__dirname);`, {
        gypfile: true,
        dependencies: { "node-gyp-build": "4" },
      }),
      ...one("node-gyp-build", "module.exports = (folder) => folder;"),
      "node_modules/native/binding.gyp": "{}",
      "node_modules/native/src/addon.cc": "",
    });
    writeBinary(root, "node_modules/native/prebuilds/linux-x64/native.node", forX64);
    writeBinary(root, "node_modules/native/prebuilds/linux-arm64/native.node", forArm);
    const artifact = await packageFrom(root, "run");

    expect(artifact.packages).toMatchObject([
      { name: "native", reason: "has a native addon" },
      { name: "node-gyp-build" },
    ]);
    expect(Object.keys(filesOf(artifact)).filter((name) => name.includes("/native/"))).toEqual([
      "node_modules/native/main.js",
      "node_modules/native/package.json",
      "node_modules/native/prebuilds/linux-x64/native.node",
    ]);
  });

  it("may be in a package of its own for each kind of machine", async () => {
    const optionalDependencies = { "native-linux-x64": "1", "native-linux-arm64": "1", "native-darwin-arm64": "1" };
    const root = temporaryFolder({
      ...app("native"),
      ...one("native", `module.exports = () => require("native-linux-x64");`, { optionalDependencies }),
      ...one("native-linux-x64", "", { main: "x.node", os: ["linux"], cpu: ["x64"] }),
      ...one("native-linux-arm64", "", { main: "x.node", os: ["linux"], cpu: ["arm64"] }),
    });
    writeBinary(root, "node_modules/native-linux-x64/x.node", forX64);
    writeBinary(root, "node_modules/native-linux-arm64/x.node", forArm);
    const artifact = await packageFrom(root, "run");

    expect(Object.keys(filesOf(artifact))).toContain("node_modules/native-linux-x64/x.node");
    expect(Object.keys(filesOf(artifact)).join()).not.toContain("arm64");
  });

  it.each([
    ["is compiled for another machine", addon, {}, forArm],
    [
      "was never compiled",
      `module.exports = require("bindings")("addon");`,
      { gypfile: true, dependencies: { bindings: "1" } },
      undefined,
    ],
    [
      "is in packages that are not installed",
      `module.exports = () => require(["native", "linux-x64"].join("-"));`,
      { optionalDependencies: { "native-linux-x64": "1" } },
      undefined,
    ],
  ])("that %s is refused", async (_what, code, more, binary) => {
    const root = temporaryFolder({
      ...app("native"),
      ...one("native", code, more),
      ...one("bindings", "module.exports = () => 0;"),
    });
    if (binary) writeBinary(root, "node_modules/native/build/Release/addon.node", binary);

    await expect(packageFrom(root, "run")).rejects.toMatchObject({
      code: "native-addon-unfit",
      message: expect.stringContaining("native 1.2.3 is not there for linux-x64"),
      remedy: expect.stringContaining("npm rebuild native"),
    });
  });
});

describe("failures", () => {
  it("name a package that the project's own files use in two versions", async () => {
    const root = temporaryFolder({
      "app/package.json": `{ "type": "module" }`,
      "app/app.ts": `import odd from "odd";\nimport { lib } from "../lib/lib.ts";\nexport const run = () => [odd(), lib()];`,
      "lib/lib.ts": `import odd from "odd";\nexport const lib = () => odd();`,
      ...prefixed("app", one("odd", "module.exports = () => __dirname;")),
      ...prefixed("lib", one("odd", "module.exports = () => __filename;")),
    });

    await expect(packageFrom(root, "run", { file: "app/app.ts" })).rejects.toMatchObject({
      code: "build-failed",
      message: expect.stringMatching(/its files use two versions of odd, .* one of them in .*(?:app|lib)\.ts$/),
    });
  });

  it("name what a shipped package needs and does not find", async () => {
    const root = temporaryFolder({
      ...app("odd"),
      ...one("odd", "module.exports = () => __dirname;", { dependencies: { gone: "1" } }),
    });

    await expect(packageFrom(root, "run")).rejects.toMatchObject({
      code: "dependency-missing",
      message: expect.stringContaining(`"gone" cannot be found, which odd needs`),
    });
  });
});
