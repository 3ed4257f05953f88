/** What a function plainly returns that no answer can carry. */
import { ts } from "ts-morph";
import { collectFacts } from "./facts.ts";
import type { FunctionSite } from "./function-sites.ts";
import { declarationBehind, functionOf, unwrap } from "./lookup.ts";
import type { Module } from "./module.ts";
import { declaredReturnType, returnedExpressions } from "./type-texts.ts";
import { awaitedType, isCallableType } from "./value-types.ts";
import type { Workspace } from "./workspace.ts";

export interface ReturnedThing {
  /** With its article: "a function". */
  readonly what: string;
  readonly node: ts.Node;
  /** It stays where it is, and can be used from afar as long as its function lives. */
  readonly isLive: boolean;
}

interface Code {
  readonly workspace: Workspace;
  readonly module: Module;
}

/** The first thing that a function returns and that cannot travel, by its type or by its code. */
export function returnedThing({
  workspace,
  module,
  site,
}: Code & { readonly site: FunctionSite }): ReturnedThing | undefined {
  const declared = awaitedType(declaredReturnType(site.node));
  if (declared && isCallableType({ workspace, module }, declared))
    return { what: "a function", node: declared, isLive: true };
  return returnedBy({ workspace, module }, site.node);
}

function returnedBy(code: Code, { body }: ts.FunctionLikeDeclaration): ReturnedThing | undefined {
  if (!body) return undefined;
  for (const result of ts.isBlock(body) ? returnedExpressions(body) : [body]) {
    const what = result && thingIn(code, result, body);
    if (result && what !== undefined) return { what, node: result, isLive: liveThings.has(what) };
  }
  return undefined;
}

const liveThings: ReadonlySet<string> = new Set([
  "a function",
  "a generator",
  "an iterator",
  "a stream",
  "an object with functions",
]);

function thingIn(code: Code, expression: ts.Expression, body: ts.Node): string | undefined {
  const value = unwrap(expression);
  if (ts.isClassExpression(value)) return "a class";
  if (ts.isConditionalExpression(value))
    return thingIn(code, value.whenTrue, body) ?? thingIn(code, value.whenFalse, body);
  if (ts.isCallExpression(value)) return calledThing(code, value);
  return ts.isIdentifier(value) ? namedThing(code, value, body) : heldThing(value);
}

const refusedInstances: ReadonlyMap<string, string> = new Map([
  ["Proxy", "a Proxy"],
  ["WeakMap", "a WeakMap"],
  ["WeakSet", "a WeakSet"],
  ["WeakRef", "a WeakRef"],
  ["Readable", "a stream"],
  ["ReadableStream", "a stream"],
]);

function objectWithFunctions({ properties }: ts.ObjectLiteralExpression): string | undefined {
  const isFunction = (property: ts.ObjectLiteralElementLike): boolean => {
    if (ts.isMethodDeclaration(property)) return true;
    const value = ts.isPropertyAssignment(property) ? unwrap(property.initializer) : undefined;
    return value !== undefined && (ts.isArrowFunction(value) || ts.isFunctionExpression(value));
  };
  return properties.some(isFunction) ? "an object with functions" : undefined;
}

const iteratorMethods: ReadonlySet<string> = new Set(["entries", "keys", "matchAll", "values"]);
const iteratorKeys = /^Symbol\.(?:asyncIterator|iterator)$/;

/** `f.bind(null, 1)`; a function of the project that returns one. */
function calledThing({ workspace, module }: Code, { expression }: ts.CallExpression): string | undefined {
  if (ts.isPropertyAccessExpression(expression)) {
    if (expression.name.text === "bind") return "a function";
    if (expression.getText() === "Readable.from") return "a stream";
    if (iteratorMethods.has(expression.name.text) && !/^(?:Object|Reflect)$/.test(expression.expression.getText()))
      return "an iterator";
  }
  if (ts.isElementAccessExpression(expression) && iteratorKeys.test(expression.argumentExpression.getText()))
    return "an iterator";
  if (!ts.isIdentifier(expression)) return undefined;
  const declared = declarationBehind(workspace, module, { name: expression.text, chain: [] });
  const called = declared && functionOf(declared.binding.declaration);
  return declared && called && thingReturnedBy({ workspace, module: declared.module }, called);
}

function thingReturnedBy({ workspace, module }: Code, called: ts.FunctionLikeDeclaration): string | undefined {
  return workspace.remember("returned thing", called, () => {
    if ("asteriskToken" in called && called.asteriskToken) return "a generator";
    const asked = workspace.remember("returned things asked", workspace, () => new Set<ts.Node>());
    if (asked.has(called)) return undefined;
    asked.add(called);
    return returnedBy({ workspace, module }, called)?.what;
  });
}

/** Does a function of the project plainly return a function? */
export function isFunctionReturned(workspace: Workspace, module: Module, called: ts.FunctionLikeDeclaration): boolean {
  return thingReturnedBy({ workspace, module }, called) === "a function";
}

function namedThing({ module }: Code, name: ts.Identifier, body: ts.Node): string | undefined {
  const local = ts.isBlock(body)
    ? body.statements.map((statement) => declaredThing(statement, name.text)).find(Boolean)
    : undefined;
  if (local !== undefined) return local;
  // A name of the file, unless the function has its own of that name.
  const isFree = collectFacts(body).references.some(({ node }) => node === name);
  const declaration = isFree ? module.bindings.get(name.text)?.declaration : undefined;
  if (!declaration || isParameterAround(name)) return undefined;
  if (ts.isClassDeclaration(declaration)) return "a class";
  return functionOf(declaration) ? "a function" : undefined;
}

function isParameterAround(name: ts.Identifier): boolean {
  for (let current: ts.Node = name; !ts.isSourceFile(current); current = current.parent) {
    if (ts.isFunctionLike(current) && current.parameters.some((parameter) => parameter.name.getText() === name.text))
      return true;
  }
  return false;
}

function declaredThing(statement: ts.Statement, name: string): string | undefined {
  if (ts.isFunctionDeclaration(statement)) return statement.name?.text === name ? "a function" : undefined;
  if (ts.isClassDeclaration(statement)) return statement.name?.text === name ? "a class" : undefined;
  if (!ts.isVariableStatement(statement)) return undefined;
  return statement.declarationList.declarations
    .filter(({ name: declared }) => ts.isIdentifier(declared) && declared.text === name)
    .map(({ initializer }) => initializer && heldThing(unwrap(initializer)))
    .find((thing) => thing !== undefined);
}

function heldThing(value: ts.Expression): string | undefined {
  if (ts.isArrowFunction(value) || ts.isFunctionExpression(value)) return "a function";
  if (ts.isObjectLiteralExpression(value)) return objectWithFunctions(value);
  return ts.isNewExpression(value) ? refusedInstances.get(value.expression.getText()) : undefined;
}
