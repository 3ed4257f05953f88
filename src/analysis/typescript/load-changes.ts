/**
 * What the top level of a file changes when it is loaded: `table.set("a", 1)` changes `table`, and so do
 * `Object.assign(table, …)`, `fill(table)`, `register("a")` and `const id = register("a")` when the functions do.
 *
 * Errs on the side of too many changes: a statement kept without need costs time, one left out without
 * need gives wrong results.
 */
import { ts } from "ts-morph";
import { changesLocally, isChangedArgument, mayChangeThis, memberOf } from "./argument-changes.ts";
import type { Facts, Reference } from "./facts.ts";
import { declarationBehind, functionOf, unwrap, type Declared } from "./lookup.ts";
import { changedBehindResult, harmlessMethods, isCode } from "./mention-changes.ts";
import { keyOf, type Item, type Module } from "./module.ts";
import type { Workspace } from "./workspace.ts";

/** Names of functions that are programs rather than helpers when they are called at the top level. */
export const programNames: ReadonlySet<string> = new Set(["main", "run", "start", "bootstrap", "cli"]);

/** Stands among the changed variables for what all code may feel: `Array.prototype.last = …`, `process.env.TZ = "UTC"`. */
export const GLOBALS = "#globals";

/** Stands among the changed variables for what a CommonJS file exports: `exports[name] = …`. */
export const EXPORTS = "#exports";

/** Items that do something when their file is loaded, besides declaring. */
export function loadingItems(workspace: Workspace, module: Module): readonly Item[] {
  return workspace.remember("loading items", module, () =>
    module.items.filter(({ kind, facts }) => {
      if (kind === "effect") return true;
      return (kind === "declaration" || kind === "export") && facts.references.some(runsSomething);
    }),
  );
}

function runsSomething({ deferred, use }: Reference): boolean {
  return !deferred && use !== "read";
}

/** The variables that an item changes when its file is loaded, by {@link keyOf}; also of other files. */
export function changedByLoading(workspace: Workspace, module: Module, item: Item): ReadonlySet<string> {
  return workspace.remember("changed by loading", item, () => {
    const search: Search = { workspace, changed: new Set(), seen: new Set(), isEffect: item.kind === "effect" };
    collect(search, module, item.facts, { isCalled: false });
    return search.changed;
  });
}

interface Search {
  readonly workspace: Workspace;
  readonly changed: Set<string>;
  readonly seen: Set<object>;
  readonly isEffect: boolean;
}

function collect(search: Search, module: Module, facts: Facts, { isCalled }: { isCalled: boolean }): void {
  for (const reference of facts.references) {
    // `load().then((x) => table.set(x, 1))` counts, the body of a declared function only when it is called.
    if (reference.deferred && !isCalled && !search.isEffect) continue;
    const declared = declarationBehind(search.workspace, module, reference);
    if (!declared) {
      noteOutside(search, module, reference);
      continue;
    }
    for (const given of changedBehindResult(search.workspace, { module, facts, reference, declared })) {
      search.changed.add(keyOf(given.module, given.binding.name));
    }
    if (
      isChange(search, module, reference, declared) ||
      changesLocally({ workspace: search.workspace, module, certainty: "load" }, facts, reference)
    ) {
      search.changed.add(keyOf(declared.module, declared.binding.name));
    }
    if (isCalled || runsAtLoad(reference)) follow(search, reference, declared, isCalled);
  }
}

/** Programs that the file starts are none of its setup. */
function runsAtLoad({ deferred, chain, name }: Reference): boolean {
  return !deferred && (chain.length > 0 || !programNames.has(name));
}

function noteOutside({ workspace, changed }: Search, module: Module, reference: Reference): void {
  const { name, use, call } = reference;
  if (module.bindings.has(name)) return;
  const isWrite =
    use === "write" ||
    (use === "mutate" && !call) ||
    isChangedArgument({ workspace, module, certainty: "load" }, reference);
  const key = isWrite ? keyOfOutside(reference) : undefined;
  if (key !== undefined) changed.add(key);
}

function keyOfOutside(reference: Reference): string | undefined {
  const { name, chain } = reference;
  if (name === "exports" || (name === "module" && chain[0] === "exports")) return EXPORTS;
  const global = globalNameOf(reference);
  if (global === "module" || global === "console" || (global === "process" && !chain.includes("env"))) return undefined;
  return isBuiltIn(global) ? GLOBALS : keyOfGlobal(global);
}

/** `K`, or `globalThis.K` → K. */
export function globalNameOf({ name, chain }: Pick<Reference, "name" | "chain">): string {
  return ["globalThis", "global", "self"].includes(name) ? (chain[0] ?? "*") : name;
}

/** Stands among the changed variables for a global of the program's own: `globalThis.K = 1`. */
export function keyOfGlobal(name: string): string {
  return `#global ${name}`;
}

function isBuiltIn(global: string): boolean {
  return global === "*" || Object.hasOwn(globalThis, global);
}

function isChange({ workspace, isEffect }: Search, module: Module, reference: Reference, declared: Declared): boolean {
  const { use, chain } = reference;
  if (use === "write" || use === "mutate") return true;
  if (isChangedArgument({ workspace, module, certainty: "load" }, reference)) return true;
  if (use !== "call" || chain.length === 0) return false;
  return changesItself(workspace, declared, chain, isEffect && isDiscarded(reference.node));
}

/** `registry.on("a", f)`: by the class's own code; where that is not known, when nobody wants the result. */
function changesItself(
  workspace: Workspace,
  { module, binding }: Declared,
  chain: readonly string[],
  isDiscarded: boolean,
): boolean {
  const member = chain.length === 1 ? memberOf(workspace, { module, binding }, chain[0]) : undefined;
  if (member) return mayChangeThis(member);
  if (!ts.isVariableDeclaration(binding.declaration) || functionOf(binding.declaration)) return false;
  return isDiscarded && !isHarmless(chain);
}

function isHarmless(chain: readonly string[]): boolean {
  const method = chain.at(-1);
  return method !== undefined && harmlessMethods.has(method);
}

/** Part of a statement that is only an expression: `a.b().c();` */
function isDiscarded(node: ts.Node): boolean {
  let current = node;
  while (ts.isExpression(current.parent)) {
    const { parent } = current;
    const isChain =
      ts.isPropertyAccessExpression(parent) || ts.isAwaitExpression(parent) || ts.isVoidExpression(parent);
    const isCallee = ts.isCallExpression(parent) && parent.expression === current;
    if (!isChain && !isCallee) return false;
    current = parent;
  }
  return ts.isExpressionStatement(current.parent);
}

/** `const again = setup` */
function isAlias(declaration: ts.Node): boolean {
  const value = ts.isVariableDeclaration(declaration) ? declaration.initializer : undefined;
  return value !== undefined && ts.isIdentifier(unwrap(value));
}

/** What a called function changes, and what it calls in turn. */
function follow(search: Search, { use, chain }: Reference, { module, binding }: Declared, isCalled: boolean): void {
  const isRun =
    use === "call" || use === "new" || (isCalled && (isCode({ module, binding }) || isAlias(binding.declaration)));
  // What CommonJS exports has no binding of its own that would be the same each time.
  if (!isRun || isHarmless(chain) || search.seen.has(binding.declaration)) return;
  search.seen.add(binding.declaration);
  for (const { kind, facts } of binding.items) {
    if (kind !== "effect" && kind !== "import") collect(search, module, facts, { isCalled: true });
  }
}
