import * as vscode from "vscode";
import { parseSettings, type Settings } from "./settings-schema.ts";

/**
 * The settings in force for a file, or for the window.
 *
 * @throws FaasifyError `wrong-usage` for a value that is not allowed
 */
export function readSettings(scope?: vscode.Uri): Settings {
  const configuration = vscode.workspace.getConfiguration("faasify", scope);
  return parseSettings((key) => configuration.get(key));
}
