/** Where the functions of a file are. */
import { ts } from "ts-morph";
import type { FunctionModel } from "../../core/function-model.ts";
import type { ExportEntry, Item, Module } from "./module.ts";
import { unwrap } from "./lookup.ts";
import { innerFunction, mayBeMade } from "./made-functions.ts";
import { assignedMember } from "./assigned-members.ts";
import { classMembers, objectMembers } from "./member-sites.ts";
import { nestedSites, type Container } from "./nested-sites.ts";

export type FunctionNode =
  | ts.FunctionDeclaration
  | ts.FunctionExpression
  | ts.ArrowFunction
  | ts.MethodDeclaration
  | ts.AccessorDeclaration;

export interface FunctionSite {
  /** As in FunctionRef. */
  readonly name: string;
  readonly kind: FunctionModel["kind"];
  readonly node: FunctionNode;
  /** The whole definition. */
  readonly rangeNode: ts.Node;
  readonly nameNode: ts.Node;
  readonly item: Item;
  /** The top-level name through which code of the same file gets at it; undefined for nameless exports. */
  readonly binding?: string;
  /** The exported name that is this function itself. */
  readonly exportName?: string;
  /** Whether it, or the class or object it belongs to, is exported. */
  readonly exported: boolean;
  /**
   * An expression in its module's scope that gives the function: callable without `this`, except an instance method
   * (`Cart.prototype.add`).
   */
  readonly expression: string;
  /** The class or object literal that a method belongs to. */
  readonly owner?: ts.ClassLikeDeclaration | ts.ObjectLiteralExpression;
  /** No expression gives it: its class or object has no name in its own file. */
  readonly nameless?: "class" | "object";
  /** Of a function that is not at the top level. */
  readonly nestedIn?: Container;
  /**
   * The value that may give the function when its file is loaded (made-functions.ts): {@link node} is the function that
   * goes into it. Whether it is a function at all is not known yet.
   */
  readonly made?: ts.Expression;
}

/** All named functions of a module, in source order. */
export function functionSitesOf(module: Module): FunctionSite[] {
  const sites = module.items.flatMap((item) => [...sitesOfItem(module, item)]);
  const unique = new Map<string, FunctionSite>();
  // The last of two declarations of the same name is the one that counts at run time.
  for (const site of sites) unique.set(site.name, site);
  const known = new Set<ts.Node>(sites.map(({ node }) => node));
  for (const nested of module.items.flatMap((item) => nestedSites(module, item, known))) {
    const name = freeName(unique, nested.name);
    unique.set(name, { ...nested, name });
  }
  return Array.from(unique.values()).toSorted((a, b) => a.rangeNode.pos - b.rangeNode.pos);
}

/** Two nested functions may have the same name: `main.f`, `main.f$2`. */
function freeName(taken: ReadonlyMap<string, unknown>, name: string): string {
  for (let number = 2, free = name; ; number += 1) {
    if (!taken.has(free)) return free;
    free = `${name}$${number}`;
  }
}

function* sitesOfItem(module: Module, item: Item): Generator<FunctionSite> {
  const { node } = item;
  if (ts.isFunctionDeclaration(node)) yield* declaredFunction(module, item, node);
  else if (ts.isClassDeclaration(node)) {
    const owner = node.name?.text ?? "default";
    yield* classMembers(item, { owner, node, ...exportOf(module, owner, node) });
  } else if (ts.isVariableDeclaration(node)) yield* variableSites(module, item, node);
  else if (ts.isExportAssignment(node)) yield* exportedExpression(module, item, node.expression);
  else {
    yield* commonJsSites(module, item, node);
    const assigned = assignedMember(module, item);
    if (assigned) yield { ...assigned, ...exportOf(module, assigned.binding) };
  }
}

function* declaredFunction(module: Module, item: Item, node: ts.FunctionDeclaration): Generator<FunctionSite> {
  if (!node.body || item.kind === "type") return;
  const name = node.name?.text ?? "default";
  yield {
    name,
    kind: "function",
    node,
    rangeNode: node,
    nameNode: nameOrStart(node),
    item,
    expression: name,
    ...(node.name ? { binding: name } : {}),
    ...exportOf(module, node.name ? name : node),
  };
}

/** The exported name of a binding or expression; a name other than `default` is preferred. */
function exportOf(
  module: Module,
  ...targets: readonly (string | ts.Node)[]
): { exported: boolean; exportName?: string } {
  const names = targets.flatMap((target) => exportNamesOf(module).get(target) ?? []);
  const name = names.find((candidate) => candidate !== "default") ?? names[0];
  return name === undefined ? { exported: false } : { exported: true, exportName: name };
}

const exportNames = new WeakMap<Module, ReadonlyMap<string | ts.Node, readonly string[]>>();

/** Binding or expression → the names it is exported by. */
function exportNamesOf(module: Module): ReadonlyMap<string | ts.Node, readonly string[]> {
  const known = exportNames.get(module);
  if (known) return known;
  const names = new Map<string | ts.Node, string[]>();
  for (const [name, { local, expression, items }] of module.exports) {
    const target = local ?? (expression && unwrap(assignedValue(expression))) ?? items[0]?.node;
    if (target !== undefined) names.set(target, [...(names.get(target) ?? []), name]);
  }
  exportNames.set(module, names);
  return names;
}

function* variableSites(module: Module, item: Item, node: ts.VariableDeclaration): Generator<FunctionSite> {
  if (!ts.isIdentifier(node.name) || !node.initializer) return;
  const owner = node.name.text;
  const initializer = unwrap(assignedValue(node.initializer));
  if (ts.isArrowFunction(initializer) || ts.isFunctionExpression(initializer)) {
    yield {
      ...plainSite(initializer, item),
      name: owner,
      rangeNode: wholeDefinition(node),
      nameNode: node.name,
      binding: owner,
      expression: owner,
      ...exportOf(module, owner, initializer),
    };
  } else if (ts.isClassExpression(initializer))
    yield* classMembers(item, { owner, node: initializer, ...exportOf(module, owner, initializer) });
  else if (ts.isObjectLiteralExpression(initializer))
    yield* objectMembers(item, initializer, {
      name: owner,
      expression: owner,
      binding: owner,
      ...exportOf(module, owner),
    });
  else if (mayBeMade(initializer, module)) {
    yield {
      ...madeSite(module, item, initializer),
      name: owner,
      rangeNode: wholeDefinition(node),
      nameNode: node.name,
      binding: owner,
      expression: owner,
      ...exportOf(module, owner, initializer),
    };
  }
}

function madeSite(
  module: Module,
  item: Item,
  made: ts.Expression,
): Pick<FunctionSite, "kind" | "node" | "item" | "made"> {
  return { kind: "function", node: innerFunction(made, module), item, made };
}

/** `const f = (exports.f = value)` → value. */
function assignedValue(expression: ts.Expression): ts.Expression {
  const inner = unwrap(expression);
  return ts.isBinaryExpression(inner) && inner.operatorToken.kind === ts.SyntaxKind.EqualsToken
    ? assignedValue(inner.right)
    : inner;
}

/** The statement, when it declares nothing else. */
function wholeDefinition(node: ts.VariableDeclaration): ts.Node {
  const list = node.parent;
  return ts.isVariableDeclarationList(list) && list.declarations.length === 1 ? list.parent : node;
}

function plainSite(
  node: ts.ArrowFunction | ts.FunctionExpression,
  item: Item,
): Pick<FunctionSite, "kind" | "node" | "item"> {
  return { kind: ts.isArrowFunction(node) ? "arrow" : "function", node, item };
}

function* exportedExpression(module: Module, item: Item, expression: ts.Expression): Generator<FunctionSite> {
  const node = unwrap(expression);
  if (ts.isObjectLiteralExpression(node))
    yield* objectMembers(item, node, { name: "default", expression: "default", nameless: true, exported: true });
  const isFunction = ts.isArrowFunction(node) || ts.isFunctionExpression(node);
  // A name that is exported by default is that name's own function.
  if (!isFunction && (ts.isIdentifier(node) || !mayBeMade(node, module))) return;
  yield {
    ...(isFunction ? plainSite(node, item) : madeSite(module, item, node)),
    name: "default",
    rangeNode: item.node,
    nameNode: isFunction ? nameOrStart(node) : node,
    expression: "default",
    exported: true,
    exportName: "default",
  };
}

function nameOrStart(node: FunctionNode): ts.Node {
  return node.name ?? node.getChildren().find(({ kind }) => kind === ts.SyntaxKind.FunctionKeyword) ?? node;
}

/** `exports.f = () => …`, `module.exports = function …`, `module.exports = { f() {…} }`. */
function* commonJsSites(module: Module, item: Item, node: ts.Node): Generator<FunctionSite> {
  for (const [exportName, entry] of module.exports) {
    if (entry.items.length !== 1 || entry.items[0] !== item) continue;
    const definition = definitionOf(entry, node);
    if (!definition) {
      yield* exportedObjectMembers(item, entry, exportName);
      yield* exportedMade(module, { item, entry, exportName }, node);
      continue;
    }
    const own = ts.isFunctionExpression(definition) ? definition.name?.text : undefined;
    yield {
      name: exportName === "default" ? (own ?? "default") : exportName,
      kind: kindOfDefinition(definition),
      node: definition,
      rangeNode: node,
      nameNode: ts.isMethodDeclaration(definition) ? definition.name : (nameNodeIn(node) ?? nameOrStart(definition)),
      item,
      exported: true,
      exportName,
      expression: exportName === "default" ? "module.exports" : `module.exports.${exportName}`,
    };
  }
}

/** `exports.api = { f() {…} }`; `module.exports = { ...parts, f() {…} }`, where the object is kept as a whole. */
function* exportedObjectMembers(item: Item, { expression }: ExportEntry, exportName: string): Generator<FunctionSite> {
  const value = expression && unwrap(assignedValue(expression));
  if (!value || !ts.isObjectLiteralExpression(value)) return;
  const isWhole = exportName === "default";
  yield* objectMembers(item, value, {
    name: isWhole ? "" : exportName,
    expression: isWhole ? "module.exports" : `module.exports.${exportName}`,
    exported: true,
  });
}

interface ExportedItem {
  readonly item: Item;
  readonly entry: ExportEntry;
  readonly exportName: string;
}

/** `exports.f = curry(…)` */
function* exportedMade(
  module: Module,
  { item, entry: { expression }, exportName }: ExportedItem,
  node: ts.Node,
): Generator<FunctionSite> {
  const value = expression && unwrap(assignedValue(expression));
  if (!value || !ts.isCallExpression(value) || ts.isVariableDeclaration(node)) return;
  yield {
    ...madeSite(module, item, value),
    name: exportName,
    rangeNode: node,
    nameNode: nameNodeIn(node) ?? value,
    exported: true,
    exportName,
    expression: exportName === "default" ? "module.exports" : `module.exports.${exportName}`,
  };
}

function definitionOf({ expression }: ExportEntry, node: ts.Node): FunctionNode | undefined {
  if (ts.isMethodDeclaration(node)) return node.body ? node : undefined;
  const value = expression && unwrap(assignedValue(expression));
  return value && (ts.isArrowFunction(value) || ts.isFunctionExpression(value)) ? value : undefined;
}

function kindOfDefinition(node: FunctionNode): FunctionModel["kind"] {
  return ts.isArrowFunction(node) ? "arrow" : "function";
}

/** The property that is assigned or defined. */
function nameNodeIn(node: ts.Node): ts.Node | undefined {
  if (ts.isPropertyAssignment(node)) return node.name;
  if (!ts.isExpressionStatement(node) || !ts.isBinaryExpression(node.expression)) return undefined;
  const { left } = node.expression;
  return ts.isPropertyAccessExpression(left) && left.name.text !== "exports" ? left.name : undefined;
}
