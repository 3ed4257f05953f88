/** The extension's side of the language server: started at first use, failures as FaasifyErrors. */
import { createRequire } from "node:module";
import * as vscode from "vscode";
import type { Artifact } from "../core/artifact.ts";
import { deserializeError, FaasifyError, type SerializedError } from "../core/errors.ts";
import type { FileAnalysis } from "../core/function-model.ts";
import type { FunctionRef } from "../core/function-ref.ts";
import type { Range0 } from "../core/positions.ts";
import type { Unit } from "../core/unit.ts";
import type * as ClientModule from "./language-client.ts";
import type { ClientOptions, ParamsOf, RequestName, ResultOf, RunningClient } from "./language-client.ts";

export interface LanguageServerOptions extends Omit<ClientOptions, "onAnalysisChanged"> {
  /** Absolute path of dist/language-client.cjs. */
  readonly clientModule: string;
}

export interface LanguageServer extends vscode.Disposable {
  /** Starts the server, if that has not happened yet, without waiting for it. */
  start(): void;
  analyze(file: string, token?: vscode.CancellationToken): Promise<FileAnalysis>;
  extract(ref: FunctionRef, token?: vscode.CancellationToken): Promise<Unit>;
  /** Why a selection cannot become a function, in TypeScript's words; undefined when it can. */
  extractionRefusal(file: string, range: Range0): Promise<string | undefined>;
  package(ref: FunctionRef, debug: boolean, token?: vscode.CancellationToken): Promise<Artifact>;
  /** The files whose analysis may have changed; none means all. */
  readonly onAnalysisChanged: vscode.Event<readonly string[]>;
}

export function createLanguageServer({ clientModule, ...options }: LanguageServerOptions): LanguageServer {
  const changed = new vscode.EventEmitter<readonly string[]>();
  let starting: Promise<RunningClient> | undefined;

  const start = async (): Promise<RunningClient> => {
    const { startClient } = createRequire(clientModule)(clientModule) as typeof ClientModule;
    return startClient({ ...options, onAnalysisChanged: (files) => changed.fire(files) });
  };
  const client = (): Promise<RunningClient> => {
    starting ??= start().catch((error: unknown) => {
      starting = undefined;
      throw serverUnavailable(error);
    });
    return starting;
  };
  const send = async <Name extends RequestName>(
    name: Name,
    params: ParamsOf<Name>,
    token?: vscode.CancellationToken,
  ): Promise<ResultOf<Name>> => {
    const running = await client();
    try {
      return await running.send(name, params, token);
    } catch (error) {
      throw toFailure(error);
    }
  };

  return {
    onAnalysisChanged: changed.event,
    start: () => void client().catch((error: unknown) => options.log.error("language server", String(error))),
    analyze: (file, token) => send("analyze", { file }, token),
    extract: (ref, token) => send("extract", { file: ref.file, name: ref.name }, token),
    extractionRefusal: async (file, range) => (await send("extractionRefusal", { file, range })) ?? undefined,
    package: ({ file, name }, debug, token) => send("package", { function: { file, name }, debug }, token),
    dispose: () => {
      changed.dispose();
      void starting?.then((running) => running.stop()).catch(() => undefined);
    },
  };
}

function serverUnavailable(cause: unknown): FaasifyError {
  const text = cause instanceof Error ? cause.message : String(cause);
  return new FaasifyError("server-unavailable", `FaaSify's language server does not run (${text})`, {
    remedy: "See the FaaSify output channel; “Developer: Reload Window” starts it again",
    cause,
  });
}

/** A `ResponseError` whose data is a SerializedError becomes the error that it was in the server. */
function toFailure(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof vscode.CancellationError) return error;
  const data: unknown = "data" in error ? error.data : undefined;
  if (isSerializedError(data)) return deserializeError(data);
  const code: unknown = "code" in error ? error.code : undefined;
  // LSP's RequestCancelled, ContentModified and ServerCancelled: the user or a newer edit came first.
  if (code === -32_800 || code === -32_801 || code === -32_802) return new vscode.CancellationError();
  // JSON-RPC's own codes: the connection is not there, or gone.
  if (typeof code === "number" && code <= -32_096 && code >= -32_099) return serverUnavailable(error);
  return error;
}

function isSerializedError(data: unknown): data is SerializedError {
  return typeof data === "object" && data !== null && "message" in data && typeof data.message === "string";
}
