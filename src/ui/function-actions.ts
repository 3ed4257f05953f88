/** What the user can do with a function: deploy, invoke, debug, hot deploy, remove. Throws; shows only successes. */
import * as vscode from "vscode";
import { formatMs } from "../codelens/lenses.ts";
import { FaasifyError } from "../core/errors.ts";
import { canMove, type FunctionModel } from "../core/function-model.ts";
import type { FunctionRef } from "../core/function-ref.ts";
import type { InvocationInput, InvocationResult } from "../core/invocation.ts";
import type { Deployment } from "../deploy/provider.ts";
import { targetText } from "../deploy/target-text.ts";
import { askArguments } from "./ask-arguments.ts";
import type { Backend } from "./backend.ts";
import { deploymentIn } from "./commands.ts";
import { functionNotFound, staysLocal } from "./debug-configurations.ts";
import type { DebugSessions } from "./debug-sessions.ts";
import type { FunctionStates } from "./function-states.ts";
import type { LanguageServer } from "./language-server.ts";
import { languages } from "./languages.ts";
import { nothingDeployed, type FunctionPicker } from "./pick-function.ts";
import { withProgress } from "./progress.ts";
import { readSettings } from "./settings.ts";
import { announce, showResult } from "./show-result.ts";
import { requireTrust } from "./trust.ts";

export interface ActionSources {
  readonly backend: Backend;
  readonly server: LanguageServer;
  readonly states: FunctionStates;
  readonly picker: FunctionPicker;
  readonly sessions: DebugSessions;
  readonly memory: vscode.Memento;
  readonly log: vscode.LogOutputChannel;
}

const { l10n } = vscode;

/** Deploys one function, unchanged or not. */
export async function deployFunction(sources: ActionSources, target: unknown): Promise<void> {
  requireTrust();
  const ref = await sources.picker.pick(target, l10n.t("Which function shall be deployed?"));
  requireMovable(await modelOf(sources, ref));
  const startedMs = performance.now();
  const { deployment, unchanged } = await deploy(sources, ref);
  const took = formatMs(performance.now() - startedMs);
  const what = unchanged
    ? l10n.t("{0} is deployed to {1} already ({2})", ref.name, targetText(deployment), took)
    : l10n.t("{0} deployed to {1} in {2}", ref.name, targetText(deployment), took);
  sources.log.info(`${what}: ${deployment.name}, version ${deployment.version}, ${deployment.artifactBytes} bytes`);
  announce(`$(cloud) ${what}`);
}

/** Invokes one function; under the debugger when it is being debugged already or has a breakpoint. */
export async function invokeFunction(sources: ActionSources, target: unknown, given?: string): Promise<void> {
  requireTrust();
  const ref = await sources.picker.pick(target, l10n.t("Which function shall be invoked?"));
  const model = await modelOf(sources, ref);
  requireMovable(model);
  const input = await askArguments(model, sources.memory, given);
  await saveSources(sources, ref);
  if (await wantsDebugger(sources, ref)) await invokeDebugged(sources, ref, input);
  else await invokeDeployed(sources, { ref, chosen: deploymentIn(target) }, input);
}

/** Invokes one function under the debugger. */
export async function debugFunction(sources: ActionSources, target: unknown, given?: string): Promise<void> {
  requireTrust();
  const ref = await sources.picker.pick(target, l10n.t("Which function shall be debugged?"));
  const model = await modelOf(sources, ref);
  requireMovable(model);
  const input = await askArguments(model, sources.memory, given);
  await saveSources(sources, ref);
  await invokeDebugged(sources, ref, input);
}

/** Brings the active file's text into every deployed function and every debug session that runs it. */
export async function hotDeployCurrentFile(sources: ActionSources): Promise<void> {
  requireTrust();
  const document = vscode.window.activeTextEditor?.document;
  if (!document || !languages.includes(document.languageId)) throw noFile();
  const startedMs = performance.now();
  await save(document);
  const file = document.uri.fsPath;
  const name = vscode.workspace.asRelativePath(document.uri);
  const deployed = sources.states.deployments.filter(({ inputs }) => inputs.includes(file));
  const debugged = await sessionsThatRun(sources, file);
  if (deployed.length + debugged.length === 0) throw usedNowhere(name);
  await allDone([
    ...deployed.map((deployment) => deploy(sources, deployment.function, deployment)),
    ...debugged.map((ref) => sources.states.during(ref, "deploying", () => sources.sessions.hotDeploy(ref))),
  ]);
  const functions = [
    ...new Set([...deployed.map((deployment) => deployment.function.name), ...debugged.map((ref) => ref.name)]),
  ];
  const took = formatMs(performance.now() - startedMs);
  const what = l10n.t("Hot deployed {0} in {1}: {2}", name, took, functions.join(", "));
  sources.log.info(what);
  announce(`$(zap) ${what}`);
}

export async function removeFunction(sources: ActionSources, target: unknown): Promise<void> {
  requireTrust();
  const ref = await sources.picker.pickDeployed(target, l10n.t("Which function shall be removed?"));
  const deployment = deploymentIn(target) ?? sources.states.deploymentOf(ref);
  if (!deployment) throw nothingDeployed();
  await sources.states.during(ref, "removing", () =>
    withProgress(l10n.t("Removing {0} from {1}", ref.name, targetText(deployment)), (signal) =>
      sources.backend.remove(deployment, signal),
    ),
  );
  await sources.states.reload();
  announce(`$(trash) ${l10n.t("{0} removed from {1}", ref.name, targetText(deployment))}`);
}

/** Absolute paths of the files that a function is made of. */
async function sourcesOf({ states, server }: ActionSources, ref: FunctionRef): Promise<readonly string[]> {
  const deployment = states.deploymentOf(ref);
  if (deployment) return [ref.file, ...deployment.inputs];
  const unit = await server.extract(ref);
  return [ref.file, ...unit.files.map(({ path }) => path)];
}

async function sessionsThatRun(sources: ActionSources, file: string): Promise<readonly FunctionRef[]> {
  const refs = sources.sessions.functions;
  const paths = await Promise.all(refs.map((ref) => sourcesOf(sources, ref)));
  return refs.filter((_, index) => paths[index]?.includes(file));
}

async function wantsDebugger(sources: ActionSources, ref: FunctionRef): Promise<boolean> {
  if (sources.sessions.has(ref)) return true;
  if (!readSettings(vscode.Uri.file(ref.file))["invoke.stopAtBreakpoints"]) return false;
  const files = vscode.debug.breakpoints.flatMap((breakpoint) =>
    breakpoint.enabled && breakpoint instanceof vscode.SourceBreakpoint ? [breakpoint.location.uri.fsPath] : [],
  );
  if (files.length === 0) return false;
  const own = await sourcesOf(sources, ref);
  return files.some((file) => own.includes(file));
}

async function invokeDebugged(sources: ActionSources, ref: FunctionRef, input: InvocationInput): Promise<void> {
  const { target } = readSettings(vscode.Uri.file(ref.file));
  const result = await sources.states.during(ref, "debugging", () => sources.sessions.invoke(ref, target, input));
  showResult(sources, ref, result, true);
}

async function invokeDeployed(
  sources: ActionSources,
  { ref, chosen }: { readonly ref: FunctionRef; readonly chosen: Deployment | undefined },
  input: InvocationInput,
): Promise<void> {
  const known = chosen ?? sources.states.deploymentOf(ref);
  const deployment = known && !sources.states.isStale(known) ? known : (await deploy(sources, ref, known)).deployment;
  const result = await sources.states.during(ref, "invoking", () =>
    withProgress(l10n.t("Invoking {0} on {1}", ref.name, targetText(deployment)), (signal) =>
      invokeOrDeployAgain(sources, { deployment, input }, signal),
    ),
  );
  showResult(sources, ref, result, false);
}

/** A platform whose state was removed has lost the function that our record still lists: it is deployed again, once. */
async function invokeOrDeployAgain(
  sources: ActionSources,
  { deployment, input }: { readonly deployment: Deployment; readonly input: InvocationInput },
  signal: AbortSignal,
): Promise<InvocationResult> {
  try {
    return await sources.backend.invoke(deployment, input, signal);
  } catch (error) {
    if (!(error instanceof FaasifyError) || error.code !== "function-not-deployed") throw error;
    const again = await sources.backend.deploy(deployment.function, signal, { to: deployment });
    return sources.backend.invoke(again.deployment, input, signal);
  }
}

/** @param to - a deployment that is to be renewed */
async function deploy(sources: ActionSources, ref: FunctionRef, to?: Deployment): ReturnType<Backend["deploy"]> {
  await saveSources(sources, ref);
  const title = l10n.t("Deploying {0}", ref.name);
  const outcome = await sources.states.during(ref, "deploying", () =>
    withProgress(title, (signal, report) => sources.backend.deploy(ref, signal, { to, report })),
  );
  await sources.states.reload();
  return outcome;
}

/** What is deployed is what is on disk. */
export async function saveSources({ states }: ActionSources, ref: FunctionRef): Promise<void> {
  const inputs = new Set([ref.file, ...(states.deploymentOf(ref)?.inputs ?? [])]);
  const open = vscode.workspace.textDocuments.filter(
    ({ uri, isUntitled }) => uri.scheme === "file" && !isUntitled && inputs.has(uri.fsPath),
  );
  await Promise.all(open.map(save));
}

/** A save that another one (by a timer, or of a text that changed meanwhile) overtakes answers no. */
const SAVE_ATTEMPTS = 4;
const SAVE_AGAIN_MS = 250;

/**
 * Not for dirty documents only: the editor says later that a document is dirty than what its text is, and what is not
 * saved yet would be deployed as it was before.
 */
async function save(document: vscode.TextDocument): Promise<void> {
  for (let attempt = 1; attempt <= SAVE_ATTEMPTS; attempt++) {
    if (await document.save()) return;
    await new Promise((resolve) => setTimeout(resolve, SAVE_AGAIN_MS));
  }
  const name = vscode.workspace.asRelativePath(document.uri);
  throw new FaasifyError("file-not-saved", l10n.t("{0} could not be saved, so its text was not deployed", name), {
    remedy: l10n.t("Save the file, then run the command again"),
  });
}

async function modelOf({ picker }: ActionSources, ref: FunctionRef): Promise<FunctionModel> {
  const model = await picker.modelOf(ref);
  if (!model) throw functionNotFound(ref);
  return model;
}

function requireMovable(model: FunctionModel): void {
  if (!canMove(model.verdict)) throw staysLocal(model);
}

function noFile(): FaasifyError {
  return new FaasifyError("function-not-found", l10n.t("No TypeScript or JavaScript file is open in the editor"), {
    remedy: l10n.t("Open the file that you changed and run the command again"),
  });
}

function usedNowhere(file: string): FaasifyError {
  return new FaasifyError("function-not-deployed", l10n.t("No deployed function uses {0}", file), {
    remedy: l10n.t("Click Deploy, or Invoke with a breakpoint, above one of its functions first"),
  });
}

/** Waits for all, so that nothing goes on unseen; then throws the first failure. */
async function allDone(work: readonly Promise<unknown>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).find((outcome) => outcome.status === "rejected");
  if (failed) throw failed.reason;
}
