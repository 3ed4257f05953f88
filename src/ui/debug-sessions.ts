/** The running `faasify` debug sessions, by function: starts them, invokes through them, deploys into them. */
import * as vscode from "vscode";
import { FaasifyError } from "../core/errors.ts";
import { formatFunctionRef, parseFunctionRef, type FunctionRef } from "../core/function-ref.ts";
import type { InvocationInput, InvocationResult } from "../core/invocation.ts";
import { HOT_DEPLOY_REQUEST, INVOKE_REQUEST } from "../protocol/launch-configuration.ts";

export const DEBUG_TYPE = "faasify";

export interface DebugSessions extends vscode.Disposable {
  /** The functions that are being debugged. */
  readonly functions: readonly FunctionRef[];
  has(ref: FunctionRef): boolean;
  /** Starts a session that waits for invocations, or keeps the one that runs, and invokes the function in it. */
  invoke(ref: FunctionRef, target: string, input: InvocationInput): Promise<InvocationResult>;
  /** Packages and deploys again; breakpoints stay. */
  hotDeploy(ref: FunctionRef): Promise<void>;
  readonly onDidChange: vscode.Event<void>;
}

export function createDebugSessions(): DebugSessions {
  const sessions = new Map<string, vscode.DebugSession>();
  const changed = new vscode.EventEmitter<void>();
  const subscriptions = [
    changed,
    vscode.debug.onDidStartDebugSession((session) => {
      const refs = functionsOfSession(session);
      if (refs.length === 0) return;
      for (const ref of refs) sessions.set(formatFunctionRef(ref), session);
      changed.fire();
    }),
    vscode.debug.onDidTerminateDebugSession((session) => {
      for (const [key, known] of sessions) if (known.id === session.id) sessions.delete(key);
      changed.fire();
    }),
  ];
  const sessionOf = (ref: FunctionRef): vscode.DebugSession | undefined => sessions.get(formatFunctionRef(ref));

  return {
    get functions() {
      return Array.from(sessions.keys(), parseFunctionRef);
    },
    has: (ref) => sessionOf(ref) !== undefined,
    async invoke(ref, target, input) {
      const session = sessionOf(ref) ?? (await startSession(ref, target, sessionOf));
      const request = input.kind === "event" ? { event: input.event } : { args: input.arguments };
      return (await ask(session, INVOKE_REQUEST, { ...request, function: formatFunctionRef(ref) })) as InvocationResult;
    },
    async hotDeploy(ref) {
      const session = sessionOf(ref);
      if (session) await ask(session, HOT_DEPLOY_REQUEST, {});
    },
    onDidChange: changed.event,
    dispose: () => vscode.Disposable.from(...subscriptions).dispose(),
  };
}

async function startSession(
  ref: FunctionRef,
  target: string,
  sessionOf: (ref: FunctionRef) => vscode.DebugSession | undefined,
): Promise<vscode.DebugSession> {
  const folder = vscode.workspace.getWorkspaceFolder(vscode.Uri.file(ref.file));
  const started = await vscode.debug.startDebugging(folder, {
    type: DEBUG_TYPE,
    request: "launch",
    name: vscode.l10n.t("FaaSify: {0}", ref.name),
    function: formatFunctionRef(ref),
    target,
  });
  const session = sessionOf(ref);
  // The adapter's own failure was shown by the editor, that of the configuration by its provider.
  if (!started || !session) throw new vscode.CancellationError();
  return session;
}

/** A custom request that also ends when the session does. */
async function ask(session: vscode.DebugSession, command: string, args: unknown): Promise<unknown> {
  let subscription: vscode.Disposable | undefined;
  const ended = new Promise<never>((_, reject) => {
    subscription = vscode.debug.onDidTerminateDebugSession((terminated) => {
      if (terminated.id === session.id) reject(new vscode.CancellationError());
    });
  });
  try {
    return await Promise.race([session.customRequest(command, args), ended]);
  } catch (error) {
    if (error instanceof vscode.CancellationError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    throw new FaasifyError("debug-session-failed", message.replace(/\.$/, ""), {
      remedy: vscode.l10n.t("The debug console has the details"),
      cause: error,
    });
  } finally {
    subscription?.dispose();
  }
}

function functionsOfSession({ type, configuration }: vscode.DebugSession): FunctionRef[] {
  if (type !== DEBUG_TYPE) return [];
  const names: unknown[] = [configuration["function"], configuration["functions"]].flat();
  return names.flatMap((name) => {
    if (typeof name !== "string") return [];
    try {
      return parseFunctionRef(name);
    } catch {
      return [];
    }
  });
}
