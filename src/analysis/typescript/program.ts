/** The files of a program: its entry, what that imports, directly or through others, and the data files that they name. */
import { readdirSync, statSync } from "node:fs";
import path from "node:path";
import { ts } from "ts-morph";
import { constantValue } from "./constant-values.ts";
import { fileReaders } from "./effect-tables.ts";
import { collectFacts } from "./facts.ts";
import { effectsReached } from "./effects.ts";
import { functionOf, unwrap } from "./lookup.ts";
import { lineOf, type Item, type Module } from "./module.ts";
import { effectOf, outsideNameOf } from "./outside-names.ts";
import { assetReadBy, fileOf } from "./own-place.ts";
import { reachFrom } from "./reach.ts";
import { isSourceFile } from "./resolve.ts";
import { sentConstants } from "./sent-constants.ts";
import type { Slice } from "./slice.ts";
import { placeOf } from "./state-changes.ts";
import type { Workspace } from "./workspace.ts";

export interface Program {
  /** The entry first. */
  readonly files: readonly ProgramFile[];
  /** Source files that lie around and may use these, such as tests: they count for what is changed where, and stay. */
  readonly around: readonly ProgramFile[];
  /** Absolute paths: JSON and other files that the sources import or name by constant paths beside them. */
  readonly dataFiles: readonly string[];
  /** Where it writes files, or may. */
  readonly writes: readonly FileWrite[];
}

export interface FileWrite {
  /** `a.ts:3` */
  readonly place: string;
  /** Absolute path; undefined where it is known only at run time. */
  readonly file: string | undefined;
}

export interface ProgramFile {
  readonly module: Module;
  /** As Node loads it. */
  readonly format: "esm" | "cjs";
}

/** Where a program starts, besides its entry, and what lies around it. Absolute paths. */
export interface ProgramPlaces {
  readonly entries: readonly string[];
  readonly around: readonly string[];
}

const alone: ProgramPlaces = { entries: [], around: [] };

/** Reads the entry and everything it needs of the project. Throws what Node throws when the entry cannot be read. */
export function programOf(workspace: Workspace, entry: string, { entries, around }: ProgramPlaces = alone): Program {
  const modules = new Map<string, Module>([[entry, workspace.module(entry)]]);
  const dataFiles = new Set<string>();
  const add = (file: string): void => {
    const module = isSourceFile(file) && !modules.has(file) ? workspace.tryModule(file) : undefined;
    if (module) modules.set(file, module);
    else if (!modules.has(file)) dataFiles.add(file);
  };
  for (const other of entries) add(other);
  // A map's values grow while they are walked.
  for (const module of modules.values()) {
    for (const specifier of specifiersOf(module)) {
      const resolution = workspace.resolve(module, specifier);
      if ("file" in resolution) add(resolution.file);
    }
    for (const file of [...namedFiles(module), ...readFiles(workspace, module)]) add(file);
  }
  const others = modulesAround(workspace, around, modules);
  const asFile = (module: Module): ProgramFile => ({ module, format: formatOf(workspace, module) });
  return {
    files: Array.from(modules.values(), asFile),
    around: others.map(asFile),
    dataFiles: Array.from(dataFiles),
    writes: [...modules.values(), ...others].flatMap((module) => writesOf(workspace, module)),
  };
}

/** Resolving what they import tells the workspace whose variables they may change. */
function modulesAround(
  workspace: Workspace,
  files: readonly string[],
  known: ReadonlyMap<string, Module>,
): readonly Module[] {
  return files.flatMap((file) => {
    const module = isSourceFile(file) && !known.has(file) ? workspace.tryModule(file) : undefined;
    for (const specifier of module ? specifiersOf(module) : []) if (module) workspace.resolve(module, specifier);
    return module ? [module] : [];
  });
}

/** Of types as well: the copy should still type-check. */
function specifiersOf({ text }: Module): readonly string[] {
  return ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName);
}

/** As Node decides, not as a bundler would. */
function formatOf(workspace: Workspace, { file, syntax }: Module): "esm" | "cjs" {
  if (/\.m[jt]s$/i.test(file)) return "esm";
  if (/\.c[jt]s$/i.test(file)) return "cjs";
  const type = workspace.packageType(file);
  if (type !== undefined) return type === "module" ? "esm" : "cjs";
  return syntax ?? "cjs";
}

/** What a text in the source calls by a path relative to the source file, and is there. Too many do no harm. */
function namedFiles({ file, sourceFile }: Module): readonly string[] {
  const folder = path.dirname(file);
  const found = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node)) addFile(path.join(folder, node.text), found);
    else if (ts.isTemplateExpression(node)) addFolder(folder, node.head.text, found);
    else if (ts.isCallExpression(node)) addJoined(folder, node, found);
    ts.forEachChild(node, visit);
  };
  visit(sourceFile);
  return Array.from(found);
}

/** What it reads by constant paths. */
function readFiles(workspace: Workspace, module: Module): readonly string[] {
  const calls = module.items.flatMap(({ facts }) => facts.calls);
  return calls.flatMap((call) => {
    const read = assetReadBy({ workspace, module }, call);
    return read ? filesIn(read.file) : [];
  });
}

function writesOf(workspace: Workspace, module: Module): readonly FileWrite[] {
  const references = module.items.flatMap(({ facts }) => facts.references);
  return references.flatMap((reference) => {
    const name = outsideNameOf(workspace, module, reference);
    const effect = name && effectOf(name, reference);
    // Another program may do anything.
    const isWrite = effect === "files" ? !fileReaders.has(name?.path.at(-1) ?? "") : effect === "child-process";
    if (!isWrite) return [];
    const [first] = effect === "files" ? (reference.call?.arguments ?? []) : [];
    const file = first && fileOf(constantValue({ workspace, module }, first));
    return [{ place: placeOf(module, reference.node), file }];
  });
}

/** The file itself, or all files of a folder. */
function filesIn(place: string): readonly string[] {
  const about = statSync(place, { throwIfNoEntry: false });
  if (!about?.isDirectory()) return about ? [place] : [];
  return readdirSync(place).flatMap((name) => filesIn(path.join(place, name)));
}

function addFile(file: string, found: Set<string>): void {
  // Longer than any file system takes.
  const isName = file.length < 1000 && path.basename(file).length <= 255 && !file.includes("\0");
  if (isName && isFileAt(file)) found.add(file);
}

/** Any text may be asked about: what is no path is no file. */
function isFileAt(file: string): boolean {
  try {
    return statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
  } catch {
    return false;
  }
}

/** `./plugins/${name}.mjs`: any file of that folder. */
function addFolder(folder: string, head: string, found: Set<string>): void {
  if (!/^\.{1,2}\/[^\0]*\/$/.test(head)) return;
  const place = path.join(folder, head);
  if (!statSync(place, { throwIfNoEntry: false })?.isDirectory()) return;
  for (const name of readdirSync(place)) addFile(path.join(place, name), found);
}

/** `path.join(__dirname, "data", "rates.json")`. */
function addJoined(folder: string, { arguments: [first, ...rest] }: ts.CallExpression, found: Set<string>): void {
  if (!first || rest.length === 0 || !/^(?:__dirname|import\.meta\.dirname)$/.test(first.getText())) return;
  const parts = rest.map((part) => (ts.isStringLiteralLike(part) ? part.text : undefined));
  if (parts.every((part) => part !== undefined)) addFile(path.join(folder, ...parts), found);
}

/** Something that a unit does when it is loaded, and that gives another result there than it gave the program. */
export interface LoadEffect {
  /** The variable or class; undefined for a statement. */
  readonly name: string | undefined;
  /** As written: `Date.now`. */
  readonly text: string;
  /** In the file of the variable. */
  readonly line: number;
}

const unlikeHere: ReadonlySet<string> = new Set([
  "environment",
  "files",
  "network",
  "process",
  "random",
  "time",
  "timers",
]);

/** The first such part of a slice: `const started = Date.now()` would be another moment in each sandbox. */
export function loadEffectOf(workspace: Workspace, { files }: Slice): LoadEffect | undefined {
  for (const { module, keep } of files) {
    for (const item of keep) {
      const found = loadEffectOfItem(workspace, module, item);
      if (found) return found;
    }
  }
  return undefined;
}

/** `const base = await new Promise((resolve) => setTimeout(resolve, 5, 1))`: what is waited for is the same each time. */
function isWaitedFor(node: ts.Node): boolean {
  return ts.isVariableDeclaration(node) && node.initializer !== undefined && ts.isAwaitExpression(node.initializer);
}

/** Also `exports.now = () => Date.now()`: nothing of it runs when the file is loaded. */
function isFunction(node: ts.Node): boolean {
  if (ts.isFunctionDeclaration(node) || functionOf(node)) return true;
  if (!ts.isExpressionStatement(node) || !ts.isBinaryExpression(node.expression)) return false;
  const { operatorToken, right } = node.expression;
  return operatorToken.kind === ts.SyntaxKind.EqualsToken && functionOf(unwrap(right)) !== undefined;
}

function loadEffectOfItem(workspace: Workspace, module: Module, item: Item): LoadEffect | undefined {
  const { node, kind } = item;
  if (kind === "type" || kind === "import" || isFunction(node)) return undefined;
  if (sentConstants(workspace, module, item).length > 0) return undefined;
  const isStatement = kind === "effect";
  const facts = collectFacts(node);
  const references = facts.references.filter(({ deferred }) => !deferred);
  if (references.length === 0) return undefined;
  const now = { ...facts, references };
  const { uses } = effectsReached(workspace, { module, facts: now }, reachFrom(workspace, { module, facts: now }));
  // Variables of the environment that a statement sets travel with each call.
  const use = uses.find(
    ({ effect, access }) =>
      unlikeHere.has(effect) && !(isStatement && access === "write") && !(effect === "timers" && isWaitedFor(node)),
  );
  if (!use) return undefined;
  const name = "name" in node && node.name ? (node.name as ts.Node).getText() : undefined;
  return { name, text: use.what, line: lineOf(node) };
}
