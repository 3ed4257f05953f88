/** Where module variables are changed while the program runs, or given out to those who may change them. */
import type { ts } from "ts-morph";
import { constantInitializer, constantValue } from "./constant-values.ts";
import type { Facts, Reference } from "./facts.ts";
import { isCompared } from "./compared.ts";
import { givesOut } from "./given-out.ts";
import { changedBehindResult, changesAt } from "./mention-changes.ts";
import { declarationBehind, type Declared } from "./lookup.ts";
import { keyOf, lineOf, type Item, type Module } from "./module.ts";
import { statementsCalling } from "./touches.ts";
import type { Workspace } from "./workspace.ts";

/** One place where a variable changes, or may. */
export interface Change {
  /** Of the variable, by {@link keyOf}. */
  readonly key: string;
  /** Where it happens. */
  readonly module: Module;
  readonly item: Item;
  readonly node: ts.Node;
  /** In a function, rather than while the file loads. */
  readonly deferred: boolean;
  /** Only given out: who gets it may change it. Or only {@link isCompared}. */
  readonly isGiven: boolean;
  /** Only asked whether something is this very object. */
  readonly isCompared?: true;
  /** The variable gets another value, rather than what it holds others. */
  readonly isAssigned: boolean;
}

/** `a.ts:2` */
export function placeOf({ file }: Module, node: ts.Node): string {
  return `${file.split(/[\\/]/).at(-1)}:${lineOf(node)}`;
}

/** Changes by the code of one file, of its own variables and of others'. */
function changesBy(workspace: Workspace, module: Module): readonly Change[] {
  return module.items.flatMap((item) =>
    item.facts.references.flatMap((reference) => changeOf(workspace, { module, item, facts: item.facts }, reference)),
  );
}

interface Place {
  readonly module: Module;
  readonly item: Item;
  readonly facts: Facts;
}

function changeOf(workspace: Workspace, { module, item, facts }: Place, reference: Reference): Change[] {
  const declared = declarationBehind(workspace, module, reference);
  if (!declared) return [];
  const { node, deferred } = reference;
  const keyed = ({ module: home, binding }: Declared): string => keyOf(home, binding.name);
  const change = { module, item, node, deferred, isAssigned: reference.use === "write", isGiven: false };
  const mention = { module, facts, reference, declared };
  const behind = changedBehindResult(workspace, mention);
  if (behind.length > 0) return behind.map((one) => ({ ...change, key: keyed(one) }));
  if (changesAt(workspace, mention)) return [{ ...change, key: keyed(declared) }];
  if (!deferred || isText(workspace, declared)) return [];
  if (givesOut(declared, reference)) return [{ ...change, key: keyed(declared), isGiven: true }];
  return isCompared(declared, reference) ? [{ ...change, key: keyed(declared), isGiven: true, isCompared: true }] : [];
}

/** `const here = path.dirname(fileURLToPath(import.meta.url))`: nobody can change what a text holds. */
function isText(workspace: Workspace, { module, binding }: Declared): boolean {
  const value = constantInitializer(binding.declaration);
  const known = value && constantValue({ workspace, module }, value);
  return known !== undefined && known.kind !== "url";
}

/** Changes of a variable by its key; none: an empty list. */
export interface Changes {
  of(key: string): readonly Change[];
}

/** Changes while the program runs, that is, not while its files load, by the code of these modules. */
export function runningChanges(
  workspace: Workspace,
  modules: Iterable<Module>,
  root: { readonly module: Module; readonly name: string | undefined },
): Changes {
  const tables = Array.from(modules, (module) => {
    const isOwn = module === root.module;
    const program = isOwn && root.name !== undefined ? statementsCalling(workspace, module, root.name) : [];
    return { table: changesByKey(workspace, module), firstCall: Math.min(...program.map(({ index }) => index)) };
  });
  return {
    of: (key) =>
      tables.flatMap(({ table, firstCall }) =>
        // Behind the first call, the function has seen the variable without the change.
        (table.get(key) ?? []).filter(({ deferred, item }) => deferred || item.index >= firstCall),
      ),
  };
}

function changesByKey(workspace: Workspace, module: Module): ReadonlyMap<string, readonly Change[]> {
  return workspace.remember("changes by key", module, () =>
    Map.groupBy(changesBy(workspace, module), ({ key }) => key),
  );
}
