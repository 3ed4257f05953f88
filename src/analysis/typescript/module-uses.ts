/** Modules that code loads by expressions: `require("./a")`, `import(names[kind])`, `load("./a")` with a `createRequire` of its own. */
import { readdirSync, statSync } from "node:fs";
import path from "node:path";
import { ts } from "ts-morph";
import { constantInitializer, localDeclaration } from "./constant-values.ts";
import type { Facts, ModuleUse } from "./facts.ts";
import { functionOf, unwrap } from "./lookup.ts";
import type { Module } from "./module.ts";
import type { Workspace } from "./workspace.ts";

export interface LoadedModules {
  readonly node: ts.CallExpression;
  /** All that it may be; undefined when that is known only at run time. */
  readonly specifiers: readonly string[] | undefined;
  /** The variable that holds a `require` of the program's own making. */
  readonly through: string | undefined;
}

/** Everything that a piece of code loads. */
export function moduleUsesOf(workspace: Workspace, module: Module, facts: Facts): readonly LoadedModules[] {
  return workspace.remember("module uses", facts, () => findModuleUses(workspace, module, facts));
}

function findModuleUses(workspace: Workspace, module: Module, facts: Facts): readonly LoadedModules[] {
  const own = facts.moduleUses.map((use) => loadedBy(workspace, module, use));
  const made = facts.references.flatMap(({ name, chain, call, use, node }): LoadedModules[] => {
    if (name === "require" || !isMadeRequire(module, name)) return [];
    const isCall = use === "call" && chain.length === 0 && call && ts.isCallExpression(call);
    if (!isCall) return [{ node: node as unknown as ts.CallExpression, specifiers: undefined, through: name }];
    return [{ node: call, specifiers: specifiersOf(workspace, module, call), through: name }];
  });
  return [...own, ...made];
}

function loadedBy(workspace: Workspace, module: Module, { specifier, node }: ModuleUse): LoadedModules {
  const call = node as ts.CallExpression;
  const isRequire = call.expression.kind !== ts.SyntaxKind.ImportKeyword;
  const through = isRequire && isMadeRequire(module, "require") ? "require" : undefined;
  const specifiers = specifier === undefined ? specifiersOf(workspace, module, call) : [specifier];
  return { node: call, specifiers, through };
}

/** `const require = createRequire(import.meta.url)` */
export function isMadeRequire({ bindings }: Module, name: string): boolean {
  const declaration = bindings.get(name)?.declaration;
  return declaration !== undefined && madeRequireCall(declaration) !== undefined;
}

/** The `createRequire(…)` that a variable is. */
export function madeRequireCall(declaration: ts.Node): ts.CallExpression | undefined {
  const value = constantInitializer(declaration);
  const call = value && unwrap(value);
  if (!call || !ts.isCallExpression(call) || !/(?:^|\.)createRequire$/.test(call.expression.getText()))
    return undefined;
  return /^(?:import\.meta\.(?:url|filename)|__filename)$/.test(call.arguments[0]?.getText() ?? "") ? call : undefined;
}

/** A name made of parts; undefined stands for one that is known only at run time. */
type Pattern = readonly (string | undefined)[];

function specifiersOf(workspace: Workspace, module: Module, { arguments: [argument] }: ts.CallExpression) {
  if (!argument) return undefined;
  const patterns = patternsOf(module, argument, 0);
  if (!patterns) return undefined;
  const found = patterns.map((pattern) => expand(workspace, module, pattern));
  return found.includes(undefined) ? undefined : Array.from(new Set(found.flatMap((names) => names ?? []))).toSorted();
}

const MAX_DEPTH = 10;
const MAX_PATTERNS = 1000;

/** Every text that an expression may be; undefined when nothing at all is known of it. */
function patternsOf(module: Module, expression: ts.Expression, depth: number): readonly Pattern[] | undefined {
  if (depth > MAX_DEPTH) return undefined;
  const node = unwrap(expression);
  const inner = (part: ts.Expression): readonly Pattern[] | undefined => patternsOf(module, part, depth + 1);
  if (ts.isStringLiteralLike(node)) return [[node.text]];
  if (ts.isConditionalExpression(node)) return union([inner(node.whenTrue), inner(node.whenFalse)]);
  if (ts.isTemplateExpression(node)) {
    const spans = node.templateSpans.flatMap((span) => [
      inner(span.expression) ?? [[undefined]],
      [[span.literal.text]],
    ]);
    return product([[[node.head.text]], ...spans]);
  }
  if (ts.isBinaryExpression(node)) return ofBinary(node, inner);
  if (ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node))
    return ofTable(module, node.expression, inner);
  if (ts.isCallExpression(node)) return ofCall(module, node, inner);
  return ts.isIdentifier(node) ? ofVariable(module, node, inner) : undefined;
}

type Inner = (part: ts.Expression) => readonly Pattern[] | undefined;

function union(groups: readonly (readonly Pattern[] | undefined)[]): readonly Pattern[] | undefined {
  return groups.length === 0 || groups.includes(undefined) ? undefined : groups.flatMap((group) => group ?? []);
}

function product(groups: readonly (readonly Pattern[])[]): readonly Pattern[] | undefined {
  let all: readonly Pattern[] = [[]];
  for (const group of groups) {
    all = all.flatMap((start) => group.map((end) => [...start, ...end]));
    if (all.length > MAX_PATTERNS) return undefined;
  }
  return all;
}

function ofBinary({ left, right, operatorToken }: ts.BinaryExpression, inner: Inner): readonly Pattern[] | undefined {
  if (operatorToken.kind === ts.SyntaxKind.PlusToken) {
    return product([inner(left) ?? [[undefined]], inner(right) ?? [[undefined]]]);
  }
  const isChoice =
    operatorToken.kind === ts.SyntaxKind.BarBarToken || operatorToken.kind === ts.SyntaxKind.QuestionQuestionToken;
  return isChoice ? union([inner(left), inner(right)]) : undefined;
}

/** `files[kind]`, `files.a`: any value of a constant object or list. */
function ofTable(module: Module, table: ts.Expression, inner: Inner): readonly Pattern[] | undefined {
  const value = literalBehind(module, table);
  if (!value) return undefined;
  if (ts.isArrayLiteralExpression(value)) return union(value.elements.map(inner));
  if (!ts.isObjectLiteralExpression(value)) return undefined;
  return union(
    value.properties.map((property) => (ts.isPropertyAssignment(property) ? inner(property.initializer) : undefined)),
  );
}

/** The literal that a constant holds; `Object.freeze` changes nothing in it. */
function literalBehind(module: Module, expression: ts.Expression): ts.Expression | undefined {
  const node = unwrap(expression);
  if (ts.isCallExpression(node) && node.expression.getText() === "Object.freeze") {
    return node.arguments[0] && literalBehind(module, node.arguments[0]);
  }
  if (!ts.isIdentifier(node)) return node;
  const declaration = localDeclaration(node)?.declaration ?? module.bindings.get(node.text)?.declaration;
  const value = declaration && constantInitializer(declaration);
  return value && !ts.isIdentifier(unwrap(value)) ? literalBehind(module, value) : undefined;
}

/** `files.get(kind)` of a constant map, and functions that return one of several constants. */
function ofCall(module: Module, { expression }: ts.CallExpression, inner: Inner): readonly Pattern[] | undefined {
  const isGet = ts.isPropertyAccessExpression(expression) && expression.name.text === "get";
  if (isGet) return ofMap(literalBehind(module, expression.expression), inner);
  if (!ts.isIdentifier(expression) || localDeclaration(expression)) return undefined;
  const declaration = module.bindings.get(expression.text)?.declaration;
  const body = declaration && functionOf(declaration)?.body;
  if (!body) return undefined;
  return union(ts.isBlock(body) ? returnsIn(body).map((value) => (value ? inner(value) : undefined)) : [inner(body)]);
}

/** `new Map([["a", "./a.js"]])` */
function ofMap(map: ts.Expression | undefined, inner: Inner): readonly Pattern[] | undefined {
  const isMap = map && ts.isNewExpression(map) && map.expression.getText() === "Map";
  const entries = isMap ? map.arguments?.[0] : undefined;
  if (!entries || !ts.isArrayLiteralExpression(entries)) return undefined;
  const values = entries.elements.map((entry) => (ts.isArrayLiteralExpression(entry) ? entry.elements[1] : undefined));
  return union(values.map((value) => (value ? inner(value) : undefined)));
}

function returnsIn(body: ts.Node): readonly (ts.Expression | undefined)[] {
  const found: (ts.Expression | undefined)[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isReturnStatement(node)) found.push(node.expression);
    if (!ts.isFunctionLike(node)) ts.forEachChild(node, visit);
  };
  visit(body);
  return found;
}

/** A constant, the variable of a loop over a constant list, or one to which only constants are assigned. */
function ofVariable(module: Module, node: ts.Identifier, inner: Inner): readonly Pattern[] | undefined {
  const local = localDeclaration(node);
  const declaration = local ? local.declaration : module.bindings.get(node.text)?.declaration;
  if (!declaration || !ts.isVariableDeclaration(declaration)) return undefined;
  const loop = declaration.parent.parent;
  if (ts.isForOfStatement(loop)) return ofTable(module, loop.expression, inner);
  const value = constantInitializer(declaration);
  if (value) return inner(value);
  if (!local) return undefined;
  const assigned = assignmentsIn(local.scope, node.text);
  return union(
    [...(declaration.initializer ? [declaration.initializer] : []), ...assigned].map((one) =>
      one ? inner(one) : undefined,
    ),
  );
}

/** The right sides; undefined for a change of another kind. */
function assignmentsIn(scope: ts.Node, name: string): readonly (ts.Expression | undefined)[] {
  const found: (ts.Expression | undefined)[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isBinaryExpression(node) && ts.isIdentifier(node.left) && node.left.text === name) {
      const kind = node.operatorToken.kind;
      if (kind === ts.SyntaxKind.EqualsToken) found.push(node.right);
      else if (kind > ts.SyntaxKind.EqualsToken && kind <= ts.SyntaxKind.LastAssignment) found.push(undefined);
    }
    ts.forEachChild(node, visit);
  };
  visit(scope);
  return found;
}

/** The names of files that a pattern may mean; undefined when it may mean more than the files of one folder. */
function expand(workspace: Workspace, module: Module, pattern: Pattern): readonly string[] | undefined {
  if (!pattern.includes(undefined)) return [pattern.join("")];
  const [head = ""] = joinTexts(pattern);
  if (head === undefined || !/^\.{1,2}\//.test(head)) return undefined;
  const start = head.slice(0, head.lastIndexOf("/") + 1);
  const shape = pattern.map((part) =>
    part === undefined ? ".*" : part.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`),
  );
  const wanted = new RegExp(`^${shape.join("")}$`, "s");
  const names = filesBelow(path.resolve(path.dirname(module.file), start)).flatMap((file) => spellings(start + file));
  const found = names.filter((name) => wanted.test(name) && isCode(workspace, module, name));
  return found.length === 0 ? undefined : found;
}

/** Neighbouring texts become one. */
function joinTexts(pattern: Pattern): Pattern {
  const end = pattern.indexOf(undefined);
  return [pattern.slice(0, end).join(""), ...pattern.slice(end)];
}

function isCode(workspace: Workspace, module: Module, name: string): boolean {
  const { kind } = workspace.resolve(module, name);
  return kind === "source" || kind === "json";
}

/** How code may name a file: with its ending, with that of what it is compiled to, or without. */
function spellings(file: string): readonly string[] {
  const compiled = file.replace(/\.([cm]?)tsx?$/, ".$1js");
  const bare = file.replace(/\.(?:[cm]?[jt]sx?|json)$/, "");
  return Array.from(new Set([file, compiled, bare, ...(bare.endsWith("/index") ? [bare.slice(0, -6)] : [])]));
}

const MAX_FILES = 1000;

/** Relative to the folder, with `/`; nothing where there are too many to be meant. */
function filesBelow(folder: string): readonly string[] {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return [];
  const found: string[] = [];
  const visit = (inner: string): void => {
    for (const entry of readdirSync(path.join(folder, inner), { withFileTypes: true })) {
      const name = inner === "" ? entry.name : `${inner}/${entry.name}`;
      if (entry.isDirectory() && entry.name !== "node_modules" && !entry.name.startsWith(".")) visit(name);
      else if (entry.isFile()) found.push(name);
      if (found.length > MAX_FILES) return;
    }
  };
  visit("");
  return found.length > MAX_FILES ? [] : found;
}
