/**
 * Installs a real VS Code that needs no desktop: the server that code-server ships, run by the project's own Node.
 *
 *     node scripts/bootstrap.mjs scripts/editor-host.ts
 *
 * Everything comes from the npm registry. The result lies in .cache/editor-host and is made again only when the
 * versions in test/editor/host/package.json, the Node version or this recipe change. Takes one to two minutes and 300 MB.
 *
 * Why not simply `npm install code-server`: its install script builds all native modules from source and downloads
 * others, most of which a server for tests never loads (see docs/decisions/0001-tools.md).
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { ensureCompiler } from "./lib/debian.ts";
import { repository, run, runScript, StepError } from "./lib/run.ts";

export interface EditorHost {
  /** The folder from which `out/server-main.js` is started. */
  readonly vscodeFolder: string;
  /** The Node that runs it: its native modules are compiled for this one. */
  readonly node: string;
  /** Of VS Code: `1.139.1`. */
  readonly version: string;
}

const manifestFile = path.join(repository, "test/editor/host/package.json");
const home = path.join(repository, ".cache/editor-host");
const nodePackage = `node-linux-${process.arch}`;
const insideHome = "node_modules/code-server/lib/vscode";

/** Packages of VS Code's server that only AI agents, dev containers, SSH, Kerberos and Windows need. */
const unusedPackages = [
  "@devcontainers/cli",
  "@github/copilot-sdk",
  "@microsoft/mxc-sdk",
  "@vscode/copilot-api",
  "@vscode/fs-copyfile",
  "@vscode/sandbox-runtime",
  "@vscode/sqlite3",
  "@vscode/windows-process-tree",
  "@vscode/windows-registry",
  "kerberos",
  "ssh2",
];

/** Built-in extensions that reach for the network or only cost time at start. */
const unusedExtensions = [
  "copilot",
  "git",
  "git-base",
  "github",
  "github-authentication",
  "grunt",
  "gulp",
  "ipynb",
  "jake",
  "merge-conflict",
  "mermaid-markdown-features",
  "microsoft-authentication",
  "ms-vscode.vscode-js-profile-table",
  "notebook-renderers",
  "php-language-features",
  "tunnel-forwarding",
];

/** Compiled here because npm carries no binary: without the logger no output channel works. */
const nativePackages: Readonly<Record<string, string>> = {
  "@vscode/spdlog": "build/Release/spdlog.node",
  "@vscode/native-watchdog": "build/Release/watchdog.node",
};

const npmInstall = ["install", "--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund", "--loglevel=error"];

/**
 * Returns the installed editor, installing it first if need be.
 *
 * @throws StepError when the machine is not Linux on x64 or arm64, a compiler is missing, or npm fails
 */
export async function ensureEditorHost(): Promise<EditorHost> {
  const stampFile = path.join(home, "stamp");
  const stamp = recipeHash();
  if (!existsSync(stampFile) || readFileSync(stampFile, "utf8") !== stamp) {
    await install();
    writeFileSync(stampFile, stamp);
  }
  const vscodeFolder = path.join(home, insideHome);
  const { version } = readJson<{ version: string }>(path.join(vscodeFolder, "package.json"));
  return { vscodeFolder, node: process.execPath, version };
}

/** Builds beside the final place and moves at the end, so that an interrupted installation leaves nothing half done. */
async function install(): Promise<void> {
  if (process.platform !== "linux" || !["x64", "arm64"].includes(process.arch)) {
    throw new StepError(
      `The editor host runs on Linux (x64, arm64) only, not on ${process.platform} ${process.arch}. ` +
        "Use VS Code itself: npm run test:electron, or `code` on the PATH for npm start",
    );
  }
  await ensureCompiler();
  const started = performance.now();
  console.log("Installing the editor host (VS Code's server, from npm; one to two minutes, once) …");
  const folder = `${home}-${process.pid}`;
  const logFile = path.join(repository, ".cache/editor-host.log");
  const step = async (name: string, work: () => Promise<void> | void): Promise<void> => {
    await work();
    console.log(`  ${((performance.now() - started) / 1000).toFixed(0).padStart(4)} s  ${name}`);
  };
  try {
    const vscode = path.join(folder, insideHome);
    await step("VS Code's server", () => installServer(folder, logFile));
    await step("its packages", () => installServerPackages(vscode, logFile));
    await step("its built-in TypeScript", () => installBuiltInExtensions(path.join(vscode, "extensions"), logFile));
    await step("native modules", () => compileNativePackages(folder, logFile));
    trim(folder);
    rmSync(home, { recursive: true, force: true });
    renameSync(folder, home);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function installServer(folder: string, logFile: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const manifest = readJson<{ dependencies: Record<string, string> }>(manifestFile);
  // The file watcher's binary is an optional package of an inner package: named here, since optional ones are left out.
  manifest.dependencies[`@parcel/watcher-linux-${process.arch}-glibc`] = "2.5.6";
  // Only for its headers; the binary is the one that runs this script.
  manifest.dependencies[nodePackage] = process.versions.node;
  writeFileSync(path.join(folder, "package.json"), JSON.stringify(manifest, null, 2));
  await run("npm", npmInstall, { cwd: folder, logFile, limitMs: 1_800_000 });
}

/** `npm ci` refuses the shrinkwrap that code-server ships (a peer is missing in it); `npm install` keeps to it. */
async function installServerPackages(vscode: string, logFile: string): Promise<void> {
  const file = path.join(vscode, "package.json");
  const manifest = readJson<{ dependencies: Record<string, string> }>(file);
  for (const name of unusedPackages) delete manifest.dependencies[name];
  writeFileSync(file, JSON.stringify(manifest, null, 2));
  await run("npm", [...npmInstall, "--omit=dev"], { cwd: vscode, logFile, limitMs: 1_800_000 });
}

async function installBuiltInExtensions(folder: string, logFile: string): Promise<void> {
  await run("npm", [...npmInstall, "--omit=dev"], { cwd: folder, logFile, limitMs: 900_000 });
  await run(process.execPath, ["postinstall.mjs"], { cwd: folder, logFile, limitMs: 240_000 });
}

async function compileNativePackages(folder: string, logFile: string): Promise<void> {
  const vscode = path.join(folder, insideHome);
  // With the headers at hand node-gyp downloads nothing. The variable has the last word over a `nodedir` in the user's
  // own npm configuration, which would name another Node's headers.
  const headers = path.join(folder, "node_modules", nodePackage);
  const env = { ...process.env, JOBS: "max", npm_config_nodedir: headers };
  const names = Object.keys(nativePackages);
  await run("npm", ["rebuild", "--foreground-scripts", "--loglevel=error", ...names], {
    cwd: vscode,
    env,
    logFile,
    limitMs: 1_800_000,
  });
  for (const [name, binary] of Object.entries(nativePackages)) {
    const file = path.join(vscode, "node_modules", name, binary);
    if (!existsSync(file)) throw new StepError(`${name} was compiled without making ${file}; see ${logFile}`);
  }
}

/** Removes other platforms' binaries, compiler input and extensions that are never used: 100 MB. */
function trim(folder: string): void {
  const vscode = path.join(folder, insideHome);
  remove(folder, "node_modules", nodePackage);
  const packages = path.join(vscode, "node_modules");
  for (const binaries of ["@vscode/ripgrep-universal/bin", "node-pty/prebuilds"]) {
    for (const name of listFolder(path.join(packages, binaries))) {
      if (name !== `linux-${process.arch}`) remove(packages, binaries, name);
    }
  }
  for (const name of [
    "node-pty/third_party",
    "node-pty/deps",
    "@vscode/spdlog/deps",
    "@vscode/spdlog/build/Release/obj.target",
  ]) {
    remove(packages, name);
  }
  for (const name of unusedExtensions) remove(vscode, "extensions", name);
}

function remove(...segments: readonly string[]): void {
  rmSync(path.join(...segments), { recursive: true, force: true });
}

function listFolder(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

/** Changes when something changes that a fresh installation would do differently; `recipe` is for the rest. */
function recipeHash(): string {
  const recipe = 1;
  const node = [process.version, process.platform, process.arch];
  return createHash("sha256")
    .update(readFileSync(manifestFile))
    .update(JSON.stringify([recipe, node, unusedPackages, unusedExtensions, nativePackages, npmInstall]))
    .digest("hex");
}

function readJson<T>(file: string): T {
  return JSON.parse(readFileSync(file, "utf8")) as T;
}

if (process.argv[1] === import.meta.filename) {
  await runScript(async () => {
    const { vscodeFolder, version } = await ensureEditorHost();
    console.log(`VS Code ${version} is in ${vscodeFolder}`);
    return 0;
  });
}
