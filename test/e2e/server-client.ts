/** The built language server as a child process, spoken to over IPC as an editor does. */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import {
  ConfigurationRequest,
  createProtocolConnection,
  IPCMessageReader,
  IPCMessageWriter,
  PublishDiagnosticsNotification,
  type Diagnostic,
  type ProtocolConnection,
} from "vscode-languageserver-protocol/node";
import { analysisChanged } from "../../src/protocol/lsp-requests.ts";

export const serverBundle = path.resolve(import.meta.dirname, "../../dist/server.cjs");

export interface ServerClient extends AsyncDisposable {
  readonly connection: ProtocolConnection;
  readonly process: ChildProcess;
  /** Where its workspace is; artifacts go to `artifacts` in it. */
  readonly folder: string;
  /** Files named by `faasify/analysisChanged` so far. */
  readonly changed: Set<string>;
  /** What the server published of a file last; undefined before it has published anything. */
  diagnosticsOf(name: string): readonly Diagnostic[] | undefined;
  /** How often it has published anything of a file. */
  publications(name: string): number;
  path(name: string): string;
  uri(name: string): string;
  write(name: string, text: string): void;
  open(name: string, text: string): Promise<void>;
  close(name: string): Promise<void>;
  /** Replaces the character range of one line of an open file. */
  edit(name: string, change: { line: number; from: number; to: number; text: string }): Promise<void>;
}

export interface ClientBehaviour {
  readonly initializationOptions?: unknown;
  /** Answers `workspace/configuration`, by section; without it the client has no settings. */
  readonly settings?: Map<string, unknown>;
}

/** Starts the server on a folder of its own with these files, and initialises it. */
export async function startServer(
  files: Readonly<Record<string, string>>,
  { initializationOptions, settings }: ClientBehaviour = {},
): Promise<ServerClient> {
  const folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), "faasify-server-")));
  const at = (name: string): string => path.join(folder, name);
  const write = (name: string, text: string): void => {
    mkdirSync(path.dirname(at(name)), { recursive: true });
    writeFileSync(at(name), text);
  };
  for (const [name, text] of Object.entries(files)) write(name, text);
  const child = fork(serverBundle, ["--node-ipc"], { execArgv: [], stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const connection = createProtocolConnection(new IPCMessageReader(child), new IPCMessageWriter(child));
  const changed = new Set<string>();
  connection.onNotification(analysisChanged, ({ files: names }) => {
    for (const name of names) changed.add(name);
  });
  const published = new Map<string, (readonly Diagnostic[])[]>();
  connection.onNotification(PublishDiagnosticsNotification.type, ({ uri, diagnostics }) => {
    published.set(uri, [...(published.get(uri) ?? []), diagnostics]);
  });
  connection.onRequest(ConfigurationRequest.type, ({ items }) =>
    items.map(({ section = "" }) => settings?.get(section) ?? null),
  );
  connection.listen();
  await connection.sendRequest("initialize", {
    processId: process.pid,
    rootUri: pathToFileURL(folder).href,
    capabilities: settings ? { workspace: { configuration: true } } : {},
    initializationOptions: initializationOptions ?? { artifactFolder: at("artifacts") },
  });
  await connection.sendNotification("initialized", {});
  const uriOf = (name: string): string => pathToFileURL(at(name)).href;
  let version = 1;
  return {
    connection,
    process: child,
    folder,
    changed,
    diagnosticsOf: (name) => published.get(uriOf(name))?.at(-1),
    publications: (name) => published.get(uriOf(name))?.length ?? 0,
    path: at,
    uri: uriOf,
    write,
    open: (name, text) =>
      connection.sendNotification("textDocument/didOpen", {
        textDocument: { uri: uriOf(name), languageId: "typescript", version: (version += 1), text },
      }),
    close: (name) => connection.sendNotification("textDocument/didClose", { textDocument: { uri: uriOf(name) } }),
    edit: (name, { line, from, to, text }) =>
      connection.sendNotification("textDocument/didChange", {
        textDocument: { uri: uriOf(name), version: (version += 1) },
        contentChanges: [{ range: { start: { line, character: from }, end: { line, character: to } }, text }],
      }),
    async [Symbol.asyncDispose]() {
      const exited = child.exitCode !== null || child.signalCode !== null ? undefined : once(child, "exit");
      connection.end();
      connection.dispose();
      child.kill();
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
