/** The user's code in this process. Each version of it is a module instance of its own. */
import { createRequire } from "node:module";
import { readFileSync, realpathSync } from "node:fs";
import path from "node:path";
import type { CodeFacts } from "./thread-messages.ts";
import { type Handler, userModule } from "./user-handler.ts";

export interface DeployedCode {
  /** The handler of the latest version; its module is loaded when it is first asked for. */
  load(): Promise<Handler>;
  /** Whether anybody has asked for it. */
  readonly isLoaded: boolean;
  /** Is this the latest version? */
  isLatest(handler: Promise<Handler>): boolean;
  /** Another version takes its place; what runs goes on with the code that it has. */
  replace(taskRoot: string): void;
}

/** @param specification - see {@link userModule} */
export function deployedCode(taskRoot: string, specification: string): DeployedCode {
  let folder = taskRoot;
  let module = userModule(taskRoot, specification);
  let loaded: Promise<Handler> | undefined;
  return {
    load: () => (loaded ??= module.load()),
    get isLoaded() {
      return loaded !== undefined;
    },
    isLatest: (handler) => handler === loaded,
    replace: (next) => {
      if (next !== folder) forgetModules(folder);
      folder = next;
      module = userModule(next, specification);
      loaded = undefined;
    },
  };
}

/** What the manifest of a deployed folder tells. */
export function factsOf(taskRoot: string): CodeFacts & { readonly functionName: string | undefined } {
  const manifest = readManifest(taskRoot);
  return {
    functionName: text(manifest["function"]),
    buildId: text(manifest["buildId"]) ?? "",
    taskRoot: realpathSync(taskRoot),
  };
}

/** Of CommonJS; Node never lets go of ES modules. */
function forgetModules(folder: string): void {
  const { cache } = createRequire(path.join(folder, "index.cjs"));
  for (const file of Object.keys(cache)) {
    if (file.startsWith(folder + path.sep) && !path.basename(file).startsWith("faasify-shim")) delete cache[file];
  }
}

/** Without it the debugger finds no source map, but the function runs. */
function readManifest(taskRoot: string): Record<string, unknown> {
  try {
    const manifest: unknown = JSON.parse(readFileSync(path.join(taskRoot, "faasify.json"), "utf8"));
    return { ...(manifest as object | null) };
  } catch {
    return {};
  }
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
