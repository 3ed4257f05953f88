import path from "node:path";
import { performance } from "node:perf_hooks";
import type { Artifact } from "../core/artifact.ts";
import type { Directive } from "../core/function-model.ts";
import type { FunctionRef } from "../core/function-ref.ts";
import type { InvocationInput, InvocationResult, ProviderId } from "../core/invocation.ts";
import { version } from "../core/version.ts";
import { HANDLER_ENVIRONMENT } from "../protocol/shim-messages.ts";
import { artifactBeside } from "./artifact-record.ts";
import { declaredEnvironment, type Environment, type EnvironmentReport } from "./declared-environment.ts";
import { deploymentName } from "./deployment-name.ts";
import type { DeploymentStore } from "./deployment-store.ts";
import { originalStack } from "./original-stack.ts";
import type {
  DeployOutcome,
  Deployment,
  DeploymentPlace,
  FaasProvider,
  FunctionConfiguration,
  PlatformSettings,
  Report,
} from "./provider.ts";
import { pruneArtifacts } from "./prune-artifacts.ts";
import { mayBeStale } from "./staleness.ts";

/**
 * Function → artifact on disk. The language server does it for the editor; the command line does it in process.
 *
 * @throws FaasifyError `function-stays-local`, `dependency-missing`, `build-failed`, …
 */
export type PackageFunction = (
  ref: FunctionRef,
  options: { readonly debug: boolean },
  signal: AbortSignal,
) => Promise<Artifact>;

/** What the use cases of this folder need. The extension and the command line put it together. */
export interface Deployer {
  readonly packageFunction: PackageFunction;
  /** What the function's author asks for in a comment above it; without it nobody is asked. */
  readonly directiveOf?: (ref: FunctionRef, signal: AbortSignal) => Promise<Directive | undefined>;
  readonly store: DeploymentStore;
  /** Where values of declared environment variables come from; without it, this process's. */
  readonly environment?: Environment;
  /** @throws FaasifyError `target-unknown` */
  readonly provider: (target: string, place?: DeploymentPlace) => Promise<FaasProvider>;
}

/** The handler that every artifact has. */
const PLAIN_HANDLER = "index.handler";

export const defaultConfiguration: FunctionConfiguration = { memoryMb: 256, timeoutMs: 30_000, environment: {} };

export interface DeployOptions {
  readonly target: ProviderId;
  /** Of a deployment that is to be renewed; absent: where the user deploys to now. */
  readonly place?: DeploymentPlace;
  /** Without it a function keeps what it has, or gets {@link defaultConfiguration}. A directive in the code wins. */
  readonly configuration?: FunctionConfiguration;
  /** With the debug shim, which sleeps until it is told where its debugger is. */
  readonly debug?: boolean;
  /** Environment variables that the user gives for this deployment; they stay until others are given. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Given for this deployment; they stay until others are given. A directive in the code wins. */
  readonly settings?: PlatformSettings;
  readonly report?: Report;
}

export interface DeployResult extends DeployOutcome {
  readonly artifact: Artifact;
  readonly environment: EnvironmentReport;
  /** Packaging included, in milliseconds. */
  readonly durationMs: number;
}

/**
 * Packages a function, puts it on its target and notes it down. Doing it again changes nothing.
 *
 * When it fails half-way, what was deployed before stays noted down; deploying again completes it.
 */
export async function deployFunction(
  deployer: Deployer,
  ref: FunctionRef,
  options: DeployOptions,
  signal: AbortSignal,
): Promise<DeployResult> {
  const { packageFunction, directiveOf, store, provider } = deployer;
  const { target, configuration, debug = false, settings, report } = options;
  const start = performance.now();
  // The sources are read after this moment: a later change makes the deployment stale. One millisecond more because
  // modification times have fractions.
  const deployedAt = new Date(Date.now() + 1).toISOString();
  const platform = await provider(target, options.place);
  const previous = await store.find(ref, target, await platform.place?.());
  const earlier = await earlierArtifact(previous, debug);
  const artifact = earlier ?? (await packageFunction(ref, { debug }, signal));
  signal.throwIfAborted();
  // An unchanged source has the directive that the earlier configuration knows already.
  const directive = earlier && !configuration ? undefined : await directiveOf?.(ref, signal);
  const asked = { ...(configuration ?? previous?.configuration ?? defaultConfiguration), ...settings };
  const base = withDirective(asked, directive);
  const before = { ...previous?.configuration.environment, ...base.environment };
  const environment = environmentFor(deployer, artifact, before, options.environment);
  const wanted = { ...base, environment: environment.values };
  const request = { function: ref, name: deploymentName(ref), artifact, configuration: withShim(wanted, artifact) };
  const { deployment, unchanged } = await platform.deploy(request, signal, report);
  const noted = { ...deployment, deployedAt, configuration: wanted, packagedBy: version };
  await store.save(noted);
  await pruneArtifacts(path.dirname(path.dirname(artifact.zipPath)), store).catch(() => undefined);
  const durationMs = performance.now() - start;
  return { deployment: noted, unchanged, durationMs, artifact, environment: environment.report };
}

function environmentFor(
  { environment: caller = process.env }: Deployer,
  { environment: declared = [] }: Artifact,
  before: Readonly<Record<string, string>>,
  given: Readonly<Record<string, string>> = {},
): ReturnType<typeof declaredEnvironment> {
  return declaredEnvironment({ declared, caller, before, given });
}

/** What was packaged last time, where it is certain that packaging again would give the same. */
async function earlierArtifact(previous: Deployment | undefined, debug: boolean): Promise<Artifact | undefined> {
  if (previous?.packagedBy !== version || (await mayBeStale(previous))) return undefined;
  const artifact = await artifactBeside(previous.sourceMapPath);
  return artifact?.debug === debug ? artifact : undefined;
}

/** What a function's author asks for comes before settings and defaults. */
export function withDirective(base: FunctionConfiguration, directive: Directive | undefined): FunctionConfiguration {
  const { memoryMb = base.memoryMb, timeoutMs = base.timeoutMs } = directive ?? {};
  const { architecture, url } = directive ?? {};
  return { ...base, memoryMb, timeoutMs, ...(architecture && { architecture }), ...(url && { url }) };
}

/** The debug shim stands in for the handler and must be told which one that is. */
export function withShim(configuration: FunctionConfiguration, { debug }: Artifact): FunctionConfiguration {
  if (!debug) return configuration;
  return { ...configuration, environment: { ...configuration.environment, [HANDLER_ENVIRONMENT]: PLAIN_HANDLER } };
}

/** Invokes a deployed function; an error's stack names the places in the user's sources. A function that is a handler itself takes its first argument as the event. */
export async function invokeDeployment(
  { provider }: Pick<Deployer, "provider">,
  deployment: Pick<Deployment, "name" | "target" | "place" | "convention" | "sourceMapPath">,
  input: InvocationInput,
  signal: AbortSignal,
): Promise<InvocationResult> {
  const platform = await provider(deployment.target, deployment.place);
  const result = await platform.invoke(deployment.name, inputFor(deployment.convention, input), signal);
  if (!result.error) return result;
  const stack = await originalStack(result.error.stack, deployment.sourceMapPath);
  return { ...result, error: { ...result.error, stack } };
}

/** What really travels: a handler (`lambda`) knows no FaaSify calls. */
export function inputFor(convention: Artifact["convention"], input: InvocationInput): InvocationInput {
  if (convention !== "lambda" || input.kind === "event") return input;
  const {
    arguments: [event = {}],
    clientContext,
    qualifier,
  } = input;
  return {
    kind: "event",
    event: event ?? {},
    ...(clientContext && { clientContext }),
    ...(qualifier !== undefined && { qualifier }),
  };
}

/** Removes a function from its target and forgets it. Succeeds if it is already gone. */
export async function removeDeployment(
  { provider, store }: Pick<Deployer, "provider" | "store">,
  deployment: Pick<Deployment, "name" | "target" | "place">,
  signal: AbortSignal,
): Promise<void> {
  const platform = await provider(deployment.target, deployment.place);
  await platform.remove(deployment.name, signal);
  await store.remove(deployment);
}
