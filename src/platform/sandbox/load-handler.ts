/** Finds the function that `Handler` names, with the rules and the errors of Lambda's Node runtime. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { RuntimeError } from "./runtime-failure.ts";

export type Handler = (
  event: unknown,
  context: unknown,
  callback: (error?: unknown, result?: unknown) => void,
) => unknown;

/**
 * @param handler - `file.export`, `folder/file.export` or `file.object.method`
 * @throws RuntimeError, or whatever the user's module throws while it loads
 */
export async function loadHandler(taskRoot: string, handler: string): Promise<Handler> {
  const parts = /^((?:.*\/)?)([^./]+)\.([^/]+)$/.exec(handler);
  if (!parts || handler.includes("..")) throw new RuntimeError("Runtime.MalformedHandlerName", "Bad handler");
  const [, folder = "", moduleName = "", exportPath = ""] = parts;
  const namespace = await loadModule(path.join(taskRoot, folder, moduleName), folder + moduleName);
  const found = lookUp(namespace, exportPath);
  if (typeof found !== "function") {
    const problem = found === undefined ? "is undefined or not exported" : "is not a function";
    throw new RuntimeError("Runtime.HandlerNotFound", `${handler} ${problem}`);
  }
  return found as Handler;
}

async function loadModule(base: string, name: string): Promise<unknown> {
  const file = ["", ".js", ".mjs", ".cjs"].map((extension) => base + extension).find(isFile);
  if (file === undefined) {
    throw new RuntimeError("Runtime.ImportModuleError", `Error: Cannot find module '${name}'`);
  }
  try {
    return isEsModule(file) ? await import(pathToFileURL(file).href) : await loadCommonJs(file);
  } catch (error) {
    throw asRuntimeError(error);
  }
}

async function loadCommonJs(file: string): Promise<unknown> {
  try {
    return createRequire(file)(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ERR_REQUIRE_ASYNC_MODULE" && code !== "ERR_REQUIRE_ESM") throw error;
    return import(pathToFileURL(file).href);
  }
}

function isFile(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
}

function isEsModule(file: string): boolean {
  if (file.endsWith(".mjs")) return true;
  if (!file.endsWith(".js")) return false;
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    const manifest = path.join(folder, "package.json");
    if (existsSync(manifest)) {
      return (JSON.parse(readFileSync(manifest, "utf8")) as { type?: string }).type === "module";
    }
    if (folder === path.dirname(folder)) return false;
  }
}

function asRuntimeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { code } = error as NodeJS.ErrnoException;
  if (error instanceof SyntaxError) {
    return new RuntimeError("Runtime.UserCodeSyntaxError", String(error), error.stack);
  }
  if (code === "MODULE_NOT_FOUND" || code === "ERR_MODULE_NOT_FOUND") {
    return new RuntimeError("Runtime.ImportModuleError", String(error), error.stack);
  }
  return error;
}

/** `a.b.c` on the module, or on its default export as CommonJS interop gives it. */
function lookUp(namespace: unknown, exportPath: string): unknown {
  const direct = walk(namespace, exportPath);
  return direct === undefined ? walk(walk(namespace, "default"), exportPath) : direct;
}

function walk(from: unknown, exportPath: string): unknown {
  return exportPath
    .split(".")
    .reduce<unknown>(
      (value, key) => (value === null || value === undefined ? undefined : Reflect.get(Object(value), key)),
      from,
    );
}
