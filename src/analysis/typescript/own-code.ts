/** What a function's own syntax says against moving it, and what its author should know. */
import { ts } from "ts-morph";
import type { FunctionModel, Reason } from "../../core/function-model.ts";
import { collectFacts, type Facts, type Reference } from "./facts.ts";
import type { FunctionSite } from "./function-sites.ts";
import type { Lift } from "./lift.ts";
import { lineOf, type Module } from "./module.ts";
import { moduleUsesOf } from "./module-uses.ts";
import { hasNativeAddon } from "./native-addons.ts";
import { placeUses } from "./own-place.ts";
import type { Reach } from "./reach.ts";
import { boundNames } from "./scopes.ts";
import { returnedThing } from "./returned-things.ts";
import { declaredReturnType, declaredType, isOptional, realParameters, typeText } from "./type-texts.ts";
import { awaitedType, isCallableType, unportablePart } from "./value-types.ts";
import type { Workspace } from "./workspace.ts";

/** What asks, other than for files that travel along: `__dirname`, `import.meta.url`. */
function placeNode(workspace: Workspace, module: Module, facts: Facts): ts.Node | undefined {
  return placeUses({ workspace, module }, facts).find(({ rewrite }) => rewrite === undefined)?.node;
}

/** A module of which nobody knows the name before it is loaded. */
function unknownLoad(workspace: Workspace, module: Module, facts: Facts): ts.Node | undefined {
  return moduleUsesOf(workspace, module, facts).find(({ specifiers }) => specifiers === undefined)?.node;
}

export interface Subject {
  readonly workspace: Workspace;
  readonly module: Module;
  readonly site: FunctionSite;
  /** Of a nested function. */
  readonly lift?: Lift | undefined;
  readonly facts: Facts;
  readonly reach: Reach;
}

/** Reasons in the function itself for which it can never run elsewhere. */
export function ownObstacles(subject: Subject): Reason[] {
  const { site, facts, lift } = subject;
  const line = lineOf(site.nameNode);
  const reasons: Reason[] = [];
  if (lift?.problem) reasons.push(lift.problem);
  reasons.push(...keptAround(subject));
  const odd = site.owner ? undefined : facts.thisUses.find((use) => use.node.kind !== ts.SyntaxKind.ThisKeyword);
  if (odd) reasons.push({ message: thisMessage(odd.node), line: lineOf(odd.node) });
  const made = constructedAt(subject);
  if (made) {
    const how = ts.isNewExpression(made.parent) ? "is called with `new`" : "has a `prototype` that is used";
    reasons.push({ message: `${how} (line ${lineOf(made)}), and constructors stay`, line });
  }
  const returned = returnedThing(subject);
  if (returned && !returned.isLive)
    reasons.push({ message: `returns ${returned.what}, which cannot travel`, line: lineOf(returned.node) });
  return reasons;
}

/** Reasons for which it runs elsewhere only while its caller talks with it. */
export function talkObstacles(subject: Subject, convention: FunctionModel["convention"]): Reason[] {
  const { site } = subject;
  const reasons: Reason[] = [];
  if (isGenerator(site.node)) {
    const message = `is a generator, and its caller asks for one value after the other; ${onlyTalking}`;
    reasons.push({ message, line: lineOf(site.nameNode) });
  }
  if (convention === "plain") reasons.push(...callbackObstacles(subject));
  const returned = returnedThing(subject);
  if (returned?.isLive)
    reasons.push({
      message: `returns ${returned.what}, which lives only as long as the function; ${onlyTalking}`,
      line: lineOf(returned.node),
    });
  return reasons;
}

/** The unit cannot have both: the nested function taken out of the code around it, and that code as it is. */
function keptAround({ site, reach }: Subject): Reason[] {
  const kept = site.nestedIn && reach.items.find(({ item }) => item.statement === site.item.statement);
  if (!kept) return [];
  const { name, binding } = site.nestedIn ?? {};
  return [{ message: `is defined inside \`${name || binding}\` and uses it`, line: kept.origin.line }];
}

/** What all of these have in common. */
const onlyTalking = "it moves with a decomposed program, which talks with it";

export function isGenerator(node: ts.FunctionLikeDeclaration): boolean {
  return "asteriskToken" in node && node.asteriskToken !== undefined;
}

function thisMessage(node: ts.Node): string {
  return node.kind === ts.SyntaxKind.SuperKeyword
    ? "uses `super`, which its object decides"
    : "uses `new.target`, and constructors stay";
}

/** Where its own file makes instances with it; classes are another thing. */
function constructedAt({ module, site, workspace }: Subject): ts.Node | undefined {
  if (site.binding !== site.name || (ts.isArrowFunction(site.node) && !site.made)) return undefined;
  const made = workspace.remember("constructed", module, () => {
    const all = module.items.flatMap(({ facts }) =>
      facts.references.filter(({ use, chain }) => (use === "new" && chain.length === 0) || chain[0] === "prototype"),
    );
    return new Map(all.toReversed().map(({ name, node }) => [name, node]));
  });
  return made.get(site.binding);
}

function callbackObstacles(subject: Subject): Reason[] {
  return realParameters(subject.site.node).flatMap((parameter) => {
    const isRest = parameter.dotDotDotToken !== undefined;
    if ((isOptional(parameter) && !isRest) || !isCallback(subject, parameter)) return [];
    const message = `takes the callback \`${parameter.name.getText()}\`, which its caller has; ${onlyTalking}`;
    return [{ message, line: lineOf(parameter) }];
  });
}

/** By its type; where that says nothing, by what the body does with it. */
function isCallback({ workspace, module, site }: Subject, parameter: ts.ParameterDeclaration): boolean {
  const type = declaredType(parameter);
  const element = type && parameter.dotDotDotToken && ts.isArrayTypeNode(type) ? type.elementType : type;
  if (isCallableType({ workspace, module }, element)) return true;
  const isOpen = !type || /^(?:any|unknown|\*)$/.test(typeText(type));
  return isOpen && boundNames(parameter.name).some(({ text }) => isCalledIn(site.node.body, text));
}

const takesCallback = new Set(
  "addEventListener catch every filter finally find findIndex findLast flatMap forEach map on once reduce reduceRight some sort subscribe then toSorted".split(
    " ",
  ),
);

function isCalledIn(body: ts.Node | undefined, name: string): boolean {
  if (!body) return false;
  const isCalled = (reference: Reference): boolean => {
    if (reference.name !== name) return false;
    const [property] = reference.chain;
    if (reference.use === "call")
      return property === undefined || property === "call" || property === "apply" || property === "bind";
    return reference.chain.length === 0 && isHandedOn(reference);
  };
  return usesOf(body).some(isCalled);
}

/** An expression body that is one identifier or call counts as well. */
function usesOf(body: ts.Node): readonly Reference[] {
  return collectFacts(body).references;
}

function isHandedOn({ argumentOf, node }: Reference): boolean {
  if (!argumentOf) return false;
  const { expression } = argumentOf;
  if (ts.isIdentifier(expression)) {
    const isTimer = /^(?:setTimeout|setInterval|setImmediate|queueMicrotask)$/.test(expression.text);
    return isTimer && argumentOf.arguments?.[0] === node;
  }
  if (!ts.isPropertyAccessExpression(expression) || !takesCallback.has(expression.name.text)) return false;
  const index = argumentOf.arguments?.findIndex((argument) => argument.pos <= node.pos && node.end <= argument.end);
  // What `reduce` starts with, and what `map` is to have as `this`, are values.
  return index === 0 || /^(?:addEventListener|on|once|subscribe|then)$/.test(expression.name.text);
}

/** The first place where the function changes what a parameter holds. */
export function changedParameter({ site }: Pick<Subject, "site">): { name: string; line: number } | undefined {
  const { body } = site.node;
  if (!body) return undefined;
  const names = new Set(
    realParameters(site.node)
      .filter(({ type, dotDotDotToken }) => !dotDotDotToken && !(type && isPrimitive(type)))
      .flatMap(({ name }) => boundNames(name).map(({ text }) => text)),
  );
  const change = usesOf(body).find(({ name, use }) => use === "mutate" && names.has(name));
  return change && { name: change.name, line: lineOf(change.node) };
}

function isPrimitive(type: ts.TypeNode): boolean {
  return /^(?:string|number|boolean|bigint|symbol)$/.test(typeText(type));
}

/** What may go wrong at run time, by what the source says. The verdict does not depend on it. */
export function hints(subject: Subject): Reason[] {
  return [...typeHints(subject), ...optionalCallbackHints(subject), ...addonHints(subject)];
}

function addonHints({ workspace, module, site, reach }: Subject): Reason[] {
  const addons = Array.from(reach.packages).filter((name) => hasNativeAddon(workspace, module, name));
  return addons.map((name) => ({
    message: `uses the native addon of \`${name}\`, which is shipped as it is, for this kind of machine only`,
    line: lineOf(site.nameNode),
  }));
}

function typeHints({ workspace, module, site }: Subject): Reason[] {
  const place = { workspace, module };
  const reasons: Reason[] = [];
  for (const parameter of realParameters(site.node)) {
    const type = declaredType(parameter);
    if (isCallableType(place, type)) continue;
    const part = unportablePart(place, type);
    if (part === undefined) continue;
    const message = `\`${parameter.name.getText()}\` is declared with ${part}, which cannot travel`;
    reasons.push({ message, line: lineOf(parameter) });
  }
  const result = awaitedType(declaredReturnType(site.node));
  const part = isCallableType(place, result) ? undefined : unportablePart(place, result);
  if (result && part !== undefined) {
    reasons.push({
      message: `its result is declared with ${part}, which cannot travel`,
      line: lineOf(result),
    });
  }
  return reasons;
}

function optionalCallbackHints(subject: Subject): Reason[] {
  return realParameters(subject.site.node).flatMap((parameter) => {
    if (!isOptional(parameter) || parameter.dotDotDotToken || !isCallback(subject, parameter)) return [];
    const message = `the callback \`${parameter.name.getText()}\` can be called in a decomposed program only, and must be left out elsewhere`;
    return [{ message, line: lineOf(parameter) }];
  });
}

/** Code that asks where it lies gets another answer in the cloud, and finds other files there. */
export function placeObstacles(subject: Subject): Reason[] {
  return [
    ...firstWhere(subject, placeNode, "asks for its own place on disk, which is another one in the cloud"),
    ...firstWhere(subject, unknownLoad, "loads a module whose name is known only at run time"),
  ];
}

/** What the function's own code does, or else the first code that it reaches. */
function firstWhere(
  { workspace, facts, module, reach }: Subject,
  find: (workspace: Workspace, module: Module, facts: Facts) => ts.Node | undefined,
  message: string,
): Reason[] {
  const through = (names: readonly string[]): string =>
    names.length === 0 ? message : `through \`${names.join("` → `")}\` ${message}`;
  const node = find(workspace, module, facts);
  // A variable of the file's own that holds its place.
  const name = node && ts.isIdentifier(node) && module.bindings.has(node.text) ? [node.text] : [];
  if (node) return [{ message: through(name), line: lineOf(node) }];
  const reached = reach.items.find((other) => find(workspace, other.module, other.item.facts));
  return reached ? [{ message: through(reached.origin.path), line: reached.origin.line }] : [];
}
