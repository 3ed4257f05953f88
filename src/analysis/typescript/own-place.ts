/**
 * Code that asks for its own place on disk. To read a file beside it by a constant path is fine: the file travels
 * along. Whatever else it does with its place would be another thing where it runs.
 */
import { statSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { ts } from "ts-morph";
import type { PlaceRewrite } from "../../core/unit.ts";
import {
  constantInitializer,
  constantValue,
  isResolve,
  localDeclaration,
  outsideCallee,
  type CodePlace,
  type ConstantValue,
} from "./constant-values.ts";
import type { Facts, Reference } from "./facts.ts";
import { declarationBehind } from "./lookup.ts";

/** A file or folder that code reads by a constant path. */
export interface AssetRead {
  /** Absolute path. */
  readonly file: string;
  readonly call: ts.CallExpression;
}

/** Readers of one file, of one folder's names, and askers whether something is there. */
const fileReaders =
  /^(?:readFile|readFileSync|createReadStream|openAsBlob|readJson|readJSON|readJsonSync|readJSONSync)$/;
const folderReaders = /^(?:readdir|readdirSync)$/;
const askers = /^(?:exists|existsSync|access|accessSync|pathExists|pathExistsSync)$/;
const fileModules = /^(?:node:fs|node:fs\/promises|fs-extra|graceful-fs)$/;

/** What a call reads, if it only reads, and always the same. */
export function assetReadBy(place: CodePlace, call: ts.CallExpression | ts.NewExpression): AssetRead | undefined {
  if (!ts.isCallExpression(call)) return undefined;
  const [first, options] = call.arguments;
  const callee = outsideCallee(place, call);
  const split = callee?.lastIndexOf(".") ?? -1;
  if (!first || callee === undefined || !fileModules.test(callee.slice(0, split))) return undefined;
  const method = callee.slice(split + 1);
  const file = isReading(method, options) ? fileOf(constantValue(place, first)) : undefined;
  // Whether something is missing cannot be packed.
  const isMissing = file !== undefined && askers.test(method) && !statSync(file, { throwIfNoEntry: false });
  return file === undefined || isMissing ? undefined : { file, call };
}

/** What names a file to Node: a path, or a URL object. */
export function fileOf(value: ConstantValue | undefined): string | undefined {
  if (value?.kind === "url") return fileURLToPath(value.text);
  return value?.kind === "path" ? path.resolve(value.text) : undefined;
}

function isReading(method: string, options: ts.Expression | undefined): boolean {
  const text = options?.getText() ?? "";
  // `r+` and `w` write; what a folder's entries say of their parents is another path.
  if (folderReaders.test(method)) return !/withFileTypes/.test(text);
  return (fileReaders.test(method) && !/\bflags?\b/.test(text)) || askers.test(method);
}

/** One mention of the code's own place. */
export interface PlaceUse {
  readonly node: ts.Node;
  /** Undefined where it leads to more than files that travel along. */
  readonly rewrite: Omit<PlaceRewrite, "offset" | "length"> | "none" | undefined;
}

/** Every mention of the code's own place in a piece of code. */
export function placeUses(place: CodePlace, facts: Facts): readonly PlaceUse[] {
  return place.workspace.remember("place uses", facts, () => findPlaceUses(place, facts));
}

function findPlaceUses(place: CodePlace, facts: Facts): readonly PlaceUse[] {
  const ofMeta = facts.metaNodes.map((node) => useOf(place, node, node.parent));
  return [...ofMeta, ...facts.references.flatMap((reference) => ofReference(place, reference))];
}

function ofReference(place: CodePlace, { name, chain, node }: Reference): readonly PlaceUse[] {
  const { bindings } = place.module;
  if (name === "require" && chain[0] === "resolve" && ts.isPropertyAccessExpression(node.parent)) {
    return isResolve(place.module, node.parent) ? [useOf(place, node, node.parent)] : [];
  }
  const kind = bindings.get(name)?.kind;
  if (kind === undefined) return /^__(?:dir|file)name$/.test(name) ? [useOf(place, node, node)] : [];
  const isPlace = (kind === "const" || kind === "import") && holdsPlace(place, name);
  return isPlace ? [{ node, rewrite: isHarmless(place, node) ? "none" : undefined }] : [];
}

/** `const here = path.dirname(fileURLToPath(import.meta.url))` */
function holdsPlace({ workspace, module }: CodePlace, name: string): boolean {
  const declared = declarationBehind(workspace, module, { name, chain: [] });
  const value = declared && constantInitializer(declared.binding.declaration);
  const known = value && constantValue({ workspace, module: declared.module }, value);
  return known !== undefined && known.kind !== "text";
}

const kinds: Readonly<Record<string, PlaceRewrite["kind"]>> = {
  url: "url",
  dirname: "folder",
  filename: "file",
  __dirname: "folder",
  __filename: "file",
};

/** @param start - the expression that means the place */
function useOf(place: CodePlace, node: ts.Node, start: ts.Node): PlaceUse {
  if (isForRequire(node)) return { node, rewrite: "none" };
  if (ts.isPropertyAccessExpression(start) && start.name.text === "resolve") return useOfResolve(place, start);
  const name = ts.isPropertyAccessExpression(start) ? start.name.text : start.getText();
  const kind = ts.isShorthandPropertyAssignment(start.parent) ? undefined : kinds[name];
  return { node: start, rewrite: kind && isHarmless(place, start) ? { kind } : undefined };
}

/** `import.meta.resolve("./x")`, `require.resolve("./x")` */
function useOfResolve(place: CodePlace, node: ts.PropertyAccessExpression): PlaceUse {
  const kind = ts.isMetaProperty(node.expression) ? "resolvedUrl" : "resolvedPath";
  const call = node.parent;
  const isCall = ts.isCallExpression(call) && call.expression === node && constantValue(place, call) !== undefined;
  return { node, rewrite: isCall && isHarmless(place, call) ? { kind } : undefined };
}

/** `createRequire(import.meta.url)` asks for modules, which the unit brings along. */
function isForRequire(node: ts.Node): boolean {
  const { parent } = ts.isMetaProperty(node) ? node.parent : node;
  return ts.isCallExpression(parent) && /(?:^|\.)createRequire$/.test(parent.expression.getText());
}

/** Does everything that becomes of the expression end in reading what travels along? */
function isHarmless(place: CodePlace, start: ts.Node, depth = 0): boolean {
  const whole = wholeConstant(place, start);
  const { parent } = whole;
  if (ts.isCallExpression(parent) && parent.arguments[0] === whole) return assetReadBy(place, parent) !== undefined;
  if (!ts.isVariableDeclaration(parent) || parent.initializer !== whole || depth > 10) return false;
  if (!constantInitializer(parent) || !ts.isIdentifier(parent.name)) return false;
  const local = localDeclaration(parent.name);
  // What others do with a constant of the file is seen where they do it.
  return local ? usesOf(local.scope, parent.name).every((use) => isHarmless(place, use, depth + 1)) : true;
}

/** The largest expression around it that is constant as well. */
function wholeConstant(place: CodePlace, start: ts.Node): ts.Node {
  let current = start;
  for (;;) {
    const outer = ts.isTemplateSpan(current.parent) ? current.parent.parent : current.parent;
    if (!ts.isExpression(outer) || !constantValue(place, outer)) return current;
    current = outer;
  }
}

/** Every mention of a local name but its declaration. */
function usesOf(scope: ts.Node, name: ts.Identifier): readonly ts.Identifier[] {
  const found: ts.Identifier[] = [];
  const visit = (node: ts.Node): void => {
    const isUse = ts.isIdentifier(node) && node.text === name.text && node !== name && !isPropertyName(node);
    if (isUse && localDeclaration(node)?.scope === scope) found.push(node);
    ts.forEachChild(node, visit);
  };
  visit(scope);
  return found;
}

function isPropertyName(node: ts.Identifier): boolean {
  const { parent } = node;
  return (
    (ts.isPropertyAccessExpression(parent) && parent.name === node) ||
    (ts.isPropertyAssignment(parent) && parent.name === node)
  );
}
