/** What a stub keeps of a function's parameters, and how it hands its arguments on. */
import { ts } from "ts-morph";
import type { FunctionNode } from "../analysis/typescript/function-sites.ts";

export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export interface StubSignature {
  /** Where the parameters would do something if they stayed: defaults are computed by the function, not by its stub. */
  readonly edit: Edit | undefined;
  /** An expression that gives all arguments: `[a, b]`, `[first, ...rest]`, `arguments`. */
  readonly args: string;
  /** How many arguments the function can see; undefined: all that there are. */
  readonly maxArguments: number | undefined;
}

/** The stub keeps the number of parameters that `length` counts, and in TypeScript their types. */
export function stubSignature(node: FunctionNode, isTypeScript: boolean): StubSignature {
  const all = node.parameters.filter(({ name }) => name.getText() !== "this");
  const firstComplex = all.findIndex((parameter) => !isSimple(parameter));
  const kept = firstComplex === -1 ? all : all.slice(0, firstComplex);
  const replaced = firstComplex === -1 ? [] : all.slice(firstComplex);
  const substitutes = substitutesFor(replaced, kept.length, isTypeScript);
  const names = [...kept.map(handOn), ...substitutes.map(({ argument }) => argument)];
  const seesAll = usesArguments(node) || all.at(-1)?.dotDotDotToken !== undefined;
  return {
    edit: editOf(node, replaced, substitutes),
    args: usesArguments(node) ? "arguments" : `[${names.join(", ")}]`,
    maxArguments: seesAll ? undefined : all.length,
  };
}

/** Evaluating it has no effect, and what it evaluates to is what the function itself would have got. */
function isSimple({ name, initializer }: ts.ParameterDeclaration): boolean {
  return ts.isIdentifier(name) && name.text !== "arguments" && (!initializer || isLiteral(initializer));
}

function isLiteral(node: ts.Expression): boolean {
  if (ts.isPrefixUnaryExpression(node)) return ts.isNumericLiteral(node.operand) || ts.isBigIntLiteral(node.operand);
  if (ts.isArrayLiteralExpression(node)) return node.elements.every(isLiteral);
  if (ts.isObjectLiteralExpression(node)) return node.properties.length === 0;
  if (ts.isStringLiteralLike(node) || ts.isNumericLiteral(node) || ts.isBigIntLiteral(node)) return true;
  const { TrueKeyword, FalseKeyword, NullKeyword } = ts.SyntaxKind;
  return node.kind === TrueKeyword || node.kind === FalseKeyword || node.kind === NullKeyword;
}

function handOn({ name, dotDotDotToken }: ts.ParameterDeclaration): string {
  return `${dotDotDotToken ? "..." : ""}${name.getText()}`;
}

interface Substitute {
  readonly declaration: string;
  readonly argument: string;
}

/** Up to the first default each parameter counts for `length`; all the others become one rest parameter. */
function substitutesFor(
  parameters: readonly ts.ParameterDeclaration[],
  offset: number,
  isTypeScript: boolean,
): readonly Substitute[] {
  const firstUncounted = parameters.findIndex(({ initializer, dotDotDotToken }) => initializer ?? dotDotDotToken);
  const counted = firstUncounted === -1 ? parameters : parameters.slice(0, firstUncounted);
  const substitutes = counted.map(({ name, type, questionToken }, index) => {
    const argument = ts.isIdentifier(name) && name.text !== "arguments" ? name.text : `__argument${offset + index}`;
    const annotation = isTypeScript ? `${questionToken ? "?" : ""}: ${type?.getText() ?? "any"}` : "";
    return { declaration: argument + annotation, argument };
  });
  if (firstUncounted === -1) return substitutes;
  return [
    ...substitutes,
    { declaration: `...__arguments${isTypeScript ? ": any[]" : ""}`, argument: "...__arguments" },
  ];
}

function editOf(
  node: FunctionNode,
  replaced: readonly ts.ParameterDeclaration[],
  substitutes: readonly Substitute[],
): Edit | undefined {
  const [first] = replaced;
  if (!first) return undefined;
  const start = first.getStart();
  const end = closingParenthesis(node, replaced.at(-1) ?? first);
  const breaks = lineBreaks(node.getSourceFile().text.slice(start, end));
  return { start, end, text: substitutes.map(({ declaration }) => declaration).join(", ") + breaks };
}

function closingParenthesis(node: FunctionNode, last: ts.Node): number {
  const close = node.getChildren().find(({ kind, pos }) => kind === ts.SyntaxKind.CloseParenToken && pos >= last.end);
  return close?.getStart() ?? last.end;
}

/** The line breaks of a text: what comes behind it stays on its line. */
export function lineBreaks(text: string): string {
  return text.replaceAll(/[^\r\n]/g, "");
}

/** Does the function ask for its own `arguments`? An arrow function has none. */
function usesArguments(node: FunctionNode): boolean {
  if (ts.isArrowFunction(node)) return false;
  return [...node.parameters, ...(node.body ? [node.body] : [])].some(mentionsArguments);
}

export function mentionsArguments(node: ts.Node): boolean {
  if (ts.isIdentifier(node)) return node.text === "arguments" && !isPropertyName(node);
  if (ts.isFunctionLike(node) && !ts.isArrowFunction(node)) return false;
  return ts.forEachChild(node, (child) => mentionsArguments(child) || undefined) ?? false;
}

function isPropertyName(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.name === node;
  return ts.isPropertyAssignment(parent) && parent.name === node;
}
