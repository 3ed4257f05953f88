/** Decomposes programs in this process, which parses and bundles faster than one command line after the other. */
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import * as analysis from "../../src/cli/analysis-main.ts";
import { parseCommandLine } from "../../src/cli/command.ts";
import { decompose } from "../../src/cli/commands/decompose.ts";
import type { CliContext } from "../../src/cli/context.ts";
import { silentLog } from "../../src/core/log.ts";
import { dataFolder } from "../../src/deploy/data-folder.ts";
import { createDeploymentStore } from "../../src/deploy/deployment-store.ts";
import { createRegistry } from "../../src/deploy/registry.ts";
import { MANIFEST_FILE, parseManifest, type Manifest } from "../../src/stub/manifest.ts";

export interface Decomposed {
  readonly out: string;
  readonly entry: string;
  readonly remote: readonly string[];
  readonly local: readonly { readonly id: string; readonly reason: string }[];
}

const dist = path.resolve("dist");

/** Runs `faasify decompose --json` on a file or folder, from the folder that it lies in. */
export async function decomposeProgram(
  place: string,
  { out, data, options = [] }: { readonly out: string; readonly data: string; readonly options?: readonly string[] },
): Promise<Decomposed> {
  const args = [path.basename(place), "--out", out, ...options];
  return (await runDecompose(args, { cwd: path.dirname(place), data })) as Decomposed;
}

/** Runs `faasify decompose --inline-back --json`. Returns the files that have got their text back. */
export async function inlineBack(
  copy: string,
  { data, options = [] }: { readonly data: string; readonly options?: readonly string[] },
): Promise<readonly string[]> {
  const args = ["--inline-back", path.basename(copy), ...options];
  const { restored } = (await runDecompose(args, { cwd: path.dirname(copy), data })) as { restored: readonly string[] };
  return restored;
}

async function runDecompose(args: readonly string[], { cwd, data }: { cwd: string; data: string }): Promise<unknown> {
  const lines: string[] = [];
  await decompose.run(parseCommandLine(decompose, [...args, "--json"]), contextOf(cwd, data, lines));
  return JSON.parse(lines.join("\n"));
}

/** The copy's manifest. */
export function manifestOf(out: string): Manifest {
  const manifest = parseManifest(readFileSync(path.join(out, ".faasify", MANIFEST_FILE), "utf8"));
  if (!manifest) throw new Error(`${out} has no manifest`);
  return manifest;
}

/** By its path below the folder: the bytes of every file, but of packages and of what FaaSify has added. */
export function filesBelow(folder: string): Readonly<Record<string, string>> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return Object.fromEntries(
    entries.flatMap((entry) => {
      const file = path.join(entry.parentPath, entry.name);
      const place = path.relative(folder, file);
      return entry.isFile() && !/(?:^|[\\/])(?:node_modules|\.faasify)[\\/]/.test(place)
        ? [[place, readFileSync(file, "latin1")]]
        : [];
    }),
  );
}

function contextOf(cwd: string, data: string, lines: string[]): CliContext {
  const folders = dataFolder({ FAASIFY_DATA: data });
  const local = { folder: folders.platform, platformBundle: path.join(dist, "platform.cjs"), version: "0.0.0-source" };
  const registry = createRegistry({ local, aws: { bundle: path.join(dist, "provider-aws.cjs"), options: () => ({}) } });
  return {
    cwd,
    folders,
    log: silentLog,
    signal: new AbortController().signal,
    local,
    bundle: path.join(dist, "cli.cjs"),
    aws: {},
    print: (line) => void lines.push(line),
    note: () => undefined,
    resolveRef: (text) => ({ file: text, name: "" }),
    idOf: ({ file, name }) => `${path.relative(cwd, file)}#${name}`,
    relative: (name) => path.relative(cwd, name),
    analysis: async () => analysis,
    debugAdapter: () => Promise.reject(new Error("not needed")),
    deployer: async () => ({
      packageFunction: () => Promise.reject(new Error("not needed")),
      store: createDeploymentStore(folders.deployments),
      provider: (target) => registry.get(target),
    }),
  };
}

export interface Run {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program by this process's Node, in its own folder. */
export function runProgram(file: string, environment: Readonly<Record<string, string>> = {}): Promise<Run> {
  return new Promise((resolve) => {
    const options = { cwd: path.dirname(file), env: { ...process.env, ...environment, NODE_OPTIONS: "" } };
    const child = execFile(process.execPath, [file], options, (_error, stdout, stderr) => {
      resolve({ status: child.exitCode, stdout, stderr });
    });
    child.stdin?.end();
  });
}
