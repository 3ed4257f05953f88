/** What is deployed, and what of it is stale; kept up to date with the disk and with unsaved edits. */
import * as vscode from "vscode";
import { formatFunctionRef } from "../core/function-ref.ts";
import type { Deployment } from "../deploy/provider.ts";
import { isStale } from "../deploy/staleness.ts";

export interface DeploymentList extends vscode.Disposable {
  /** As read last, sorted by file and name. */
  readonly all: readonly Deployment[];
  isStale(deployment: Deployment): boolean;
  /** Reads them again. */
  reload(): Promise<void>;
  readonly onDidChange: vscode.Event<void>;
}

export interface DeploymentListOptions {
  readonly read: () => Promise<readonly Deployment[]>;
  /** Absolute path: a change in it means that another window or a terminal deployed something. */
  readonly deploymentsFolder: string;
  readonly report: (error: unknown) => void;
}

export function createDeploymentList({ read, deploymentsFolder, report }: DeploymentListOptions): DeploymentList {
  const changed = new vscode.EventEmitter<void>();
  let all: readonly Deployment[] = [];
  let stale: ReadonlySet<Deployment> = new Set();

  const judge = async (): Promise<void> => {
    const judged = all;
    const verdicts = await Promise.all(judged.map(isOutdated));
    if (judged !== all) return;
    const next = new Set(judged.filter((_, index) => verdicts[index]));
    const same = next.size === stale.size && [...next].every((deployment) => stale.has(deployment));
    stale = next;
    if (!same) changed.fire();
  };
  const reload = async (): Promise<void> => {
    all = (await read()).toSorted((a, b) => key(a).localeCompare(key(b)));
    await judge();
    changed.fire();
  };
  const reloadSoon = debounce(() => void reload().catch(report), 50);
  const judgeSoon = debounce(() => void judge().catch(report), 100);
  const onFile = ({ fsPath }: vscode.Uri): void => {
    if (all.some(({ inputs }) => inputs.includes(fsPath))) judgeSoon();
  };
  const folder = vscode.workspace.createFileSystemWatcher(
    new vscode.RelativePattern(vscode.Uri.file(deploymentsFolder), "*.json"),
  );
  const subscriptions = [
    changed,
    folder,
    folder.onDidCreate(reloadSoon),
    folder.onDidChange(reloadSoon),
    folder.onDidDelete(reloadSoon),
    vscode.workspace.onDidChangeTextDocument(({ document }) => onFile(document.uri)),
    vscode.workspace.onDidSaveTextDocument(({ uri }) => onFile(uri)),
    vscode.workspace.onDidCloseTextDocument(({ uri }) => onFile(uri)),
  ];

  return {
    get all() {
      return all;
    },
    isStale: (deployment) => stale.has(deployment),
    reload,
    onDidChange: changed.event,
    dispose: () => vscode.Disposable.from(...subscriptions).dispose(),
  };
}

const key = (deployment: Deployment): string => formatFunctionRef(deployment.function);

/** An unsaved edit counts: what would be deployed after saving differs. */
async function isOutdated(deployment: Deployment): Promise<boolean> {
  const dirty = vscode.workspace.textDocuments.filter((document) => document.isDirty);
  if (dirty.some(({ uri }) => deployment.inputs.includes(uri.fsPath))) return true;
  return isStale(deployment);
}

function debounce(run: () => void, delayMs: number): () => void {
  let timer: NodeJS.Timeout | undefined;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(run, delayMs);
  };
}
