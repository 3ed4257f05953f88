/**
 * What a piece of code uses of the world around it: the free names it mentions, how it uses them, what it calls.
 *
 * Found by syntax and scoping alone. A type checker would have to load every declaration that the file
 * imports before the first answer; none of the questions asked here needs a type.
 */
import { ts } from "ts-morph";
import { namesDeclaredBy } from "./scopes.ts";

/** How a name is used. `mutate`: something reachable through it is written. */
export type Use = "read" | "call" | "new" | "write" | "mutate";

export interface Reference {
  readonly name: string;
  /** Property names behind it: `process.env.HOME` → env, HOME. `*` stands for a computed one. */
  readonly chain: readonly string[];
  readonly use: Use;
  /** The call it is made part of, as callee (`use` is `call`, `new`, or `mutate` by a method such as `push`). */
  readonly call?: ts.CallExpression | ts.NewExpression;
  /** The call that gets it as a bare argument: `fill(table)`. */
  readonly argumentOf?: ts.CallExpression | ts.NewExpression;
  /** True inside a function: not evaluated together with the code around it. */
  readonly deferred: boolean;
  readonly node: ts.Identifier;
}

/** `require("x")` or `import("x")` that is not a top-level declaration. */
export interface ModuleUse {
  /** Undefined when it is known only at run time. */
  readonly specifier: string | undefined;
  readonly node: ts.Node;
}

/** `this.total += 1`, `super.print()`. */
export interface ThisUse {
  /** Property names behind it; empty when it is used as a whole, `*` for a computed one. */
  readonly chain: readonly string[];
  readonly use: Use;
  readonly node: ts.Node;
}

export interface Facts {
  readonly references: readonly Reference[];
  /** Changes of what names declared inside hold, or may be: `for (const item of list) item.done = true`. */
  readonly localChanges: readonly Reference[];
  readonly calls: readonly (ts.CallExpression | ts.NewExpression)[];
  readonly moduleUses: readonly ModuleUse[];
  /** The first `this` (or `super`, `new.target`) that is not bound inside. */
  readonly thisNode: ts.Node | undefined;
  /** Every `this` and `super` that is the root's own. */
  readonly thisUses: readonly ThisUse[];
  /** `this.x = …` outside constructors. */
  readonly writesThis: boolean;
  /** A function inside writes a variable of another function around it: state that outlives a call. */
  readonly writesClosure: boolean;
  /** Every `import.meta`. */
  readonly metaNodes: readonly ts.MetaProperty[];
}

interface Scope {
  readonly names: ReadonlySet<string>;
  /** How many functions are around it, counted from the root of the walk. */
  readonly functionDepth: number;
}

interface MutableFacts {
  references: Reference[];
  localChanges: Reference[];
  calls: (ts.CallExpression | ts.NewExpression)[];
  moduleUses: ModuleUse[];
  thisNode: ts.Node | undefined;
  thisUses: ThisUse[];
  writesThis: boolean;
  writesClosure: boolean;
  metaNodes: ts.MetaProperty[];
}

interface Position {
  readonly scopes: readonly Scope[];
  readonly functionDepth: number;
  /** Inside a function that does not run at once. */
  readonly isDeferred: boolean;
  /** How many functions with their own `this` are around. */
  readonly thisDepth: number;
  /** Up to this depth `this` is the root's own or its surroundings'. */
  readonly rootThisDepth: number;
  readonly inConstructor: boolean;
}

/** Methods that change what they are called on, of the built-in collections and of most libraries. */
const mutators = new Set(
  (
    "add append assign clear copyWithin delete enqueue dequeue extend fill insert merge pop prepend push register " +
    "remove reset reverse set shift sort splice unshift update write"
  ).split(" "),
);

const collected = new WeakMap<ts.Node, Facts>();

/** The facts of one node, collected once. Parameters and body of a function count as inside it. */
export function collectFacts(root: ts.Node): Facts {
  const known = collected.get(root);
  if (known) return known;
  const facts = walk(root);
  collected.set(root, facts);
  return facts;
}

/** Of code that uses nothing. */
export function noFacts(): MutableFacts {
  return {
    references: [],
    localChanges: [],
    calls: [],
    moduleUses: [],
    thisNode: undefined,
    thisUses: [],
    writesThis: false,
    writesClosure: false,
    metaNodes: [],
  };
}

function walk(root: ts.Node): Facts {
  const facts = noFacts();
  const rootThisDepth = ts.isFunctionLike(root) && !ts.isArrowFunction(root) ? 1 : 0;
  visit(
    root,
    { scopes: [], functionDepth: 0, isDeferred: false, thisDepth: 0, rootThisDepth, inConstructor: false },
    facts,
  );
  return facts;
}

function visit(node: ts.Node, outer: Position, facts: MutableFacts): void {
  if (isTypeOnly(node)) return;
  if (ts.isIdentifier(node)) {
    noteIdentifier(node, outer, facts);
    return;
  }
  const position = enter(node, outer);
  noteNode(node, position, facts);
  ts.forEachChild(node, (child) => {
    if (!isNameOfMember(node, child)) visit(child, position, facts);
  });
}

/** What JSX becomes calls of these names of, where the file has them; which ones is the compiler's setting. */
const jsxNames = ["React", "h", "Fragment", "jsx", "createElement"];

function noteJsx(node: ts.Node, position: Position, facts: MutableFacts): void {
  const pragmas = Array.from(
    node.getSourceFile().text.matchAll(/@jsx(?:Frag)?\s+([\p{ID_Start}$_][\p{ID_Continue}$]*)/gu),
  );
  for (const name of new Set([...jsxNames, ...pragmas.map(([, pragma]) => pragma ?? "")])) {
    if (position.scopes.some(({ names }) => names.has(name))) continue;
    const place = node as ts.Identifier;
    facts.references.push({ name, chain: [], use: "read", deferred: position.isDeferred, node: place });
  }
}

function noteNode(node: ts.Node, position: Position, facts: MutableFacts): void {
  if (ts.isCallExpression(node) || ts.isNewExpression(node)) {
    facts.calls.push(node);
    noteModuleUse(node, position, facts);
  } else if (isThisLike(node)) {
    if (position.thisDepth <= position.rootThisDepth) noteThis(node, facts);
    if (!position.inConstructor && changesThis(node)) facts.writesThis = true;
  }
  noteRareNode(node, position, facts);
}

function noteThis(node: ts.Node, facts: MutableFacts): void {
  facts.thisNode ??= node;
  const { chain, top } = outermostAccess(node);
  facts.thisUses.push({ chain, use: useOf(top, chain), node });
}

function noteRareNode(node: ts.Node, position: Position, facts: MutableFacts): void {
  if (ts.isMetaProperty(node) && node.keywordToken === ts.SyntaxKind.ImportKeyword) {
    facts.metaNodes.push(node);
  } else if (ts.isJsxOpeningLikeElement(node) || ts.isJsxOpeningFragment(node)) noteJsx(node, position, facts);
}

/** `this.x = …`, `this.list.push(…)`; what an own method called `push` does is seen there. */
function changesThis(node: ts.Node): boolean {
  const { chain, top } = outermostAccess(node);
  return isWritten(top) || (chain.length > 1 && useOf(top, chain) === "mutate");
}

function isThisLike(node: ts.Node): boolean {
  return (
    node.kind === ts.SyntaxKind.ThisKeyword ||
    node.kind === ts.SyntaxKind.SuperKeyword ||
    (ts.isMetaProperty(node) && node.keywordToken === ts.SyntaxKind.NewKeyword)
  );
}

function enter(node: ts.Node, outer: Position): Position {
  const isFunction = ts.isFunctionLike(node) || ts.isClassStaticBlockDeclaration(node) || isInstanceField(node);
  const functionDepth = outer.functionDepth + (isFunction ? 1 : 0);
  const ownThis = isFunction && !ts.isArrowFunction(node);
  const names = namesDeclaredBy(node);
  return {
    functionDepth,
    isDeferred: outer.isDeferred || (isFunction && !runsAtOnce(node)),
    rootThisDepth: outer.rootThisDepth,
    thisDepth: outer.thisDepth + (ownThis ? 1 : 0),
    inConstructor: ts.isConstructorDeclaration(node) || isInstanceField(node) || (outer.inConstructor && !ownThis),
    scopes: names.size > 0 ? [...outer.scopes, { names, functionDepth }] : outer.scopes,
  };
}

const callingMethods = new Set(
  "every filter find findIndex flatMap forEach map reduce reduceRight some sort toSorted".split(" "),
);

/** `(() => …)()`, `list.forEach(() => …)`, a static block: part of the code around it. */
function runsAtOnce(node: ts.Node): boolean {
  if (ts.isClassStaticBlockDeclaration(node)) return true;
  if (!ts.isArrowFunction(node) && !ts.isFunctionExpression(node)) return false;
  const { top } = outermostAccess(node);
  if (isCallee(top)) return true;
  if (!isArgument(node)) return false;
  const { expression } = node.parent as ts.CallExpression | ts.NewExpression;
  if (ts.isNewExpression(node.parent)) return expression.getText() === "Promise";
  return ts.isPropertyAccessExpression(expression) && callingMethods.has(expression.name.text);
}

/** Runs when an instance is made, with its own `this`. */
function isInstanceField(node: ts.Node): boolean {
  return ts.isPropertyDeclaration(node) && !hasModifier(node, ts.SyntaxKind.StaticKeyword);
}

export function hasModifier(node: ts.Node, kind: ts.SyntaxKind): boolean {
  return ts.canHaveModifiers(node) && (ts.getModifiers(node)?.some((modifier) => modifier.kind === kind) ?? false);
}

function noteIdentifier(node: ts.Identifier, position: Position, facts: MutableFacts): void {
  const scope = position.scopes.findLast(({ names }) => names.has(node.text));
  const { chain, top } = outermostAccess(node);
  const use = useOf(top, chain);
  const { parent } = top;
  const reference: Reference = {
    name: node.text,
    chain,
    use,
    ...(isCallee(top) ? { call: parent as ts.CallExpression } : {}),
    ...(isArgument(top) ? { argumentOf: parent as ts.CallExpression } : {}),
    deferred: position.isDeferred,
    node,
  };
  if (!scope) {
    facts.references.push(reference);
    return;
  }
  if (use === "mutate" || reference.argumentOf) facts.localChanges.push(reference);
  const isState = use === "write" || use === "mutate";
  if (isState && scope.functionDepth > 0 && scope.functionDepth < position.functionDepth) facts.writesClosure = true;
}

/** Climbs from `a` to the whole of `a.b["c"]![d]`. */
export function outermostAccess(node: ts.Node): { chain: string[]; top: ts.Node } {
  const chain: string[] = [];
  let top = node;
  for (;;) {
    const { parent } = top;
    if (ts.isPropertyAccessExpression(parent) && parent.expression === top) chain.push(parent.name.text);
    else if (ts.isElementAccessExpression(parent) && parent.expression === top) {
      chain.push(ts.isStringLiteralLike(parent.argumentExpression) ? parent.argumentExpression.text : "*");
    } else if (!isTransparent(parent)) return { chain, top };
    top = parent;
  }
}

function isTransparent(node: ts.Node): boolean {
  return (
    ts.isParenthesizedExpression(node) ||
    ts.isNonNullExpression(node) ||
    ts.isAsExpression(node) ||
    ts.isSatisfiesExpression(node) ||
    ts.isTypeAssertionExpression(node)
  );
}

export function useOf(top: ts.Node, chain: readonly string[]): Use {
  if (isWritten(top)) return chain.length > 0 ? "mutate" : "write";
  if (ts.isDecorator(top.parent) || (ts.isTaggedTemplateExpression(top.parent) && top.parent.tag === top))
    return "call";
  if (!isCallee(top)) return "read";
  if (ts.isNewExpression(top.parent)) return "new";
  const method = chain.at(-1);
  return method !== undefined && mutators.has(method) ? "mutate" : "call";
}

function isCallee(node: ts.Node): boolean {
  const { parent } = node;
  return (ts.isCallExpression(parent) || ts.isNewExpression(parent)) && parent.expression === node;
}

function isArgument(node: ts.Node): boolean {
  const { parent } = node;
  return (ts.isCallExpression(parent) || ts.isNewExpression(parent)) && parent.expression !== node;
}

/** Target of an assignment, of `++`, `delete`, a destructuring assignment or a `for (x of …)`. */
function isWritten(node: ts.Node): boolean {
  const { parent } = node;
  if (ts.isBinaryExpression(parent)) return parent.left === node && isAssignment(parent.operatorToken.kind);
  if (ts.isPrefixUnaryExpression(parent) || ts.isPostfixUnaryExpression(parent)) {
    return parent.operator === ts.SyntaxKind.PlusPlusToken || parent.operator === ts.SyntaxKind.MinusMinusToken;
  }
  if (ts.isDeleteExpression(parent)) return true;
  if (ts.isForInStatement(parent) || ts.isForOfStatement(parent)) return parent.initializer === node;
  return isDestructuringTarget(node);
}

function isDestructuringTarget(node: ts.Node): boolean {
  const { parent } = node;
  const isElement =
    ts.isArrayLiteralExpression(parent) ||
    ts.isSpreadElement(parent) ||
    ts.isSpreadAssignment(parent) ||
    ts.isShorthandPropertyAssignment(parent) ||
    (ts.isPropertyAssignment(parent) && parent.initializer === node) ||
    ts.isObjectLiteralExpression(parent);
  if (!isElement) return false;
  const outer = parent.parent;
  if (ts.isBinaryExpression(outer)) return outer.left === parent && isAssignment(outer.operatorToken.kind);
  if (ts.isForOfStatement(outer)) return outer.initializer === parent;
  return isDestructuringTarget(parent);
}

function isAssignment(kind: ts.SyntaxKind): boolean {
  return kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment;
}

function noteModuleUse(node: ts.CallExpression | ts.NewExpression, position: Position, facts: MutableFacts): void {
  if (!ts.isCallExpression(node)) return;
  const isImport = node.expression.kind === ts.SyntaxKind.ImportKeyword;
  const isRequire =
    ts.isIdentifier(node.expression) &&
    node.expression.text === "require" &&
    !position.scopes.some(({ names }) => names.has("require"));
  if (!isImport && !isRequire) return;
  const [argument] = node.arguments;
  facts.moduleUses.push({
    specifier: argument && ts.isStringLiteralLike(argument) ? argument.text : undefined,
    node,
  });
}

/** Types are erased: what they mention is not needed at run time. */
function isTypeOnly(node: ts.Node): boolean {
  if (ts.isHeritageClause(node)) return node.token === ts.SyntaxKind.ImplementsKeyword;
  if (ts.isExpressionWithTypeArguments(node)) return false;
  if (ts.isTypeNode(node) || ts.isTypeParameterDeclaration(node)) return true;
  if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) return true;
  return (ts.isStatement(node) || ts.isPropertyDeclaration(node)) && hasModifier(node, ts.SyntaxKind.DeclareKeyword);
}

/** Identifiers that are names of something rather than uses of a variable. */
function isNameOfMember(parent: ts.Node, child: ts.Node): boolean {
  if (!ts.isIdentifier(child)) return false;
  if (ts.isShorthandPropertyAssignment(parent)) return false;
  if (ts.isBindingElement(parent)) return parent.propertyName === child || parent.name === child;
  if (ts.isLabeledStatement(parent) || ts.isBreakOrContinueStatement(parent)) return parent.label === child;
  if (ts.isJsxOpeningLikeElement(parent) || ts.isJsxClosingElement(parent)) {
    return parent.tagName === child && /^[a-z]/.test(child.text);
  }
  return "name" in parent && parent.name === child;
}
