/** Keeps the diagnostics of open documents true: once per edit, after a moment of quiet, or from an analysis asked for anyway. */
import type { Diagnostic } from "vscode-languageserver/node";
import type { FileAnalysis } from "../core/function-model.ts";

export interface PublisherSources {
  /** The open document of a file, if there is one. */
  openUri(file: string): string | undefined;
  analyze(file: string): FileAnalysis;
  /** By the user's settings. */
  enabled(uri: string): Promise<boolean>;
  diagnose(analysis: FileAnalysis, uri: string): readonly Diagnostic[];
  send(uri: string, diagnostics: readonly Diagnostic[]): void;
}

export interface DiagnosticsPublisher {
  /** Somebody has asked for the analysis of this file's present text: it need not be made again. */
  analysed(analysis: FileAnalysis): void;
  /** The analysis of these files may be another one now. */
  stale(files: readonly string[]): void;
  /** The document is closed: what was said of it is taken back. */
  closed(file: string, uri: string): void;
  /** Forgets what is waiting. */
  stop(): void;
}

/** Longer than the editor waits before it asks for lenses, so that one analysis serves both. */
const quietMs = 400;

export function createDiagnosticsPublisher(sources: PublisherSources): DiagnosticsPublisher {
  const waiting = new Map<string, NodeJS.Timeout>();
  const shown = new Map<string, string>();

  const publish = async (analysis: FileAnalysis): Promise<void> => {
    const uri = sources.openUri(analysis.file);
    if (uri === undefined) return;
    const diagnostics = (await sources.enabled(uri)) ? sources.diagnose(analysis, uri) : [];
    const text = JSON.stringify(diagnostics);
    // It may have been closed in the meantime; and what is shown already would only flicker.
    if (sources.openUri(analysis.file) === undefined || (shown.get(uri) ?? "[]") === text) return;
    shown.set(uri, text);
    sources.send(uri, diagnostics);
  };
  const cancel = (file: string): void => {
    clearTimeout(waiting.get(file));
    waiting.delete(file);
  };

  return {
    analysed(analysis) {
      cancel(analysis.file);
      void publish(analysis);
    },
    stale(files) {
      for (const file of files) {
        cancel(file);
        if (sources.openUri(file) === undefined) continue;
        const ask = (): void => {
          waiting.delete(file);
          void publish(sources.analyze(file));
        };
        waiting.set(file, setTimeout(ask, quietMs));
      }
    },
    closed(file, uri) {
      cancel(file);
      if (shown.delete(uri)) sources.send(uri, []);
    },
    stop() {
      for (const file of Array.from(waiting.keys())) cancel(file);
    },
  };
}
