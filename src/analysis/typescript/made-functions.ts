/**
 * Functions that no function expression gives, but a value that is computed when the file is loaded: `curry((a, b) => …)`,
 * `tax.bind(null, 0.2)`, `isNative ? native : own`, another name of a function.
 */
import { ts } from "ts-morph";
import { declarationBehind, functionOf, unwrap } from "./lookup.ts";
import { scopeOf, variableIn } from "./local-variables.ts";
import type { Module } from "./module.ts";
import { isFunctionReturned } from "./returned-things.ts";
import { returnedExpressions } from "./type-texts.ts";
import type { Workspace } from "./workspace.ts";

export type InnerFunction = ts.FunctionDeclaration | ts.FunctionExpression | ts.ArrowFunction;

const MAX_DEPTH = 8;

/** May the value be such a function, by its syntax alone? Cheap, and true for many values that are none. */
export function mayBeMade(value: ts.Expression, { bindings }: Pick<Module, "bindings">): boolean {
  const inner = unwrap(value);
  if (ts.isIdentifier(inner)) return bindings.has(inner.text);
  if (ts.isConditionalExpression(inner))
    return mayBeMade(inner.whenTrue, { bindings }) || mayBeMade(inner.whenFalse, { bindings });
  if (ts.isBinaryExpression(inner)) return /^(?:\|\||\?\?)$/.test(inner.operatorToken.getText());
  return ts.isCallExpression(inner) || (ts.isPropertyAccessExpression(inner) && isStandardFunction(inner, bindings));
}

/**
 * The function whose parameters the made one most likely has: the last function that goes into it. One that takes
 * anything where there is none in the same file.
 */
export function innerFunction(value: ts.Expression, { bindings }: Pick<Module, "bindings">): InnerFunction {
  const find = (expression: ts.Expression, depth: number): InnerFunction | undefined => {
    const inner = unwrap(expression);
    if (depth > MAX_DEPTH) return undefined;
    if (ts.isArrowFunction(inner) || ts.isFunctionExpression(inner)) return inner;
    if (ts.isIdentifier(inner)) {
      const declaration = bindings.get(inner.text)?.declaration;
      const declared = declaration && functionOf(declaration);
      return declared?.body ? (declared as InnerFunction) : undefined;
    }
    if (!ts.isCallExpression(inner)) return undefined;
    // What `bind` gives has fewer parameters, and which are left is not worth telling.
    if (isBind(inner)) return undefined;
    return inner.arguments
      .toReversed()
      .map((argument) => find(argument, depth + 1))
      .find(Boolean);
  };
  return find(value, 0) ?? takesAnything;
}

const takesAnything = ((): InnerFunction => {
  const source = ts.createSourceFile("made.ts", "(...args: any[]): any => {}", ts.ScriptTarget.Latest, true);
  const [statement] = source.statements;
  if (!statement || !ts.isExpressionStatement(statement) || !ts.isArrowFunction(statement.expression))
    throw new Error("the parser gives no arrow function");
  return statement.expression;
})();

const standardObjects = new Set("Array BigInt Date JSON Math Number Object Promise Reflect String".split(" "));

/** `Array.isArray`, `Math.max`. */
function isStandardFunction({ expression, name }: ts.PropertyAccessExpression, bindings: Module["bindings"]): boolean {
  if (!ts.isIdentifier(expression) || bindings.has(expression.text) || !standardObjects.has(expression.text))
    return false;
  const owner: unknown = Reflect.get(globalThis, expression.text);
  return typeof Reflect.get(owner as object, name.text) === "function";
}

/**
 * Is it a function? `undefined`: the source does not tell, as with what a package's function returns.
 *
 * @param module - of the expression, which stands at its top level
 */
export function givesFunction(
  workspace: Workspace,
  module: Module,
  expression: ts.Expression,
  depth = 0,
): boolean | undefined {
  const value = unwrap(expression);
  if (ts.isArrowFunction(value) || ts.isFunctionExpression(value)) return true;
  if (depth > MAX_DEPTH) return undefined;
  if (ts.isConditionalExpression(value)) return either(value.whenTrue, value.whenFalse);
  if (ts.isBinaryExpression(value)) return either(value.left, value.right);
  if (ts.isIdentifier(value)) return nameGives(value);
  if (ts.isPropertyAccessExpression(value)) return isStandardFunction(value, module.bindings);
  return ts.isCallExpression(value) ? callGives(value) : false;

  function either(...parts: readonly ts.Expression[]): boolean | undefined {
    const known = parts.map((part) => givesFunction(workspace, module, part, depth + 1));
    return known.includes(true) || (known.includes(undefined) ? undefined : false);
  }

  function nameGives(name: ts.Identifier): boolean | undefined {
    const declared = declarationBehind(workspace, module, { name: name.text, chain: [] });
    if (!declared) return undefined;
    const { declaration } = declared.binding;
    if (functionOf(declaration)) return true;
    if (ts.isVariableDeclaration(declaration) && declaration.initializer)
      return givesFunction(workspace, declared.module, declaration.initializer, depth + 1);
    return ts.isExpression(declaration) ? givesFunction(workspace, declared.module, declaration, depth + 1) : false;
  }

  function callGives(call: ts.CallExpression): boolean | undefined {
    if (isBind(call)) return true;
    const callee = unwrap(call.expression);
    if (!ts.isIdentifier(callee)) return undefined;
    const declared = declarationBehind(workspace, module, { name: callee.text, chain: [] });
    if (!declared) return undefined;
    const { declaration } = declared.binding;
    const definition = functionOf(declaration);
    if (definition) return returnsFunction(workspace, declared.module, definition);
    const made = ts.isVariableDeclaration(declaration) ? declaration.initializer : undefined;
    if (!made || givesFunction(workspace, declared.module, made, depth + 1) !== true) return undefined;
    const inner = innerFunction(made, declared.module);
    // A curried function that lacks arguments gives a function.
    if (inner !== takesAnything && call.arguments.length < inner.parameters.length) return true;
    return returnsFunction(workspace, declared.module, inner);
  }
}

function returnsFunction(
  workspace: Workspace,
  module: Module,
  called: ts.FunctionLikeDeclaration,
): boolean | undefined {
  if (isFunctionReturned(workspace, module, called)) return true;
  const results = resultsOf(called);
  return results.every((result) => result === undefined || isNoFunction(unwrap(result))) ? false : undefined;
}

function isNoFunction(value: ts.Expression): boolean {
  return !(
    ts.isIdentifier(value) ||
    ts.isCallExpression(value) ||
    ts.isConditionalExpression(value) ||
    ts.isPropertyAccessExpression(value) ||
    ts.isElementAccessExpression(value) ||
    ts.isBinaryExpression(value) ||
    ts.isFunctionExpression(value) ||
    ts.isArrowFunction(value)
  );
}

/**
 * Where the source does not tell: is a value that the file exports most likely a function? When functions go into it, or
 * when a function that was made itself gives it, as in `const inc = add(1)`, or one that hands a function of its own on.
 */
export function isLikelyFunction(workspace: Workspace, module: Module, value: ts.Expression): boolean {
  const call = unwrap(value);
  if (!ts.isCallExpression(call) || !ts.isIdentifier(call.expression)) return false;
  const declared = declarationBehind(workspace, module, { name: call.expression.text, chain: [] });
  if (!declared) return false;
  const definition = functionOf(declared.binding.declaration);
  if (!definition) return givesFunction(workspace, module, call.expression) === true;
  return call.arguments.some((argument) => givesFunction(workspace, module, argument) === true) || wraps(definition);
}

/**
 * May the value be a function that the program has by another name as well, so that it matters which one it is? Not what
 * a function gives that makes it: by its code where that is known, else by its look.
 */
export function mayBeShared(workspace: Workspace, module: Module, value: ts.Expression): boolean {
  const call = unwrap(value);
  if (!ts.isCallExpression(call)) return true;
  if (isBind(call)) return false;
  const called = calledBy(workspace, module, call.expression);
  if (called) return resultsOf(called).some((result) => result !== undefined && isGiven(unwrap(result)));
  const callee = unwrap(call.expression);
  const name = ts.isPropertyAccessExpression(callee) ? unwrap(callee.expression) : callee;
  return !ts.isIdentifier(name) || module.bindings.get(name.text)?.imported === undefined;
}

/** The function that is called, also one that another call gives: `validated(check)(fn)`. */
function calledBy(workspace: Workspace, module: Module, callee: ts.Expression): ts.FunctionLikeDeclaration | undefined {
  const value = unwrap(callee);
  if (ts.isArrowFunction(value) || ts.isFunctionExpression(value)) return value;
  if (ts.isIdentifier(value)) {
    const declared = declarationBehind(workspace, module, { name: value.text, chain: [] });
    return declared && functionOf(declared.binding.declaration);
  }
  const outer = ts.isCallExpression(value) ? calledBy(workspace, module, value.expression) : undefined;
  const [result, ...others] = outer ? resultsOf(outer) : [];
  const inner = result && unwrap(result);
  const isFunction = inner && (ts.isArrowFunction(inner) || ts.isFunctionExpression(inner));
  return isFunction && others.length === 0 ? inner : undefined;
}

/** `return fn`, unless it is a function that the code has made there. */
function isGiven(result: ts.Expression): boolean {
  if (ts.isConditionalExpression(result)) return isGiven(unwrap(result.whenTrue)) || isGiven(unwrap(result.whenFalse));
  if (ts.isBinaryExpression(result)) return true;
  if (ts.isCallExpression(result)) return !isBind(result) && !/^Object\.\w+$/.test(result.expression.getText());
  if (!ts.isIdentifier(result)) return !ts.isArrowFunction(result) && !ts.isFunctionExpression(result);
  const scope = scopeOf(result, result.text);
  const declaration = scope && variableIn(scope, result.text).declaration;
  return declaration === undefined || functionOf(declaration) === undefined;
}

function isBind({ expression }: ts.CallExpression): boolean {
  return ts.isPropertyAccessExpression(expression) && expression.name.text === "bind";
}

/** `function createFlow(fromRight) { return flatRest((functions) => …); }` */
function wraps(called: ts.FunctionLikeDeclaration): boolean {
  return resultsOf(called).some((result) => {
    const call = result && unwrap(result);
    if (!call || !ts.isCallExpression(call)) return false;
    return call.arguments.some((argument) => ts.isArrowFunction(argument) || ts.isFunctionExpression(argument));
  });
}

function resultsOf({ body }: ts.FunctionLikeDeclaration): readonly (ts.Expression | undefined)[] {
  if (!body) return [];
  return ts.isBlock(body) ? returnedExpressions(body) : [body];
}
