/** Where a value goes inside the code that mentions it. */
import { ts } from "ts-morph";
import { boundNames } from "./scopes.ts";

/** Methods whose result is a new list or text. */
const copyingMethods = new Set(
  "concat filter flat flatMap join keys map reduce slice split toReversed toSorted toString trim".split(" "),
);

/**
 * Local names that may hold what `node` mentions, or a part of it: `entry` in `for (const entry of table)`,
 * `const { entry } = table`, `table.forEach((entry) => …)`.
 */
export function localNamesOf(node: ts.Node): ReadonlySet<string> {
  const names = new Set<string>();
  let current = node;
  for (let { parent } = current; !ts.isSourceFile(parent) && !endsValue(parent, current); parent = current.parent) {
    for (const name of namesGiven(parent, current)) names.add(name.text);
    if (ts.isVariableDeclaration(parent) || (ts.isStatement(parent) && !ts.isReturnStatement(parent))) break;
    if (ts.isPropertyAccessExpression(current) && isCallOf(parent, current)) {
      if (copyingMethods.has(current.name.text)) break;
    }
    current = parent;
  }
  return names;
}

/** Copies, comparisons and texts made of it are other values. */
function endsValue(parent: ts.Node, current: ts.Node): boolean {
  if (ts.isSpreadElement(parent)) return !ts.isCallExpression(parent.parent);
  if (ts.isSpreadAssignment(parent) || ts.isTemplateSpan(parent) || ts.isFunctionLike(parent)) return true;
  if (ts.isElementAccessExpression(parent)) return parent.argumentExpression === current;
  return ts.isBinaryExpression(parent) && !/^(?:=|\?\?=?|\|\|=?|&&=?|,)$/.test(parent.operatorToken.getText());
}

function namesGiven(parent: ts.Node, current: ts.Node): ts.Identifier[] {
  if (ts.isVariableDeclaration(parent) || ts.isParameter(parent) || ts.isBindingElement(parent)) {
    return parent.initializer === current ? boundNames(parent.name) : [];
  }
  if (ts.isForOfStatement(parent)) {
    if (parent.expression !== current || !ts.isVariableDeclarationList(parent.initializer)) return [];
    return parent.initializer.declarations.flatMap(({ name }) => boundNames(name));
  }
  if (!ts.isCallExpression(parent)) return [];
  return [unparenthesized(parent.expression), ...parent.arguments].flatMap((part) =>
    part !== current && (ts.isArrowFunction(part) || ts.isFunctionExpression(part))
      ? part.parameters.flatMap(({ name }) => boundNames(name))
      : [],
  );
}

function unparenthesized(expression: ts.Expression): ts.Expression {
  return ts.isParenthesizedExpression(expression) ? unparenthesized(expression.expression) : expression;
}

function isCallOf(parent: ts.Node, callee: ts.Node): boolean {
  return ts.isCallExpression(parent) && parent.expression === callee;
}
