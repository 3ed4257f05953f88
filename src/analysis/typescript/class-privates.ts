/** What a class hides from everybody but its own code, and whether instances can be made without running its constructor. */
import { ts } from "ts-morph";
import { hasModifier } from "./facts.ts";

export interface ClassPrivates {
  /** Private instance fields, with their `#`. */
  readonly fields: readonly string[];
  /** Any private instance element: methods and accessors as well must be given to each instance. */
  readonly any: string | undefined;
  /** Why instances cannot be made elsewhere, to be said behind the class's name. */
  readonly problem: string | undefined;
}

export function privatesOf(node: ts.ClassLikeDeclaration): ClassPrivates {
  const members = node.members.filter((member) => !hasModifier(member, ts.SyntaxKind.StaticKeyword));
  const hidden = members.filter(({ name }) => name && ts.isPrivateIdentifier(name));
  const accessor = members.find((member) => hasModifier(member, ts.SyntaxKind.AccessorKeyword));
  const fields = hidden.filter(ts.isPropertyDeclaration).map(({ name }) => name.getText());
  const any = hidden[0]?.name?.getText();
  if (accessor) return { fields, any, problem: "has an `accessor` field, which hides its value" };
  return { fields, any, problem: any === undefined ? undefined : constructionProblem(node, members) };
}

/** Field initialisers run when an instance is made, and so does what a derived class does before `super()` returns. */
function constructionProblem(node: ts.ClassLikeDeclaration, members: readonly ts.ClassElement[]): string | undefined {
  for (const member of members) {
    const initializer = ts.isPropertyDeclaration(member) ? member.initializer : undefined;
    if (initializer && !isHarmless(initializer)) {
      return `initialises \`${member.name?.getText()}\` by code that must not run again`;
    }
  }
  const isDerived = node.heritageClauses?.some(({ token }) => token === ts.SyntaxKind.ExtendsKeyword) ?? false;
  const constructor = node.members.filter(ts.isConstructorDeclaration).find(({ body }) => body);
  if (!isDerived || !constructor) return undefined;
  return isHarmlessUpToSuper(constructor) ? undefined : "runs code of its own before it calls `super`";
}

function isHarmlessUpToSuper({ parameters, body }: ts.ConstructorDeclaration): boolean {
  const [first] = body?.statements ?? [];
  if (parameters.some(({ initializer }) => initializer && !isHarmless(initializer))) return false;
  if (!first || !ts.isExpressionStatement(first) || !ts.isCallExpression(first.expression)) return false;
  const { expression, arguments: args } = first.expression;
  return expression.kind === ts.SyntaxKind.SuperKeyword && args.every(isHarmless);
}

/** Calls that change nothing and cannot fail for want of an argument. */
const pureConstructors = new Set(
  "Array ArrayBuffer Date Error Map Object RegExp Set Uint8Array WeakMap WeakSet".split(" "),
);
const pureFunctions = new Set("Array BigInt Boolean Number Object String Symbol".split(" "));

/** Syntax that changes something, or runs code that is not seen here. */
const harmful: ReadonlySet<ts.SyntaxKind> = new Set([
  ts.SyntaxKind.AwaitExpression,
  ts.SyntaxKind.ClassExpression,
  ts.SyntaxKind.DeleteExpression,
  ts.SyntaxKind.TaggedTemplateExpression,
  ts.SyntaxKind.YieldExpression,
]);

/** Whether evaluating an expression can neither change anything nor run code of the project. */
function isHarmless(node: ts.Node): boolean {
  if (ts.isFunctionLike(node)) return true;
  if (harmful.has(node.kind) || isChange(node)) return false;
  if (ts.isNewExpression(node) && !isNamed(node.expression, pureConstructors)) return false;
  if (ts.isCallExpression(node) && !isPureCall(node.expression)) return false;
  return childrenAreHarmless(node);
}

function isChange(node: ts.Node): boolean {
  if (ts.isBinaryExpression(node)) {
    const { kind } = node.operatorToken;
    return kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment;
  }
  if (!ts.isPrefixUnaryExpression(node) && !ts.isPostfixUnaryExpression(node)) return false;
  return node.operator === ts.SyntaxKind.PlusPlusToken || node.operator === ts.SyntaxKind.MinusMinusToken;
}

function childrenAreHarmless(node: ts.Node): boolean {
  return !ts.forEachChild(node, (child) => (isHarmless(child) ? undefined : true));
}

function isNamed(node: ts.Expression, names: ReadonlySet<string>): boolean {
  return ts.isIdentifier(node) && names.has(node.text);
}

/** `Symbol()`, `Date.now()`, `Object.create(null)`, `Math.random()`. */
function isPureCall(callee: ts.Expression): boolean {
  if (isNamed(callee, pureFunctions)) return true;
  return /^(?:Date\.now|Math\.\w+|Object\.create|Symbol\.for|Number\.\w+|performance\.now)$/.test(callee.getText());
}
