/** The real {@link Backend}: the deployer, whose packaging is the language server's. All of it is loaded at first use. */
import path from "node:path";
import * as vscode from "vscode";
import { version } from "../core/version.ts";
import type { DataFolder } from "../deploy/data-folder.ts";
import type { Deployer } from "../deploy/deploy-function.ts";
import type { FunctionConfiguration } from "../deploy/provider.ts";
import type { LocalOptions, RunningPlatform } from "../deploy/providers/local/platform-process.ts";
import type { Backend, PlatformState } from "./backend.ts";
import type { LanguageServer } from "./language-server.ts";
import { tokenOf } from "./progress.ts";
import { readSettings } from "./settings.ts";

export interface BackendOptions {
  readonly server: LanguageServer;
  readonly folders: DataFolder;
  /** Absolute path of dist/. */
  readonly dist: string;
  readonly log: vscode.LogOutputChannel;
}

const useCases = () => import("../deploy/deploy-function.ts");
const processes = () => import("../deploy/providers/local/platform-process.ts");
const debugTargets = () => import("../deploy/debug-target.ts");

export function createBackend(options: BackendOptions): Backend {
  const { folders, log } = options;
  let making: Promise<Deployer> | undefined;
  const deployer = (): Promise<Deployer> => (making ??= makeDeployer(options));
  const journal = { journalFolder: folders.journal, log };

  return {
    deployments: async () => (await deployer()).store.list(),
    deploy: async (ref, signal) => {
      const { deployFunction } = await useCases();
      const made = await deployer();
      const uri = vscode.Uri.file(ref.file);
      const wished = (await made.directiveOf?.(ref, signal))?.target;
      const target = wished === undefined ? readSettings(uri).target : (await made.provider(wished)).id;
      return deployFunction(made, ref, { target, configuration: configurationOf(uri) }, signal);
    },
    invoke: async (deployment, input, signal) =>
      (await useCases()).invokeDeployment(await deployer(), deployment, input, signal),
    remove: async (deployment, signal) => (await useCases()).removeDeployment(await deployer(), deployment, signal),
    logs: async ({ name, target }, signal) => (await (await deployer()).provider(target)).logs(name, {}, signal),
    metrics: async ({ name, target }, signal) => (await (await deployer()).provider(target)).metrics(name, signal),
    platformState: async () => {
      const { findPlatform } = await processes();
      return stateOf(await findPlatform(folders.platform, AbortSignal.timeout(5000)));
    },
    startPlatform: async (signal) => stateOf(await (await processes()).ensurePlatform(localOptions(options), signal)),
    stopPlatform: async (signal) => {
      await (await processes()).stopPlatform(folders.platform, signal);
    },
    debugTarget: async () => (await debugTargets()).createDebugTarget(await deployer(), journal),
    restoreLeftovers: async (signal) => (await debugTargets()).restoreLeftovers(await deployer(), journal, signal),
  };
}

async function makeDeployer(options: BackendOptions): Promise<Deployer> {
  const [{ createDeploymentStore }, { createRegistry }] = await Promise.all([
    import("../deploy/deployment-store.ts"),
    import("../deploy/registry.ts"),
  ]);
  const registry = createRegistry({ local: localOptions(options) });
  return {
    packageFunction: (ref, { debug }, signal) => options.server.package(ref, debug, tokenOf(signal)),
    directiveOf: async ({ file, name }, signal) => {
      const { functions } = await options.server.analyze(file, tokenOf(signal));
      return functions.find((model) => model.name === name)?.directive;
    },
    store: createDeploymentStore(options.folders.deployments, options.log),
    provider: (target) => registry.get(target),
  };
}

/** `nodePath` is read when a platform starts: a changed setting needs no reload. */
function localOptions({ folders, dist }: BackendOptions): LocalOptions {
  return {
    folder: folders.platform,
    platformBundle: path.join(dist, "platform.cjs"),
    version,
    get nodePath() {
      return readSettings().node || process.env["FAASIFY_NODE"];
    },
  };
}

function configurationOf(file: vscode.Uri): FunctionConfiguration {
  const { memoryMb, timeoutSeconds } = readSettings(file);
  return { memoryMb, timeoutMs: timeoutSeconds * 1000, environment: {} };
}

function stateOf(platform: RunningPlatform | undefined): PlatformState {
  return platform ? { running: true, endpoint: platform.info.endpoint } : { running: false };
}
