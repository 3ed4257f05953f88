import * as v from "valibot";
import type { FunctionRef } from "../core/function-ref.ts";
import type { ProviderId } from "../core/invocation.ts";
import { silentLog, type Log } from "../core/log.ts";
import { deploymentName } from "./deployment-name.ts";
import { jsonFiles } from "./json-files.ts";
import type { Deployment } from "./provider.ts";

export const functionRefSchema = v.object({ file: v.string(), name: v.string() });
export const providerIdSchema = v.picklist(["local"]);
export const configurationSchema = v.object({
  memoryMb: v.number(),
  timeoutMs: v.number(),
  environment: v.record(v.string(), v.string()),
});

const deploymentSchema = v.object({
  function: functionRefSchema,
  target: providerIdSchema,
  name: v.string(),
  version: v.string(),
  id: v.string(),
  sha256: v.string(),
  buildId: v.string(),
  artifactBytes: v.number(),
  deployedAt: v.pipe(v.string(), v.isoTimestamp()),
  configuration: configurationSchema,
  inputs: v.array(v.string()),
  sourceMapPath: v.string(),
  convention: v.exactOptional(v.picklist(["plain", "lambda"])),
  packagedBy: v.exactOptional(v.string()),
});

/** What is deployed, by whatever window or terminal of this user: one file per deployment. */
export interface DeploymentStore {
  /** All, ordered by name. Damaged files are logged and passed over. */
  list(): Promise<readonly Deployment[]>;
  find(ref: FunctionRef, target: ProviderId): Promise<Deployment | undefined>;
  /** @throws FaasifyError `platform-state-not-writable` */
  save(deployment: Deployment): Promise<void>;
  /** Succeeds if there is none. */
  remove(deployment: Pick<Deployment, "name" | "target">): Promise<void>;
}

/** @param folder - absolute path, `deployments/` of the data folder; made when first written to */
export function createDeploymentStore(folder: string, log: Log = silentLog): DeploymentStore {
  const files = jsonFiles<Deployment>(folder, deploymentSchema, log);
  return {
    list: () => files.readAll(),
    find: (ref, target) => files.read(fileName(deploymentName(ref), target)),
    save: (deployment) => files.write(fileName(deployment.name, deployment.target), deployment),
    remove: ({ name, target }) => files.remove(fileName(name, target)),
  };
}

function fileName(name: string, target: ProviderId): string {
  return `${name}.${target}`;
}
