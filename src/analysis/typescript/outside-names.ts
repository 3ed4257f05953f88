/** Names that come from outside the project's own files, spelled the same way however they were imported. */
import type { Effect } from "../../core/function-model.ts";
import { effectsByName, effectsByPackage, openResources } from "./effect-tables.ts";
import type { Reference } from "./facts.ts";
import type { Module } from "./module.ts";
import type { Workspace } from "./workspace.ts";

/** `fs.promises.readFile`, `import { readFile } from "fs/promises"` and `console.log` as dotted names with their origin. */
export interface OutsideName {
  readonly origin: "global" | "builtin" | "package";
  /** `node:fs`, `pg`, or empty for a global. */
  readonly module: string;
  readonly path: readonly string[];
}

/** Undefined for names of the project's own. */
export function outsideNameOf(
  workspace: Workspace,
  module: Module,
  { name, chain }: Pick<Reference, "name" | "chain">,
): OutsideName | undefined {
  const binding = module.bindings.get(name);
  if (!binding) {
    const path = ["globalThis", "global", "self"].includes(name) ? chain : [name, ...chain];
    return { origin: "global", module: "", path };
  }
  if (!binding.imported) return undefined;
  const { specifier, name: imported } = binding.imported;
  const resolution = workspace.resolve(module, specifier);
  const path = imported === "*" || imported === "default" ? dropDefault(chain) : [imported, ...chain];
  if (resolution.kind === "builtin") return builtinName(resolution.name, path);
  if (resolution.kind === "package" || resolution.kind === "unresolved") {
    const packageName = resolution.kind === "package" ? resolution.name : specifier;
    return { origin: "package", module: packageName, path };
  }
  return undefined;
}

function dropDefault(chain: readonly string[]): readonly string[] {
  return chain[0] === "default" ? chain.slice(1) : chain;
}

/** Node's `process` and `console` modules are the globals of the same name; `timers` and `url` have theirs, too. */
function builtinName(name: string, path: readonly string[]): OutsideName {
  if (name === "process" || name === "console") return { origin: "global", module: "", path: [name, ...path] };
  if (name === "fs" && path[0] === "promises" && path[1] !== "open") {
    return { origin: "builtin", module: "node:fs/promises", path: path.slice(1) };
  }
  return { origin: "builtin", module: `node:${name}`, path };
}

/** The effect of using a name; undefined for none. */
export function effectOf(name: OutsideName, reference: Reference): Effect | undefined {
  if (name.origin === "package") return packageEffect(name.module);
  return (name.origin === "global" ? globalEffect(name.path, reference) : undefined) ?? tableEffect(name);
}

/** The effect of names taken of a module that is loaded inside a function; none: it is used as a whole. */
export function effectOfNames(
  { kind, name }: { readonly kind: "builtin" | "package"; readonly name: string },
  names: readonly string[],
): Effect | undefined {
  if (kind === "package") return packageEffect(name);
  const outside = builtinName(name, dropDefault(names));
  return outside.path[0] === "process" && outside.path[1] === "env" ? "environment" : tableEffect(outside);
}

function globalEffect([first, second]: readonly string[], { use, call, deferred }: Reference): Effect | undefined {
  if (first === "Date" && isClockRead(use, second, call)) return "time";
  // A method that is called `set` or `assign` (`Object.assign`) does not change the global it belongs to.
  const isWrite = use === "write" || (use === "mutate" && !call);
  const isSpecial = first === "process" || first === "console";
  // What is set while a file loads, as polyfills do, is the same in every process.
  return deferred && isWrite && !isSpecial && isSharedGlobal(first) ? "state" : undefined;
}

/** `module` and `exports` are the file's own. */
function isSharedGlobal(name: string | undefined): boolean {
  return name !== "module" && name !== "exports" && name !== "arguments" && name !== "undefined";
}

/** `new Date()` and `Date()` read the clock, `new Date(0)` does not. */
function isClockRead(use: Reference["use"], property: string | undefined, call: Reference["call"]): boolean {
  if (property !== undefined) return property === "now";
  return use === "call" || (use === "new" && (call?.arguments?.length ?? 0) === 0);
}

function packageEffect(packageName: string): Effect | undefined {
  if (packageName.startsWith("@aws-sdk/") || packageName.startsWith("@google-cloud/")) return "network";
  return effectsByPackage[packageName];
}

/** The longest dotted name that the table has decides. */
function tableEffect({ module, path }: OutsideName): Effect | undefined {
  for (let length = path.length; length >= 0; length -= 1) {
    const key = [module, ...path.slice(0, length)].filter((part) => part !== "").join(".");
    const effect = Object.hasOwn(effectsByName, key) ? effectsByName[key] : undefined;
    if (effect !== undefined) return effect === "none" ? undefined : effect;
  }
  return undefined;
}

/** What calling this name opens: `an open socket`; undefined when nothing that could not travel. */
export function resourceOpenedBy({ module, path }: OutsideName): string | undefined {
  const exact = [module, ...path].filter((part) => part !== "").join(".");
  if (Object.hasOwn(openResources, exact)) return openResources[exact];
  return module === "" ? undefined : openResources[`${module}.*`];
}
