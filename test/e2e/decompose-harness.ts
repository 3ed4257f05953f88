/** Decomposes programs in this process, which parses and bundles faster than one command line after the other. */
import { execFile } from "node:child_process";
import path from "node:path";
import * as analysis from "../../src/cli/analysis-main.ts";
import { parseCommandLine } from "../../src/cli/command.ts";
import { decompose } from "../../src/cli/commands/decompose.ts";
import type { CliContext } from "../../src/cli/context.ts";
import { silentLog } from "../../src/core/log.ts";
import { dataFolder } from "../../src/deploy/data-folder.ts";
import { createDeploymentStore } from "../../src/deploy/deployment-store.ts";
import { createRegistry } from "../../src/deploy/registry.ts";

export interface Decomposed {
  readonly out: string;
  readonly entry: string;
  readonly remote: readonly string[];
  readonly local: readonly { readonly id: string; readonly reason: string }[];
}

const dist = path.resolve("dist");

/** Runs `faasify decompose --json` on a file, from the folder that it lies in. */
export async function decomposeProgram(
  file: string,
  { out, data, options = [] }: { readonly out: string; readonly data: string; readonly options?: readonly string[] },
): Promise<Decomposed> {
  const lines: string[] = [];
  const input = parseCommandLine(decompose, [path.basename(file), "--out", out, "--json", ...options]);
  await decompose.run(input, contextOf(path.dirname(file), data, lines));
  return JSON.parse(lines.join("\n")) as Decomposed;
}

function contextOf(cwd: string, data: string, lines: string[]): CliContext {
  const folders = dataFolder({ FAASIFY_DATA: data });
  const local = { folder: folders.platform, platformBundle: path.join(dist, "platform.cjs"), version: "0.0.0-source" };
  const registry = createRegistry({ local });
  return {
    cwd,
    folders,
    log: silentLog,
    signal: new AbortController().signal,
    local,
    bundle: path.join(dist, "cli.cjs"),
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
