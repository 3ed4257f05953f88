import * as vscode from "vscode";
import { describeError, FaasifyError } from "../core/errors.ts";

/**
 * Returns the function that shows failures, for registerCommands. Code below the UI throws and never
 * shows anything, so each failure is shown once.
 */
export function createErrorReporter(log: vscode.LogOutputChannel): (command: string, error: unknown) => void {
  return (command, error) => {
    if (isCancellation(error)) return;
    log.error(command, error instanceof FaasifyError ? `${error.code}: ${describeError(error)}` : describeStack(error));
    if (error instanceof FaasifyError && error.code === "workspace-untrusted") void offerTrust(error);
    else void offerLog(error, log);
  };
}

/** The user pressed Cancel or Escape: nothing to report. */
export function isCancellation(error: unknown): boolean {
  return error instanceof vscode.CancellationError || (error instanceof Error && error.name === "AbortError");
}

function describeStack(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

async function offerLog(error: unknown, log: vscode.LogOutputChannel): Promise<void> {
  const text =
    error instanceof FaasifyError
      ? describeError(error)
      : vscode.l10n.t("FaaSify failed unexpectedly ({0}).", error instanceof Error ? error.message : String(error));
  const showLog = vscode.l10n.t("Show Log");
  const choice = await vscode.window.showErrorMessage(text, showLog);
  if (choice === showLog) log.show();
}

async function offerTrust(error: FaasifyError): Promise<void> {
  const manage = vscode.l10n.t("Manage Workspace Trust");
  const choice = await vscode.window.showWarningMessage(describeError(error), manage);
  if (choice === manage) await vscode.commands.executeCommand("workbench.trust.manage");
}
