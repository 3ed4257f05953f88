/** Calls that come before everything is in place, and globals that change between calls: a unit starts with all in place. */
import { ts } from "ts-morph";
import type { Reason } from "../../core/function-model.ts";
import type { Facts, Reference } from "./facts.ts";
import type { FunctionSite } from "./function-sites.ts";
import { changedByLoading, GLOBALS, globalNameOf, keyOfGlobal } from "./load-changes.ts";
import { functionOf } from "./lookup.ts";
import { lineOf, type Item, type Module } from "./module.ts";
import type { Reach } from "./reach.ts";
import { placeOf } from "./state-changes.ts";
import { statementsCalling } from "./touches.ts";
import type { Workspace } from "./workspace.ts";

interface Subject {
  readonly workspace: Workspace;
  readonly module: Module;
  readonly site: FunctionSite;
  readonly facts: Facts;
  readonly reach: Reach;
}

export function earlyObstacles(subject: Subject): Reason[] {
  return [...lateItems(subject), ...changedGlobals(subject)].slice(0, 1);
}

/** `f(1); const rate = 2;` where `f` uses `rate`. */
function lateItems({ workspace, module, site, reach }: Subject): Reason[] {
  const name = site.binding ?? site.nestedIn?.binding;
  const calls = name === undefined ? [] : statementsCalling(workspace, module, name);
  // Code of the top level itself runs where it stands.
  const [call] = site.nestedIn && runsInPlace(site) ? [site.item] : calls;
  if (!call) return [];
  return reach.items.flatMap(({ module: home, item, origin }) => {
    if (home !== module || item.index <= call.index) return [];
    const what = whatIsLate(workspace, module, item);
    const message = `is called at line ${lineOf(call.node)}, before line ${lineOf(item.node)} ${what}`;
    return what === undefined ? [] : [{ message, line: origin.line }];
  });
}

/** A nested function of a block, a callback or a function that is called at once. */
function runsInPlace({ item: { node } }: FunctionSite): boolean {
  return !ts.isFunctionDeclaration(node) && !ts.isClassLike(node) && functionOf(node) === undefined;
}

function whatIsLate(workspace: Workspace, module: Module, item: Item): string | undefined {
  const { kind, node } = item;
  if (kind === "declaration") {
    const isVariable = ts.isVariableDeclaration(node) && ts.isIdentifier(node.name);
    return isVariable && !functionOf(node) ? `gives \`${node.name.getText()}\` its value` : undefined;
  }
  // The environment travels.
  if (kind !== "effect" || item.facts.references.every(isHarmless)) return undefined;
  const changed = changedByLoading(workspace, module, item);
  const isGlobal = Array.from(changed).some((key) => key === GLOBALS || key.startsWith(keyOfGlobal("")));
  return isGlobal ? "changes something global that it uses" : undefined;
}

function isHarmless({ name, chain, use }: Reference): boolean {
  return (use !== "write" && use !== "mutate") || (name === "process" && chain[0] === "env");
}

/** `globalThis.mode = value` in some function, where this one reads `mode`. */
function changedGlobals({ workspace, module, facts, reach }: Subject): Reason[] {
  const used = new Map<string, number>();
  const note = (home: Module, { references }: Facts, line?: number): void => {
    for (const reference of references) {
      const global = ownGlobal(home, reference);
      if (global !== undefined && !used.has(global)) used.set(global, line ?? lineOf(reference.node));
    }
  };
  note(module, facts);
  for (const { module: home, item, origin } of reach.items) note(home, item.facts, origin.line);
  if (used.size === 0) return [];
  const modules = new Set([module, ...reach.items.map(({ module: home }) => home)]);
  for (const home of modules) {
    for (const [global, place] of workspace.remember("changed globals", home, () => globalChanges(home))) {
      const line = used.get(global);
      if (line !== undefined) return [{ message: `uses the global \`${global}\`, which is changed at ${place}`, line }];
    }
  }
  return [];
}

function globalChanges(module: Module): ReadonlyMap<string, string> {
  const changes = new Map<string, string>();
  for (const { facts } of module.items) {
    for (const reference of facts.references) {
      const isChange = reference.use === "write" || reference.use === "mutate";
      const global = isChange && reference.deferred ? ownGlobal(module, reference) : undefined;
      if (global !== undefined && !changes.has(global)) changes.set(global, placeOf(module, reference.node));
    }
  }
  return changes;
}

/** The name of a global that neither the language nor its host has. */
function ownGlobal({ bindings }: Module, reference: Reference): string | undefined {
  if (bindings.has(reference.name)) return undefined;
  const name = globalNameOf(reference);
  const isOwn = !/^(?:\*|module|exports|require|arguments|undefined|__dirname|__filename)$/.test(name);
  return isOwn && !Object.hasOwn(globalThis, name) ? name : undefined;
}
