/** Finds, loads and calls the handler that the shim stands in front of. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

/** As Lambda's Node runtime calls it: `(event, context, callback)`. */
export type Handler = (...args: unknown[]) => unknown;

export interface UserModule {
  /** Loads without waiting. Undefined if the module can only be loaded asynchronously. */
  loadNow(): Handler | undefined;
  load(): Promise<Handler>;
}

/** @param specification - `index.handler`: file without its ending, dot, export; `folder/index.nested.handler` too */
export function userModule(taskRoot: string, specification: string): UserModule {
  const [stem = "", ...names] = path.basename(specification).split(".");
  const base = path.join(taskRoot, path.dirname(specification), stem);
  const pick = (loaded: unknown): Handler => {
    // As platforms do: on the module, or on its default export as CommonJS interop gives it.
    for (const from of [loaded, property(loaded, "default")]) {
      const found = names.reduce(property, from);
      if (typeof found === "function") return found as Handler;
    }
    throw new Error(`${specification} is not a function exported by the deployed code`);
  };
  const find = (): string => {
    const file = [".js", ".mjs", ".cjs"].map((ending) => base + ending).find((file) => existsSync(file));
    if (file === undefined) throw new Error(`there is no ${base}.js, .mjs or .cjs for the handler ${specification}`);
    return file;
  };
  const loadNow = (): Handler | undefined => {
    const file = find();
    try {
      return pick(createRequire(file)(file));
    } catch (error) {
      const code = (error as NodeJS.ErrnoException | undefined)?.code;
      if (code === "ERR_REQUIRE_ESM" || code === "ERR_REQUIRE_ASYNC_MODULE") return undefined;
      throw error;
    }
  };
  return {
    loadNow,
    load: async () => {
      const file = find();
      const now = file.endsWith(".mjs") ? undefined : loadNow();
      return now ?? pick(await import(pathToFileURL(file).href));
    },
  };
}

/**
 * Calls a handler of either kind: one that returns a promise, or one that calls its third parameter back. As on Lambda,
 * anything else that is returned is no answer: the promise stays open, and the platform answers when nothing is left to do.
 */
export function callHandler(handler: Handler, event: unknown, context: unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const result = handler(event, context, callbackTo(resolve, reject));
    if (isThenable(result)) resolve(result);
  });
}

/** Lambda's third parameter. */
export function callbackTo(resolve: (value: unknown) => void, reject: (reason: unknown) => void) {
  return (error: unknown, value: unknown): void => {
    if (error === undefined || error === null) resolve(value);
    else reject(error);
  };
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === "function";
}

function property(of: unknown, name: string): unknown {
  return (of as Record<string, unknown> | null | undefined)?.[name];
}
