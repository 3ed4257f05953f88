/** Parameters and results as they are declared. */
import { ts } from "ts-morph";
import type { Parameter } from "../../core/function-model.ts";

/** Parameters as declared; a leading `this` parameter is a type only. */
export function parametersOf(node: ts.SignatureDeclaration): Parameter[] {
  return realParameters(node).map((parameter) => ({
    name: oneLine(parameter.name.getText()),
    type: parameterType(parameter),
    optional: isOptional(parameter),
    rest: parameter.dotDotDotToken !== undefined,
  }));
}

export function realParameters(node: ts.SignatureDeclaration): readonly ts.ParameterDeclaration[] {
  return node.parameters.filter(({ name }) => !(ts.isIdentifier(name) && name.text === "this"));
}

/** May be left out: `?`, a default, a rest parameter, or JSDoc's `[name]`. */
export function isOptional(parameter: ts.ParameterDeclaration): boolean {
  if (parameter.questionToken || parameter.initializer || parameter.dotDotDotToken) return true;
  const type = ts.getJSDocType(parameter);
  return (
    ts.getJSDocParameterTags(parameter).some(({ isBracketed }) => isBracketed) ||
    (type !== undefined && ts.isJSDocOptionalType(type))
  );
}

/** The declared type of a parameter, in TypeScript or JSDoc. */
export function declaredType(parameter: ts.ParameterDeclaration): ts.TypeNode | undefined {
  return parameter.type ?? contextualParameterType(parameter) ?? ts.getJSDocType(parameter);
}

/** `const f: (name: string) => void = (name) => …` declares the parameter in the variable's type. */
function contextualParameterType(parameter: ts.ParameterDeclaration): ts.TypeNode | undefined {
  const type = contextualType(parameter.parent);
  return type?.parameters[parameter.parent.parameters.indexOf(parameter)]?.type;
}

function contextualType(node: ts.Node): ts.FunctionTypeNode | undefined {
  const { parent } = node;
  const type = ts.isVariableDeclaration(parent) || ts.isPropertyDeclaration(parent) ? parent.type : undefined;
  return type && ts.isFunctionTypeNode(type) ? type : undefined;
}

/** The declared type of the result, in TypeScript or JSDoc. */
export function declaredReturnType(node: ts.SignatureDeclaration): ts.TypeNode | undefined {
  return node.type ?? contextualType(node)?.type ?? ts.getJSDocReturnType(node);
}

export function typeText(node: ts.TypeNode): string {
  return oneLine(node.getText());
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").replace(/^\{ ?\| /, "{ ");
}

function parameterType(parameter: ts.ParameterDeclaration): string {
  const declared = declaredType(parameter);
  if (declared) return typeText(declared);
  const text = parameter.initializer ? literalType(parameter.initializer) : undefined;
  return text ?? (parameter.dotDotDotToken ? "any[]" : "any");
}

/** The widened type of a literal: what TypeScript infers for a parameter from its default. */
function literalType(node: ts.Expression): string | undefined {
  if (ts.isStringLiteralLike(node) || ts.isTemplateExpression(node)) return "string";
  if (ts.isNumericLiteral(node)) return "number";
  if (ts.isPrefixUnaryExpression(node)) return literalType(node.operand);
  if (node.kind === ts.SyntaxKind.TrueKeyword || node.kind === ts.SyntaxKind.FalseKeyword) return "boolean";
  if (ts.isBigIntLiteral(node)) return "bigint";
  if (ts.isNewExpression(node) && ts.isIdentifier(node.expression)) return node.expression.text;
  return ts.isRegularExpressionLiteral(node) ? "RegExp" : undefined;
}

/** The result's type, from the declaration or, where it is plain to see, from the body. */
export function returnTypeOf(node: ts.FunctionLikeDeclaration): string {
  const declared = declaredReturnType(node);
  if (declared) return typeText(declared);
  const isAsync = ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.AsyncKeyword);
  const type = inferredReturnType(node);
  return isAsync ? `Promise<${type}>` : type;
}

function inferredReturnType({ body }: ts.FunctionLikeDeclaration): string {
  if (!body) return "any";
  if (!ts.isBlock(body)) return literalType(body) ?? "any";
  const returned = returnedExpressions(body);
  if (returned.every((expression) => expression === undefined)) return "void";
  const types = new Set(returned.map((expression) => (expression && literalType(expression)) ?? "any"));
  return types.size === 1 ? (types.values().next().value ?? "any") : "any";
}

/** What the `return` statements of a body give, nested functions left out. */
export function returnedExpressions(body: ts.Node): (ts.Expression | undefined)[] {
  const found: (ts.Expression | undefined)[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) || ts.isClassLike(node)) return;
    if (ts.isReturnStatement(node)) found.push(node.expression);
    ts.forEachChild(node, visit);
  };
  ts.forEachChild(body, visit);
  return found;
}
