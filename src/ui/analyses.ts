/** Keeps each open document's analysis until its text, or something that it depends on, changes. */
import * as vscode from "vscode";
import type { FileAnalysis } from "../core/function-model.ts";
import type { LanguageServer } from "./language-server.ts";

interface Entry {
  readonly version: number;
  readonly analysis: Promise<FileAnalysis>;
}

export interface Analyses extends vscode.Disposable {
  /** Of the document's present text. Rejects as the server does. */
  of(document: vscode.TextDocument): Promise<FileAnalysis>;
  /** What is known of the file at once, perhaps of an older text. */
  latest(file: string): FileAnalysis | undefined;
  /** Fires when an analysis must be asked for again although no text in its document has changed. */
  readonly onDidChange: vscode.Event<void>;
}

export function createAnalyses(server: LanguageServer): Analyses {
  const entries = new Map<string, Entry>();
  const latest = new Map<string, FileAnalysis>();
  const changed = new vscode.EventEmitter<void>();

  const subscriptions = [
    changed,
    server.onAnalysisChanged((files) => {
      if (files.length === 0) entries.clear();
      for (const file of files) entries.delete(file);
      changed.fire();
    }),
    vscode.workspace.onDidCloseTextDocument(({ uri }) => {
      entries.delete(uri.fsPath);
      latest.delete(uri.fsPath);
    }),
  ];

  const ask = (file: string, version: number): Promise<FileAnalysis> => {
    const analysis = server.analyze(file);
    entries.set(file, { version, analysis });
    analysis.then(
      (done) => latest.set(file, done),
      () => {
        // The next question asks the server again.
        if (entries.get(file)?.analysis === analysis) entries.delete(file);
      },
    );
    return analysis;
  };

  return {
    onDidChange: changed.event,
    of({ uri, version }) {
      const known = entries.get(uri.fsPath);
      return known?.version === version ? known.analysis : ask(uri.fsPath, version);
    },
    latest: (file) => latest.get(file),
    dispose: () => vscode.Disposable.from(...subscriptions).dispose(),
  };
}
