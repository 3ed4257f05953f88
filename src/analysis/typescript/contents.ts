/** What variables and static fields hold from the start, by the look of it. */
import { ts } from "ts-morph";
import { hasModifier } from "./facts.ts";
import { unwrap } from "./lookup.ts";

/**
 * What a variable holds from the start, by the look of it. `plain`: a primitive, or nothing that is known to be an
 * object · `empty`: a collection without elements · `flat`: an object or list of primitives and functions ·
 * `objects`: an object that may hold others.
 */
export type Content = "plain" | "empty" | "flat" | "objects";

export function contentOf({ initializer }: ts.VariableDeclaration): Content {
  return initializer ? contentOfValue(unwrap(initializer)) : "plain";
}

export function contentOfValue(value: ts.Expression): Content {
  if (ts.isArrayLiteralExpression(value)) return listContent(value.elements, isLeaf);
  if (ts.isObjectLiteralExpression(value)) return listContent(value.properties, isLeafProperty);
  if (ts.isNewExpression(value)) return contentOfNew(value);
  if (ts.isRegularExpressionLiteral(value)) return "flat";
  return ts.isCallExpression(value) ? contentOfCall(value) : "plain";
}

function contentOfNew({ expression, arguments: args }: ts.NewExpression): Content {
  if (!/^(?:Map|Set)$/.test(expression.getText())) return "objects";
  const entries = args?.[0] && unwrap(args[0]);
  if (!entries) return "empty";
  return ts.isArrayLiteralExpression(entries) ? listContent(entries.elements, isLeafEntry) : "objects";
}

function contentOfCall({ expression, arguments: args }: ts.CallExpression): Content {
  const [frozen] = isFreeze(expression) ? args : [];
  if (frozen) return contentOfValue(unwrap(frozen));
  return givesObject.test(expression.getText()) ? "objects" : "plain";
}

function isFreeze(callee: ts.Expression): boolean {
  return /^Object\.(?:freeze|seal|preventExtensions)$/.test(callee.getText());
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

export function isLeaf(expression: ts.Expression): boolean {
  const value = unwrap(expression);
  return isPrimitive(value) || ts.isArrowFunction(value) || ts.isFunctionExpression(value);
}

export function isPrimitive(value: ts.Expression): boolean {
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

/** `Color.RED`, a static field. */
export function holdsObject({ members }: ts.ClassLikeDeclaration, field: string | undefined): boolean {
  const isField = (member: ts.ClassElement): member is ts.PropertyDeclaration =>
    ts.isPropertyDeclaration(member) && hasModifier(member, ts.SyntaxKind.StaticKeyword);
  const found = members.filter(isField).find(({ name }) => name.getText() === field)?.initializer;
  return found !== undefined && contentOfValue(unwrap(found)) !== "plain";
}
