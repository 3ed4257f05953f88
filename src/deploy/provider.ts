import type { Artifact } from "../core/artifact.ts";
import type { CanaryPlan, CanaryState } from "../core/canary/canary.ts";
import type { FunctionRef } from "../core/function-ref.ts";
import type { Architecture, UrlAccess } from "../core/function-model.ts";
import type { InvocationInput, InvocationResult, ProviderId } from "../core/invocation.ts";
import type { Observation } from "../core/observation.ts";

/** What a provider can do. Callers offer only what is listed here, and never guess. */
export interface ProviderTraits {
  /** For people: `Local platform`. */
  readonly label: string;
  /** Limit on the zip, in bytes. */
  readonly maxArtifactBytes: number;
  readonly maxTimeoutMs: number;
  /**
   * Whether a deployed function may open connections to this machine's loopback, as the debug shim does, and as functions do
   * that talk with their caller while they run. Those stay local where it may not.
   */
  readonly reachesLoopback: boolean;
}

export interface FunctionConfiguration {
  readonly memoryMb: number;
  readonly timeoutMs: number;
  /** Environment variables of the function, the debug shim's included. */
  readonly environment: Readonly<Record<string, string>>;
  /** Absent: x86_64. A platform of one architecture has nothing to choose. */
  readonly architecture?: Architecture;
  /** ARNs with versions, in their order. Absent: none. */
  readonly layers?: readonly string[];
  /** The private network that the function is in. Absent: none. */
  readonly vpc?: { readonly subnetIds: readonly string[]; readonly securityGroupIds: readonly string[] };
  /** An address for plain HTTP, for everybody or for callers with rights. Absent: what there is stays. */
  readonly url?: UrlAccess;
}

/** What not every platform has. */
export type PlatformSettings = Pick<FunctionConfiguration, "architecture" | "layers" | "vpc" | "url">;

export interface DeployRequest {
  readonly function: FunctionRef;
  /** The name at the provider: see deployment-name.ts. */
  readonly name: string;
  readonly artifact: Artifact;
  readonly configuration: FunctionConfiguration;
  /** New code is wanted in the live sandboxes, if they can load it and the platform lets them. */
  readonly swap?: boolean;
}

/** Where at a provider that has several places. */
export interface DeploymentPlace {
  readonly region: string;
  /** Whose rights count, as the provider's own tools name them; absent: the usual ones. */
  readonly profile?: string;
  /** URL of a stand-in for the provider. */
  readonly endpoint?: string;
}

/** Told what is being done, for people: `Creating the function`. */
export type Report = (step: string) => void;

/** Everything needed to find a deployed function again; stored as JSON. */
export interface Deployment {
  readonly function: FunctionRef;
  readonly target: ProviderId;
  /** Absent: the provider has one place. */
  readonly place?: DeploymentPlace;
  readonly name: string;
  readonly version: string;
  /** The provider's own identifier: an ARN for Lambda-like ones. */
  readonly id: string;
  readonly sha256: string;
  readonly buildId: string;
  readonly artifactBytes: number;
  /** ISO 8601, UTC. */
  readonly deployedAt: string;
  readonly configuration: FunctionConfiguration;
  /** Absolute paths: the deployment is stale when one of them changed. */
  readonly inputs: readonly string[];
  readonly sourceMapPath: string;
  /** As in {@link Artifact}: a `lambda` takes an event, no FaaSify call. */
  readonly convention?: "plain" | "lambda";
  /** FaaSify's version: another one may package differently. */
  readonly packagedBy?: string;
}

export interface DeployOutcome {
  readonly deployment: Deployment;
  /** The provider already had exactly this: nothing was sent. */
  readonly unchanged: boolean;
  /** How many live sandboxes go on with the new code. Only after `swap`. */
  readonly swapped?: number;
}

export interface LogEvent {
  /** Milliseconds since the epoch. */
  readonly timestampMs: number;
  readonly message: string;
  /** Tells events of the same time and text apart, where the platform does. */
  readonly id?: string;
  /** Of the sandbox that it is from: `2026/11/28/[$LATEST]0a1b…`. */
  readonly stream?: string;
}

export interface FunctionMetrics {
  /** The name at the provider. */
  readonly name: string;
  readonly invocations: number;
  readonly errors: number;
  readonly throttles: number;
  readonly coldStarts: number;
  /** Of the durations in milliseconds; absent before the first invocation. */
  readonly p50Ms?: number;
  readonly p95Ms?: number;
}

/** What was deployed once and was given a number: its code and configuration stay as they are. */
export interface FunctionVersion {
  readonly version: string;
  /** Of its zip; base64. */
  readonly sha256: string;
  readonly description: string;
}

/** A name for a version, for callers to use. */
export interface FunctionAlias {
  readonly name: string;
  /** A published one. */
  readonly version: string;
  /** The version that a share of the alias's invocations goes to; absent: all go to `version`. */
  readonly canary?: {
    readonly version: string;
    /** From 0 to 1. */
    readonly weight: number;
  };
}

/** As it is at the provider. */
export interface DeployedAlias extends FunctionAlias {
  /** Another one after every change. */
  readonly revision: string;
}

/**
 * Versions and aliases of a function, where a platform has them.
 *
 * All reject with `function-not-deployed` when there is no such function.
 */
export interface FunctionVersions {
  /**
   * Makes a version of what is deployed now. Nothing changed since the last one: that one is returned.
   *
   * @param options.sha256 - of the zip that must be deployed, base64: somebody else may have deployed meanwhile
   * @throws FaasifyError `version-conflict` if another zip is deployed
   */
  publish(
    name: string,
    options: { readonly sha256?: string; readonly description?: string },
    signal: AbortSignal,
  ): Promise<FunctionVersion>;
  /** Oldest first, without what is deployed but not published. */
  list(name: string, signal: AbortSignal): Promise<readonly FunctionVersion[]>;
  /** Succeeds if it is already gone. @throws FaasifyError `version-conflict` if an alias uses it */
  remove(name: string, version: string, signal: AbortSignal): Promise<void>;
  alias(name: string, alias: string, signal: AbortSignal): Promise<DeployedAlias | undefined>;
  aliases(name: string, signal: AbortSignal): Promise<readonly DeployedAlias[]>;
  /**
   * Creates the alias, or makes it what is given: without `canary` it has none any more.
   *
   * @param options.revision - what the alias must still be; `new`: there must be none yet
   * @throws FaasifyError `version-conflict` if it was changed meanwhile, `version-not-found`
   */
  setAlias(
    name: string,
    alias: FunctionAlias,
    options: { readonly revision?: string },
    signal: AbortSignal,
  ): Promise<DeployedAlias>;
  /** Succeeds if it is already gone. */
  removeAlias(name: string, alias: string, signal: AbortSignal): Promise<void>;
}

export interface CanaryRequest extends CanaryPlan {
  /** One that is at a published version, without a canary. */
  readonly alias: string;
  /** The version to try. */
  readonly canary: string;
}

/**
 * Canaries: one at a time for a function. They go on without whoever started them.
 *
 * All reject with `function-not-deployed` when there is no such function.
 */
export interface FunctionCanaries {
  /** The last one there was. */
  find(name: string, signal: AbortSignal): Promise<CanaryState | undefined>;
  /** @throws FaasifyError `canary-running`, `version-conflict`, `version-not-found` */
  start(name: string, request: CanaryRequest, signal: AbortSignal): Promise<CanaryState>;
  /** Ends the one that runs. @throws FaasifyError `canary-not-running` */
  end(name: string, how: "promote" | "rollback", signal: AbortSignal): Promise<CanaryState>;
}

/**
 * One FaaS platform. Implementations live in `providers/<id>/`, hold no state besides their
 * client, and pass the shared suite in test/contract/.
 *
 * Every method rejects with `AbortSignal.reason` when aborted and with a `FaasifyError` for
 * failures the user can fix.
 */
export interface FaasProvider {
  readonly id: ProviderId;
  readonly traits: ProviderTraits;
  /** Where functions are deployed to; absent: there is one place only. */
  place?(): Promise<DeploymentPlace>;

  /** Creates or replaces the function. Deploying the same request twice changes nothing; one that was cut is completed. */
  deploy(request: DeployRequest, signal: AbortSignal, report?: Report): Promise<DeployOutcome>;
  /**
   * A function that throws is a result with `error`, not a rejection.
   *
   * @throws FaasifyError `function-not-deployed`, `platform-unreachable`, `invocation-throttled`, …
   */
  invoke(name: string, input: InvocationInput, signal: AbortSignal): Promise<InvocationResult>;
  /** Removes the function. Succeeds if it is already gone. */
  remove(name: string, signal: AbortSignal): Promise<void>;
  /** The names of all functions there. */
  list(signal: AbortSignal): Promise<readonly string[]>;
  logs(
    name: string,
    options: { readonly sinceMs?: number; readonly limit?: number },
    signal: AbortSignal,
  ): Promise<readonly LogEvent[]>;
  metrics(name: string, signal: AbortSignal): Promise<FunctionMetrics>;
  /** Invocations that have ended since then, as far as the log still tells of them; oldest first. */
  observations(
    name: string,
    options: { readonly sinceMs: number; readonly version?: string },
    signal: AbortSignal,
  ): Promise<readonly Observation[]>;
  /** Absent: the platform has no versions. */
  readonly versions?: FunctionVersions;
  /** Absent: the platform drives none by itself. */
  readonly canaries?: FunctionCanaries;
}
