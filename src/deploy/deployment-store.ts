import * as v from "valibot";
import { createHash } from "node:crypto";
import { architectures, urlAccesses } from "../core/function-model.ts";
import type { FunctionRef } from "../core/function-ref.ts";
import { providerIds, type ProviderId } from "../core/invocation.ts";
import { silentLog, type Log } from "../core/log.ts";
import { deploymentName } from "./deployment-name.ts";
import { jsonFiles } from "./json-files.ts";
import type { Deployment, DeploymentPlace } from "./provider.ts";

const HASH_LENGTH = 8;

export const functionRefSchema = v.object({ file: v.string(), name: v.string() });
export const providerIdSchema = v.picklist(providerIds);
export const placeSchema = v.object({
  region: v.string(),
  profile: v.exactOptional(v.string()),
  endpoint: v.exactOptional(v.string()),
});
export const configurationSchema = v.object({
  memoryMb: v.number(),
  timeoutMs: v.number(),
  environment: v.record(v.string(), v.string()),
  architecture: v.exactOptional(v.picklist(architectures)),
  layers: v.exactOptional(v.array(v.string())),
  vpc: v.exactOptional(v.object({ subnetIds: v.array(v.string()), securityGroupIds: v.array(v.string()) })),
  url: v.exactOptional(v.picklist(urlAccesses)),
});

const deploymentSchema = v.object({
  function: functionRefSchema,
  target: providerIdSchema,
  place: v.exactOptional(placeSchema),
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
  /** @param place - as the provider says it; absent where there is one place only */
  find(ref: FunctionRef, target: ProviderId, place?: DeploymentPlace): Promise<Deployment | undefined>;
  /** @throws FaasifyError `platform-state-not-writable` */
  save(deployment: Deployment): Promise<void>;
  /** Succeeds if there is none. */
  remove(deployment: Pick<Deployment, "name" | "target" | "place">): Promise<void>;
}

/** @param folder - absolute path, `deployments/` of the data folder; made when first written to */
export function createDeploymentStore(folder: string, log: Log = silentLog): DeploymentStore {
  const files = jsonFiles<Deployment>(folder, deploymentSchema, log);
  return {
    list: () => files.readAll(),
    find: (ref, target, place) => files.read(fileName({ name: deploymentName(ref), target, ...(place && { place }) })),
    save: (deployment) => files.write(fileName(deployment), deployment),
    remove: (deployment) => files.remove(fileName(deployment)),
  };
}

/** The same function in two regions is two deployments. */
function fileName({ name, target, place }: Pick<Deployment, "name" | "target" | "place">): string {
  if (!place) return `${name}.${target}`;
  const { region, profile = "", endpoint = "" } = place;
  const hash = createHash("sha256")
    .update(JSON.stringify([region, profile, endpoint]))
    .digest("hex");
  return `${name}.${target}.${hash.slice(0, HASH_LENGTH)}`;
}
