import * as vscode from "vscode";
import type { FunctionStates } from "./function-states.ts";
import type { PlatformWatch } from "./platform-watch.ts";

const { l10n } = vscode;

/** Says whether the platform runs and whether anything goes on; a click opens the menu. */
export function createStatusBar(states: FunctionStates, platform: PlatformWatch): vscode.Disposable {
  const item = vscode.window.createStatusBarItem("faasify.status", vscode.StatusBarAlignment.Left, 10);
  item.name = "FaaSify";
  item.command = "faasify.showMenu";
  const show = (): void => {
    const { running, endpoint } = platform.state;
    const idle = running ? "$(vm-running)" : "$(vm-outline)";
    item.text = `${states.busy ? "$(sync~spin)" : idle} FaaSify`;
    item.tooltip = running
      ? l10n.t("The local platform runs at {0}", endpoint ?? "")
      : l10n.t("The local platform is stopped; Deploy and Invoke start it");
  };
  show();
  item.show();
  return vscode.Disposable.from(item, states.onDidChange(show), platform.onDidChange(show));
}
