/** What the editor needs of everything below it. backend-local.ts puts the real deployer behind it, loaded at first use. */
import type { FunctionRef } from "../core/function-ref.ts";
import type { InvocationInput, InvocationResult } from "../core/invocation.ts";
import type { DebugTarget } from "../debug-adapter/debug-target.ts";
import type { DeployOutcome, Deployment, FunctionMetrics, LogEvent } from "../deploy/provider.ts";

export interface PlatformState {
  readonly running: boolean;
  /** `http://127.0.0.1:PORT` */
  readonly endpoint?: string;
}

export interface Backend {
  /** What is deployed, by whatever window or terminal. */
  deployments(): Promise<readonly Deployment[]>;
  /** Packages and deploys to the target of the settings. The text on disk is what counts. */
  deploy(ref: FunctionRef, signal: AbortSignal): Promise<DeployOutcome>;
  invoke(deployment: Deployment, input: InvocationInput, signal: AbortSignal): Promise<InvocationResult>;
  remove(deployment: Deployment, signal: AbortSignal): Promise<void>;
  logs(deployment: Deployment, signal: AbortSignal): Promise<readonly LogEvent[]>;
  metrics(deployment: Deployment, signal: AbortSignal): Promise<FunctionMetrics>;
  /** Does the platform run? Starts nothing. */
  platformState(): Promise<PlatformState>;
  startPlatform(signal: AbortSignal): Promise<PlatformState>;
  stopPlatform(signal: AbortSignal): Promise<void>;
  debugTarget(): Promise<DebugTarget>;
  /** Puts back what a debug session that ended in a crash has left behind; says how many functions. */
  restoreLeftovers(signal: AbortSignal): Promise<number>;
}
