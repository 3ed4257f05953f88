import * as vscode from "vscode";
import { FaasifyError } from "../core/errors.ts";

/**
 * Deploying and invoking run the workspace's code: only with the user's word for it.
 *
 * @throws FaasifyError `workspace-untrusted`
 */
export function requireTrust(): void {
  if (vscode.workspace.isTrusted) return;
  throw new FaasifyError(
    "workspace-untrusted",
    vscode.l10n.t("This workspace is not trusted, so none of its code is run"),
    {
      remedy: vscode.l10n.t("Trust the workspace to deploy, invoke and debug its functions"),
    },
  );
}
