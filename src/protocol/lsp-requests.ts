/**
 * What the extension asks its language server beyond LSP. Both ends import this file.
 *
 * Failures travel as the `error` of the response; its `data` is a `SerializedError` (core/errors.ts).
 */
import { NotificationType, RequestType } from "vscode-languageserver-protocol";
import type { Artifact } from "../core/artifact.ts";
import type { SerializedError } from "../core/errors.ts";
import type { FileAnalysis } from "../core/function-model.ts";
import type { FunctionRef } from "../core/function-ref.ts";
import type { Range0 } from "../core/positions.ts";
import type { Unit } from "../core/unit.ts";

/** All functions of one file, from the editor's unsaved text where the file is open. */
export const analyzeFileRequest = new RequestType<{ readonly file: string }, FileAnalysis, SerializedError>(
  "faasify/analyzeFile",
);

/** The unit of one function, for preview and extraction. Nothing is written. */
export const extractRequest = new RequestType<FunctionRef, Unit, SerializedError>("faasify/extract");

export interface SelectionParams {
  readonly file: string;
  readonly range: Range0;
}

/** Why a selection of an open document cannot become a function; `null` when it can. One sentence without a trailing dot. */
export const extractionRefusalRequest = new RequestType<SelectionParams, string | null, SerializedError>(
  "faasify/extractionRefusal",
);

export interface PackageParams {
  readonly function: FunctionRef;
  /** Include the debug shim. */
  readonly debug: boolean;
}

/** Unit → artifact on disk, in the artifact folder given at initialisation. Uses the text on disk. */
export const packageRequest = new RequestType<PackageParams, Artifact, SerializedError>("faasify/package");

/** The analysis of these files may have changed: ask again for what is shown. */
export const analysisChanged = new NotificationType<{ readonly files: readonly string[] }>("faasify/analysisChanged");

/** `initializationOptions` of the server. */
export interface ServerOptions {
  /** Absolute path of the folder for artifacts. */
  readonly artifactFolder: string;
}
