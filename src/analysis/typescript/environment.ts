/** Which environment variables a piece of code uses: those with constant names travel with the call. */
import { ts } from "ts-morph";
import { outermostAccess, type Reference } from "./facts.ts";
import { unwrap } from "./lookup.ts";
import type { Module } from "./module.ts";

export interface EnvironmentUse {
  /** Constant names that are read. */
  readonly names: readonly string[];
  /** Names that are known only at run time: computed ones, or the whole environment handed on. */
  readonly isOpen: boolean;
  readonly isWrite: boolean;
}

/** What a reference does with `process.env`; undefined for one that is about something else. */
export function environmentUse(module: Module, reference: Reference): EnvironmentUse | undefined {
  const rest = behindEnvironment(module, reference);
  if (!rest) return undefined;
  const { use, call, node } = reference;
  const [first] = rest;
  const isWrite = rest.length > 0 && (use === "write" || (use === "mutate" && !call));
  if (first !== undefined && first !== "*") return { names: isWrite ? [] : [first], isOpen: false, isWrite };
  const names = first === "*" ? computedName(module, node) : namesOfWhole(outermostAccess(node).top);
  return { names: names ?? [], isOpen: names === undefined, isWrite };
}

/** The properties behind `process.env`, `globalThis.process.env`, `env` of `node:process`. */
function behindEnvironment(module: Module, { name, chain }: Reference): readonly string[] | undefined {
  const imported = module.bindings.get(name)?.imported;
  if (imported && /^(?:node:)?process$/.test(imported.specifier)) {
    const path = imported.name === "default" || imported.name === "*" ? chain : [imported.name, ...chain];
    return path[0] === "env" ? path.slice(1) : undefined;
  }
  if (module.bindings.has(name)) return undefined;
  const path = name === "globalThis" || name === "global" ? chain : [name, ...chain];
  return path[0] === "process" && path[1] === "env" ? path.slice(2) : undefined;
}

/** `process.env[KEY]` where KEY is a constant text of this file. */
function computedName(module: Module, node: ts.Node): readonly string[] | undefined {
  let current: ts.Node = node;
  while (!ts.isElementAccessExpression(current)) {
    if (ts.isStatement(current)) return undefined;
    current = current.parent;
  }
  const argument = unwrap(current.argumentExpression);
  const binding = ts.isIdentifier(argument) ? module.bindings.get(argument.text) : undefined;
  if (binding?.kind !== "const" || !ts.isVariableDeclaration(binding.declaration)) return undefined;
  const value = binding.declaration.initializer && unwrap(binding.declaration.initializer);
  return value && ts.isStringLiteralLike(value) ? [value.text] : undefined;
}

/** `const { HOME } = process.env`, `"HOME" in process.env`. */
function namesOfWhole(top: ts.Node): readonly string[] | undefined {
  const { parent } = top;
  if (ts.isBinaryExpression(parent) && parent.operatorToken.kind === ts.SyntaxKind.InKeyword) {
    return ts.isStringLiteralLike(parent.left) ? [parent.left.text] : undefined;
  }
  if (!ts.isVariableDeclaration(parent) || !ts.isObjectBindingPattern(parent.name)) return undefined;
  const { elements } = parent.name;
  const isPlain = elements.every(
    ({ dotDotDotToken, propertyName, name }) => !dotDotDotToken && ts.isIdentifier(propertyName ?? name),
  );
  return isPlain ? elements.map(({ propertyName, name }) => (propertyName ?? name).getText()) : undefined;
}
