/** Which module variables are asked whether something is the very object that they hold. */
import { ts } from "ts-morph";
import { contentOfValue, holdsObject, isLeaf, isPrimitive } from "./contents.ts";
import { outermostAccess, type Reference } from "./facts.ts";
import { functionOf, unwrap, type Declared } from "./lookup.ts";

/**
 * `unit === KM`, `case Level.HIGH:`, `seen.has(NOTHING)`: whether it is that very object matters, so the caller's must be
 * the function's.
 */
export function isCompared({ binding: { declaration } }: Declared, { chain, node, use }: Reference): boolean {
  if (use !== "read" || !ts.isIdentifier(node) || !isCompareOperand(outermostAccess(node).top)) return false;
  if (ts.isClassLike(declaration)) return holdsObject(declaration, chain[0]);
  const isVariable = ts.isVariableDeclaration(declaration) && functionOf(declaration) === undefined;
  const value = isVariable && declaration.initializer ? unwrap(declaration.initializer) : undefined;
  return value !== undefined && hasIdentity(value, chain);
}

/** The parts of a plain object or list are values, and a symbol is what it is made by. */
function hasIdentity(value: ts.Expression, chain: readonly string[]): boolean {
  if (chain.length > 0) return contentOfValue(value) === "objects";
  return !isLeaf(value) && !ts.isClassLike(value) && !/^Symbol\b/.test(value.getText());
}

function isCompareOperand(node: ts.Node): boolean {
  const { parent } = node;
  if (ts.isCaseClause(parent)) return true;
  if (ts.isBinaryExpression(parent)) {
    const other = unwrap(parent.left === node ? parent.right : parent.left);
    return /^[!=]==?$/.test(parent.operatorToken.getText()) && !isPrimitive(other) && !ts.isTypeOfExpression(other);
  }
  if (!ts.isCallExpression(parent) || parent.expression === node) return false;
  return /(?:\.(?:includes|indexOf|lastIndexOf|has|get)|^Object\.is)$/.test(parent.expression.getText());
}
