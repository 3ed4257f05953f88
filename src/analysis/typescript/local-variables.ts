/** Variables of functions and blocks: which scope a name leads to, what declares it there, and what is done to it. */
import { ts } from "ts-morph";
import { collectFacts, hasModifier, type Reference } from "./facts.ts";
import { unwrap } from "./lookup.ts";
import { boundNames, hoistedVarNames, namesDeclaredBy } from "./scopes.ts";
import { mayBeSloppy } from "./strictness.ts";

export interface LocalVariable {
  readonly name: string;
  readonly scope: ts.Node;
  /** The identifier that declares it, or the scope. */
  readonly node: ts.Node;
  /** The function, class or variable declaration, where there is just one. */
  readonly declaration: ts.Node | undefined;
  /** Nothing may assign to it. */
  readonly isConstant: boolean;
  /** Why it can neither be sent nor go along; to be said behind its name. */
  readonly problem: string | undefined;
}

/**
 * The scope below the top level of the file that declares a name, as seen from a node; undefined when there is none.
 *
 * @param isInclusive - the node itself may be the scope
 */
export function scopeOf(from: ts.Node, name: string, isInclusive = false): ts.Node | undefined {
  for (let outer = isInclusive ? from : from.parent; !ts.isSourceFile(outer); outer = outer.parent) {
    if (namesOf(outer).has(name)) return outer;
  }
  return undefined;
}

const tables = new WeakMap<ts.Node, ReadonlySet<string>>();

function namesOf(node: ts.Node): ReadonlySet<string> {
  const known = tables.get(node) ?? namesDeclaredBy(node);
  tables.set(node, known);
  return known;
}

export function variableIn(scope: ts.Node, name: string): LocalVariable {
  const declarations = declarationsIn(scope, name);
  const [first] = declarations;
  const declaration = declarations.length === 1 && first ? first : undefined;
  return {
    name,
    scope,
    node: (first && nameNodeIn(first, name)) ?? scope,
    declaration,
    isConstant: declaration === undefined ? declarations.length === 0 : isConstant(declaration),
    problem: problemOf(declarations, name),
  };
}

function problemOf(declarations: readonly ts.Node[], name: string): string | undefined {
  if (name === "arguments") return "which are its own";
  if (declarations.some((one) => ts.isModuleDeclaration(one))) return "which is a namespace";
  const isErased = declarations.some(
    (one) => ts.isEnumDeclaration(one) && hasModifier(one, ts.SyntaxKind.ConstKeyword),
  );
  return isErased ? "which is a constant enum" : undefined;
}

function declarationsIn(scope: ts.Node, name: string): readonly ts.Node[] {
  if (ts.isFunctionLike(scope)) return declarationsInFunction(scope as ts.FunctionLikeDeclaration, name);
  if (ts.isClassStaticBlockDeclaration(scope)) return hoistedIn(scope.body, name);
  if (ts.isClassExpression(scope)) return [scope];
  if (ts.isCatchClause(scope)) return scope.variableDeclaration ? [scope.variableDeclaration] : [];
  const statements = statementsOf(scope);
  const variables = [...loopVariables(scope), ...statements.flatMap(variablesOf)];
  return [
    ...variables.filter((one) => declares(one.name, name)),
    ...statements.filter((one) => isDeclarationOf(one, name)),
  ];
}

function declarationsInFunction(scope: ts.FunctionLikeDeclaration, name: string): readonly ts.Node[] {
  const { parameters, body } = scope;
  const found = [
    ...parameters.filter((parameter) => declares(parameter.name, name)),
    ...(body ? hoistedIn(body, name) : []),
  ];
  return found.length === 0 && ts.isFunctionExpression(scope) && scope.name?.text === name ? [scope] : found;
}

function hoistedIn(body: ts.Node, name: string): readonly ts.Node[] {
  return hoistedVarNames(body)
    .filter(({ text }) => text === name)
    .map(declarationAround);
}

function declares(bound: ts.BindingName, name: string): boolean {
  return boundNames(bound).some(({ text }) => text === name);
}

function loopVariables(scope: ts.Node): readonly ts.VariableDeclaration[] {
  if (!ts.isForStatement(scope) && !ts.isForOfStatement(scope) && !ts.isForInStatement(scope)) return [];
  const { initializer } = scope;
  return initializer && ts.isVariableDeclarationList(initializer) ? initializer.declarations : [];
}

function statementsOf(scope: ts.Node): readonly ts.Statement[] {
  if (ts.isCaseBlock(scope)) return scope.clauses.flatMap(({ statements }) => [...statements]);
  return ts.isBlock(scope) || ts.isModuleBlock(scope) ? scope.statements : [];
}

function variablesOf(statement: ts.Statement): readonly ts.VariableDeclaration[] {
  return ts.isVariableStatement(statement) ? statement.declarationList.declarations : [];
}

function isDeclarationOf(statement: ts.Statement, name: string): boolean {
  const isNamed =
    ts.isFunctionDeclaration(statement) ||
    ts.isClassDeclaration(statement) ||
    ts.isEnumDeclaration(statement) ||
    ts.isModuleDeclaration(statement);
  return isNamed && statement.name?.text === name && !(ts.isFunctionDeclaration(statement) && !statement.body);
}

function declarationAround(identifier: ts.Identifier): ts.Node {
  let node: ts.Node = identifier;
  while (!ts.isVariableDeclaration(node)) node = node.parent;
  return node;
}

function nameNodeIn(declaration: ts.Node, name: string): ts.Node | undefined {
  const { name: bound } = declaration as ts.NamedDeclaration;
  if (!bound || !(ts.isIdentifier(bound) || ts.isObjectBindingPattern(bound) || ts.isArrayBindingPattern(bound)))
    return undefined;
  return boundNames(bound).find(({ text }) => text === name);
}

function isConstant(declaration: ts.Node): boolean {
  if (ts.isParameter(declaration)) return false;
  if (!ts.isVariableDeclaration(declaration)) return true;
  const list = declaration.parent;
  return ts.isVariableDeclarationList(list) && (list.flags & ts.NodeFlags.Const) !== 0;
}

const found = new WeakMap<ts.Node, Map<string, readonly Reference[]>>();

/** Every mention of a name that the scope declares, but for its declaration. */
export function usesIn(scope: ts.Node, name: string): readonly Reference[] {
  const known = found.get(scope) ?? new Map<string, readonly Reference[]>();
  found.set(scope, known);
  const uses = known.get(name) ?? mentionsIn(scope, name);
  known.set(name, uses);
  return uses;
}

function mentionsIn(scope: ts.Node, name: string): readonly Reference[] {
  const uses: Reference[] = [];
  ts.forEachChild(scope, (child) => {
    uses.push(...collectFacts(child).references.filter((reference) => reference.name === name));
  });
  return uses;
}

export interface Along {
  readonly declaration: ts.Node;
  /** What runs: the function or class. */
  readonly code: ts.Node;
}

/** A function or class that is the same in every call: nothing replaces it, and it keeps nothing in its properties. */
export function goesAlong({ declaration, scope, name }: LocalVariable): Along | undefined {
  const code = declaration && codeOf(declaration);
  if (!declaration || !code) return undefined;
  const isChanged = usesIn(scope, name).some(({ use }) => use === "write" || use === "mutate");
  return isChanged || (ts.isClassLike(code) && keepsState(code)) ? undefined : { declaration, code };
}

function codeOf(declaration: ts.Node): ts.Node | undefined {
  if (ts.isFunctionDeclaration(declaration)) return isHoisted(declaration) ? undefined : declaration;
  if (ts.isClassDeclaration(declaration)) return declaration;
  if (!ts.isVariableDeclaration(declaration) || !ts.isIdentifier(declaration.name)) return undefined;
  const value = declaration.initializer && unwrap(declaration.initializer);
  const isCode = value && (ts.isArrowFunction(value) || ts.isFunctionExpression(value) || ts.isClassExpression(value));
  return isCode ? value : undefined;
}

/** In sloppy code a function of a block is also one of the function around it, from when the block has run. */
function isHoisted(declaration: ts.FunctionDeclaration): boolean {
  const block = declaration.parent;
  return !(ts.isBlock(block) && ts.isFunctionLike(block.parent)) && mayBeSloppy(declaration);
}

function keepsState(node: ts.ClassLikeDeclaration): boolean {
  return node.members.some(
    (member) =>
      ts.isClassStaticBlockDeclaration(member) ||
      (ts.isPropertyDeclaration(member) && hasModifier(member, ts.SyntaxKind.StaticKeyword)) ||
      (member.name !== undefined && ts.isComputedPropertyName(member.name)) ||
      (ts.canHaveDecorators(member) && ts.getDecorators(member) !== undefined),
  );
}

/**
 * Names that code may use although no scope around it declares them: sloppy functions of blocks, which are variables of
 * the function around as well. `any`: `eval` or `with` is around.
 */
export function hiddenNames(node: ts.Node): ReadonlySet<string> | "any" {
  const names = new Set<string>();
  let isUnknown = false;
  const visit = (inner: ts.Node): void => {
    if (ts.isFunctionDeclaration(inner) && inner.name && isHoisted(inner)) names.add(inner.name.text);
    if (ts.isIdentifier(inner) && inner.text === "eval" && ts.isCallExpression(inner.parent)) isUnknown = true;
    ts.forEachChild(inner, visit);
  };
  for (let outer = node.parent; !ts.isSourceFile(outer); outer = outer.parent) {
    if (ts.isWithStatement(outer)) return "any";
    if (ts.isFunctionLike(outer)) visit(outer);
  }
  return isUnknown ? "any" : names;
}
