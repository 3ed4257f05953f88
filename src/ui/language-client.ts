/**
 * Starts the language server. A bundle of its own (dist/language-client.cjs, a megabyte with vscode-languageclient):
 * compiling it would take most of the time that activation may take, so language-server.ts loads it at first use.
 */
import * as vscode from "vscode";
import { LanguageClient, RevealOutputChannelOn, State, TransportKind } from "vscode-languageclient/node";
import {
  analysisChanged,
  analyzeFileRequest,
  extractionRefusalRequest,
  extractRequest,
  packageRequest,
  type ServerOptions,
} from "../protocol/lsp-requests.ts";
import { languages } from "./languages.ts";

const watchedFiles = "**/{*.{ts,tsx,mts,cts,js,jsx,mjs,cjs},tsconfig*.json,jsconfig*.json,package.json}";

/** The requests by short names. Their `method` is what counts: vscode-languageclient brings its own copy of RequestType. */
const requests = {
  analyze: analyzeFileRequest,
  extract: extractRequest,
  extractionRefusal: extractionRefusalRequest,
  package: packageRequest,
};
type Requests = typeof requests;
export type RequestName = keyof Requests;
type TypesOf<Name extends RequestName> = NonNullable<Requests[Name]["_"]>;
export type ParamsOf<Name extends RequestName> = TypesOf<Name>[0];
export type ResultOf<Name extends RequestName> = TypesOf<Name>[1];

const never = new vscode.CancellationTokenSource().token;

export interface ClientOptions extends ServerOptions {
  /** Absolute path of dist/server.cjs. */
  readonly module: string;
  readonly log: vscode.LogOutputChannel;
  /** The analysis of these files may have changed; none means all. */
  readonly onAnalysisChanged: (files: readonly string[]) => void;
}

export interface RunningClient {
  send<Name extends RequestName>(
    name: Name,
    params: ParamsOf<Name>,
    token?: vscode.CancellationToken,
  ): Promise<ResultOf<Name>>;
  stop(): Promise<void>;
}

/** Resolves when the server answers. After a crash the client starts it again, up to five times in three minutes. */
export async function startClient(options: ClientOptions): Promise<RunningClient> {
  const { module, log, artifactFolder, onAnalysisChanged } = options;
  const run = { module, transport: TransportKind.ipc };
  const initializationOptions: ServerOptions = { artifactFolder };
  const files = vscode.workspace.createFileSystemWatcher(watchedFiles);
  const client = new LanguageClient(
    "faasify",
    "FaaSify",
    { run, debug: run },
    {
      documentSelector: languages.map((language) => ({ scheme: "file", language })),
      initializationOptions,
      outputChannel: log,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      synchronize: { fileEvents: files },
    },
  );
  client.onNotification(analysisChanged.method, ({ files }: { readonly files: readonly string[] }) =>
    onAnalysisChanged(files),
  );
  // What was asked while it was down has failed: ask again.
  client.onDidChangeState(({ newState }) => {
    if (newState === State.Running) onAnalysisChanged([]);
  });
  await client.start();
  return {
    // An undefined token would be sent as a second parameter.
    send: (name, params, token = never) => client.sendRequest(requests[name].method, params, token),
    stop: async () => {
      files.dispose();
      await client.dispose();
    },
  };
}
