/** What a method does with its instance, and whether instances of its class can travel at all. */
import { ts } from "ts-morph";
import type { InstanceUse, Reason } from "../../core/function-model.ts";
import { privatesOf } from "./class-privates.ts";
import { collectFacts, hasModifier, type Facts, type ThisUse } from "./facts.ts";
import type { FunctionSite } from "./function-sites.ts";
import { declarationBehind, functionOf, unwrap } from "./lookup.ts";
import { lineOf, type Module } from "./module.ts";
import { returnedExpressions } from "./type-texts.ts";
import type { Workspace } from "./workspace.ts";

/** Classes of the language whose instances the codec carries, and so those of classes that extend them. */
const carriedClasses = new Set(
  (
    "Object Array Map Set Date RegExp Error EvalError RangeError ReferenceError SyntaxError TypeError URIError " +
    "AggregateError Boolean Number String"
  ).split(" "),
);

export interface PlacedClass {
  readonly module: Module;
  readonly node: ts.ClassLikeDeclaration;
}

/** What a class extends. */
type Base =
  | { readonly kind: "none" }
  /** Classes that functions of the project make around others, and that hide nothing: `Serial(Named(Base))`. */
  | { readonly kind: "mixed" }
  | { readonly kind: "own"; readonly base: PlacedClass }
  | { readonly kind: "carried" }
  /** Anything whose instances hold what nobody here knows. */
  | { readonly kind: "outside"; readonly text: string };

function baseOf(workspace: Workspace, { module, node }: PlacedClass): Base {
  const clause = node.heritageClauses?.find(({ token }) => token === ts.SyntaxKind.ExtendsKeyword);
  const expression = clause?.types[0] && unwrap(clause.types[0].expression);
  if (!expression) return { kind: "none" };
  const base = classNamed(workspace, module, expression);
  if (base) return { kind: "own", base };
  if (isMixed(workspace, module, expression)) return { kind: "mixed" };
  const text = expression.getText();
  return carriedClasses.has(text) && !module.bindings.has(text) ? { kind: "carried" } : { kind: "outside", text };
}

/** Does a class extend what functions of the project make of classes? */
export function extendsMixed(workspace: Workspace, placed: PlacedClass): boolean {
  return baseOf(workspace, placed).kind === "mixed";
}

function isMixed(workspace: Workspace, module: Module, expression: ts.Expression): boolean {
  const call = unwrap(expression);
  if (!ts.isCallExpression(call) || !ts.isIdentifier(call.expression)) return false;
  const declared = declarationBehind(workspace, module, { name: call.expression.text, chain: [] });
  const mixin = declared && functionOf(declared.binding.declaration);
  const made = mixin && classesMadeBy(mixin);
  if (!made || made.length === 0 || made.some(hidesSomething)) return false;
  return call.arguments.every((argument) => {
    const given = unwrap(argument);
    if (ts.isIdentifier(given) && carriedClasses.has(given.text) && !module.bindings.has(given.text)) return true;
    return classNamed(workspace, module, given) !== undefined || isMixed(workspace, module, given);
  });
}

/** Undefined: it gives something else, or nobody knows what. */
function classesMadeBy({ body }: ts.FunctionLikeDeclaration): readonly ts.ClassLikeDeclaration[] | undefined {
  if (!body) return undefined;
  const results = ts.isBlock(body) ? returnedExpressions(body) : [body];
  const classes = results.map((result) => {
    const value = result && unwrap(result);
    if (value && ts.isClassExpression(value)) return value;
    if (!value || !ts.isIdentifier(value) || !ts.isBlock(body)) return undefined;
    return body.statements.filter(ts.isClassDeclaration).find(({ name }) => name?.text === value.text);
  });
  return classes.every((one) => one !== undefined) ? classes : undefined;
}

function hidesSomething(node: ts.ClassLikeDeclaration): boolean {
  const { any, problem } = privatesOf(node);
  return any !== undefined || problem !== undefined || functionField(node) !== undefined;
}

/** The class of the project that an expression names: `Base`, `shapes.Base`. */
export function classNamed(workspace: Workspace, module: Module, expression: ts.Expression): PlacedClass | undefined {
  const [name, ...chain] = namesOf(expression);
  if (name === undefined) return undefined;
  const declared = declarationBehind(workspace, module, { name, chain });
  if (!declared) return undefined;
  const { declaration } = declared.binding;
  if (ts.isClassLike(declaration)) return { module: declared.module, node: declaration };
  const value =
    ts.isVariableDeclaration(declaration) && declaration.initializer ? unwrap(declaration.initializer) : declaration;
  return ts.isClassLike(value) ? { module: declared.module, node: value } : undefined;
}

function namesOf(expression: ts.Expression): string[] {
  if (ts.isIdentifier(expression)) return [expression.text];
  if (!ts.isPropertyAccessExpression(expression) || !ts.isIdentifier(expression.expression)) return [];
  return [expression.expression.text, expression.name.text];
}

/** The class and those of the project that it extends, nearest first. */
export function classChain(workspace: Workspace, start: PlacedClass): { chain: readonly PlacedClass[]; root: Base } {
  const chain: PlacedClass[] = [];
  let current = start;
  for (;;) {
    chain.push(current);
    const base = baseOf(workspace, current);
    if (base.kind !== "own" || chain.some(({ node }) => node === base.base.node)) return { chain, root: base };
    current = base.base;
  }
}

/** Why instances of a class cannot travel; undefined when they can. To be said behind "instances of `C`". */
export function whyInstancesStay(workspace: Workspace, placed: PlacedClass): string | undefined {
  return workspace.remember("instances stay", placed.node, () => {
    const { chain, root } = classChain(workspace, placed);
    if (root.kind === "outside") return `extends \`${root.text}\`, which is no class of this project`;
    for (const { node } of chain) {
      // Instances of it are made by nobody but its own code, so they could not be made anew elsewhere.
      const { problem } = privatesOf(node);
      if (problem !== undefined) return problem;
      const field = functionField(node);
      if (field) return `holds a function in \`this.${field}\`, which cannot travel`;
    }
    return undefined;
  });
}

/** The first field that is given a function: `run = () => …`, `this.run = this.run.bind(this)`. */
function functionField(node: ts.ClassLikeDeclaration): string | undefined {
  for (const member of node.members) {
    if (hasModifier(member, ts.SyntaxKind.StaticKeyword)) continue;
    if (ts.isPropertyDeclaration(member) && member.initializer && isFunctionValue(member.initializer))
      return member.name.getText();
    if (!ts.isConstructorDeclaration(member)) continue;
    const found = collectFacts(member).thisUses.find(({ chain, use, node: place }) => {
      const assignment = place.parent.parent;
      return (
        chain.length === 1 &&
        (use === "mutate" || use === "write") &&
        ts.isBinaryExpression(assignment) &&
        isFunctionValue(assignment.right)
      );
    });
    if (found) return found.chain[0];
  }
  return undefined;
}

function isFunctionValue(expression: ts.Expression): boolean {
  const value = unwrap(expression);
  if (ts.isArrowFunction(value) || ts.isFunctionExpression(value)) return true;
  return (
    ts.isCallExpression(value) &&
    ts.isPropertyAccessExpression(value.expression) &&
    value.expression.name.text === "bind"
  );
}

/** What a method does, together with the methods that it calls on the same instance. */
export interface MethodUse {
  readonly instance: InstanceUse | undefined;
  /** Facts of the followed methods of the same file. */
  readonly others: readonly Facts[];
}

/** Undefined for anything but instance methods of a class with a body. */
export function methodUse(workspace: Workspace, module: Module, site: FunctionSite): MethodUse | undefined {
  const { owner } = site;
  if (site.kind !== "method" || !owner || !ts.isClassLike(owner)) return undefined;
  const { chain } = classChain(workspace, { module, node: owner });
  const walk: MethodWalk = {
    chain,
    own: module,
    reads: new Set(),
    writes: new Set(),
    others: [],
    seen: new Set([site.node]),
  };
  followUses(walk, 0, collectFacts(site.node));
  const uses = collectFacts(site.node).thisUses;
  const className = site.name.slice(0, site.name.lastIndexOf("."));
  const instance = { className, reads: sorted(walk.reads), writes: sorted(walk.writes) };
  return { instance: uses.length > 0 ? instance : undefined, others: walk.others };
}

interface MethodWalk {
  readonly chain: readonly PlacedClass[];
  readonly own: Module;
  readonly reads: Set<string>;
  readonly writes: Set<string>;
  readonly others: Facts[];
  readonly seen: Set<ts.Node>;
}

function sorted(names: ReadonlySet<string>): string[] {
  return Array.from(names).toSorted();
}

/** `level`: how far up the chain of classes the code stands, for `super`. */
function followUses(walk: MethodWalk, level: number, facts: Facts): void {
  for (const use of facts.thisUses) followUse(walk, level, use);
}

function followUse(walk: MethodWalk, level: number, { chain, use, node }: ThisUse): void {
  const [name] = chain;
  if (name === undefined) {
    for (const read of readsOfWhole(node)) walk.reads.add(read);
    return;
  }
  const members = membersNamed(walk.chain, name, node.kind === ts.SyntaxKind.SuperKeyword ? level + 1 : 0);
  followMembers(walk, members);
  if (members.length > 0) return;
  const isWrite = use === "write" || use === "mutate";
  if (isWrite) walk.writes.add(name);
  if (!isWrite || chain.length > 1 || !isPlainAssignment(node)) walk.reads.add(name);
}

function followMembers(walk: MethodWalk, members: readonly PlacedMember[]): void {
  for (const { member, at } of members) {
    if (walk.seen.has(member)) continue;
    walk.seen.add(member);
    const facts = collectFacts(member);
    if (walk.chain[at]?.module === walk.own) walk.others.push(facts);
    followUses(walk, at, facts);
  }
}

interface PlacedMember {
  readonly member: ts.ClassElement;
  /** Index of its class in the chain. */
  readonly at: number;
}

/** Handed on or given out as a whole, it may be asked for any field. */
function readsOfWhole(node: ts.Node): readonly string[] {
  const { parent } = node;
  // `return this` gives the caller what it has already.
  if (node.kind !== ts.SyntaxKind.ThisKeyword || ts.isReturnStatement(parent)) return [];
  if (!ts.isVariableDeclaration(parent) || !ts.isObjectBindingPattern(parent.name)) return ["*"];
  const { elements } = parent.name;
  if (elements.some(({ dotDotDotToken }) => dotDotDotToken)) return ["*"];
  return elements.map(({ propertyName, name }) => (propertyName ?? name).getText());
}

/** `this.x = 1`, unlike `this.x += 1` and `this.x++`. */
function isPlainAssignment(node: ts.Node): boolean {
  const { parent } = node.parent;
  return ts.isBinaryExpression(parent) && parent.operatorToken.kind === ts.SyntaxKind.EqualsToken;
}

/** Methods and accessors of this name, from the nearest class that has one. */
function membersNamed(chain: readonly PlacedClass[], name: string, from: number): PlacedMember[] {
  for (let at = from; at < chain.length; at += 1) {
    const found = (chain[at]?.node.members ?? []).filter(
      (member) =>
        (ts.isMethodDeclaration(member) || ts.isAccessor(member)) &&
        !hasModifier(member, ts.SyntaxKind.StaticKeyword) &&
        member.name.getText() === name,
    );
    if (found.length > 0) return found.map((member) => ({ member, at }));
  }
  return [];
}

/** Reasons for which a method cannot move, whatever it does. */
export function methodObstacles(workspace: Workspace, module: Module, site: FunctionSite): Reason[] {
  if (site.nameless) {
    const message = `belongs to ${article[site.nameless]} without a name in its own file`;
    return [{ message, line: lineOf(site.nameNode) }];
  }
  const { owner, kind } = site;
  const isOfClass = kind === "method" && owner !== undefined && ts.isClassLike(owner);
  return [
    ...decoratorObstacles(site),
    ...(isOfClass ? instanceObstacles(workspace, { module, node: owner }, site) : []),
  ];
}

function decoratorObstacles({ node, owner }: FunctionSite): Reason[] {
  const decorator = decoratorOf(node) ?? (owner && decoratorOf(owner));
  if (!decorator) return [];
  const what = ts.isClassLike(decorator.parent) ? "belongs to a class that is changed" : "is changed";
  const message = `${what} by the decorator \`${decoratorName(decorator)}\`, which may replace it`;
  return [{ message, line: lineOf(decorator) }];
}

function instanceObstacles(
  workspace: Workspace,
  placed: PlacedClass,
  { node, name, nameNode }: FunctionSite,
): Reason[] {
  if (!ts.isMethodDeclaration(node) && !ts.isAccessor(node)) {
    const message = "is a function that each instance holds as a field of its own, and functions cannot travel";
    return [{ message, line: lineOf(nameNode) }];
  }
  const { thisNode } = collectFacts(node);
  const stays = thisNode && whyInstancesStay(workspace, placed);
  if (stays === undefined) return [];
  const className = name.slice(0, name.lastIndexOf("."));
  return [{ message: `uses \`this\`, and \`${className}\` ${stays}`, line: lineOf(thisNode ?? node) }];
}

const article = { class: "a class", object: "an object" };

function decoratorOf(node: ts.Node): ts.Decorator | undefined {
  return ts.canHaveDecorators(node) ? ts.getDecorators(node)?.[0] : undefined;
}

/** `@cached(10)` → `@cached`. */
function decoratorName({ expression }: ts.Decorator): string {
  return `@${(ts.isCallExpression(expression) ? expression.expression : expression).getText()}`;
}

/** "reads `this.rate` and writes `this.total`, which travel with the call"; undefined when it uses no field. */
export function instanceReason({ reads, writes }: InstanceUse): string | undefined {
  if (reads.includes("*"))
    return `uses \`this\` as a whole, which travels with the call${writes.length > 0 ? `, and writes ${fields(writes)}` : ""}`;
  const onlyRead = reads.filter((name) => !writes.includes(name));
  const parts = [
    ...(onlyRead.length > 0 ? [`reads ${fields(onlyRead)}`] : []),
    ...(writes.length > 0 ? [`writes ${fields(writes)}`] : []),
  ];
  if (parts.length === 0) return undefined;
  const isOne = new Set([...reads, ...writes]).size === 1;
  return `${parts.join(" and ")}, which ${isOne ? "travels" : "travel"} with the call`;
}

function fields(names: readonly string[]): string {
  return names.map((name) => (name === "*" ? "computed fields of `this`" : `\`this.${name}\``)).join(", ");
}
