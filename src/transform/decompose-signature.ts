/** What a stub keeps of a function's parameters, and how it hands its arguments on. */
import { ts } from "ts-morph";
import type { FunctionNode } from "../analysis/typescript/function-sites.ts";
import { isGenerator } from "../analysis/typescript/own-code.ts";
import { boundNames, mentionsArguments } from "../analysis/typescript/scopes.ts";
import { mayBeSloppy } from "../analysis/typescript/strictness.ts";

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
  /**
   * The parameters of an arrow function in the stub that has the function's own body; undefined where the body would
   * mean something else in there.
   */
  readonly inner: string | undefined;
}

/** The stub keeps the number of parameters that `length` counts, and in TypeScript their types. */
export function stubSignature(node: FunctionNode, isTypeScript: boolean): StubSignature {
  const all = node.parameters.filter(({ name }) => name.getText() !== "this");
  const firstComplex = all.findIndex((parameter) => !isSimple(parameter));
  const kept = firstComplex === -1 ? all : all.slice(0, firstComplex);
  const replaced = firstComplex === -1 ? [] : all.slice(firstComplex);
  const substitutes = substitutesFor(replaced, kept.length, isTypeScript);
  const names = [...kept.map(handOn), ...substitutes.map(({ argument }) => argument)];
  const asksForArguments = usesArguments(node);
  const seesAll = asksForArguments || all.at(-1)?.dotDotDotToken !== undefined;
  const isOther = (asksForArguments && all.length > 0 && mayBeSloppy(node)) || hasTwoOfAName(all);
  const inner = isOther || losesSuper(node) ? undefined : innerParameters(node, { kept, replaced, isTypeScript });
  return {
    edit: editOf(node, { replaced, substitutes, isMoved: inner !== undefined }),
    args: asksForArguments ? "arguments" : `[${names.join(", ")}]`,
    maxArguments: seesAll ? undefined : all.length,
    inner,
  };
}

/** A generator's body is in a function of its own there. */
function losesSuper(node: FunctionNode): boolean {
  return isGenerator(node) && mentionsSuper(node);
}

function mentionsSuper(node: ts.Node): boolean {
  return (
    node.kind === ts.SyntaxKind.SuperKeyword ||
    (ts.forEachChild(node, (child) => mentionsSuper(child) || undefined) ?? false)
  );
}

function hasTwoOfAName(parameters: readonly ts.ParameterDeclaration[]): boolean {
  const names = parameters.flatMap(({ name }) => boundNames(name).map(({ text }) => text));
  return new Set(names).size < names.length;
}

interface SplitParameters {
  readonly kept: readonly ts.ParameterDeclaration[];
  readonly replaced: readonly ts.ParameterDeclaration[];
  readonly isTypeScript: boolean;
}

/** What the stub replaces moves here as it stands, with its line breaks; what it keeps is said again on one line. */
function innerParameters(node: FunctionNode, { kept, replaced, isTypeScript }: SplitParameters): string {
  const again = kept.map(({ name, dotDotDotToken, initializer, questionToken }) => {
    const annotation =
      isTypeScript && !initializer ? `${questionToken ? "?" : ""}: any${dotDotDotToken ? "[]" : ""}` : "";
    const value = initializer ? ` = ${initializer.getText()}` : "";
    return `${dotDotDotToken ? "..." : ""}${name.getText()}${annotation}${value}`;
  });
  const [first] = replaced;
  if (!first) return again.join(", ");
  const text = node.getSourceFile().text.slice(first.getStart(), closingParenthesis(node, replaced.at(-1) ?? first));
  return [...again, text].join(", ");
}

/** Evaluating it has no effect, and what it evaluates to is what the function itself would have got. */
function isSimple({ name, initializer }: ts.ParameterDeclaration): boolean {
  if (!ts.isIdentifier(name) || name.text === "arguments") return false;
  return !initializer || (isLiteral(initializer) && lineBreaks(initializer.getText()) === "");
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
    const written = type?.getText() ?? "any";
    const annotation = isTypeScript
      ? `${questionToken ? "?" : ""}: ${lineBreaks(written) === "" ? written : "any"}`
      : "";
    return { declaration: argument + annotation, argument };
  });
  if (firstUncounted === -1) return substitutes;
  return [
    ...substitutes,
    { declaration: `...__arguments${isTypeScript ? ": any[]" : ""}`, argument: "...__arguments" },
  ];
}

interface Replacement {
  readonly replaced: readonly ts.ParameterDeclaration[];
  readonly substitutes: readonly Substitute[];
  /** What is replaced stands in the stub's body again, line breaks included. */
  readonly isMoved: boolean;
}

function editOf(node: FunctionNode, { replaced, substitutes, isMoved }: Replacement): Edit | undefined {
  const [first] = replaced;
  if (!first) return undefined;
  const start = first.getStart();
  const end = closingParenthesis(node, replaced.at(-1) ?? first);
  const breaks = isMoved ? "" : lineBreaks(node.getSourceFile().text.slice(start, end));
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
