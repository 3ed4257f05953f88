/** Makes a function of the selected statements, with TypeScript's own refactoring. One edit, so that one undo takes it back. */
import * as vscode from "vscode";
import { FaasifyError } from "../core/errors.ts";
import type { FunctionRef } from "../core/function-ref.ts";
import type { LanguageServer } from "./language-server.ts";
import { languages } from "./languages.ts";
import { newFunctionName, renamed, validateName } from "./new-function-name.ts";

const { l10n } = vscode;

const KIND = "refactor.extract.function";

/** The editor's TypeScript loads the project first, which takes seconds in a large one. */
const patienceMs = 20_000;
const pauseMs = 250;

/**
 * Extracts the active editor's selection into a function of the module and names it.
 *
 * @param given - the name; without it the user is asked
 * @throws FaasifyError `selection-not-extractable` with TypeScript's reason; vscode.CancellationError
 */
export async function extractSelection(server: LanguageServer, given?: string): Promise<FunctionRef> {
  const editor = vscode.window.activeTextEditor;
  if (!editor || editor.document.uri.scheme !== "file" || !languages.includes(editor.document.languageId)) {
    throw refused(l10n.t("no TypeScript or JavaScript file is open in the editor"));
  }
  const { document } = editor;
  const selection = withoutBlanks(document, editor.selection);
  if (selection.isEmpty) throw refused(l10n.t("nothing is selected"));
  const edit = await extraction(server, document, selection);
  const made = newFunctionName(edit.entries().flatMap(([, changes]) => changes.map(({ newText }) => newText)));
  if (made === undefined) throw refused(l10n.t("TypeScript's extraction makes no function of its own"));
  const name = given ?? (await askName(document, made));
  const problem = validateName(name, document.getText(), l10n);
  if (problem !== undefined) throw refused(problem);
  if (document.version !== versionAt.get(edit) || !(await vscode.workspace.applyEdit(renamedEdit(edit, made, name)))) {
    throw refused(l10n.t("the file has changed in the meantime"));
  }
  return { file: document.uri.fsPath, name };
}

/** The version of the document that an edit was made for. */
const versionAt = new WeakMap<vscode.WorkspaceEdit, number>();

async function extraction(
  server: LanguageServer,
  document: vscode.TextDocument,
  selection: vscode.Range,
): Promise<vscode.WorkspaceEdit> {
  const { version } = document;
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>(
      "vscode.executeCodeActionProvider",
      document.uri,
      selection,
      KIND,
      50,
    );
    // The outermost scope comes last: that of the module.
    const edit = actions.findLast((action) => action.kind?.value === KIND && action.edit)?.edit;
    if (edit) {
      versionAt.set(edit, version);
      return edit;
    }
    const reason = await server.extractionRefusal(document.uri.fsPath, {
      start: { line0: selection.start.line, column0: selection.start.character },
      end: { line0: selection.end.line, column0: selection.end.character },
    });
    if (reason !== undefined) throw refused(reason);
    if (performance.now() > deadline || document.version !== version) {
      throw refused(l10n.t("the editor's TypeScript does not answer"));
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

/** TypeScript wants whole nodes; people select whole lines. */
function withoutBlanks(document: vscode.TextDocument, selection: vscode.Range): vscode.Range {
  const text = document.getText(selection);
  const start = document.offsetAt(selection.start) + (text.length - text.trimStart().length);
  const end = document.offsetAt(selection.start) + text.trimEnd().length;
  return new vscode.Range(document.positionAt(start), document.positionAt(Math.max(start, end)));
}

async function askName(document: vscode.TextDocument, made: string): Promise<string> {
  const name = await vscode.window.showInputBox({
    title: l10n.t("FaaSify selection"),
    prompt: l10n.t("The name of the new function"),
    value: made,
    ignoreFocusOut: true,
    validateInput: (typed) => validateName(typed, document.getText(), l10n),
  });
  if (name === undefined) throw new vscode.CancellationError();
  return name;
}

function renamedEdit(edit: vscode.WorkspaceEdit, from: string, to: string): vscode.WorkspaceEdit {
  const result = new vscode.WorkspaceEdit();
  for (const [uri, changes] of edit.entries()) {
    const texts = renamed(
      changes.map(({ newText }) => newText),
      from,
      to,
    );
    result.set(
      uri,
      changes.map(({ range }, index) => new vscode.TextEdit(range, texts[index] ?? "")),
    );
  }
  return result;
}

function refused(reason: string): FaasifyError {
  return new FaasifyError("selection-not-extractable", l10n.t("The selection becomes no function: {0}", reason), {
    remedy: l10n.t("Select whole statements, or an expression, inside a function"),
  });
}
