/** What arrives from the client, checked before use: a language server has clients that its authors never met. */
import path from "node:path";
import { FaasifyError } from "../core/errors.ts";
import type { FunctionRef } from "../core/function-ref.ts";
import type { PackageParams, SelectionParams, ServerOptions } from "../protocol/lsp-requests.ts";

/** @throws FaasifyError `wrong-usage` unless `file` is an absolute path */
export function readFileParams(params: unknown): { readonly file: string } {
  const { file } = fields(params);
  if (typeof file !== "string" || !path.isAbsolute(file)) {
    throw wrongUsage(`\`file\` is ${JSON.stringify(file)}`, "Send the absolute path of a file");
  }
  return { file: path.normalize(file) };
}

/** @throws FaasifyError `wrong-usage` unless file and name are there */
export function readFunctionRef(params: unknown): FunctionRef {
  const { file } = readFileParams(params);
  const { name } = fields(params);
  if (typeof name !== "string" || name === "") {
    throw wrongUsage(`\`name\` is ${JSON.stringify(name)}`, "Send the name of a function");
  }
  return { file, name };
}

/** @throws FaasifyError `wrong-usage` unless there is a file, and a range of whole numbers */
export function readSelectionParams(params: unknown): SelectionParams {
  const { file } = readFileParams(params);
  const { start, end } = fields(fields(params)["range"]);
  return { file, range: { start: readPosition(start), end: readPosition(end) } };
}

function readPosition(value: unknown): SelectionParams["range"]["start"] {
  const { line0, column0 } = fields(value);
  if (isCount(line0) && isCount(column0)) return { line0, column0 };
  throw wrongUsage(`a position is ${JSON.stringify(value)}`, "Send `line0` and `column0`, from 0");
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** @throws FaasifyError `wrong-usage` */
export function readPackageParams(params: unknown): PackageParams {
  const { function: ref, debug } = fields(params);
  return { function: readFunctionRef(ref), debug: debug === true };
}

/** Undefined when the client sent no options: then nothing can be packaged. */
export function readServerOptions(options: unknown): ServerOptions | undefined {
  const { artifactFolder } = fields(options);
  return typeof artifactFolder === "string" && path.isAbsolute(artifactFolder) ? { artifactFolder } : undefined;
}

function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function wrongUsage(problem: string, remedy: string): FaasifyError {
  return new FaasifyError("wrong-usage", `The request is not understood: ${problem}`, { remedy });
}
