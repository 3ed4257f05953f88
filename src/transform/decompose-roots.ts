/** Which of the functions that could move are called from code that stays: these get stubs, the others go along. */
import { ts } from "ts-morph";
import type { Reference } from "../analysis/typescript/facts.ts";
import type { FunctionSite } from "../analysis/typescript/function-sites.ts";
import type { Module } from "../analysis/typescript/module.ts";

interface Placed {
  readonly module: Module;
  readonly site: FunctionSite;
}

/**
 * The candidates that code outside all candidates names, and those that their file exports. Judged by names alone:
 * one that is named by chance gets a stub that nobody calls.
 */
export function rootsAmong<T extends Placed>(modules: readonly Module[], candidates: readonly T[]): readonly T[] {
  const bodies = new Set<ts.Node>(candidates.map(({ site }) => site.made ?? site.node));
  const named = new Map(modules.map((module) => [module, namesIn(module, bodies)]));
  const aliases = aliasesIn(modules);
  return candidates.filter(({ module, site }) => {
    if (site.exported || site.name.includes(".") || site.binding === undefined) return true;
    return named.get(module)?.has(site.binding) || aliases.has(site.binding);
  });
}

/** Every identifier outside the candidates, but where it only declares. */
function namesIn({ sourceFile }: Module, bodies: ReadonlySet<ts.Node>): ReadonlySet<string> {
  const names = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (bodies.has(node)) return;
    if (ts.isIdentifier(node) && !isDeclaredBy(node)) names.add(node.text);
    ts.forEachChild(node, visit);
  };
  visit(sourceFile);
  return names;
}

function isDeclaredBy(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.name === node;
  return (ts.isVariableDeclaration(parent) || ts.isFunctionDeclaration(parent)) && parent.name === node;
}

/** Names that other files import under. */
function aliasesIn(modules: readonly Module[]): ReadonlySet<string> {
  return new Set(
    modules.flatMap(({ bindings }) => Array.from(bindings.values(), ({ imported }) => imported?.name ?? "")),
  );
}

/** The stub's text is another one. */
export function readsTextOf(files: readonly { readonly module: Module }[], name: string): boolean {
  return files.some(({ module: { items } }) =>
    items.some(({ facts }) => facts.references.some((reference) => reference.name === name && readsText(reference))),
  );
}

/** `f.toString()`, `String(f)`, `Function.prototype.toString.call(f)`, `${f}`, `f + ""`. */
export function readsText({ chain, argumentOf, node }: Reference): boolean {
  if (chain.length > 0) return chain[0] === "toString";
  if (argumentOf) return /^(?:String|Function\.prototype\.toString\.call)$/.test(argumentOf.expression.getText());
  const { parent } = node;
  if (ts.isTemplateSpan(parent)) return !ts.isTaggedTemplateExpression(parent.parent.parent);
  return ts.isBinaryExpression(parent) && parent.operatorToken.kind === ts.SyntaxKind.PlusToken;
}
