/**
 * Which top-level statements belong to which variable, because the variable is what it is through them.
 *
 * Statements that run the program (`main()`, `console.log(price(3))`) belong to no variable.
 */
import { ts } from "ts-morph";
import type { Facts } from "./facts.ts";
import { changedByLoading, loadingItems } from "./load-changes.ts";
import { functionOf } from "./lookup.ts";
import { keyOf, type Item, type Module } from "./module.ts";
import type { Workspace } from "./workspace.ts";

/** Top-level statements without which `name` would not be what the function `rootName` sees. */
export function statementsTouching(
  workspace: Workspace,
  { module, name, rootName }: { readonly module: Module; readonly name: string; readonly rootName: string | undefined },
): readonly Item[] {
  if (loadingItems(workspace, module).length === 0) return [];
  const touching = workspace.remember(`touches ${name}`, module, () => {
    const keys = [name, ...aliasesOf(module, name)].map((alias) => keyOf(module, alias));
    return loadingItems(workspace, module).filter((item) => {
      const changed = changedByLoading(workspace, module, item);
      return keys.some((key) => changed.has(key)) || changesImport(module, item.facts, name);
    });
  });
  return withoutProgram(workspace, module, touching, rootName);
}

/** Without the statements that call the function itself: those are the program. */
export function withoutProgram(
  workspace: Workspace,
  module: Module,
  items: readonly Item[],
  rootName: string | undefined,
): readonly Item[] {
  if (items.length === 0 || rootName === undefined) return items;
  const program = statementsCalling(workspace, module, rootName);
  return items.filter((item) => !program.includes(item));
}

/** What is imported from a package is changed here: `dayjs.extend(utc)`. */
function changesImport(module: Module, { references }: Facts, name: string): boolean {
  if (module.bindings.get(name)?.kind !== "import") return false;
  return references.some((reference) => reference.name === name && reference.use === "mutate");
}

/** Variables through which a variable's value can be changed, too: `const { inner } = table`. */
export function aliasesOf(module: Module, name: string): ReadonlySet<string> {
  const aliases = new Set<string>();
  const own = module.bindings.get(name);
  if (!own || own.kind === "import") return aliases;
  const known = new Set([name]);
  for (const source of known) {
    for (const binding of module.bindings.values()) {
      if (known.has(binding.name) || !mayHold(binding.declaration, binding.items, source)) continue;
      known.add(binding.name);
      aliases.add(binding.name);
    }
  }
  return aliases;
}

function mayHold(declaration: ts.Node, items: readonly Item[], source: string): boolean {
  if (!ts.isVariableDeclaration(declaration) || functionOf(declaration)) return false;
  return items.some(({ facts }) =>
    facts.references.some(({ name, use, chain, deferred }) => {
      if (name !== source || deferred) return false;
      return use === "read" || (use !== "new" && chain.length > 0);
    }),
  );
}

/** Top-level statements that call a function: the program, which may change state between two calls. */
export function statementsCalling(workspace: Workspace, module: Module, functionName: string): readonly Item[] {
  return workspace.remember(`calls ${functionName}`, module, () =>
    loadingItems(workspace, module).filter(
      (item) => !givesFunction(item) && callsFunction(module, item.facts, functionName),
    ),
  );
}

/** `Cart.of = function () {…}` defines something, whatever that calls. */
function givesFunction({ node }: Item): boolean {
  if (!ts.isExpressionStatement(node) || !ts.isBinaryExpression(node.expression)) return false;
  const { operatorToken, right } = node.expression;
  return operatorToken.kind === ts.SyntaxKind.EqualsToken && ts.isFunctionLike(right);
}

/** The program calls the function that moves; what only prepares its state does not. */
function callsFunction(module: Module, facts: Facts, rootName: string): boolean {
  const calls = ({ references }: Facts): boolean =>
    references.some(({ name, use, argumentOf }) => {
      if (name !== rootName) return false;
      return use === "call" || use === "new" || (argumentOf !== undefined && !isObjectCall(argumentOf));
    });
  if (calls(facts)) return true;
  return facts.references.some(({ name }) => name !== rootName && anyReached(module, name, calls));
}

function isObjectCall({ expression }: ts.CallExpression | ts.NewExpression): boolean {
  return ts.isPropertyAccessExpression(expression) && expression.expression.getText() === "Object";
}

/** Whether `test` holds for the code of `name`, or for code of this file that it mentions. */
function anyReached(module: Module, name: string, test: (facts: Facts) => boolean): boolean {
  const seen = new Set<string>();
  const pending = [name];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    for (const { facts, kind } of module.bindings.get(next)?.items ?? []) {
      if (kind !== "declaration") continue;
      if (test(facts)) return true;
      pending.push(...facts.references.map((reference) => reference.name));
    }
  }
  return false;
}
