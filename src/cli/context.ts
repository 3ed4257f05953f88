/** What the commands share: where things are, the deployer, and how output is written. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import type { Artifact } from "../core/artifact.ts";
import { describeError } from "../core/errors.ts";
import { parseFunctionRef, type FunctionRef } from "../core/function-ref.ts";
import type { Log } from "../core/log.ts";
import { version } from "../core/version.ts";
import { dataFolder, type DataFolder } from "../deploy/data-folder.ts";
import type { Deployer } from "../deploy/deploy-function.ts";
import type { AwsOptions } from "../deploy/providers/aws/aws-options.ts";
import type { LocalOptions } from "../deploy/providers/local/platform-process.ts";
import type * as analysisBundle from "./analysis-main.ts";
import type * as debugAdapterBundle from "../debug-adapter/main.ts";

export interface CliContext {
  readonly cwd: string;
  readonly folders: DataFolder;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly local: LocalOptions;
  /** Absolute path of dist/cli.cjs. */
  readonly bundle: string;
  readonly aws: AwsOptions;
  /** One line to stdout. */
  print(line: string): void;
  /** One line to stderr: progress and whatever is not the result. */
  note(line: string): void;
  /** `path#name`, the path relative to the working directory, → absolute. */
  resolveRef(text: string): FunctionRef;
  /** The inverse of {@link resolveRef}. */
  idOf(ref: FunctionRef): string;
  /** Relative to the working directory, with `/`. */
  relative(file: string): string;
  analysis(): Promise<typeof analysisBundle>;
  debugAdapter(): Promise<typeof debugAdapterBundle>;
  /** Puts back what crashed debug sessions left behind, once, unless told not to. */
  deployer(options?: { readonly restoring: boolean }): Promise<Deployer>;
}

/** The bundles lie beside this one. */
const dist = __dirname;
const requireBundle = createRequire(__filename);

export interface ContextOptions {
  /** Absent: see data-folder.ts. */
  readonly data: string | undefined;
  readonly aws: AwsOptions;
  readonly signal: AbortSignal;
}

export function createContext({ data, aws, signal }: ContextOptions): CliContext {
  const cwd = process.cwd();
  const folders = dataFolder(
    data === undefined ? process.env : { ...process.env, FAASIFY_DATA: path.resolve(cwd, data) },
  );
  const note = (line: string): void => void process.stderr.write(`${line}\n`);
  const relative = (file: string): string => path.relative(cwd, file).split(path.sep).join("/");
  let deployer: Promise<Deployer> | undefined;
  const context: CliContext = {
    cwd,
    folders,
    log: logTo(note),
    signal,
    local: {
      folder: folders.platform,
      platformBundle: path.join(dist, "platform.cjs"),
      version,
      nodePath: process.env["FAASIFY_NODE"],
    },
    bundle: __filename,
    aws,
    print: (line) => void process.stdout.write(`${line}\n`),
    note,
    resolveRef: (text) => {
      const { file, name } = parseFunctionRef(text);
      return { file: path.resolve(cwd, file), name };
    },
    idOf: ({ file, name }) => `${relative(file)}#${name}`,
    relative,
    // Apart from this bundle, because merely reading TypeScript's compiler takes a quarter of a second.
    analysis: async () => requireBundle(path.join(dist, "cli-analysis.cjs")) as typeof analysisBundle,
    debugAdapter: async () => requireBundle(path.join(dist, "debug-adapter.cjs")) as typeof debugAdapterBundle,
    deployer: ({ restoring } = { restoring: true }) => (deployer ??= makeDeployer(context, restoring)),
  };
  return context;
}

async function makeDeployer(context: CliContext, restoring: boolean): Promise<Deployer> {
  const { folders, local, log, signal, aws } = context;
  const [{ createDeploymentStore }, { createRegistry }, { restoreLeftovers }] = await Promise.all([
    import("../deploy/deployment-store.ts"),
    import("../deploy/registry.ts"),
    import("../deploy/debug-target.ts"),
  ]);
  const registry = createRegistry({ local, aws: { bundle: path.join(dist, "provider-aws.cjs"), options: () => aws } });
  const deployer: Deployer = {
    packageFunction: (ref, options, signal) => packageFunction(context, ref, { ...options, signal }),
    directiveOf: async ({ file, name }) => {
      // Most files have none, and reading TypeScript's compiler takes a quarter of a second.
      const text = await readFile(file, "utf8").catch(() => "");
      if (!text.includes("@faasify")) return undefined;
      const { functions } = (await context.analysis()).analyzeFile(file);
      return functions.find((model) => model.name === name)?.directive;
    },
    store: createDeploymentStore(folders.deployments, log),
    provider: (target, place) => registry.get(target, place),
  };
  if (!restoring) return deployer;
  try {
    const restored = await restoreLeftovers(deployer, { journalFolder: folders.journal, log }, signal);
    if (restored > 0) context.note(`Put back ${restored} function(s) that a debug session had left changed.`);
  } catch (error) {
    signal.throwIfAborted();
    log.warn(`What a debug session left changed could not be put back: ${describeError(error)}`);
  }
  return deployer;
}

async function packageFunction(
  context: CliContext,
  ref: FunctionRef,
  { debug, signal }: { readonly debug: boolean; readonly signal: AbortSignal },
): Promise<Artifact> {
  const { unitOf, packageUnit } = await context.analysis();
  signal.throwIfAborted();
  return packageUnit(unitOf(ref), {
    debug,
    artifactFolder: context.folders.artifacts,
    shimFolder: path.join(dist, "shim"),
  });
}

/** Warnings and errors only: what a command does, it prints itself. */
function logTo(note: (line: string) => void): Log {
  return {
    trace() {},
    debug() {},
    info() {},
    warn: (message) => note(`warning: ${message}`),
    error: (message) => note(`error: ${String(message)}`),
  };
}
