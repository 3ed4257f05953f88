/** Which module variables a function gives to its callers, who then hold the very object. */
import { ts } from "ts-morph";
import { outermostAccess, type Reference } from "./facts.ts";
import { functionOf, unwrap, type Declared } from "./lookup.ts";
import { localNamesOf } from "./local-flow.ts";
import type { Module } from "./module.ts";

/** `return table`, `() => table.rows[0]`: the caller gets the very object, and may change it. */
export function givesOut({ module, binding }: Declared, { chain, node, use }: Reference): boolean {
  const { declaration } = binding;
  // JSX mentions what it is made by; what it gives is no part of that.
  if (!ts.isIdentifier(node)) return false;
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

/**
 * What a variable holds from the start, by the look of it. `plain`: a primitive, or nothing that is known to be an
 * object · `empty`: a collection without elements · `flat`: an object or list of primitives and functions ·
 * `objects`: an object that may hold others.
 */
type Content = "plain" | "empty" | "flat" | "objects";

function contentOf({ initializer }: ts.VariableDeclaration): Content {
  return initializer ? contentOfValue(unwrap(initializer)) : "plain";
}

function contentOfValue(value: ts.Expression): Content {
  if (ts.isArrayLiteralExpression(value)) return listContent(value.elements, isLeaf);
  if (ts.isObjectLiteralExpression(value)) return listContent(value.properties, isLeafProperty);
  if (ts.isNewExpression(value)) {
    if (!/^(?:Map|Set)$/.test(value.expression.getText())) return "objects";
    const entries = value.arguments?.[0] && unwrap(value.arguments[0]);
    if (!entries) return "empty";
    return ts.isArrayLiteralExpression(entries) ? listContent(entries.elements, isLeafEntry) : "objects";
  }
  if (ts.isRegularExpressionLiteral(value)) return "flat";
  return ts.isCallExpression(value) && givesObject.test(value.expression.getText()) ? "objects" : "plain";
}

const givesObject =
  /(?:^|\.)(?:Array\.(?:from|of)|Object\.(?:assign|create|fromEntries|entries|keys|values)|JSON\.parse|structuredClone|map|filter|split|slice|concat|flat|flatMap|sort|toSorted|reverse|toReversed|fill|groupBy|matchAll)$/;

function listContent<T>(elements: readonly T[], isFlat: (element: T) => boolean): Content {
  if (elements.length === 0) return "empty";
  return elements.every(isFlat) ? "flat" : "objects";
}

function isLeafProperty(property: ts.ObjectLiteralElementLike): boolean {
  return ts.isPropertyAssignment(property) ? isLeaf(property.initializer) : ts.isMethodDeclaration(property);
}

function isLeafEntry(element: ts.Expression): boolean {
  return isLeaf(element) || (ts.isArrayLiteralExpression(element) && element.elements.every(isLeaf));
}

function isLeaf(expression: ts.Expression): boolean {
  const value = unwrap(expression);
  return isPrimitive(value) || ts.isArrowFunction(value) || ts.isFunctionExpression(value);
}

function isPrimitive(value: ts.Expression): boolean {
  if (ts.isPrefixUnaryExpression(value)) return isPrimitive(unwrap(value.operand));
  if (ts.isBinaryExpression(value)) return isPrimitive(unwrap(value.left)) && isPrimitive(unwrap(value.right));
  return (
    ts.isStringLiteralLike(value) ||
    ts.isTemplateExpression(value) ||
    ts.isNumericLiteral(value) ||
    ts.isBigIntLiteral(value) ||
    value.kind === ts.SyntaxKind.TrueKeyword ||
    value.kind === ts.SyntaxKind.FalseKeyword ||
    value.kind === ts.SyntaxKind.NullKeyword ||
    (ts.isIdentifier(value) && value.text === "undefined")
  );
}
