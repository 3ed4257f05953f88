import * as vscode from "vscode";
import type { Backend, PlatformState } from "./backend.ts";

/** Knows whether the local platform runs; asks after whatever may have changed it. */
export interface PlatformWatch extends vscode.Disposable {
  readonly state: PlatformState;
  refresh(): Promise<void>;
  readonly onDidChange: vscode.Event<void>;
}

/** @param folder - absolute path of the platform's folder: platform.json appears and disappears in it */
export function createPlatformWatch(backend: Backend, folder: string, report: (error: unknown) => void): PlatformWatch {
  const changed = new vscode.EventEmitter<void>();
  let state: PlatformState = { running: false };
  const refresh = async (): Promise<void> => {
    const next = await backend.platformState();
    if (next.running === state.running && next.endpoint === state.endpoint) return;
    state = next;
    await vscode.commands.executeCommand("setContext", "faasify.platformRunning", state.running);
    changed.fire();
  };
  const quietly = (): void => void refresh().catch(report);
  const files = vscode.workspace.createFileSystemWatcher(
    new vscode.RelativePattern(vscode.Uri.file(folder), "platform.json"),
  );
  const subscriptions = [
    changed,
    files,
    files.onDidCreate(quietly),
    files.onDidChange(quietly),
    files.onDidDelete(quietly),
  ];
  return {
    get state() {
      return state;
    },
    refresh,
    onDidChange: changed.event,
    dispose: () => vscode.Disposable.from(...subscriptions).dispose(),
  };
}
