import type { Artifact } from "../core/artifact.ts";
import type { FunctionRef } from "../core/function-ref.ts";
import type { InvocationInput, InvocationResult, ProviderId } from "../core/invocation.ts";

/** What a provider can do. Callers offer only what is listed here, and never guess. */
export interface ProviderTraits {
  /** For people: `Local platform`. */
  readonly label: string;
  /** Limit on the zip, in bytes. */
  readonly maxArtifactBytes: number;
  readonly maxTimeoutMs: number;
  /** Whether a deployed function may open an outbound WebSocket to this machine's loopback, as the debug shim needs. */
  readonly reachesLoopback: boolean;
}

export interface FunctionConfiguration {
  readonly memoryMb: number;
  readonly timeoutMs: number;
  /** Environment variables of the function, the debug shim's included. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface DeployRequest {
  readonly function: FunctionRef;
  /** The name at the provider: see deployment-name.ts. */
  readonly name: string;
  readonly artifact: Artifact;
  readonly configuration: FunctionConfiguration;
}

/** Everything needed to find a deployed function again; stored as JSON. */
export interface Deployment {
  readonly function: FunctionRef;
  readonly target: ProviderId;
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
}

export interface LogEvent {
  /** Milliseconds since the epoch. */
  readonly timestampMs: number;
  readonly message: string;
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

  /** Creates or replaces the function. Deploying the same request twice changes nothing. */
  deploy(request: DeployRequest, signal: AbortSignal): Promise<DeployOutcome>;
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
}
