import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import * as vscode from "vscode";
import { dataFolder } from "../../src/deploy/data-folder.ts";
import type { Deployment } from "../../src/deploy/provider.ts";

/** Of one wait, in milliseconds. The platform and the language server start within it, on a busy machine too. */
export const waitMs = 120_000;

export interface LensSeen {
  /** From 1. */
  readonly line: number;
  readonly title: string;
  readonly command: vscode.Command;
}

/** A file of the workspace the suite runs in: a copy of test/fixtures/editor-workspace. */
export function workspaceFile(name: string): vscode.Uri {
  const folder = vscode.workspace.workspaceFolders?.[0];
  if (!folder) throw new Error("the suite runs without a workspace");
  return vscode.Uri.joinPath(folder.uri, name);
}

export async function open(name: string): Promise<vscode.TextDocument> {
  const document = await vscode.workspace.openTextDocument(workspaceFile(name));
  await vscode.window.showTextDocument(document);
  return document;
}

/** FaaSify's lenses of an open file, in the order in which they stand. */
export async function lensesOf(document: vscode.TextDocument): Promise<readonly LensSeen[]> {
  const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>(
    "vscode.executeCodeLensProvider",
    document.uri,
    1000,
  );
  return lenses.flatMap(({ range, command }) =>
    command?.command.startsWith("faasify.") ? [{ line: range.start.line + 1, title: command.title, command }] : [],
  );
}

/** Waits until the lenses above the line with `text` satisfy `accept`. */
export async function lensesAbove(
  document: vscode.TextDocument,
  text: string,
  accept: (titles: readonly string[]) => boolean,
): Promise<readonly LensSeen[]> {
  return eventually(
    `lenses above ${text}`,
    async () => {
      const line = lineOf(document, text);
      return (await lensesOf(document)).filter((lens) => lens.line === line);
    },
    (lenses) => accept(lenses.map(({ title }) => title)),
  );
}

/** Runs the command of a lens as a click would; more arguments may follow those of the lens. */
export async function click(lenses: readonly LensSeen[], title: string, ...more: readonly unknown[]): Promise<void> {
  const lens = lenses.find((candidate) => candidate.title === title);
  if (!lens) throw new Error(`no lens ${title}: ${lenses.map((candidate) => candidate.title).join(" | ")}`);
  await vscode.commands.executeCommand(lens.command.command, ...(lens.command.arguments ?? []), ...more);
}

/** From 1. */
export function lineOf(document: vscode.TextDocument, text: string): number {
  const offset = document.getText().indexOf(text);
  if (offset < 0) throw new Error(`${path.basename(document.uri.fsPath)} has no ${text}`);
  return document.positionAt(offset).line + 1;
}

/** Replaces a text in an open file; saves nothing. */
export async function replace(document: vscode.TextDocument, from: string, to: string): Promise<void> {
  const start = document.getText().indexOf(from);
  const range = new vscode.Range(document.positionAt(start), document.positionAt(start + from.length));
  const edit = new vscode.WorkspaceEdit();
  edit.replace(document.uri, range, to);
  if (!(await vscode.workspace.applyEdit(edit))) throw new Error(`${from} could not be replaced`);
}

/** Reads until `accept` is content; the error says what was read last. */
export async function eventually<T>(what: string, read: () => Thenable<T>, accept: (value: T) => boolean): Promise<T> {
  const deadline = Date.now() + waitMs;
  for (;;) {
    const value = await read();
    if (accept(value)) return value;
    if (Date.now() > deadline) throw new Error(`${what}: still ${JSON.stringify(value)} after ${waitMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Records the messages that are shown while `work` runs, in place of showing them: nobody is there to click them away. */
export async function messagesDuring(work: () => Promise<void>): Promise<readonly string[]> {
  const seen: string[] = [];
  const record = (message: string): Promise<undefined> => {
    seen.push(message);
    return Promise.resolve(undefined);
  };
  const { showErrorMessage, showWarningMessage, showInformationMessage } = vscode.window;
  const replacement = { showErrorMessage: record, showWarningMessage: record, showInformationMessage: record };
  Object.assign(vscode.window, replacement);
  try {
    await work();
  } finally {
    Object.assign(vscode.window, { showErrorMessage, showWarningMessage, showInformationMessage });
  }
  return seen;
}

/** What is noted down of a deployed function, if it is one. */
export async function deploymentOf(ref: Deployment["function"]): Promise<Deployment | undefined> {
  const folder = dataFolder().deployments;
  const records = readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .map((name) => JSON.parse(readFileSync(path.join(folder, name), "utf8")) as Deployment);
  return records.find(({ function: each }) => each.file === ref.file && each.name === ref.name);
}
