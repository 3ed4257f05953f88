/** Deploys the units of a decomposed program when they are first called, and invokes them. */
import { existsSync } from "node:fs";
import path from "node:path";
import type { Artifact } from "../core/artifact.ts";
import { FaasifyError } from "../core/errors.ts";
import type { InvocationResult } from "../core/invocation.ts";
import { version } from "../core/version.ts";
import { dataFolder } from "../deploy/data-folder.ts";
import { deploymentName } from "../deploy/deployment-name.ts";
import { createDeploymentStore, type DeploymentStore } from "../deploy/deployment-store.ts";
import type { FaasProvider, FunctionConfiguration } from "../deploy/provider.ts";
import { isRecent } from "../deploy/providers/local/node-executable.ts";
import { findPlatform } from "../deploy/providers/local/platform-process.ts";
import { createRegistry } from "../deploy/registry.ts";
import type { FaasifyCall } from "../protocol/invocation-event.ts";
import { beforeSending, wasSent } from "./fallback.ts";
import type { Manifest, RemoteFunction } from "./manifest.ts";

/** Gives the answer, unread. Rejects with a FaasifyError. */
export type InvokeUnit = (key: string, call: FaasifyCall) => Promise<unknown>;

/** A program has no time limit, and more room than a function has by default. */
const configuration: FunctionConfiguration = { memoryMb: 1024, timeoutMs: 900_000, environment: {} };

/** @param folder - absolute path of `.faasify/` */
export function deployedCaller(folder: string, manifest: Manifest): InvokeUnit {
  const { signal } = new AbortController();
  const folders = dataFolder();
  const platformBundle = path.join(manifest.dist, "platform.cjs");
  const registry = createRegistry({
    local: { folder: folders.platform, platformBundle, version, nodePath: nodeFor(manifest) },
    aws: { bundle: path.join(manifest.dist, "provider-aws.cjs"), options: () => ({}) },
  });
  const store = createDeploymentStore(folders.deployments);
  const provider = ready(async () => {
    if (!existsSync(platformBundle) && !(await findPlatform(folders.platform, signal))) throw notInstalled(manifest);
    return registry.get(manifest.target);
  });
  const deployed = new Map<string, Promise<string>>();
  const deploy = (key: string): Promise<string> => {
    const known = deployed.get(key);
    if (known) return known;
    const remote = manifest.functions[key];
    if (!remote) throw new TypeError(`no function is called ${key}`);
    const name = provider().then((platform) =>
      deployUnit({ folder, root: manifest.root ?? path.dirname(folder), platform, store }, remote, signal),
    );
    deployed.set(key, name);
    name.catch(() => deployed.delete(key));
    return name;
  };
  const invoke = async (key: string, call: FaasifyCall): Promise<InvocationResult> => {
    const [platform, name] = await Promise.all([provider(), deploy(key)]).catch((error: unknown) => {
      throw beforeSending(error);
    });
    return platform.invoke(name, { kind: "event", event: call }, signal).catch((error: unknown) => {
      throw wasSent(error) ? error : beforeSending(error);
    });
  };
  return async (key, call) => {
    try {
      return answerOf(await invoke(key, call));
    } catch (error) {
      if (!(error instanceof FaasifyError) || error.code !== "function-not-deployed") throw error;
      // Removed since: nothing has run.
      deployed.delete(key);
      return answerOf(await invoke(key, call));
    }
  };
}

/** Tried again at the next call when it failed. */
function ready<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}

/** The program's own Node may be too old for the platform: then the one that decomposed it, if it is still there. */
function nodeFor({ node }: Manifest): string | undefined {
  const configured = process.env["FAASIFY_NODE"];
  if (configured) return configured;
  return isRecent(process.versions.node) || !existsSync(node) ? undefined : node;
}

interface Place {
  readonly folder: string;
  /** Absolute path of the program's folder. */
  readonly root: string;
  readonly platform: FaasProvider;
  readonly store: DeploymentStore;
}

/** The name at the provider. */
async function deployUnit(
  { folder, root, platform, store }: Place,
  { file, name: functionName, artifact: packed }: RemoteFunction,
  signal: AbortSignal,
): Promise<string> {
  const ref = { file: path.join(root, ...file.split("/")), name: functionName };
  const artifact: Artifact = {
    ...packed,
    zipPath: path.join(folder, packed.zipPath),
    sourceMapPath: path.join(folder, packed.sourceMapPath),
    debug: false,
    convention: "plain",
  };
  const name = deploymentName(ref);
  const { deployment, unchanged } = await platform.deploy({ function: ref, name, artifact, configuration }, signal);
  if (!unchanged || !(await store.find(ref, deployment.target, deployment.place))) {
    await store.save({ ...deployment, packagedBy: version });
  }
  return name;
}

/** Errors of the unit's handler and of the platform about what was sent or was to be sent back, not of the function. */
const aboutValues: ReadonlySet<string> = new Set(["EncodedValueBroken", "Function.ResponseSizeTooLarge"]);

/** With `effects`, what the function throws is part of the answer: an error here is the platform's. */
function answerOf({ error, result }: InvocationResult): unknown {
  if (!error) return result;
  if (aboutValues.has(error.name)) {
    throw new FaasifyError("value-not-portable", error.message, {
      remedy: "Pass and return less, or keep the function here: faasify decompose --functions",
    });
  }
  throw new FaasifyError("invocation-failed", `the function did not end (${error.name}: ${error.message})`, {
    remedy: "Look into its log: faasify logs",
  });
}

function notInstalled({ dist }: Manifest): FaasifyError {
  return new FaasifyError("platform-unreachable", `No platform runs, and FaaSify is no longer installed in ${dist}`, {
    remedy: "Install FaaSify and run faasify decompose again, or start a platform on this data folder",
  });
}
