/** What a class declares, by syntax. */
import { ts } from "ts-morph";
import { functionOf } from "./lookup.ts";
import type { Binding, Module } from "./module.ts";

/** The class that a top-level declaration stands for. */
export function classOf(declaration: ts.Node): ts.ClassLikeDeclaration | undefined {
  if (ts.isClassLike(declaration)) return declaration;
  if (!ts.isVariableDeclaration(declaration) || !declaration.initializer) return undefined;
  return ts.isClassExpression(declaration.initializer) ? declaration.initializer : undefined;
}

const prototypeUsers = new WeakMap<Module, ReadonlySet<string>>();

/** A function that its file uses as a class: `Cart.prototype.add = …`. */
export function isConstructorFunction(
  module: Module,
  { name, declaration }: Pick<Binding, "name" | "declaration">,
): boolean {
  const definition = functionOf(declaration);
  if (!definition || ts.isArrowFunction(definition)) return false;
  const known = prototypeUsers.get(module);
  if (known) return known.has(name);
  const names = new Set(
    module.items.flatMap(({ facts }) =>
      facts.references.flatMap((one) => (one.chain[0] === "prototype" ? [one.name] : [])),
    ),
  );
  prototypeUsers.set(module, names);
  return names.has(name);
}

const memberNames = new WeakMap<ts.ClassLikeDeclaration, ReadonlySet<string>>();

/** Names that instances have: methods, accessors, fields, and what the class's code assigns to `this`. */
export function instanceMembers(node: ts.ClassLikeDeclaration): ReadonlySet<string> {
  const known = memberNames.get(node);
  if (known) return known;
  const names = new Set<string>();
  for (const { name } of node.members) {
    if (name && (ts.isIdentifier(name) || ts.isStringLiteral(name))) names.add(name.text);
  }
  const visit = (child: ts.Node): void => {
    if (ts.isPropertyAccessExpression(child) && child.expression.kind === ts.SyntaxKind.ThisKeyword) {
      names.add(child.name.text);
    }
    ts.forEachChild(child, visit);
  };
  visit(node);
  for (const parameter of constructorParameters(node)) {
    if (ts.isParameterPropertyDeclaration(parameter, parameter.parent) && ts.isIdentifier(parameter.name)) {
      names.add(parameter.name.text);
    }
  }
  names.delete("constructor");
  memberNames.set(node, names);
  return names;
}

export function constructorParameters(node: ts.ClassLikeDeclaration): readonly ts.ParameterDeclaration[] {
  return node.members.filter(ts.isConstructorDeclaration).flatMap(({ parameters }) => Array.from(parameters));
}

/** Names in `extends` (plain, or given to mixins) and `implements`. */
export function parentNames(node: ts.ClassLikeDeclaration): readonly string[] {
  return (node.heritageClauses ?? []).flatMap(({ types }) =>
    types.flatMap(({ expression }) => classNamesIn(expression)),
  );
}

/** `Serial(Named(Base))` → Base */
function classNamesIn(expression: ts.Expression): readonly string[] {
  if (ts.isIdentifier(expression)) return [expression.text];
  return ts.isCallExpression(expression) ? expression.arguments.flatMap(classNamesIn) : [];
}
