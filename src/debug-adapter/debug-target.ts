/**
 * What the debug adapter needs of the rest of FaaSify: somebody who deploys a function with the shim,
 * invokes it and puts everything back. Implemented in src/deploy/debug-target.ts over the deployer;
 * the extension and the command line hand it in.
 */
import type { Artifact } from "../core/artifact.ts";
import type { FunctionRef } from "../core/function-ref.ts";
import type { InvocationInput, InvocationResult, ProviderId } from "../core/invocation.ts";

export interface DebugRequest {
  readonly function: FunctionRef;
  readonly target: ProviderId;
  /**
   * `launch`: a deployment of its own (`NAME--debug`, `NAME--debug-2`, …), so that other callers keep the undebugged
   * function, and other sessions their own.
   * `attach`: the deployed function itself, because anybody's invocation is awaited.
   */
  readonly request: "launch" | "attach";
  /** What goes into the function's environment for the shim: name → value. */
  /** The time limit while it is debugged. */
  readonly timeoutMs: number;
  readonly shimEnvironment: Readonly<Record<string, string>>;
}

export interface DebugDeployment {
  readonly request: DebugRequest;
  /** At the provider. */
  readonly name: string;
  readonly artifact: Artifact;
  /** Live sandboxes go on with the new code; each tells when it has it. */
  readonly swapped: boolean;
}

export interface DebugTarget {
  /** Packages with the shim and deploys; writes the restore journal first. Also used to deploy again after an edit. */
  deploy(request: DebugRequest, signal: AbortSignal): Promise<DebugDeployment>;
  invoke(deployment: DebugDeployment, input: InvocationInput, signal: AbortSignal): Promise<InvocationResult>;
  /** Puts the function back as it was found (`launch`: removes the deployment of its own). Succeeds when already done. */
  restore(deployment: DebugDeployment): Promise<void>;
}
