/** Which module variables a function gives to its callers, who then hold the very object. */
import { ts } from "ts-morph";
import { contentOf, holdsObject, isLeaf } from "./contents.ts";
import { outermostAccess, type Reference } from "./facts.ts";
import { functionOf, unwrap, type Declared } from "./lookup.ts";
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
  const { top } = outermostAccess(node);
  if (use === "call" && !partMethods.has(chain.at(-1) ?? "")) return false;
  const value = use === "call" ? top.parent : top;
  return isGiven(value) || Array.from(localNamesOf(node)).some((name) => isReturnedName(node, name));
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

/** Climbs from a value to the `return` that gives it; copies, comparisons and calls end it. */
function isGiven(value: ts.Node): boolean {
  let current = value;
  for (;;) {
    const { parent } = current;
    if (ts.isReturnStatement(parent) || ts.isThrowStatement(parent)) return true;
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
function isReturnedName(node: ts.Node, name: string): boolean {
  let owner: ts.Node = node;
  while (!ts.isFunctionLike(owner)) {
    if (ts.isSourceFile(owner)) return false;
    owner = owner.parent;
  }
  let isFound = false;
  const visit = (inner: ts.Node): void => {
    if (isFound || (ts.isFunctionLike(inner) && inner !== owner)) return;
    if (ts.isIdentifier(inner) && inner.text === name && isGiven(inner)) isFound = true;
    ts.forEachChild(inner, visit);
  };
  visit(owner);
  return isFound;
}
