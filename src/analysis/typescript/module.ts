/**
 * One source file, cut into items: the smallest pieces of its top level that can be kept or left out
 * (a statement, one variable of a list, one imported or exported name).
 */
import { ts } from "ts-morph";
import { collectFacts, noFacts, type Facts, type Reference } from "./facts.ts";

export type ItemKind =
  /** Declares functions, classes, variables, enums. */
  | "declaration"
  /** Binds names of another module, by `import` or a top-level `require`. */
  | "import"
  /** `import "x"`: everything in that file runs. */
  | "bare-import"
  /** Makes names visible to other modules: `export { a }`, `export * from`, `exports.a = …`. */
  | "export"
  /** Runs: an expression, a loop, an `if`. */
  | "effect"
  /** Erased when run: interfaces, type aliases, `declare`. */
  | "type";

export interface Item {
  readonly index: number;
  readonly kind: ItemKind;
  readonly statement: ts.Statement;
  /** What is kept or left out: the statement, or an element of it. */
  readonly node: ts.Node;
  readonly facts: Facts;
  /** {@link facts}' references, one for each different thing that they may lead to. */
  readonly uses: readonly Reference[];
}

/** A name at the top level of a module. */
export interface Binding {
  readonly name: string;
  readonly kind: "const" | "let" | "function" | "class" | "enum" | "import";
  /** More than one for overloads and merged declarations. */
  readonly items: Item[];
  /** The identifier that declares it. */
  readonly node: ts.Identifier;
  /** The variable, function, class, … declared; for imports the specifier or declaration. */
  readonly declaration: ts.Node;
  readonly imported?: ImportedName;
}

export interface ImportedName {
  readonly specifier: string;
  /** `*` for the whole module, `default`, or a name. */
  readonly name: string;
  /** Bound by `require`: the name is a property of `module.exports`. */
  readonly byRequire: boolean;
}

/** What an exported name stands for. */
export interface ExportEntry {
  /** What must be kept for it to be exported. */
  readonly items: readonly Item[];
  /** The binding behind it, where it is one of the same module. */
  readonly local?: string;
  readonly from?: ImportedName;
  /** The exported expression, where it is no binding. */
  readonly expression?: ts.Expression;
}

export interface Module {
  readonly file: string;
  readonly text: string;
  readonly sourceFile: ts.SourceFile;
  readonly items: readonly Item[];
  readonly bindings: ReadonlyMap<string, Binding>;
  /** By exported name. CommonJS: properties of `module.exports`; `default` is `module.exports` itself. */
  readonly exports: ReadonlyMap<string, ExportEntry>;
  /** `export * from "x"`. */
  readonly stars: readonly { readonly item: Item; readonly specifier: string }[];
  readonly syntaxErrors: readonly { readonly message: string; readonly line: number }[];
  /** What its own syntax says; undefined when it says nothing. */
  readonly syntax: "esm" | "cjs" | undefined;
}

/** Line of a node's first character, from 1. */
export function lineOf(node: ts.Node): number {
  const sourceFile = node.getSourceFile();
  return sourceFile.getLineAndCharacterOfPosition(node.getStart(sourceFile)).line + 1;
}

/** Names a variable of any file. */
export function keyOf(module: Module, name: string): string {
  return `${module.file}#${name}`;
}

const bindingTables = new WeakMap<Module, ReadonlyMap<object, readonly Binding[]>>();

/** The names that an item declares. */
export function bindingsOf(module: Module): ReadonlyMap<object, readonly Binding[]> {
  const known = bindingTables.get(module);
  if (known) return known;
  const table = new Map<object, Binding[]>();
  for (const binding of module.bindings.values()) {
    for (const item of binding.items) table.set(item, [...(table.get(item) ?? []), binding]);
  }
  bindingTables.set(module, table);
  return table;
}

/** An item whose facts are collected when first asked for. */
export function createItem(index: number, kind: ItemKind, statement: ts.Statement, node: ts.Node = statement): Item {
  let facts: Facts | undefined;
  let uses: Reference[] | undefined;
  return {
    index,
    kind,
    statement,
    node,
    get facts() {
      return (facts ??= hasFacts(kind, node) ? collectFacts(node) : noFacts());
    },
    get uses() {
      return (uses ??= distinctUses(this.facts));
    },
  };
}

/** Where a name leads to depends on the name and on the first two properties behind it. */
export function distinctUses({ references }: Facts): Reference[] {
  const uses = new Map<string, Reference>();
  for (const reference of references) {
    const key = `${reference.name}.${reference.chain[0] ?? ""}.${reference.chain[1] ?? ""}`;
    if (!uses.has(key)) uses.set(key, reference);
  }
  return Array.from(uses.values());
}

/** Imports, re-exports and types only name things; what they name is in the module's tables. */
function hasFacts(kind: ItemKind, node: ts.Node): boolean {
  if (kind === "type" || kind === "import" || kind === "bare-import") return false;
  return !ts.isExportSpecifier(node) && !ts.isExportDeclaration(node);
}
