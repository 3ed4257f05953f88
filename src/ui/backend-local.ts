/** The real {@link Backend}: the deployer, whose packaging is the language server's. All of it is loaded at first use. */
import { createRequire } from "node:module";
import path from "node:path";
import * as vscode from "vscode";
import { summarize } from "../core/canary/summary.ts";
import { version } from "../core/version.ts";
import type { DataFolder } from "../deploy/data-folder.ts";
import type { DebugGuardian } from "../deploy/debug-guardian.ts";
import type { Deployer } from "../deploy/deploy-function.ts";
import type * as DeployModule from "../deploy/main.ts";
import type { FunctionConfiguration } from "../deploy/provider.ts";
import type { AwsOptions } from "../deploy/providers/aws/aws-options.ts";
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

export function createBackend(options: BackendOptions): Backend {
  const { folders, log } = options;
  const bundle = path.join(options.dist, "deployer.cjs");
  const load = (): typeof DeployModule => createRequire(bundle)(bundle) as typeof DeployModule;
  let made: Deployer | undefined;
  const deployer = (): Deployer => (made ??= makeDeployer(load(), options));
  const journal = { journalFolder: folders.journal, log };
  let guardian: DebugGuardian | undefined;

  return {
    deployments: async () => deployer().store.list(),
    deploy: async (ref, signal, { to, report } = {}) => {
      const uri = vscode.Uri.file(ref.file);
      const common = { configuration: configurationOf(uri), ...(report && { report }) };
      if (to) {
        const { target, place } = to;
        return load().deployFunction(deployer(), ref, { target, ...(place && { place }), ...common }, signal);
      }
      const wished = (await deployer().directiveOf?.(ref, signal))?.target;
      const target = wished === undefined ? readSettings(uri).target : (await deployer().provider(wished)).id;
      return load().deployFunction(deployer(), ref, { target, ...common }, signal);
    },
    invoke: async (deployment, input, signal) => load().invokeDeployment(deployer(), deployment, input, signal),
    remove: async (deployment, signal) => load().removeDeployment(deployer(), deployment, signal),
    logs: async ({ name, target, place }, signal) => (await deployer().provider(target, place)).logs(name, {}, signal),
    metrics: async ({ name, target, place }, signal) =>
      (await deployer().provider(target, place)).metrics(name, signal),
    ...releasesBackend(load, deployer),
    platformState: async () => stateOf(await load().findPlatform(folders.platform, AbortSignal.timeout(5000))),
    startPlatform: async (signal) => stateOf(await load().ensurePlatform(localOptions(options), signal)),
    stopPlatform: async (signal) => {
      await load().stopPlatform(folders.platform, signal);
    },
    debugTarget: async () => {
      guardian ??= makeGuardian(load(), options);
      return load().createDebugTarget(deployer(), { ...journal, guardian });
    },
    restoreLeftovers: async (signal) => load().restoreLeftovers(deployer(), journal, signal),
  };
}

type ReleasesBackend = Pick<Backend, "releases" | "startCanary" | "promoteCanary" | "rollBack">;

function releasesBackend(load: () => typeof DeployModule, deployer: () => Deployer): ReleasesBackend {
  return {
    releases: async ({ name, target, place }, signal) => {
      const { versions, canaries } = await deployer().provider(target, place);
      if (!versions || !canaries) return undefined;
      const [aliases, canary] = await Promise.all([versions.aliases(name, signal), canaries.find(name, signal)]);
      return { aliases, ...(canary && { canary: summarize(canary) }) };
    },
    startCanary: async (deployment, plan, signal) => {
      const { releaseCanary, DEFAULT_ALIAS: alias } = load();
      return summarize(await releaseCanary(deployer(), deployment, { alias, plan }, signal));
    },
    promoteCanary: async ({ name, target, place }, signal) => {
      const provider = await deployer().provider(target, place);
      return summarize(await load().endCanary(provider, name, "promote", signal));
    },
    rollBack: async (deployment, signal) => {
      const { rollBack, DEFAULT_ALIAS: alias } = load();
      return rollBack(await deployer().provider(deployment.target, deployment.place), deployment, { alias }, signal);
    },
  };
}

function makeGuardian({ createDebugGuardian }: typeof DeployModule, { folders, dist }: BackendOptions): DebugGuardian {
  return createDebugGuardian({
    cliBundle: path.join(dist, "cli.cjs"),
    dataFolder: folders.root,
    nodePath: readSettings().node || process.env["FAASIFY_NODE"],
  });
}

function makeDeployer(
  { createDeploymentStore, createRegistry }: typeof DeployModule,
  options: BackendOptions,
): Deployer {
  const registry = createRegistry({
    local: localOptions(options),
    aws: { bundle: path.join(options.dist, "provider-aws.cjs"), options: awsOptions },
  });
  return {
    packageFunction: (ref, { debug }, signal) => options.server.package(ref, debug, tokenOf(signal)),
    directiveOf: async ({ file, name }, signal) => {
      const { functions } = await options.server.analyze(file, tokenOf(signal));
      return functions.find((model) => model.name === name)?.directive;
    },
    store: createDeploymentStore(options.folders.deployments, options.log),
    provider: (target, place) => registry.get(target, place),
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

/** Settings that are empty are what AWS's own tools would take. */
function awsOptions(): AwsOptions {
  const settings = readSettings();
  return {
    region: settings["aws.region"] || undefined,
    profile: settings["aws.profile"] || undefined,
    endpoint: settings["aws.endpoint"] || undefined,
    role: settings["aws.role"] || undefined,
    codeBucket: settings["aws.codeBucket"] || undefined,
  };
}

function configurationOf(file: vscode.Uri): FunctionConfiguration {
  const { memoryMb, timeoutSeconds } = readSettings(file);
  return { memoryMb, timeoutMs: timeoutSeconds * 1000, environment: {} };
}

function stateOf(platform: RunningPlatform | undefined): PlatformState {
  return platform ? { running: true, endpoint: platform.info.endpoint } : { running: false };
}
