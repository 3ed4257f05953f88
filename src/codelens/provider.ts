import * as vscode from "vscode";
import type { FileAnalysis } from "../core/function-model.ts";
import { lensesFor, type FunctionState, type Lens } from "./lenses.ts";
import type { FunctionRef } from "../core/function-ref.ts";

/** What the lenses are made of; handed in by extension.ts. */
export interface LensSources {
  /** Resolves when the analysis fits the document's present text; undefined if it cannot be had. */
  analysisOf(document: vscode.TextDocument, token: vscode.CancellationToken): Promise<FileAnalysis | undefined>;
  stateOf(ref: FunctionRef): FunctionState;
  enabled(document: vscode.TextDocument): boolean;
  readonly commandOf: (lens: Lens) => vscode.Command;
  /** Fires when anything but a document's text has changed. */
  readonly onDidChange: vscode.Event<void>;
}

/**
 * Shows {@link lensesFor} in the editor. While the analysis of an edited text is under way the promise
 * stays open, and the editor keeps showing the old lenses, which move with the text: no flicker.
 */
export function createLensProvider(sources: LensSources): vscode.CodeLensProvider {
  return {
    onDidChangeCodeLenses: sources.onDidChange,
    async provideCodeLenses(document, token) {
      if (!sources.enabled(document)) return [];
      const analysis = await sources.analysisOf(document, token);
      if (!analysis || token.isCancellationRequested) return undefined;
      return lensesFor(analysis, (model) => sources.stateOf(model), vscode.l10n).map((lens) =>
        toCodeLens(lens, sources),
      );
    },
  };
}

function toCodeLens(lens: Lens, { commandOf }: LensSources): vscode.CodeLens {
  const { start } = lens.range;
  const position = new vscode.Position(start.line0, start.column0);
  return new vscode.CodeLens(new vscode.Range(position, position), commandOf(lens));
}
