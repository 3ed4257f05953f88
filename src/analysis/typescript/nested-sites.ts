/** Functions with a name inside other code: in functions, methods, blocks and callbacks, however deep. */
import { ts } from "ts-morph";
import { hasModifier } from "./facts.ts";
import type { FunctionNode, FunctionSite } from "./function-sites.ts";
import { bindingsOf, type Item, type Module } from "./module.ts";

/** What is around a nested function. */
export interface Container {
  /** `main`, `Shop.run`; empty in a block or callback of the top level. */
  readonly name: string;
  /** The top-level name that the code around belongs to. */
  readonly binding: string | undefined;
}

interface Walk {
  readonly item: Item;
  readonly binding: string | undefined;
  /** Functions that are sites of their own already. */
  readonly known: ReadonlySet<ts.Node>;
  readonly found: FunctionSite[];
}

interface Place {
  /** Names on the way. */
  readonly path: readonly string[];
  /** Something is around whose variables the code sees. */
  readonly isInside: boolean;
}

/** In source order. */
export function nestedSites(module: Module, item: Item, known: ReadonlySet<ts.Node>): readonly FunctionSite[] {
  if (item.kind === "type" || item.kind === "import") return [];
  const [first] = bindingsOf(module).get(item) ?? [];
  const walk: Walk = { item, binding: first?.name, known, found: [] };
  const isVariable = ts.isVariableDeclaration(item.node) && ts.isIdentifier(item.node.name);
  // `const api = (() => …)()`: what is in there is named after it.
  const isNamed = isVariable && item.node.initializer !== undefined && !ts.isFunctionLike(item.node.initializer);
  visit(walk, item.node, { path: isNamed && first ? [first.name] : [], isInside: false });
  return walk.found;
}

function visit(walk: Walk, node: ts.Node, place: Place): void {
  if (ts.isTypeNode(node) || ts.isDecorator(node) || hasModifier(node, ts.SyntaxKind.DeclareKeyword)) return;
  const inner = enter(walk, node, place);
  ts.forEachChild(node, (child) => {
    // What a parameter's default sees is not what the body sees.
    if (!ts.isParameter(child)) visit(walk, child, inner);
  });
}

/** Notes the function that the node is, and gives the place of what is inside. */
function enter(walk: Walk, node: ts.Node, { path, isInside }: Place): Place {
  if (ts.isClassLike(node)) return { path: [...path, ...(node.name ? [node.name.text] : [])], isInside };
  const isCode = ts.isFunctionLike(node) || ts.isClassStaticBlockDeclaration(node) || ts.isBlock(node);
  if (!isCode) return { path, isInside };
  const name = nameOf(node);
  if (name === undefined) return { path, isInside: true };
  if (isInside && !walk.known.has(node) && isFunctionNode(node) && !isOfClass(node)) {
    walk.found.push(siteOf(walk, node, { name, path }));
  }
  return { path: [...path, name], isInside: true };
}

function isFunctionNode(node: ts.Node): node is FunctionNode {
  const isFunction =
    ts.isFunctionDeclaration(node) ||
    ts.isFunctionExpression(node) ||
    ts.isArrowFunction(node) ||
    ts.isMethodDeclaration(node);
  return isFunction && node.body !== undefined;
}

function isOfClass(node: ts.Node): boolean {
  return ts.isClassLike(node.parent) || (ts.isPropertyDeclaration(node.parent) && ts.isClassLike(node.parent.parent));
}

function siteOf(
  { item, binding }: Walk,
  node: FunctionNode,
  { name, path }: { readonly name: string; readonly path: readonly string[] },
): FunctionSite {
  const holder = holderOf(node);
  return {
    name: [...path, name].join("."),
    kind: ts.isArrowFunction(node) ? "arrow" : "function",
    node,
    rangeNode: holder && ts.isVariableDeclaration(holder) ? statementOf(holder) : (holder ?? node),
    nameNode: nameNodeOf(node, holder),
    item,
    exported: false,
    expression: name,
    nestedIn: { name: path.join("."), binding },
  };
}

/** The statement, when it declares nothing else. */
function statementOf(node: ts.VariableDeclaration): ts.Node {
  const list = node.parent;
  return ts.isVariableDeclarationList(list) && list.declarations.length === 1 ? list.parent : node;
}

/** What a function's name stands in, where it is not the function itself. */
function holderOf(node: ts.Node): ts.Node | undefined {
  let value = node;
  while (ts.isParenthesizedExpression(value.parent) || ts.isAsExpression(value.parent)) value = value.parent;
  const { parent } = value;
  const isHolder =
    (ts.isVariableDeclaration(parent) && ts.isIdentifier(parent.name)) ||
    (ts.isPropertyAssignment(parent) && ts.isIdentifier(parent.name)) ||
    (ts.isPropertyDeclaration(parent) && ts.isIdentifier(parent.name)) ||
    (ts.isBinaryExpression(parent) && parent.right === value && assignedName(parent) !== undefined);
  return isHolder ? parent : undefined;
}

/** `api.f = function () {…}` → the identifier `f`. */
function assignedName({ left, operatorToken }: ts.BinaryExpression): ts.Identifier | undefined {
  if (operatorToken.kind !== ts.SyntaxKind.EqualsToken) return undefined;
  if (ts.isIdentifier(left)) return left;
  return ts.isPropertyAccessExpression(left) && ts.isIdentifier(left.name) ? left.name : undefined;
}

function nameNodeOf(node: FunctionNode, holder: ts.Node | undefined): ts.Node {
  if (holder && ts.isBinaryExpression(holder)) return assignedName(holder) ?? node;
  const named = holder ? (holder as ts.NamedDeclaration).name : node.name;
  return named ?? node.getChildren().find(({ kind }) => kind === ts.SyntaxKind.FunctionKeyword) ?? node;
}

/** A function that is given back at once is called `return`. */
function nameOf(node: ts.Node): string | undefined {
  if (ts.isConstructorDeclaration(node)) return "constructor";
  if (ts.isClassStaticBlockDeclaration(node)) return "static";
  if (ts.isBlock(node)) return undefined;
  const holder = holderOf(node);
  if (holder && ts.isBinaryExpression(holder)) return assignedName(holder)?.text;
  const { name } = (holder ?? node) as ts.NamedDeclaration;
  if (name) return ts.isIdentifier(name) || ts.isPrivateIdentifier(name) ? name.text : undefined;
  return isGivenBack(node) ? "return" : undefined;
}

function isGivenBack(node: ts.Node): boolean {
  let value = node;
  while (ts.isParenthesizedExpression(value.parent) || ts.isAsExpression(value.parent)) value = value.parent;
  const { parent } = value;
  return ts.isReturnStatement(parent) || (ts.isArrowFunction(parent) && parent.body === value);
}
