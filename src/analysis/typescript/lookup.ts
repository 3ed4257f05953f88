/** What a name declares, through the imports of the project's own files. */
import { ts } from "ts-morph";
import type { Reference } from "./facts.ts";
import type { Binding, Module } from "./module.ts";
import type { Workspace } from "./workspace.ts";

/** A declaration with the file it stands in. */
export interface Declared {
  readonly module: Module;
  readonly binding: Pick<Binding, "name" | "kind" | "items" | "declaration">;
}

/** Follows imports and re-exports; undefined for globals, packages and whole modules. */
export function declarationBehind(
  workspace: Workspace,
  module: Module,
  { name, chain }: Pick<Reference, "name" | "chain">,
): Declared | undefined {
  const binding = module.bindings.get(name);
  if (!binding?.imported) return binding && { module, binding };
  const { specifier, name: imported } = binding.imported;
  const exported = imported === "*" ? chain[0] : imported;
  return exported === undefined ? undefined : exportBehind(workspace, { module, specifier, exported }, new Set());
}

interface Wanted {
  readonly module: Module;
  readonly specifier: string;
  readonly exported: string;
}

function exportBehind(
  workspace: Workspace,
  { module, specifier, exported }: Wanted,
  seen: Set<Module>,
): Declared | undefined {
  const resolution = workspace.resolve(module, specifier);
  const target = resolution.kind === "source" ? workspace.tryModule(resolution.file) : undefined;
  if (!target || seen.has(target)) return undefined;
  seen.add(target);
  const entry = target.exports.get(exported);
  if (entry?.from) {
    return exportBehind(
      workspace,
      { module: target, specifier: entry.from.specifier, exported: entry.from.name },
      seen,
    );
  }
  if (entry?.local !== undefined) return declarationBehind(workspace, target, { name: entry.local, chain: [] });
  if (entry?.expression) {
    // CommonJS: `exports.add = (a, b) => a + b` declares nothing in its own file.
    const { expression: declaration, items } = entry;
    return { module: target, binding: { name: exported, kind: "const", items: [...items], declaration } };
  }
  for (const star of target.stars) {
    const found = exportBehind(workspace, { module: target, specifier: star.specifier, exported }, seen);
    if (found) return found;
  }
  return undefined;
}

/** The function that a declaration declares: a function declaration, or a variable initialised with a function. */
export function functionOf(declaration: ts.Node): ts.FunctionLikeDeclaration | undefined {
  if (ts.isFunctionDeclaration(declaration)) return declaration;
  if (ts.isArrowFunction(declaration) || ts.isFunctionExpression(declaration)) return declaration;
  if (!ts.isVariableDeclaration(declaration) || !declaration.initializer) return undefined;
  const initializer = unwrap(declaration.initializer);
  return ts.isArrowFunction(initializer) || ts.isFunctionExpression(initializer) ? initializer : undefined;
}

/** Strips parentheses, `as T`, `satisfies T` and `!`. */
export function unwrap(expression: ts.Expression): ts.Expression {
  let current = expression;
  while (
    ts.isParenthesizedExpression(current) ||
    ts.isAsExpression(current) ||
    ts.isSatisfiesExpression(current) ||
    ts.isNonNullExpression(current)
  ) {
    current = current.expression;
  }
  return current;
}
