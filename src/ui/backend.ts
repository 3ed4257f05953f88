/** What the editor needs of everything below it. backend-local.ts puts the real deployer behind it, loaded at first use. */
import type { CanaryPlan } from "../core/canary/canary.ts";
import type { CanarySummary } from "../core/canary/summary.ts";
import type { FunctionRef } from "../core/function-ref.ts";
import type { InvocationInput, InvocationResult } from "../core/invocation.ts";
import type { DebugTarget } from "../debug-adapter/debug-target.ts";
import type { Rollback } from "../deploy/canary/release.ts";
import type {
  DeployedAlias,
  DeployOutcome,
  Deployment,
  FunctionMetrics,
  LogEvent,
  Report,
} from "../deploy/provider.ts";

export interface PlatformState {
  readonly running: boolean;
  /** `http://127.0.0.1:PORT` */
  readonly endpoint?: string;
}

/** What callers of a function get. */
export interface FunctionReleases {
  readonly aliases: readonly DeployedAlias[];
  /** The last one there was. */
  readonly canary?: CanarySummary;
}

export interface Backend {
  /** What is deployed, by whatever window or terminal. */
  deployments(): Promise<readonly Deployment[]>;
  /**
   * Packages and deploys to the target of the settings, or to where it is already. The text on disk is what counts.
   *
   * @param options.to - a deployment that is to be renewed
   */
  deploy(
    ref: FunctionRef,
    signal: AbortSignal,
    options?: { readonly to?: Deployment | undefined; readonly report?: Report | undefined },
  ): Promise<DeployOutcome>;
  invoke(deployment: Deployment, input: InvocationInput, signal: AbortSignal): Promise<InvocationResult>;
  remove(deployment: Deployment, signal: AbortSignal): Promise<void>;
  logs(deployment: Deployment, signal: AbortSignal): Promise<readonly LogEvent[]>;
  metrics(deployment: Deployment, signal: AbortSignal): Promise<FunctionMetrics>;
  /** Undefined where the target has none. */
  releases(deployment: Deployment, signal: AbortSignal): Promise<FunctionReleases | undefined>;
  /** Of what the sources on disk are now. */
  startCanary(deployment: Deployment, plan: CanaryPlan, signal: AbortSignal): Promise<CanarySummary>;
  promoteCanary(deployment: Deployment, signal: AbortSignal): Promise<CanarySummary>;
  /** Ends a canary, or moves the alias to the version before. */
  rollBack(deployment: Deployment, signal: AbortSignal): Promise<Rollback>;
  /** Does the platform run? Starts nothing. */
  platformState(): Promise<PlatformState>;
  startPlatform(signal: AbortSignal): Promise<PlatformState>;
  stopPlatform(signal: AbortSignal): Promise<void>;
  debugTarget(): Promise<DebugTarget>;
  /** Puts back what a debug session that ended in a crash has left behind; says how many functions. */
  restoreLeftovers(signal: AbortSignal): Promise<number>;
}
