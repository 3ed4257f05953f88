/** Texts and paths that the code gives as constants: `path.join(__dirname, "data", "rates.json")`. */
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { ts } from "ts-morph";
import { declarationBehind, unwrap } from "./lookup.ts";
import type { Module } from "./module.ts";
import { outsideNameOf } from "./outside-names.ts";
import { namesDeclaredBy } from "./scopes.ts";
import type { Workspace } from "./workspace.ts";

export interface CodePlace {
  readonly workspace: Workspace;
  readonly module: Module;
}

/** `href`: the text of an address, as `import.meta.url` is; `url`: an instance of `URL`. */
export type ConstantValue =
  | { readonly kind: "text" | "path"; readonly text: string }
  | { readonly kind: "href" | "url"; readonly text: string };

/** Longer chains of constants than anybody writes. */
const MAX_DEPTH = 20;

/** What an expression is in every run; paths are absolute. Undefined where that is not known. */
export function constantValue(place: CodePlace, expression: ts.Expression, depth = 0): ConstantValue | undefined {
  if (depth > MAX_DEPTH) return undefined;
  const node = unwrap(expression);
  const inner = (part: ts.Expression): ConstantValue | undefined => constantValue(place, part, depth + 1);
  if (ts.isStringLiteralLike(node)) return { kind: "text", text: node.text };
  if (ts.isIdentifier(node)) return ofIdentifier(place, node, depth);
  if (ts.isPropertyAccessExpression(node)) return ofMeta(place, node) ?? ofUrlProperty(node, inner);
  if (ts.isNewExpression(node)) return ofNewUrl(place, node, inner);
  if (ts.isCallExpression(node)) return ofCall(place, node, inner);
  if (ts.isTemplateExpression(node)) {
    const parts = node.templateSpans.flatMap(({ expression: part, literal }) => [inner(part), textOf(literal.text)]);
    return joined([textOf(node.head.text), ...parts]);
  }
  const isSum = ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken;
  return isSum ? joined([inner(node.left), inner(node.right)]) : undefined;
}

function textOf(text: string): ConstantValue {
  return { kind: "text", text };
}

/** `__dirname + "/data"`, `${here}/data`: what begins with a path is one. */
function joined(parts: readonly (ConstantValue | undefined)[]): ConstantValue | undefined {
  const known = parts.filter((part) => part !== undefined && part.text !== "") as ConstantValue[];
  const [first, ...rest] = known;
  if (parts.includes(undefined) || rest.some(({ kind }) => kind !== "text")) return undefined;
  if (!first || first.kind === "url") return first;
  return { kind: first.kind, text: known.map(({ text }) => text).join("") };
}

function ofIdentifier(place: CodePlace, node: ts.Identifier, depth: number): ConstantValue | undefined {
  const local = localDeclaration(node);
  if (local) return ofConstant(place, local.declaration, depth);
  const { workspace, module } = place;
  if (!module.bindings.has(node.text)) {
    if (node.text === "__filename") return { kind: "path", text: module.file };
    return node.text === "__dirname" ? { kind: "path", text: path.dirname(module.file) } : undefined;
  }
  const declared = declarationBehind(workspace, module, { name: node.text, chain: [] });
  return declared && ofConstant({ workspace, module: declared.module }, declared.binding.declaration, depth);
}

function ofConstant(place: CodePlace, declaration: ts.Node | undefined, depth: number): ConstantValue | undefined {
  const value = declaration && constantInitializer(declaration);
  return value && constantValue(place, value, depth + 1);
}

/** Of `const name = …`. */
export function constantInitializer(declaration: ts.Node): ts.Expression | undefined {
  if (!ts.isVariableDeclaration(declaration) || !ts.isIdentifier(declaration.name)) return undefined;
  const { parent } = declaration;
  const isConstant = ts.isVariableDeclarationList(parent) && (parent.flags & ts.NodeFlags.Const) !== 0;
  return isConstant ? declaration.initializer : undefined;
}

export interface LocalDeclaration {
  /** The block, loop or function that the name belongs to. */
  readonly scope: ts.Node;
  /** The variable; undefined for a parameter and the like. */
  readonly declaration: ts.VariableDeclaration | undefined;
}

/** Where a name is declared inside functions and blocks; undefined for names of the file and globals. */
export function localDeclaration(node: ts.Identifier): LocalDeclaration | undefined {
  for (let scope: ts.Node = node.parent; !ts.isSourceFile(scope); scope = scope.parent) {
    if (namesDeclaredBy(scope).has(node.text)) return { scope, declaration: variableIn(scope, node.text) };
  }
  return undefined;
}

function variableIn(scope: ts.Node, name: string): ts.VariableDeclaration | undefined {
  const isLoop = ts.isForStatement(scope) || ts.isForOfStatement(scope) || ts.isForInStatement(scope);
  const lists = isLoop
    ? [scope.initializer].filter((list) => list !== undefined && ts.isVariableDeclarationList(list))
    : "statements" in scope
      ? (scope.statements as ts.NodeArray<ts.Statement>)
          .filter((statement) => ts.isVariableStatement(statement))
          .map(({ declarationList }) => declarationList)
      : [];
  const all = lists.flatMap((list) => (ts.isVariableDeclarationList(list) ? Array.from(list.declarations) : []));
  return all.find(({ name: declared }) => ts.isIdentifier(declared) && declared.text === name);
}

/** `import.meta.url` and its like. */
function ofMeta({ module }: CodePlace, { expression, name }: ts.PropertyAccessExpression): ConstantValue | undefined {
  if (!ts.isMetaProperty(expression) || expression.keywordToken !== ts.SyntaxKind.ImportKeyword) return undefined;
  if (name.text === "url") return { kind: "href", text: pathToFileURL(module.file).href };
  if (name.text === "filename") return { kind: "path", text: module.file };
  return name.text === "dirname" ? { kind: "path", text: path.dirname(module.file) } : undefined;
}

type Inner = (part: ts.Expression) => ConstantValue | undefined;

function ofUrlProperty({ expression, name }: ts.PropertyAccessExpression, inner: Inner): ConstantValue | undefined {
  if (name.text !== "href" && name.text !== "pathname") return undefined;
  const url = inner(expression);
  if (url?.kind !== "url") return undefined;
  return name.text === "href" ? { kind: "href", text: url.text } : pathOf(url);
}

function ofNewUrl(place: CodePlace, node: ts.NewExpression, inner: Inner): ConstantValue | undefined {
  const [first, base] = node.arguments ?? [];
  if (!first || outsideCallee(place, node) !== "URL") return undefined;
  const text = inner(first);
  const from = base && inner(base);
  if (!text || text.kind === "path" || (base && !isAddress(from)) || (!base && !isAddress(text))) return undefined;
  return urlFrom(text.text, from?.text);
}

function isAddress(value: ConstantValue | undefined): boolean {
  return value?.kind === "href" || value?.kind === "url";
}

function urlFrom(text: string, base: string | undefined): ConstantValue | undefined {
  const url = URL.parse(text, base);
  return url?.protocol === "file:" ? { kind: "url", text: url.href } : undefined;
}

function pathOf({ text }: ConstantValue): ConstantValue | undefined {
  try {
    return { kind: "path", text: fileURLToPath(text) };
  } catch {
    return undefined;
  }
}

function ofCall(place: CodePlace, node: ts.CallExpression, inner: Inner): ConstantValue | undefined {
  const [first] = node.arguments;
  const { expression } = node;
  if (ts.isPropertyAccessExpression(expression) && expression.name.text === "toString" && !first) {
    const url = inner(expression.expression);
    return url?.kind === "url" ? { kind: "href", text: url.text } : undefined;
  }
  if (!first) return undefined;
  const resolved = ofResolve(place, expression, first);
  if (resolved) return resolved;
  const callee = outsideCallee(place, node);
  const values = node.arguments.map((argument) => inner(argument));
  if (callee === undefined || values.includes(undefined)) return undefined;
  return applied(callee, values as ConstantValue[]);
}

/** `import.meta.resolve("./x")`, `require.resolve("./x")`. */
function ofResolve({ module }: CodePlace, callee: ts.Expression, argument: ts.Expression): ConstantValue | undefined {
  if (!isResolve(module, callee)) return undefined;
  if (!ts.isStringLiteralLike(argument) || !/^\.{1,2}\//.test(argument.text)) return undefined;
  const file = path.resolve(path.dirname(module.file), argument.text);
  return ts.isMetaProperty(callee.expression)
    ? { kind: "href", text: pathToFileURL(file).href }
    : { kind: "path", text: file };
}

/** Node's own ways to find a module, by what they are called. */
export function isResolve(module: Module, callee: ts.Expression): callee is ts.PropertyAccessExpression {
  if (!ts.isPropertyAccessExpression(callee) || callee.name.text !== "resolve") return false;
  const { expression } = callee;
  if (ts.isMetaProperty(expression)) return true;
  const isRequire = ts.isIdentifier(expression) && expression.text === "require";
  return isRequire && !module.bindings.has("require") && !localDeclaration(expression);
}

function applied(callee: string, values: readonly ConstantValue[]): ConstantValue | undefined {
  const [first] = values;
  if (!first) return undefined;
  if (callee === "String") return first.kind === "url" ? { kind: "href", text: first.text } : first;
  if (callee === "node:url.fileURLToPath") return isAddress(first) ? pathOf(first) : undefined;
  if (callee === "node:url.pathToFileURL") {
    return first.kind === "path" ? { kind: "url", text: pathToFileURL(first.text).href } : undefined;
  }
  const method = /^node:path(?:\/posix)?(?:\.posix)?\.(join|resolve|normalize|dirname)$/.exec(callee)?.[1];
  if (method === undefined || values.some(isAddress)) return undefined;
  return ofPathCall(method, values);
}

function ofPathCall(method: string, values: readonly ConstantValue[]): ConstantValue | undefined {
  const texts = values.map(({ text }) => text);
  const from = values.findLastIndex(({ kind }) => kind === "path");
  const isPath = from === 0 || (method === "resolve" && from > 0);
  if (!isPath) return method === "resolve" || from > 0 ? undefined : { kind: "text", text: textCall(method, texts) };
  const absolute = method === "resolve" ? path.resolve(...texts) : textCall(method, texts);
  return { kind: "path", text: absolute };
}

function textCall(method: string, texts: readonly string[]): string {
  const [first = ""] = texts;
  if (method === "join") return path.join(...texts);
  return method === "dirname" ? path.dirname(first) : path.normalize(first);
}

/** `node:path.join`, `URL`: what is called, if it is Node's or JavaScript's own. */
export function outsideCallee(
  { workspace, module }: CodePlace,
  { expression }: ts.CallExpression | ts.NewExpression,
): string | undefined {
  const chain: string[] = [];
  let root = unwrap(expression);
  while (ts.isPropertyAccessExpression(root)) {
    chain.unshift(root.name.text);
    root = unwrap(root.expression);
  }
  if (!ts.isIdentifier(root) || localDeclaration(root)) return undefined;
  const name = outsideNameOf(workspace, module, { name: root.text, chain });
  if (!name) return undefined;
  // Addresses may be made by the class that `node:url` exports.
  const whole = [name.module, ...name.path].filter((part) => part !== "").join(".");
  return whole === "node:url.URL" ? "URL" : whole;
}
