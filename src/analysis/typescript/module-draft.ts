import type { ts } from "ts-morph";
import { createItem, type Binding, type ExportEntry, type Item, type ItemKind, type Module } from "./module.ts";

/** The parts of a module while its statements are read one after the other. */
export interface ModuleDraft {
  readonly items: Item[];
  readonly bindings: Map<string, Binding>;
  readonly exports: Map<string, ExportEntry>;
  readonly stars: Module["stars"][number][];
  usesCommonJs: boolean;
  usesEsm: boolean;
}

/** Appends an item for `node`. */
export function addItem(draft: ModuleDraft, kind: ItemKind, statement: ts.Statement, node?: ts.Node): Item {
  const item = createItem(draft.items.length, kind, statement, node);
  draft.items.push(item);
  return item;
}
