/** Everything that a piece of code needs to run: the items it reaches, through all files of the project. */
import type { ResolvedImport } from "../../core/unit.ts";
import type { ts } from "ts-morph";
import { bareSpecifier } from "./common-js.ts";
import type { Facts, Reference } from "./facts.ts";
import { changedByLoading, EXPORTS, globalNameOf, GLOBALS, keyOfGlobal, loadingItems } from "./load-changes.ts";
import {
  bindingsOf,
  distinctUses,
  keyOf,
  lineOf,
  type Binding,
  type ExportEntry,
  type ImportedName,
  type Item,
  type Module,
} from "./module.ts";
import { moduleUsesOf } from "./module-uses.ts";
import { statementsTouching, withoutProgram } from "./touches.ts";
import type { Resolution } from "./resolve.ts";
import type { Workspace } from "./workspace.ts";

/** How the function gets to something. */
export interface Origin {
  /** In the function's own file, from 1. */
  readonly line: number;
  /** Names passed on the way, the function's own excluded. */
  readonly path: readonly string[];
}

export interface ReachedItem {
  readonly module: Module;
  readonly item: Item;
  readonly origin: Origin;
}

export interface UnresolvedImport {
  readonly module: Module;
  readonly specifier: string;
  /** In `module`, from 1. */
  readonly line: number;
  readonly origin: Origin;
}

export interface Reach {
  readonly items: readonly ReachedItem[];
  readonly packages: ReadonlySet<string>;
  readonly jsonFiles: ReadonlySet<string>;
  readonly unresolved: readonly UnresolvedImport[];
  /** Imports of the project's own files by names that are no paths. */
  readonly imports: readonly ResolvedImport[];
  /** Imports of files that are neither code nor data that JavaScript knows. */
  readonly foreignFiles: readonly UnresolvedImport[];
}

export interface ReachRoot {
  readonly module: Module;
  readonly facts: Facts;
  /** Item that holds the code: kept as a whole. Left out to learn what the code alone reaches. */
  readonly item?: Item;
  /** Name of what is asked for in its module: statements that it needs stay. */
  readonly name?: string;
  /** Statements that call this are the program, not its preparation; left out: what {@link name} names. */
  readonly called?: { readonly module: Module; readonly name: string | undefined };
  /** Keep the function exported under this name. */
  readonly exportName?: string;
}

interface Step {
  readonly module: Module;
  /** Undefined until the first reference in the function's own code is followed. */
  readonly origin: Origin | undefined;
}

/** Follows every reference of the root, transitively. Never throws. */
export function reachFrom(workspace: Workspace, root: ReachRoot): Reach {
  const walk = new ReachWalk(workspace, root);
  walk.run();
  return walk;
}

/** Globals lead nowhere. */
function isForeign({ bindings }: Module, name: string): boolean {
  return !bindings.has(name) && name !== "exports" && name !== "module";
}

class ReachWalk implements Reach {
  readonly items: ReachedItem[] = [];
  readonly packages = new Set<string>();
  readonly jsonFiles = new Set<string>();
  readonly unresolved: UnresolvedImport[] = [];
  readonly imports: ResolvedImport[] = [];
  readonly foreignFiles: UnresolvedImport[] = [];
  readonly #workspace: Workspace;
  readonly #root: ReachRoot;
  readonly #seen = new Set<Item>();
  readonly #modules = new Set<Module>();
  readonly #exportsSeen = new Set<string>();
  readonly #globals = new Map<string, Origin>();

  constructor(workspace: Workspace, root: ReachRoot) {
    this.#workspace = workspace;
    this.#root = root;
  }

  run(): void {
    const { module, facts, item, exportName, name } = this.#root;
    const start: Step = { module, origin: undefined };
    this.#enterModule(start, lineOf(module.sourceFile));
    this.#followFacts(start, facts, distinctUses(facts));
    const origin: Origin = { line: item ? lineOf(item.node) : 1, path: [] };
    if (item) this.#add({ module, origin }, item, name === undefined ? [] : [name]);
    if (exportName !== undefined) this.#followExport({ module, origin }, exportName);
    let index = 0;
    do {
      for (; index < this.items.length; index += 1) {
        const reached = this.items[index];
        if (reached) this.#followFacts(reached, reached.item.facts, reached.item.uses);
      }
    } while (this.#addSetup());
  }

  /**
   * What files reached do while loading to globals, and to variables of other files, that are reached. Returns false
   * for nothing new.
   */
  #addSetup(): boolean {
    if (this.#modules.size < 2 && this.#globals.size === 0) return false;
    const before = this.items.length;
    const origins = new Map(this.#globals);
    for (const { module, item, origin } of this.items) {
      for (const { name } of bindingsOf(module).get(item) ?? []) origins.set(keyOf(module, name), origin);
    }
    for (const module of this.#modules) {
      const setup = (key: string): boolean => origins.has(key) && !key.startsWith(`${module.file}#`);
      for (const item of this.#loadingItems(module)) {
        const key = Array.from(changedByLoading(this.#workspace, module, item)).find(setup);
        const origin = key === undefined ? undefined : origins.get(key);
        if (origin && !this.#seen.has(item)) this.#add({ module, origin }, item, []);
      }
    }
    return this.items.length > before;
  }

  /** Without the program that calls the function itself. */
  #loadingItems(module: Module): readonly Item[] {
    return withoutProgram(this.#workspace, module, loadingItems(this.#workspace, module), this.#calledIn(module));
  }

  #calledIn(module: Module): string | undefined {
    const { called = this.#root } = this.#root;
    return module === called.module ? called.name : undefined;
  }

  /** Keeps what changes globals or exports while loading; exports that the module's table has are known one by one. */
  #addLoading(step: Step, what: string): void {
    for (const item of this.#loadingItems(step.module)) {
      if (what === EXPORTS && item.kind !== "effect") continue;
      if (changedByLoading(this.#workspace, step.module, item).has(what)) this.#add(step, item, []);
    }
  }

  #add(step: Step, item: Item, names: readonly string[]): void {
    const origin = step.origin ?? { line: lineOf(item.node), path: [] };
    if (!this.#seen.has(item)) {
      this.#seen.add(item);
      this.items.push({ module: step.module, item, origin });
      this.#enterModule(step, origin.line);
    }
    for (const name of names) {
      const rootName = this.#calledIn(step.module);
      for (const statement of statementsTouching(this.#workspace, { module: step.module, name, rootName })) {
        if (!this.#seen.has(statement)) this.#add({ module: step.module, origin }, statement, []);
      }
    }
  }

  /** What a module imports for its effects alone runs whenever the module is loaded. */
  #enterModule({ module, origin }: Step, line: number): void {
    if (this.#modules.has(module)) return;
    this.#modules.add(module);
    const reason = origin ?? { line, path: [] };
    this.#addLoading({ module, origin: reason }, GLOBALS);
    const imports = this.#workspace.remember("bare imports", module, () =>
      module.items.filter(({ kind }) => kind === "bare-import"),
    );
    for (const item of imports) this.#followBareImport({ module, origin: reason }, item);
  }

  #followBareImport(step: Step, item: Item): void {
    const { statement } = item;
    const specifier = bareSpecifier(statement);
    if (specifier === undefined) return;
    const target = this.#resolve(step, specifier, statement);
    if (target === "asset") return;
    this.#add(step, item, []);
    if (typeof target === "string") return;
    for (const inner of target.items) this.#add({ ...step, module: target }, inner, []);
    for (const { imported, items } of target.bindings.values()) {
      if (imported && items[0])
        this.#followImport({ ...step, module: target }, imported, { chain: [], node: items[0].node });
    }
  }

  #followFacts(step: Step, facts: Facts, uses: readonly Reference[]): void {
    for (const reference of uses) {
      if (isForeign(step.module, reference.name)) {
        this.#globals.set(
          keyOfGlobal(globalNameOf(reference)),
          step.origin ?? { line: lineOf(reference.node), path: [] },
        );
        continue;
      }
      const origin = step.origin ?? { line: lineOf(reference.node), path: [] };
      this.#followReference({ ...step, origin }, reference);
    }
    if (facts.moduleUses.length === 0 && facts.references.length === 0) return;
    for (const { specifiers = [], node } of moduleUsesOf(this.#workspace, step.module, facts)) {
      const origin = step.origin ?? { line: lineOf(node), path: [] };
      for (const specifier of specifiers) {
        const target = this.#resolve({ ...step, origin }, specifier, node);
        if (typeof target !== "string") this.#followExport({ module: target, origin }, "*");
      }
    }
  }

  #followReference(step: Step & { origin: Origin }, { name, chain }: Reference): void {
    const binding = step.module.bindings.get(name);
    if (binding) {
      this.#followBinding(step, binding, { chain });
      return;
    }
    const exported = name === "exports" ? chain[0] : name === "module" && chain[0] === "exports" ? chain[1] : undefined;
    if (exported !== undefined && step.module.syntax === "cjs") this.#followExport(step, exported);
  }

  #followBinding(
    step: Step & { origin: Origin },
    { name, items, imported }: Binding,
    use: { chain: readonly string[] },
  ): void {
    const origin = { line: step.origin.line, path: [...step.origin.path, name] };
    for (const item of items) this.#add({ ...step, origin }, item, [name]);
    const [first] = items;
    if (imported && first) this.#followImport({ ...step, origin }, imported, { ...use, node: first.node });
  }

  #followImport(
    step: Step,
    { specifier, name, byRequire }: ImportedName,
    { chain, node }: { chain: readonly string[]; node: Item["node"] },
  ): void {
    const target = this.#resolve(step, specifier, node);
    if (typeof target === "string") return;
    const isWhole = name === "*" || (name === "default" && target.syntax === "cjs" && !byRequire);
    const property = isWhole ? chain[0] : name;
    const known = property !== undefined && (target.exports.has(property) || (!byRequire && target.stars.length > 0));
    this.#followExport({ ...step, module: target }, isWhole && !known ? "*" : (property ?? "*"));
  }

  #followExport(step: Step, name: string): boolean {
    const { module, origin } = step;
    const key = `${module.file}\0${name}`;
    if (this.#exportsSeen.has(key)) return true;
    this.#exportsSeen.add(key);
    this.#enterModule(step, origin?.line ?? 1);
    if (module.syntax === "cjs") this.#addLoading({ module, origin: origin ?? { line: 1, path: [] } }, EXPORTS);
    if (name === "*") {
      for (const exported of module.exports.keys()) this.#followExport(step, exported);
      this.#followStars(step, "*");
      return true;
    }
    const entry = module.exports.get(name);
    if (!entry) return this.#followStars(step, name) || this.#followWholeCommonJs(step, name);
    this.#followEntry({ module, origin: origin ?? { line: 1, path: [] } }, entry);
    return true;
  }

  #followEntry(step: Step & { origin: Origin }, { items, local, from }: ExportEntry): void {
    for (const item of items) this.#add(step, item, []);
    const binding = local === undefined ? undefined : step.module.bindings.get(local);
    const [first] = items;
    if (binding) this.#followBinding(step, binding, { chain: [] });
    if (from && first) this.#followImport(step, from, { chain: [], node: first.node });
  }

  /** `module.exports = { ...parts }`: which properties it has is known only at run time. */
  #followWholeCommonJs(step: Step, name: string): boolean {
    if (step.module.syntax !== "cjs" || name === "default") return false;
    return this.#followExport(step, "default");
  }

  #followStars(step: Step, name: string): boolean {
    let isFound = false;
    for (const { item, specifier } of step.module.stars) {
      const target = this.#resolve(step, specifier, item.node);
      if (typeof target === "string") {
        if (target === "external") this.#add(step, item, []);
      } else if (this.#followExport({ ...step, module: target }, name)) {
        this.#add(step, item, []);
        isFound = true;
        if (name !== "*") break;
      }
    }
    return isFound;
  }

  /** The module behind a specifier when it is source of the project; otherwise notes what it is. */
  #resolve(step: Step, specifier: string, node: Item["node"]): Module | "external" | "asset" {
    const resolution = this.#workspace.resolve(step.module, specifier);
    this.#noteImport(step.module, specifier, resolution);
    if (resolution.kind === "source") {
      const target = this.#workspace.tryModule(resolution.file);
      if (target) return target;
    }
    if (resolution.kind === "package") this.packages.add(resolution.name);
    if (resolution.kind === "json") this.jsonFiles.add(resolution.file);
    if (resolution.kind === "unresolved" || resolution.kind === "source")
      noteOnce(this.unresolved, step, specifier, node);
    if (resolution.kind !== "asset") return "external";
    if (!isBare(node) && !resolution.file.endsWith(".txt")) noteOnce(this.foreignFiles, step, specifier, node);
    return "asset";
  }

  /** A bundler might find another file, or none: how names are written is no matter of paths. */
  #noteImport({ file: from }: Module, specifier: string, resolution: Resolution): void {
    if (resolution.kind !== "source" && resolution.kind !== "json") return;
    if (/^\.{1,2}(?:\/|$)/.test(specifier) || specifier.startsWith("/")) return;
    const isNoted = this.imports.some((other) => other.from === from && other.specifier === specifier);
    if (!isNoted) this.imports.push({ specifier, from, file: resolution.file });
  }
}

/** `import "./style.css"`: nothing of it is used. */
function isBare(node: Item["node"]): boolean {
  return bareSpecifier(node as ts.Statement) !== undefined;
}

function noteOnce(list: UnresolvedImport[], { module, origin }: Step, specifier: string, node: Item["node"]): void {
  if (list.some((other) => other.module === module && other.specifier === specifier)) return;
  const line = lineOf(node);
  list.push({ module, specifier, line, origin: origin ?? { line, path: [] } });
}
