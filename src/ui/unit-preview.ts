/**
 * The preview of a function that is to move: the original with what stays dimmed, beside it what moves with the rest
 * folded, and a summary in a view of its own. Nothing is written; accepting it is deploying.
 */
import path from "node:path";
import * as vscode from "vscode";
import type { FunctionModel } from "../core/function-model.ts";
import { formatFunctionRef, type FunctionRef } from "../core/function-ref.ts";
import type { Unit, UnitFile } from "../core/unit.ts";
import { compareWithUnit, foldsOf, type ColumnSpan, type FileComparison } from "./unit-folding.ts";
import { summarizeUnit, type SummarySection, type UnitSize } from "./unit-summary.ts";
import { VIRTUAL_SCHEME, type VirtualDocuments } from "./virtual-documents.ts";

export interface Preview {
  readonly ref: FunctionRef;
  readonly sections: readonly SummarySection[];
}

export interface Previews extends vscode.Disposable {
  /** At most one is open. */
  readonly current: Preview | undefined;
  readonly onDidChange: vscode.Event<void>;
  /** Opens the preview in place of the one before. */
  show(model: FunctionModel, unit: Unit): Promise<void>;
  /** Closes its editors and takes back the dimming. */
  close(): Promise<void>;
}

interface OpenPreview extends Preview {
  /** Of the function's own file: closing it ends the preview. */
  readonly unitUri: vscode.Uri;
  /** By absolute path. */
  readonly leftOut: ReadonlyMap<string, readonly ColumnSpan[]>;
}

const CONTEXT = "faasify.previewing";

export function createPreviews(documents: VirtualDocuments): Previews {
  const changed = new vscode.EventEmitter<void>();
  const dimmed = vscode.window.createTextEditorDecorationType({ opacity: "0.4" });
  let open: OpenPreview | undefined;

  const set = (preview: OpenPreview | undefined): void => {
    open = preview;
    for (const editor of vscode.window.visibleTextEditors) dim(editor);
    void vscode.commands.executeCommand("setContext", CONTEXT, preview !== undefined);
    changed.fire();
  };
  const dim = (editor: vscode.TextEditor): void => {
    const { uri } = editor.document;
    const spans = uri.scheme === "file" ? (open?.leftOut.get(uri.fsPath) ?? []) : [];
    editor.setDecorations(dimmed, spans.map(rangeOf));
  };
  const subscription = vscode.Disposable.from(
    changed,
    dimmed,
    vscode.window.onDidChangeVisibleTextEditors((editors) => {
      for (const editor of editors) dim(editor);
    }),
    vscode.window.tabGroups.onDidChangeTabs(({ closed }) => {
      const shown = open?.unitUri.toString();
      if (shown !== undefined && closed.some((tab) => uriOf(tab)?.toString() === shown)) set(undefined);
    }),
    vscode.languages.registerFoldingRangeProvider({ scheme: VIRTUAL_SCHEME }, { provideFoldingRanges }),
  );

  return {
    get current() {
      return open;
    },
    onDidChange: changed.event,
    async show(model, unit) {
      const files = await Promise.all(unit.files.map(compare));
      const owner = formatFunctionRef(model);
      const uris = files.map(({ path: file, comparison }) =>
        documents.set(unitPath(file, model.name), owner, comparison.text),
      );
      const own = files.findIndex((file) => file.path === model.file);
      const unitUri = uris[own] ?? uris[0];
      if (!unitUri) return;
      set({
        ref: { file: model.file, name: model.name },
        sections: summarizeUnit(model, unit, sizeOf(files), relative),
        unitUri,
        leftOut: new Map(files.map((file) => [file.path, file.comparison.leftOut])),
      });
      await showPair(model, unitUri);
    },
    async close() {
      const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs).filter(isUnit);
      set(undefined);
      await vscode.window.tabGroups.close(tabs, true);
    },
    dispose: () => subscription.dispose(),
  };
}

interface ComparedFile extends UnitFile {
  readonly comparison: FileComparison;
}

/** With what the editor shows of the file, saved or not: the unit was made of the same. */
async function compare(file: UnitFile): Promise<ComparedFile> {
  const original = await vscode.workspace.openTextDocument(vscode.Uri.file(file.path));
  return { ...file, comparison: compareWithUnit(original.getText(), file.text) };
}

function sizeOf(files: readonly ComparedFile[]): UnitSize {
  const sum = (of: (comparison: FileComparison) => number): number =>
    files.reduce((total, { comparison }) => total + of(comparison), 0);
  return {
    originalLines: sum(({ originalLines }) => originalLines),
    unitLines: sum(({ unitLines }) => unitLines),
    unitBytes: sum(({ unitBytes }) => unitBytes),
  };
}

/** `/src/cart.ts` → `/src/checkout · cart.ts`: what the tab says; the extension decides the language. */
function unitPath(file: string, name: string): string {
  return path.join(path.dirname(file), `${name} · ${path.basename(file)}`);
}

/** The original where it is open already, and the unit beside it, both at the function. */
async function showPair(model: FunctionModel, unitUri: vscode.Uri): Promise<void> {
  const { start } = model.range;
  const place = new vscode.Range(start.line0, 0, start.line0, 0);
  const uri = vscode.Uri.file(model.file);
  const shown = vscode.window.visibleTextEditors.find(({ document }) => document.uri.fsPath === model.file);
  const viewColumn = shown?.viewColumn ?? vscode.ViewColumn.Active;
  const original = await vscode.window.showTextDocument(uri, { viewColumn, selection: place });
  const beside = { viewColumn: vscode.ViewColumn.Beside, preview: true, selection: place };
  const unit = await vscode.window.showTextDocument(unitUri, beside);
  await vscode.commands.executeCommand("editor.foldAllMarkerRegions");
  for (const editor of [original, unit])
    editor.revealRange(place, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
}

function provideFoldingRanges(document: vscode.TextDocument): vscode.FoldingRange[] {
  return foldsOf(document.getText()).map(
    ({ first0, last0 }) => new vscode.FoldingRange(first0, last0, vscode.FoldingRangeKind.Region),
  );
}

const rangeOf = ({ line0, start0, end0 }: ColumnSpan): vscode.Range => new vscode.Range(line0, start0, line0, end0);

const uriOf = ({ input }: vscode.Tab): vscode.Uri | undefined =>
  input instanceof vscode.TabInputText ? input.uri : undefined;

/** Logs lie under the same scheme. */
const isUnit = (tab: vscode.Tab): boolean => {
  const uri = uriOf(tab);
  return uri?.scheme === VIRTUAL_SCHEME && path.basename(uri.path).includes(" · ");
};

const relative = (file: string): string => (path.isAbsolute(file) ? vscode.workspace.asRelativePath(file) : file);
