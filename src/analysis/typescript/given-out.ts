/** Which module variables a function gives to its callers, who then hold the very object. */
import { ts } from "ts-morph";
import { contentOf, holdsObject, isLeaf } from "./contents.ts";
import { outermostAccess, type Reference } from "./facts.ts";
import { functionOf, unwrap, type Declared } from "./lookup.ts";
import { boundNames } from "./scopes.ts";
import { localNamesOf } from "./local-flow.ts";
import type { Module } from "./module.ts";

/** `return table`, `() => table.rows[0]`: the caller gets the very object, and may change it. */
export function givesOut(declared: Declared, reference: Reference): boolean {
  const { declaration } = declared.binding;
  const { chain, node, use } = reference;
  // JSX mentions what it is made by; what it gives is no part of that.
  if (!ts.isIdentifier(node)) return false;
  if (ts.isClassLike(declaration)) {
    return use === "read" && holdsObject(declaration, chain[0]) && isGiven(outermostAccess(node).top);
  }
  return mayGive(declared, reference);
}

function mayGive({ module, binding }: Declared, { chain, node, use }: Reference): boolean {
  const { declaration } = binding;
  if ((use !== "read" && use !== "call") || !isVariableWithObject(declaration)) return false;
  if (chain.length > 0 && !mayHoldObjects(module, binding.name, declaration)) return false;
  return use === "read" ? givesValue(node) : givesPart(node, chain.at(-1) ?? "");
}

function givesValue(node: ts.Identifier): boolean {
  return isGiven(outermostAccess(node).top) || isLent(node, true);
}

function givesPart(node: ts.Identifier, method: string): boolean {
  const call = outermostAccess(node).top.parent;
  const isPart = partMethods.has(method);
  if (isPart && isGiven(call)) return true;
  if (!isPart && !visitors.has(method)) return false;
  const isVisited = visitors.has(method) && ts.isCallExpression(call) && call.arguments.some(isOfCaller);
  return isVisited || isLent(node, isPart);
}

/** By way of another name. */
function isLent(node: ts.Identifier, mayReturn: boolean): boolean {
  return Array.from(localNamesOf(node)).some((name) => isReturnedName(node, name, mayReturn));
}

function isVariableWithObject(declaration: ts.Node): declaration is ts.VariableDeclaration {
  const isVariable = ts.isVariableDeclaration(declaration) && functionOf(declaration) === undefined;
  return isVariable && contentOf(declaration) !== "plain";
}

/** A collection that starts empty holds what the file's top level puts into it. */
function mayHoldObjects(module: Module, name: string, declaration: ts.VariableDeclaration): boolean {
  const content = contentOf(declaration);
  if (content !== "empty") return content === "objects";
  const value = declaration.initializer && unwrap(declaration.initializer);
  const types = value && ts.isNewExpression(value) ? value.typeArguments : undefined;
  if (types?.at(-1) && isPrimitiveType(types.at(-1))) return false;
  const fills = module.items.flatMap(({ facts }) =>
    facts.references.filter((one) => one.name === name && one.use === "mutate"),
  );
  return fills.length === 0 || !fills.every(isLeafFill);
}

function isPrimitiveType(type: ts.TypeNode | undefined): boolean {
  return type !== undefined && /^(?:string|number|boolean|bigint|symbol)$/.test(type.getText());
}

/** `table.set("a", 1)`, `table.a = 1` */
function isLeafFill({ call, node }: Reference): boolean {
  if (call) return call.arguments?.every(isLeaf) ?? true;
  const assignment = outermostAccess(node).top.parent;
  return ts.isBinaryExpression(assignment) && isLeaf(assignment.right);
}

/** Methods whose result holds what the collection holds. */
const partMethods = new Set(
  "at concat entries filter find findLast flat get pop reduce shift slice splice toReversed toSorted values".split(" "),
);

/** Methods that hand what the collection holds to a function. */
const visitors = new Set("every filter find findLast forEach map reduce some sort toSorted".split(" "));

/** `visit(row)`, where the function's caller has given `visit`. */
function isHandedOut(current: ts.Node): boolean {
  const { parent } = current;
  return (
    ts.isCallExpression(parent) &&
    parent.arguments.some((one) => one === current) &&
    isFunctionOfCaller(parent.expression)
  );
}

/** `visit`, `options.visit`, and not `text.replace`. */
function isFunctionOfCaller(callee: ts.Expression): boolean {
  const method = ts.isPropertyAccessExpression(callee) ? callee.name.text : "";
  return isOfCaller(callee) && !builtIn.some((prototype) => method in prototype);
}

const builtIn: readonly object[] = [String, Array, Map, Set, RegExp, Promise].map(
  ({ prototype }) => prototype as object,
);

/** A parameter of the code around it, or something of one. */
function isOfCaller(expression: ts.Expression): boolean {
  let root = unwrap(expression);
  while (ts.isPropertyAccessExpression(root) || ts.isElementAccessExpression(root)) root = unwrap(root.expression);
  if (!ts.isIdentifier(root)) return false;
  const { text } = root;
  for (let outer: ts.Node = root; !ts.isSourceFile(outer); outer = outer.parent) {
    const parameters = ts.isFunctionLike(outer) ? outer.parameters : [];
    if (parameters.some(({ name }) => boundNames(name).some((bound) => bound.text === text))) return true;
  }
  return false;
}

/** Climbs from a value to the `return` that gives it; copies, comparisons and calls end it. */
function isGiven(value: ts.Node): boolean {
  let current = value;
  for (;;) {
    const { parent } = current;
    if (ts.isReturnStatement(parent) || ts.isThrowStatement(parent) || ts.isYieldExpression(parent)) return true;
    if (isHandedOut(current)) return true;
    if (ts.isArrowFunction(parent)) return parent.body === current;
    if (!carries(parent, current)) return false;
    current = parent;
  }
}

function carries(parent: ts.Node, current: ts.Node): boolean {
  if (ts.isConditionalExpression(parent)) return parent.condition !== current;
  if (ts.isBinaryExpression(parent)) return /^(?:\?\?|\|\||&&|,)$/.test(parent.operatorToken.getText());
  return (
    ts.isParenthesizedExpression(parent) ||
    ts.isAsExpression(parent) ||
    ts.isSatisfiesExpression(parent) ||
    ts.isNonNullExpression(parent) ||
    ts.isAwaitExpression(parent) ||
    ts.isPropertyAssignment(parent) ||
    ts.isShorthandPropertyAssignment(parent) ||
    ts.isObjectLiteralExpression(parent) ||
    ts.isArrayLiteralExpression(parent)
  );
}

/** Whether the function around `node` returns the local variable `name`. */
function isReturnedName(node: ts.Node, name: string, mayReturn: boolean): boolean {
  let owner: ts.Node = node;
  while (!ts.isFunctionLike(owner)) {
    if (ts.isSourceFile(owner)) return false;
    owner = owner.parent;
  }
  let isFound = false;
  // What a function inside returns goes to whoever calls that one.
  const visit = (inner: ts.Node, isInside: boolean): void => {
    if (isFound) return;
    if (ts.isIdentifier(inner) && inner.text === name)
      isFound = isInside || !mayReturn ? isHandedOut(inner) : isGiven(inner);
    const isFunction = ts.isFunctionLike(inner) && inner !== owner;
    ts.forEachChild(inner, (child) => visit(child, isInside || isFunction));
  };
  visit(owner, false);
  return isFound;
}
