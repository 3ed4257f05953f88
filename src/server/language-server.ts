/** LSP ↔ analysis, transform and packager. */
import { fileURLToPath } from "node:url";
import {
  CodeActionKind,
  ErrorCodes,
  LSPErrorCodes,
  MarkupKind,
  ResponseError,
  TextDocuments,
  TextDocumentSyncKind,
  type CancellationToken,
  type ClientCapabilities,
  type Connection,
  type Hover,
  type HoverParams,
  type TextDocumentPositionParams,
} from "vscode-languageserver/node";
import { TextDocument } from "vscode-languageserver-textdocument";
import { createAnalyzer, type Analyzer } from "../analysis/analyzer.ts";
import type { Artifact } from "../core/artifact.ts";
import { FaasifyError, serializeError, type SerializedError } from "../core/errors.ts";
import type { Range0 } from "../core/positions.ts";
import { verdictMarkdown } from "../core/verdict-text.ts";
import { packageUnit } from "../packager/package-unit.ts";
import {
  analysisChanged,
  analyzeFileRequest,
  extractionRefusalRequest,
  extractRequest,
  packageRequest,
  type SelectionParams,
} from "../protocol/lsp-requests.ts";
import { extractionRefusal } from "../transform/extraction-refusal.ts";
import { extractUnit } from "../transform/extract-unit.ts";
import { createChangeNotifier } from "./change-notifier.ts";
import { createDiagnosticsPublisher, type DiagnosticsPublisher } from "./diagnostics-publisher.ts";
import { diagnosticsOf, type Lines } from "./diagnostics.ts";
import { directiveCompletions, directiveHover, quickFixes } from "./directive-features.ts";
import { createEditorSettings } from "./editor-settings.ts";
import {
  readFileParams,
  readFunctionRef,
  readPackageParams,
  readSelectionParams,
  readServerOptions,
} from "./requests.ts";

export interface LanguageServerOptions {
  /** Absolute path of `dist/shim`. */
  readonly shimFolder: string;
}

/** Answers everything on the connection; the caller starts to listen. */
export function serveLanguage(connection: Connection, { shimFolder }: LanguageServerOptions): void {
  const analyzer = createAnalyzer();
  // Packaging takes what is on disk: this one never hears of unsaved texts.
  const diskAnalyzer = createAnalyzer();
  const documents = new TextDocuments(TextDocument);
  let artifactFolder: string | undefined;
  let capabilities: ClientCapabilities | undefined;

  connection.onInitialize((params) => {
    const { initializationOptions } = params;
    ({ capabilities } = params);
    artifactFolder = readServerOptions(initializationOptions)?.artifactFolder;
    return {
      capabilities: {
        textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental },
        hoverProvider: true,
        completionProvider: { triggerCharacters: ["@", " ", "=", ","] },
        codeActionProvider: { codeActionKinds: [CodeActionKind.QuickFix] },
      },
      serverInfo: { name: "faasify" },
    };
  });
  const settings = createEditorSettings(connection, () => capabilities);
  const publisher = createDiagnosticsPublisher({
    openUri: (file) => openDocument(documents, file)?.uri,
    analyze: (file) => analyzer.analyzeFile(file),
    enabled: (uri) => settings.diagnosticsEnabled(uri),
    diagnose: (analysis, uri) => diagnosticsOf(analysis, uri, linesOf(documents.get(uri))),
    send: (uri, diagnostics) => void connection.sendDiagnostics({ uri, diagnostics: Array.from(diagnostics) }),
  });
  connection.onInitialized(() =>
    settings.watch(() => publisher.stale(documents.all().flatMap(({ uri }) => fileOf(uri) ?? []))),
  );
  synchronizeTexts(connection, { analyzer, documents, publisher });

  connection.onRequest(analyzeFileRequest, (params, token) =>
    answer(token, () => {
      const analysis = analyzer.analyzeFile(readFileParams(params).file);
      publisher.analysed(analysis);
      return analysis;
    }),
  );
  connection.onRequest(extractRequest, (params, token) =>
    answer(token, () => extractUnit(analyzer, readFunctionRef(params))),
  );
  connection.onRequest(extractionRefusalRequest, (params, token) =>
    answer(token, () => refusalOf(documents, readSelectionParams(params))),
  );
  connection.onRequest(packageRequest, (params, token) =>
    answer(token, () => {
      const { function: ref, debug } = readPackageParams(params);
      return packageFunction(() => extractUnit(diskAnalyzer, ref), { debug, artifactFolder, shimFolder });
    }),
  );
  const lineAt = ({ textDocument, position }: TextDocumentPositionParams): string =>
    linesOf(documents.get(textDocument.uri)).lineText(position.line);
  connection.onHover((params) => directiveHover(lineAt(params), params) ?? functionHover(analyzer, params));
  connection.onCompletion((params) => directiveCompletions(lineAt(params), params));
  connection.onCodeAction((params) => quickFixes(params));
}

interface SynchronizedParts {
  readonly analyzer: Analyzer;
  readonly documents: TextDocuments<TextDocument>;
  readonly publisher: DiagnosticsPublisher;
}

/** Keeps the analyzer's texts equal to the editor's, and tells the client whose analysis that may change. */
function synchronizeTexts(connection: Connection, { analyzer, documents, publisher }: SynchronizedParts): void {
  const notifier = createChangeNotifier((files) => {
    void connection.sendNotification(analysisChanged, { files });
  });
  documents.onDidChangeContent(({ document }) => {
    const file = fileOf(document.uri);
    if (file === undefined) return;
    analyzer.setText(file, document.getText());
    const dependants = analyzer.dependants(file);
    notifier.note(dependants);
    publisher.stale([file, ...dependants]);
  });
  documents.onDidClose(({ document }) => {
    const file = fileOf(document.uri);
    if (file === undefined) return;
    analyzer.closeText(file);
    const dependants = analyzer.dependants(file);
    notifier.note([file, ...dependants]);
    publisher.closed(file, document.uri);
    publisher.stale(dependants);
  });
  connection.onDidChangeWatchedFiles(({ changes }) => {
    for (const { uri } of changes) {
      const file = fileOf(uri);
      if (file === undefined) continue;
      const affected = [file, ...analyzer.dependants(file)];
      notifier.note(affected);
      publisher.stale(affected);
    }
  });
  connection.onShutdown(() => {
    notifier.stop();
    publisher.stop();
  });
  documents.listen(connection);
}

/** Untitled documents and those of other file systems have no path. */
function fileOf(uri: string): string | undefined {
  try {
    return uri.startsWith("file:") ? fileURLToPath(uri) : undefined;
  } catch {
    return undefined;
  }
}

/** Compared by path, since a client may write the same address in several ways. */
function openDocument(documents: TextDocuments<TextDocument>, file: string): TextDocument | undefined {
  return documents.all().find(({ uri }) => fileOf(uri) === file);
}

function linesOf(document: TextDocument | undefined): Lines {
  const text = document?.getText().split(/\r\n|\r|\n/) ?? [];
  return { lineCount: text.length, lineText: (line0) => text[line0] ?? "" };
}

/**
 * Runs a handler unless the client has lost interest. It waits for one turn of the event loop first, so that a
 * cancellation which came together with the request counts.
 */
async function answer<T>(
  token: CancellationToken,
  handle: () => T | Promise<T>,
): Promise<T | ResponseError<SerializedError>> {
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  if (token.isCancellationRequested) return new ResponseError(LSPErrorCodes.RequestCancelled, "cancelled");
  try {
    return await handle();
  } catch (error) {
    const code = error instanceof FaasifyError ? LSPErrorCodes.RequestFailed : ErrorCodes.InternalError;
    const serialized = serializeError(error);
    return new ResponseError(code, serialized.message, serialized);
  }
}

/** @throws FaasifyError `file-not-found` unless the document is open */
function refusalOf(documents: TextDocuments<TextDocument>, { file, range }: SelectionParams): string | null {
  const document = openDocument(documents, file);
  if (!document) {
    throw new FaasifyError("file-not-found", `${file} is not open`, { remedy: "Open it in the editor" });
  }
  const offset = ({ line0, column0 }: Range0["start"]): number =>
    document.offsetAt({ line: line0, character: column0 });
  const selection = { file, text: document.getText(), start: offset(range.start), end: offset(range.end) };
  return extractionRefusal(selection) ?? null;
}

interface PackageContext {
  readonly debug: boolean;
  readonly artifactFolder: string | undefined;
  readonly shimFolder: string;
}

function packageFunction(
  extract: () => Parameters<typeof packageUnit>[0],
  { debug, artifactFolder, shimFolder }: PackageContext,
): Promise<Artifact> {
  if (artifactFolder === undefined) {
    throw new FaasifyError("wrong-usage", "The server was started without a folder for artifacts", {
      remedy: "Send `artifactFolder`, an absolute path, in initializationOptions",
    });
  }
  return packageUnit(extract(), { debug, artifactFolder, shimFolder });
}

function functionHover(analyzer: Analyzer, { textDocument, position }: HoverParams): Hover | null {
  const file = fileOf(textDocument.uri);
  if (file === undefined || !analyzer.handles(file)) return null;
  const { functions } = analyzer.analyzeFile(file);
  const model = functions.find(({ nameRange }) => contains(nameRange, position));
  if (!model) return null;
  return {
    contents: { kind: MarkupKind.Markdown, value: verdictMarkdown(model) },
    range: {
      start: { line: model.nameRange.start.line0, character: model.nameRange.start.column0 },
      end: { line: model.nameRange.end.line0, character: model.nameRange.end.column0 },
    },
  };
}

/** Names never span lines. */
function contains({ start, end }: Range0, position: { readonly line: number; readonly character: number }): boolean {
  return position.line === start.line0 && position.character >= start.column0 && position.character <= end.column0;
}
