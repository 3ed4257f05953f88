/** What code changes of the values that it is handed: arguments, elements of a list, the instance of a method. */
import { ts } from "ts-morph";
import { collectFacts, type Facts, type Reference } from "./facts.ts";
import { declarationBehind, functionOf, unwrap, type Declared } from "./lookup.ts";
import { localNamesOf } from "./local-flow.ts";
import type { Module } from "./module.ts";
import { assignedMember } from "./assigned-members.ts";
import type { Workspace } from "./workspace.ts";

const changesFirstArgument = new Set([
  "assign",
  "defineProperty",
  "defineProperties",
  "setPrototypeOf",
  "freeze",
  "set",
]);

/** How much is assumed of code that is not known. `load`: that it changes what it gets. `run`: only where its name says so. */
type Certainty = "load" | "run";

export interface Looking {
  readonly workspace: Workspace;
  readonly module: Module;
  readonly certainty: Certainty;
}

/** `for (const entry of table) entry.done = true` */
export function changesLocally(looking: Looking, { localChanges }: Facts, { node }: Reference): boolean {
  if (localChanges.length === 0) return false;
  const names = localNamesOf(node);
  return (
    names.size > 0 &&
    localChanges.some(
      (change) => names.has(change.name) && (change.use === "mutate" || isChangedArgument(looking, change)),
    )
  );
}

/** Itself, or by a method that it calls in turn, where that is not one that is seen to change nothing. */
export function mayChangeThis(
  method: ts.FunctionLikeDeclaration,
  asked: ReadonlySet<ts.Node> = new Set<ts.Node>(),
): boolean {
  const { writesThis, calls } = collectFacts(method);
  const seen = new Set([...asked, method]);
  const changes = ({ expression: callee }: ts.CallExpression | ts.NewExpression): boolean => {
    const isOwn = ts.isPropertyAccessExpression(callee) && callee.expression.kind === ts.SyntaxKind.ThisKeyword;
    if (!isOwn) return false;
    const sibling = siblingOf(method, callee.name.text);
    return !sibling || (!seen.has(sibling) && mayChangeThis(sibling, seen));
  };
  return writesThis || calls.some(changes);
}

/** Another method of the same class or object. */
function siblingOf({ parent }: ts.Node, name: string): ts.MethodDeclaration | undefined {
  const members: readonly ts.Node[] = ts.isClassLike(parent)
    ? parent.members
    : ts.isObjectLiteralExpression(parent)
      ? parent.properties
      : [];
  return members.filter(ts.isMethodDeclaration).find((member) => member.body && member.name.getText() === name);
}

/** A method of a class, of an object, or of the class of an instance. */
export function memberOf(
  workspace: Workspace,
  { module, binding: { declaration, name } }: Declared,
  method: string | undefined,
): ts.FunctionLikeDeclaration | undefined {
  const initializer = ts.isVariableDeclaration(declaration) ? declaration.initializer : undefined;
  const value = initializer && unwrap(initializer);
  const isClass = ts.isClassLike(declaration);
  const owner = isClass ? declaration : value && ownerOf(workspace, module, value);
  const member = membersOf(owner).find(({ name }) => name && ts.isIdentifier(name) && name.text === method);
  if (!member && method !== undefined) return assignedTo(workspace, module, `${name}.${method}`);
  if (!member || ts.isMethodDeclaration(member)) return member;
  const held = "initializer" in member && member.initializer ? unwrap(member.initializer) : undefined;
  return held && functionOf(held);
}

/** `api.get = function () {…}` at the top level of its file. */
function assignedTo(workspace: Workspace, module: Module, name: string): ts.FunctionLikeDeclaration | undefined {
  const members = workspace.remember("assigned members", module, () => {
    const found = module.items.flatMap((item) => assignedMember(module, item) ?? []);
    return new Map(found.map((one) => [one.name, one.node]));
  });
  return members.get(name);
}

function ownerOf(
  workspace: Workspace,
  module: Module,
  value: ts.Expression,
): ts.ObjectLiteralExpression | ts.ClassLikeDeclaration | undefined {
  return ts.isObjectLiteralExpression(value) ? value : classOf(workspace, module, value);
}

function membersOf(
  owner: ts.ObjectLiteralExpression | ts.ClassLikeDeclaration | undefined,
): readonly (ts.ObjectLiteralElementLike | ts.ClassElement)[] {
  if (!owner) return [];
  return ts.isObjectLiteralExpression(owner) ? Array.from(owner.properties) : Array.from(owner.members);
}

export function classOf(
  workspace: Workspace,
  module: Module,
  value: ts.Expression,
): ts.ClassLikeDeclaration | undefined {
  if (!ts.isNewExpression(value) || !ts.isIdentifier(value.expression)) return undefined;
  const declaration = declarationBehind(workspace, module, { name: value.expression.text, chain: [] })?.binding
    .declaration;
  return declaration && ts.isClassLike(declaration) ? declaration : undefined;
}

export function isChangedArgument(looking: Looking, { argumentOf, node, chain }: Reference): boolean {
  if (!argumentOf) return false;
  const index = argumentOf.arguments?.findIndex((argument) => argument.pos <= node.pos && node.end <= argument.end);
  return changesArgument(looking, { call: argumentOf, index: index ?? -1, isWhole: chain.length === 0 });
}

interface Argument {
  readonly call: ts.CallExpression | ts.NewExpression;
  readonly index: number;
  /** The variable itself rather than a property of it. */
  readonly isWhole: boolean;
}

function changesArgument(looking: Looking, argument: Argument): boolean {
  const { workspace, module } = looking;
  const { call, index } = argument;
  const callee = unwrap(call.expression);
  if (ts.isArrowFunction(callee) || ts.isFunctionExpression(callee)) return changesParameter(looking, callee, index);
  const [name, ...chain] = namesOf(callee);
  if (name === undefined) return false;
  if (changesFirst(module, name, chain)) return index === 0;
  const declared = declarationBehind(workspace, module, { name, chain });
  const target = declared && calledCode(workspace, declared, chain);
  if (declared && target) return changesParameter({ ...looking, module: declared.module }, target, index);
  return chain.length < 2 && mayPackageChange(looking, argument, { name, method: chain[0] ?? name });
}

/** What a function of a package does with its arguments is not known: `util.inherits(A, B)`. */
function mayPackageChange(
  { module, certainty }: Looking,
  { call, index, isWhole }: Argument,
  { name, method }: { readonly name: string; readonly method: string },
): boolean {
  if (!isWhole || ts.isNewExpression(call) || module.bindings.get(name)?.kind !== "import") return false;
  return certainty === "load" || (index === 0 && mutatorsOfPackages.has(method));
}

/** Functions of well-known packages that change their first argument. */
const mutatorsOfPackages = new Set(
  "assign assignIn defaults defaultsDeep extend merge mergeWith pull pullAll pullAt remove set setWith unset update fill inherits".split(
    " ",
  ),
);

/** `Object.assign(table, …)`; `fill.call(table)`, where it becomes `this`. */
function changesFirst({ bindings }: Module, name: string, chain: readonly string[]): boolean {
  const method = chain.at(-1) ?? "";
  if (/^(?:call|apply|bind)$/.test(method)) return true;
  return (name === "Object" || name === "Reflect") && !bindings.has(name) && changesFirstArgument.has(method);
}

function namesOf(callee: ts.Expression): string[] {
  if (ts.isIdentifier(callee)) return [callee.text];
  if (!ts.isPropertyAccessExpression(callee)) return [];
  const owner = namesOf(callee.expression);
  return owner.length === 0 ? [] : [...owner, callee.name.text];
}

function calledCode(
  workspace: Workspace,
  declared: Declared,
  chain: readonly string[],
): ts.FunctionLikeDeclaration | undefined {
  const member = chain.length === 1 ? memberOf(workspace, declared, chain[0]) : undefined;
  return member ?? parametersOwner(declared.binding.declaration);
}

/** What takes the arguments: a function, or a class's constructor. */
function parametersOwner(declaration: ts.Node): ts.FunctionLikeDeclaration | undefined {
  if (ts.isClassLike(declaration)) return declaration.members.find(ts.isConstructorDeclaration);
  return functionOf(declaration);
}

function changesParameter(looking: Looking, owner: ts.FunctionLikeDeclaration, index: number): boolean {
  const { workspace, certainty } = looking;
  const { parameters, body } = owner;
  const parameter = (parameters[index] ?? parameters.findLast(({ dotDotDotToken }) => dotDotDotToken))?.name;
  if (!parameter || !body) return false;
  // A pattern takes it apart, and what is changed afterwards is part of it.
  const facts = collectFacts(body);
  if (!ts.isIdentifier(parameter)) return facts.references.some(({ use }) => use === "mutate");
  const asked = workspace.remember(`parameters asked, ${certainty}`, workspace, () => new Set<ts.Node>());
  return workspace.remember(`changes parameter, ${certainty}`, parameter, () => {
    // A function that hands it to itself, directly or through others, has answered already.
    if (asked.has(parameter)) return false;
    asked.add(parameter);
    const own = facts.references.filter(({ name }) => name === parameter.text);
    return own.some(
      (reference) =>
        reference.use === "mutate" ||
        changesLocally(looking, facts, reference) ||
        isChangedArgument(looking, reference),
    );
  });
}
