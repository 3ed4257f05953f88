import { createHash } from "node:crypto";
import type { Artifact } from "../core/artifact.ts";
import { FaasifyError } from "../core/errors.ts";
import { formatFunctionRef, type FunctionRef } from "../core/function-ref.ts";
import type { Log } from "../core/log.ts";
import type { DebugDeployment, DebugRequest, DebugTarget } from "../debug-adapter/debug-target.ts";
import { DEBUG_ENVIRONMENT } from "../protocol/shim-messages.ts";
import { artifactBeside } from "./artifact-record.ts";
import type { DebugGuardian } from "./debug-guardian.ts";
import { declaredEnvironment } from "./declared-environment.ts";
import { createDebugJournal, type DebugJournal, type JournalEntry } from "./debug-journal.ts";
import { defaultConfiguration, inputFor, withShim, type Deployer } from "./deploy-function.ts";
import { debugDeploymentName, deploymentName } from "./deployment-name.ts";
import type { Deployment, DeploymentPlace, FunctionConfiguration, ProviderTraits } from "./provider.ts";
import { wait } from "./wait.ts";

/** Of one function at once. */
const MAX_SESSIONS = 20;
const RESTORE_AFTER_MS = 60_000;
const RESTORE_POLL_MS = 200;

export interface DebugTargetOptions {
  /** Absolute path, `journal/` of the data folder. */
  readonly journalFolder: string;
  readonly log?: Log;
  /** Puts back in our stead what this process leaves if it is killed. */
  readonly guardian?: DebugGuardian;
}

interface Context extends Deployer {
  readonly journal: DebugJournal;
  readonly guardian: DebugGuardian | undefined;
}

/** Deploys functions with the debug shim, and puts back what was there before. */
export function createDebugTarget(deployer: Deployer, options: DebugTargetOptions): DebugTarget {
  const context = contextOf(deployer, options);
  return {
    deploy: (request, signal) => inOrder(queueOf(request), () => deployForDebugging(context, request, signal)),
    invoke: async ({ request, name, artifact }, input, signal) => {
      const provider = await deployer.provider(request.target);
      return provider.invoke(name, inputFor(artifact.convention, input), signal);
    },
    restore: ({ name, request }) =>
      inOrder(queueOf(request), async () => {
        const entry = await context.journal.find(name);
        if (entry?.session === sessionOf(request)) await restoreEntry(context, entry, neverAborted());
      }),
  };
}

/**
 * Puts back what debug sessions of dead processes left behind. Called when a client starts.
 *
 * @returns how many functions were put back
 */
export async function restoreLeftovers(
  deployer: Deployer,
  options: DebugTargetOptions,
  signal: AbortSignal,
): Promise<number> {
  const context = contextOf(deployer, options);
  const entries = await context.journal.leftovers();
  for (const entry of entries) await restoreEntry(context, entry, signal);
  return entries.length;
}

/**
 * Puts back what one process leaves behind, as soon as it has ended: who asks may be faster than the system is in
 * noticing that. Gives up after a minute; the next client tries again.
 *
 * @returns how many functions were put back
 */
export async function restoreAfter(
  deployer: Deployer,
  options: DebugTargetOptions & { readonly pid: number },
  signal: AbortSignal,
): Promise<number> {
  const { journal } = contextOf(deployer, options);
  const until = Date.now() + RESTORE_AFTER_MS;
  let restored = 0;
  while (Date.now() < until && (await journal.of(options.pid)).length > 0) {
    restored += await restoreLeftovers(deployer, options, signal);
    await wait(RESTORE_POLL_MS, signal);
  }
  return restored;
}

function contextOf(deployer: Deployer, { journalFolder, log, guardian }: DebugTargetOptions): Context {
  return { ...deployer, journal: createDebugJournal(journalFolder, log), guardian };
}

const queues = new Map<string, Promise<unknown>>();

/** One after the other per function: a session that starts while the last one is being put back waits for that. */
async function inOrder<T>(name: string, work: () => Promise<T>): Promise<T> {
  const before = queues.get(name) ?? Promise.resolve();
  const mine = before.then(work, work);
  queues.set(name, mine);
  try {
    return await mine;
  } finally {
    if (queues.get(name) === mine) queues.delete(name);
  }
}

/** The shim's secret is new for every session; what is kept of it must not give it away. */
function sessionOf({ shimEnvironment }: DebugRequest): string {
  return createHash("sha256").update(JSON.stringify(shimEnvironment)).digest("hex").slice(0, 16);
}

function queueOf({ request, function: ref }: DebugRequest): string {
  return `${request} ${deploymentName(ref)}`;
}

/** Launched sessions have a deployment each, so that each meets its own invocations only. */
async function nameFor({ journal }: Context, request: DebugRequest): Promise<string> {
  const { function: ref } = request;
  if (request.request === "attach") return deploymentName(ref);
  for (let number = 1; number <= MAX_SESSIONS; number++) {
    const name = debugDeploymentName(ref, number);
    const found = await journal.find(name);
    if (!found || found.session === sessionOf(request) || journal.isLeftover(found)) return name;
  }
  return debugDeploymentName(ref, MAX_SESSIONS);
}

async function deployForDebugging(
  context: Context,
  request: DebugRequest,
  signal: AbortSignal,
): Promise<DebugDeployment> {
  const { function: ref, target } = request;
  const provider = await context.provider(target);
  const place = await provider.place?.();
  const [artifact, deployed] = await Promise.all([
    context.packageFunction(ref, { debug: true }, signal),
    context.store.find(ref, target, place),
  ]);
  if (request.request === "attach" && !deployed) throw notDeployed(request);
  if (request.timeoutMs > provider.traits.maxTimeoutMs) throw timeoutTooLong(request, provider.traits);
  if (!provider.traits.reachesLoopback) mustBeReachable(request, provider.traits);
  const name = await nameFor(context, request);
  const base = withDeclared(deployed?.configuration ?? defaultConfiguration, context, artifact);
  const isFirst = await writeJournal(context, request, { name, deployed, place });
  context.guardian?.hold(name);
  const configuration = withShim(debugConfiguration(base, request), artifact);
  try {
    const { swapped = 0 } = await provider.deploy({ function: ref, name, artifact, configuration, swap: true }, signal);
    return { request, name, artifact, swapped: swapped > 0 };
  } catch (error) {
    if (isFirst) await undo(context, name);
    throw error;
  }
}

/** A session that could not begin leaves nothing behind; where that cannot be done now, the journal has it done later. */
async function undo(context: Context, name: string): Promise<void> {
  const entry = await context.journal.find(name);
  if (entry) await restoreEntry(context, entry, neverAborted()).catch(() => undefined);
}

/** What was never deployed, the function or an edit of it, finds what it would have found. */
function withDeclared(
  base: FunctionConfiguration,
  { environment: caller = process.env }: Context,
  { environment: declared = [] }: Artifact,
): FunctionConfiguration {
  const { values } = declaredEnvironment({ declared, caller, before: base.environment, given: {} });
  return { ...base, environment: values };
}

function debugConfiguration(
  { url: _url, ...base }: FunctionConfiguration,
  { shimEnvironment, timeoutMs }: DebugRequest,
): FunctionConfiguration {
  return { ...base, timeoutMs, environment: { ...base.environment, ...shimEnvironment } };
}

interface DebuggedDeployment {
  readonly name: string;
  readonly deployed: Deployment | undefined;
  readonly place: DeploymentPlace | undefined;
}

/** @returns whether the session begins with this: otherwise it has deployed before */
async function writeJournal(
  { journal }: Context,
  request: DebugRequest,
  { name, deployed, place }: DebuggedDeployment,
): Promise<boolean> {
  const { function: ref, target } = request;
  const where = { name, target, ...(place && { place }) };
  const session = sessionOf(request);
  const found = await journal.find(name);
  if (found) {
    if (found.session !== session && !journal.isLeftover(found)) throw alreadyDebugged(ref, found);
    // What is deployed now is debugged already (by this session, or by one that crashed): the old entry knows better.
    await journal.write({ ...found, session });
    return found.session !== session;
  }
  if (request.request === "launch" || !deployed) {
    await journal.write({ ...where, function: ref, session });
    return true;
  }
  const artifact = await artifactBeside(deployed.sourceMapPath);
  if (!artifact) {
    throw new FaasifyError(
      "function-not-deployed",
      `The package of ${name} is no longer on this machine, so it could not be put back`,
      {
        remedy: "Deploy the function again, then debug it",
      },
    );
  }
  await journal.write({
    ...where,
    function: ref,
    session,
    before: { artifact, configuration: deployed.configuration },
  });
  return true;
}

/** The journal's entry goes last: what fails in between is done again. */
async function restoreEntry(context: Context, entry: JournalEntry, signal: AbortSignal): Promise<void> {
  const { name, target, place, function: ref, before } = entry;
  const provider = await context.provider(target, place);
  if (!before) await provider.remove(name, signal);
  // Removed by somebody while it was debugged: it stays removed.
  else if ((await provider.list(signal)).includes(name)) {
    const { artifact, configuration } = (await deployedSince(context, entry)) ?? before;
    await provider.deploy({ function: ref, name, artifact, configuration: withShim(configuration, artifact) }, signal);
  }
  await context.journal.remove(name);
  context.guardian?.release(name);
}

/** What was noted down last is what its user wants there, even if it was deployed during the session. */
async function deployedSince(
  { store }: Context,
  { function: ref, target, place }: JournalEntry,
): Promise<JournalEntry["before"]> {
  const deployed = await store.find(ref, target, place);
  const artifact = deployed && (await artifactBeside(deployed.sourceMapPath));
  return deployed && artifact && { artifact, configuration: deployed.configuration };
}

function alreadyDebugged(ref: FunctionRef, { pid }: JournalEntry): FaasifyError {
  const who = pid === process.pid ? "another debug session" : `another debug session (process ${pid})`;
  return new FaasifyError("debug-session-failed", `${formatFunctionRef(ref)} is being debugged by ${who}`, {
    remedy: "End that session first",
  });
}

function timeoutTooLong({ timeoutMs }: DebugRequest, { label, maxTimeoutMs }: ProviderTraits): FaasifyError {
  const limit = `${label} allows at most ${maxTimeoutMs / 1000} s`;
  return new FaasifyError("wrong-usage", `timeoutSeconds is ${timeoutMs / 1000}, but ${limit}`, {
    remedy: "Correct the configuration in launch.json",
  });
}

/** The shim dials the relay: one that listens only here cannot be dialled from a cloud. */
function mustBeReachable({ shimEnvironment }: DebugRequest, { label }: ProviderTraits): void {
  const url = shimEnvironment[DEBUG_ENVIRONMENT] ?? "";
  if (!/^wss?:\/\/(?:localhost|127\.[\d.]+|\[::1\])[:/]/.test(url)) return;
  throw new FaasifyError("wrong-usage", `A function on ${label} cannot reach ${url}, which is this machine only`, {
    remedy: "Add tunnelUrl and relayPort, or relay, to the launch configuration: docs/aws.md shows how",
  });
}

function notDeployed({ function: ref, target }: DebugRequest): FaasifyError {
  return new FaasifyError("function-not-deployed", `${formatFunctionRef(ref)} is not deployed to ${target}`, {
    remedy: "Deploy the function first, or debug it with a launch configuration",
  });
}

/** Putting back must not be cut short by the end of the session that asked for it. */
function neverAborted(): AbortSignal {
  return new AbortController().signal;
}
