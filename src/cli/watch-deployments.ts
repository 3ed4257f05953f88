import { watch, type FSWatcher } from "node:fs";
import { once } from "node:events";
import path from "node:path";
import type { FunctionRef } from "../core/function-ref.ts";
import type { DeployResult } from "../deploy/deploy-function.ts";
import type { Deployment } from "../deploy/provider.ts";
import { mayBeStale } from "../deploy/staleness.ts";

export interface WatchOptions {
  readonly signal: AbortSignal;
  readonly deploy: (ref: FunctionRef) => Promise<DeployResult>;
  readonly onDeployed: (result: DeployResult) => void;
  /** Throws to end watching. */
  readonly onFailed: (ref: FunctionRef, error: unknown) => void;
}

/** Editors write a file in several steps: what comes within this time is one change. */
const SETTLE_MS = 20;

/**
 * Deploys again whatever has a changed source, until aborted. A change that arrives during a deployment is dealt with
 * after it, so that the last one always wins.
 */
export async function watchDeployments(start: readonly Deployment[], options: WatchOptions): Promise<void> {
  const { signal } = options;
  let deployments = [...start];
  let wake = (): void => {};
  const folders = new Map<string, FSWatcher>();
  const follow = (): void => {
    // Folders, not files: editors replace a file when they save it.
    for (const folder of new Set(deployments.flatMap(({ inputs }) => inputs.map((input) => path.dirname(input))))) {
      if (!folders.has(folder))
        folders.set(
          folder,
          watch(folder, () => wake()).on("error", () => undefined),
        );
    }
  };
  try {
    follow();
    while (!signal.aborted) {
      const changed = new Promise<void>((resolve) => (wake = resolve));
      deployments = await Promise.all(deployments.map((deployment) => refresh(deployment, options)));
      follow();
      await Promise.race([changed, aborted(signal)]);
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    }
  } finally {
    for (const watcher of folders.values()) watcher.close();
  }
}

async function refresh(
  deployment: Deployment,
  { deploy, onDeployed, onFailed, signal }: WatchOptions,
): Promise<Deployment> {
  if (!(await mayBeStale(deployment))) return deployment;
  try {
    const result = await deploy(deployment.function);
    onDeployed(result);
    return result.deployment;
  } catch (error) {
    if (signal.aborted) return deployment;
    onFailed(deployment.function, error);
    // Not tried again before the next change.
    return { ...deployment, deployedAt: new Date().toISOString() };
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, "abort");
}
