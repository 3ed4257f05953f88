/** Which functions are programs or tests: they stay, and nothing is offered for them. */
import path from "node:path";
import { ts } from "ts-morph";
import type { Reason } from "../../core/function-model.ts";
import type { FunctionSite } from "./function-sites.ts";
import { lineOf, type Module } from "./module.ts";
import { programNames } from "./load-changes.ts";
import { unwrap } from "./lookup.ts";
import type { Workspace } from "./workspace.ts";

/** Why a function is an entry point; undefined when it is none. */
export function entryReason(workspace: Workspace, module: Module, site: FunctionSite): Reason | undefined {
  const line = lineOf(site.nameNode);
  const isTest = workspace.remember("test file", module, () => isTestFile(workspace, module));
  if (isTest) return { message: "belongs to a test file", line };
  if (site.binding === undefined || site.binding !== site.name) return undefined;
  if (!programNames.has(site.name) && !module.text.startsWith("#!")) return undefined;
  const call = programCallOf(module, site.name);
  return call && { message: `is the program's entry point, called at line ${lineOf(call)}`, line: lineOf(call) };
}

function isTestFile(workspace: Workspace, { file }: Module): boolean {
  if (/\.(?:test|spec)\.[cm]?[jt]sx?$/i.test(file)) return true;
  // Only folders of the project count: the project itself may lie in a folder called tests.
  const folders = path.relative(workspace.packageFolder(file), path.dirname(file)).split(path.sep);
  return folders.includes("__tests__") || folders.includes("tests");
}

/** A top-level statement that calls the function for its effects: `main()`, `await main()`, `main().catch(…)`. */
function programCallOf(module: Module, name: string): ts.Node | undefined {
  for (const { kind, statement } of module.items) {
    if (kind !== "effect") continue;
    const call = callIn(statement, name);
    if (call) return call;
  }
  return undefined;
}

function callIn(statement: ts.Statement, name: string): ts.Node | undefined {
  if (ts.isExpressionStatement(statement)) return isCallOf(statement.expression, name) ? statement : undefined;
  if (ts.isBlock(statement)) return firstOf(statement.statements, name);
  if (ts.isIfStatement(statement))
    return firstOf([statement.thenStatement, ...(statement.elseStatement ? [statement.elseStatement] : [])], name);
  return ts.isTryStatement(statement) ? firstOf(statement.tryBlock.statements, name) : undefined;
}

function firstOf(statements: readonly ts.Statement[], name: string): ts.Node | undefined {
  for (const statement of statements) {
    const call = callIn(statement, name);
    if (call) return call;
  }
  return undefined;
}

function isCallOf(expression: ts.Expression, name: string): boolean {
  const inner = unwrap(expression);
  if (ts.isAwaitExpression(inner) || ts.isVoidExpression(inner)) return isCallOf(inner.expression, name);
  if (!ts.isCallExpression(inner)) return false;
  const callee = inner.expression;
  if (ts.isIdentifier(callee) && callee.text === name) return true;
  if (ts.isPropertyAccessExpression(callee) && isCallOf(callee.expression, name)) return true;
  // `process.exit(main())` runs a program; `console.log(price(3))` uses a function.
  return programNames.has(name) && inner.arguments.some((argument) => isCallOf(argument, name));
}
