import { fork } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import {
  createProtocolConnection,
  DidChangeTextDocumentNotification,
  DidOpenTextDocumentNotification,
  InitializedNotification,
  InitializeRequest,
  IPCMessageReader,
  IPCMessageWriter,
} from "vscode-languageserver-protocol/node";
import { pathToFileURL } from "node:url";
import { repository } from "../../../scripts/lib/run.ts";
import type { Artifact } from "../../../src/core/artifact.ts";
import type { FileAnalysis } from "../../../src/core/function-model.ts";
import {
  analyzeFileRequest,
  packageRequest,
  type PackageParams,
  type ServerOptions,
} from "../../../src/protocol/lsp-requests.ts";

/** dist/server.cjs as the editor runs it: a child process that speaks LSP over Node's IPC. */
export interface LanguageServer extends AsyncDisposable {
  open(file: string, text: string): Promise<void>;
  /** Replaces one line, as typing does. */
  replaceLine(file: string, line0: number, text: string): Promise<void>;
  analyze(file: string): Promise<FileAnalysis>;
  package(params: PackageParams): Promise<Artifact>;
  /** Its memory now, in MiB; NaN where the system does not tell. */
  residentMib(): number;
}

/**
 * @param workspace - absolute path of the folder that the editor has open
 * @param artifactFolder - absolute path
 */
export async function startLanguageServer(workspace: string, artifactFolder: string): Promise<LanguageServer> {
  const child = fork(path.join(repository, "dist/server.cjs"), ["--node-ipc", `--clientProcessId=${process.pid}`]);
  const connection = createProtocolConnection(new IPCMessageReader(child), new IPCMessageWriter(child));
  connection.listen();
  const initializationOptions: ServerOptions = { artifactFolder };
  const rootUri = uriOf(workspace);
  await connection.sendRequest(InitializeRequest.type, {
    processId: process.pid,
    rootUri,
    workspaceFolders: [{ uri: rootUri, name: path.basename(workspace) }],
    capabilities: {},
    initializationOptions,
  });
  await connection.sendNotification(InitializedNotification.type, {});
  let version = 1;
  return {
    open: (file, text) =>
      connection.sendNotification(DidOpenTextDocumentNotification.type, {
        textDocument: { uri: uriOf(file), languageId: "typescript", version, text },
      }),
    replaceLine: (file, line0, text) =>
      connection.sendNotification(DidChangeTextDocumentNotification.type, {
        textDocument: { uri: uriOf(file), version: ++version },
        contentChanges: [
          {
            range: { start: { line: line0, character: 0 }, end: { line: line0 + 1, character: 0 } },
            text: `${text}\n`,
          },
        ],
      }),
    analyze: (file) => connection.sendRequest(analyzeFileRequest, { file }),
    package: (params) => connection.sendRequest(packageRequest, params),
    residentMib: () => residentMib(child.pid),
    [Symbol.asyncDispose]: async () => {
      connection.dispose();
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL");
      await ended;
    },
  };
}

function residentMib(pid: number | undefined): number {
  if (process.platform !== "linux") return Number.NaN;
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Math.round(Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024);
}

function uriOf(file: string): string {
  return pathToFileURL(file).href;
}
