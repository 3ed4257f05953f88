import * as vscode from "vscode";
import { FaasifyError } from "../core/errors.ts";
import { canMove, type FunctionModel } from "../core/function-model.ts";
import type { FunctionRef } from "../core/function-ref.ts";
import { targetText } from "../deploy/target-text.ts";
import { functionOf } from "./commands.ts";
import { languages } from "./languages.ts";
import type { Analyses } from "./analyses.ts";
import type { FunctionStates } from "./function-states.ts";

/** Finds the function that a command is about. */
export interface FunctionPicker {
  /**
   * The given function, or the one the user picks of the active file; the one at the cursor is offered first.
   *
   * @throws FaasifyError when there is nothing to pick; vscode.CancellationError when the user picks none
   */
  pick(target: unknown, question: string): Promise<FunctionRef>;
  /** As {@link pick}, but among the deployed functions, of all files. */
  pickDeployed(target: unknown, question: string): Promise<FunctionRef>;
  /** The analysis of a function; undefined when its file has no such function (any more). */
  modelOf(ref: FunctionRef): Promise<FunctionModel | undefined>;
  /** The functions of the active file that stay local. */
  staying(): Promise<readonly FunctionModel[]>;
  /** The innermost function around the cursor that can move. */
  atCursor(): Promise<FunctionModel | undefined>;
}

interface FunctionItem extends vscode.QuickPickItem {
  readonly ref: FunctionRef;
}

export function createFunctionPicker(analyses: Analyses, states: FunctionStates): FunctionPicker {
  const functionsOf = async (document: vscode.TextDocument): Promise<readonly FunctionModel[]> =>
    (await analyses.of(document)).functions;

  return {
    async pick(target, question) {
      const given = functionOf(target);
      if (given) return given;
      const editor = activeEditor();
      const movable = (await functionsOf(editor.document)).filter(({ verdict }) => canMove(verdict));
      if (movable.length === 0) throw nothingToPick(editor.document);
      return choose(sortByCursor(movable, editor.selection.active), question);
    },
    async pickDeployed(target, question) {
      const given = functionOf(target);
      if (given) return given;
      const { deployments } = states;
      if (deployments.length === 0) throw nothingDeployed();
      const items = deployments.map((deployment) => ({
        label: deployment.function.name,
        description: `${vscode.workspace.asRelativePath(deployment.function.file)} · ${targetText(deployment)}`,
        ref: deployment.function,
      }));
      return show(items, question);
    },
    async modelOf(ref) {
      const document = await vscode.workspace.openTextDocument(vscode.Uri.file(ref.file));
      return (await functionsOf(document)).find(({ name }) => name === ref.name);
    },
    async staying() {
      const { document } = activeEditor();
      const found = (await functionsOf(document)).filter(({ verdict }) => verdict === "local");
      if (found.length > 0) return found;
      const file = vscode.workspace.asRelativePath(document.uri);
      throw new FaasifyError("function-not-found", vscode.l10n.t("No function of {0} has to stay local", file), {
        remedy: vscode.l10n.t("Deploy any of them"),
      });
    },
    async atCursor() {
      const editor = vscode.window.activeTextEditor;
      if (!editor || !languages.includes(editor.document.languageId)) return undefined;
      const movable = (await functionsOf(editor.document)).filter(({ verdict }) => canMove(verdict));
      const [first] = sortByCursor(movable, editor.selection.active);
      return first && contains(first, editor.selection.active) ? first : undefined;
    },
  };
}

/** There is nothing deployed that a command could be about. */
export function nothingDeployed(): FaasifyError {
  return new FaasifyError("function-not-deployed", vscode.l10n.t("No function is deployed"), {
    remedy: vscode.l10n.t("Click Deploy above a function first"),
  });
}

function activeEditor(): vscode.TextEditor {
  const editor = vscode.window.activeTextEditor;
  if (editor && editor.document.uri.scheme === "file" && languages.includes(editor.document.languageId)) return editor;
  throw new FaasifyError(
    "function-not-found",
    vscode.l10n.t("No TypeScript or JavaScript file is open in the editor"),
    {
      remedy: vscode.l10n.t("Open the file with the function and run the command again"),
    },
  );
}

function nothingToPick({ uri }: vscode.TextDocument): FaasifyError {
  const file = vscode.workspace.asRelativePath(uri);
  return new FaasifyError("function-not-found", vscode.l10n.t("{0} has no function that can move", file), {
    remedy: vscode.l10n.t("The lenses above its functions say why each of them stays"),
  });
}

function choose(models: readonly FunctionModel[], question: string): Promise<FunctionRef> {
  const items = models.map((model) => ({
    label: model.name,
    description: vscode.l10n.t("line {0} · {1}", model.nameRange.start.line0 + 1, model.verdict),
    ref: { file: model.file, name: model.name },
  }));
  return show(items, question);
}

async function show(items: readonly FunctionItem[], question: string): Promise<FunctionRef> {
  const picked = await vscode.window.showQuickPick(items, { placeHolder: question, matchOnDescription: true });
  if (!picked) throw new vscode.CancellationError();
  return picked.ref;
}

/** Functions around the cursor first, the innermost of them foremost; the others as they stand in the file. */
function sortByCursor(models: readonly FunctionModel[], cursor: vscode.Position): readonly FunctionModel[] {
  const rank = (model: FunctionModel): number => (contains(model, cursor) ? lines(model) : Number.MAX_SAFE_INTEGER);
  return models.toSorted((a, b) => rank(a) - rank(b));
}

const lines = ({ range }: FunctionModel): number => range.end.line0 - range.start.line0;

function contains({ range: { start, end } }: FunctionModel, cursor: vscode.Position): boolean {
  return new vscode.Range(start.line0, start.column0, end.line0, end.column0).contains(cursor);
}
