/** Deploys what a saved file is part of, if the user wants that. Nothing pops up: what fails is a problem at its function. */
import * as vscode from "vscode";
import { describeError, FaasifyError } from "../core/errors.ts";
import { canMove } from "../core/function-model.ts";
import { formatFunctionRef, type FunctionRef } from "../core/function-ref.ts";
import type { Deployment } from "../deploy/provider.ts";
import type { Backend } from "./backend.ts";
import type { DebugSessions } from "./debug-sessions.ts";
import type { FunctionStates } from "./function-states.ts";
import type { LanguageServer } from "./language-server.ts";
import { languages } from "./languages.ts";
import { readSettings } from "./settings.ts";

export interface DeployOnSaveSources {
  readonly backend: Backend;
  readonly states: FunctionStates;
  readonly server: LanguageServer;
  readonly sessions: DebugSessions;
  readonly log: vscode.LogOutputChannel;
}

/** “Save all”, and formatters that save again: what comes within this time is one change. */
const SETTLE_MS = 200;

export function createDeployOnSave(sources: DeployOnSaveSources): vscode.Disposable {
  const problems = vscode.languages.createDiagnosticCollection("faasify-deploy");
  const abort = new AbortController();
  const saved = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let working = false;

  /** One round at a time; what is saved meanwhile has the next one. */
  const deploySaved = async (): Promise<void> => {
    if (working) return;
    working = true;
    try {
      while (saved.size > 0 && !abort.signal.aborted) {
        const files = [...saved];
        saved.clear();
        const outdated = await functionsOf(sources, files);
        await Promise.all(outdated.map((each) => deployOne(sources, each, { problems, signal: abort.signal })));
        if (outdated.length > 0) await sources.states.reload();
      }
    } catch (error) {
      sources.log.error("deploy on save", String(error));
    } finally {
      working = false;
    }
  };
  const onSaved = ({ uri, languageId }: vscode.TextDocument): void => {
    if (uri.scheme !== "file" && uri.scheme !== "vscode-remote") return;
    if (!vscode.workspace.isTrusted || !(languages.includes(languageId) || isInput(sources, uri.fsPath))) return;
    saved.add(uri.fsPath);
    clearTimeout(timer);
    timer = setTimeout(() => void deploySaved(), SETTLE_MS);
  };
  const subscription = vscode.workspace.onDidSaveTextDocument(onSaved);
  return new vscode.Disposable(() => {
    clearTimeout(timer);
    abort.abort();
    subscription.dispose();
    problems.dispose();
  });
}

/** JSON and text files may be part of a function too. */
function isInput({ states }: DeployOnSaveSources, file: string): boolean {
  return states.deployments.some(({ inputs }) => inputs.includes(file));
}

interface Outdated {
  readonly ref: FunctionRef;
  /** Renewed where it is, whatever the settings say of new deployments. Missing: its directive says where. */
  readonly to?: Deployment;
}

async function functionsOf(sources: DeployOnSaveSources, files: readonly string[]): Promise<readonly Outdated[]> {
  const deployed = new Map<Deployment, Outdated>();
  const named = new Map<string, Outdated>();
  for (const file of files) {
    const wanted = readSettings(vscode.Uri.file(file)).deployOnSave;
    if (wanted === "off") continue;
    for (const to of sources.states.deployments) {
      if (to.inputs.includes(file) && (wanted === "all" || to.target === "local")) {
        deployed.set(to, { ref: to.function, to });
      }
    }
    for (const ref of await namedIn(sources, file, wanted)) named.set(formatFunctionRef(ref), { ref });
  }
  for (const { ref } of deployed.values()) named.delete(formatFunctionRef(ref));
  return [...deployed.values(), ...named.values()];
}

/** Functions whose author has written where they belong. */
async function namedIn(
  { server }: DeployOnSaveSources,
  file: string,
  wanted: "local" | "all",
): Promise<readonly FunctionRef[]> {
  const { functions } = await server.analyze(file);
  return functions
    .filter(({ verdict, directive }) => canMove(verdict) && directive?.target !== undefined)
    .filter(({ directive }) => wanted === "all" || directive?.target === "local")
    .map(({ file, name }) => ({ file, name }));
}

interface Round {
  readonly problems: vscode.DiagnosticCollection;
  readonly signal: AbortSignal;
}

async function deployOne(
  sources: DeployOnSaveSources,
  { ref, to }: Outdated,
  { problems, signal }: Round,
): Promise<void> {
  const { backend, states, sessions, log } = sources;
  const startMs = performance.now();
  const uri = vscode.Uri.file(ref.file);
  try {
    const deploying = async (): Promise<unknown> =>
      sessions.has(ref) ? sessions.hotDeploy(ref) : backend.deploy(ref, signal, { to });
    await states.during(ref, "deploying", deploying);
    log.info(`Deployed ${ref.name} on save (${Math.round(performance.now() - startMs)} ms)`);
    replaceProblem(problems, uri, ref, undefined);
  } catch (error) {
    if (signal.aborted) return;
    log.warn(`${ref.name} was not deployed on save: ${describeError(error)}`);
    replaceProblem(problems, uri, ref, await problemOf(sources, ref, error));
  }
}

async function problemOf(
  { server }: DeployOnSaveSources,
  ref: FunctionRef,
  error: unknown,
): Promise<vscode.Diagnostic> {
  const analysis = await server.analyze(ref.file).catch(() => undefined);
  const range = analysis?.functions.find(({ name }) => name === ref.name)?.nameRange;
  const place = range
    ? new vscode.Range(range.start.line0, range.start.column0, range.end.line0, range.end.column0)
    : new vscode.Range(0, 0, 0, 0);
  const text = vscode.l10n.t("{0} was not deployed: {1}", ref.name, describeError(error));
  const problem = new vscode.Diagnostic(place, text, vscode.DiagnosticSeverity.Error);
  problem.source = "FaaSify";
  if (error instanceof FaasifyError) problem.code = error.code;
  return problem;
}

/** Each function has one at most; which it belongs to is told by the name that its text begins with. */
function replaceProblem(
  problems: vscode.DiagnosticCollection,
  uri: vscode.Uri,
  ref: FunctionRef,
  problem: vscode.Diagnostic | undefined,
): void {
  const others = (problems.get(uri) ?? []).filter(({ message }) => !message.startsWith(`${ref.name} `));
  problems.set(uri, problem ? [...others, problem] : others);
}
