/** What objects that are written out hold besides functions, and what their own functions change of them. */
import { ts } from "ts-morph";
import { collectFacts } from "./facts.ts";
import { unwrap } from "./lookup.ts";

/** Names of properties that hold data, as far as their text tells. */
export function dataProperties({ properties }: ts.ObjectLiteralExpression): string[] {
  return properties.flatMap((property) => {
    if (!ts.isPropertyAssignment(property) || !ts.isIdentifier(property.name)) return [];
    const value = unwrap(property.initializer);
    return ts.isIdentifier(value) || holdsCode(value) ? [] : [property.name.text];
  });
}

function holdsCode(node: ts.Node): boolean {
  if (ts.isFunctionLike(node) || ts.isClassLike(node)) return true;
  return ts.forEachChild(node, (child) => holdsCode(child) || undefined) ?? false;
}

/** Names of the properties that its own functions change; `*` for one that is not known. Undefined: they change none. */
export function changedByMembers({ properties }: ts.ObjectLiteralExpression): readonly string[] | undefined {
  if (!properties.some((property) => collectFacts(property).writesThis)) return undefined;
  return properties.flatMap(changedBy);
}

function changedBy(property: ts.ObjectLiteralElementLike): string[] {
  const own = ts.isPropertyAssignment(property) ? unwrap(property.initializer) : property;
  // Of objects inside, `this` is another one.
  if (!ts.isFunctionLike(own)) return collectFacts(property).writesThis ? ["*"] : [];
  if (ts.isArrowFunction(own)) return [];
  return collectFacts(own).thisUses.flatMap(({ use, chain, node }) => {
    // Who has the object may do anything with it.
    if (chain.length === 0) return ["*"];
    // An own method called `push` changes what its own text says.
    const isOwnCall = chain.length === 1 && ts.isCallExpression(node.parent.parent);
    return use === "write" || (use === "mutate" && !isOwnCall) ? [chain[0] ?? "*"] : [];
  });
}
