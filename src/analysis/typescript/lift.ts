/**
 * A nested function taken out of the code around it. What it uses of that code either goes along, functions and classes
 * that nothing replaces, or is a variable whose value is sent with each call and comes back when it was changed.
 */
import { ts } from "ts-morph";
import type { Reason } from "../../core/function-model.ts";
import { collectFacts, noFacts, type Facts, type Reference } from "./facts.ts";
import type { FunctionSite } from "./function-sites.ts";
import { goesAlong, hiddenNames, scopeOf, usesIn, variableIn, type LocalVariable } from "./local-variables.ts";
import { lineOf } from "./module.ts";
import { mayBeSloppy } from "./strictness.ts";

export interface Lift {
  /** What stands in the unit, in source order: the function itself and what goes along with it. */
  readonly parts: readonly LiftedPart[];
  /** In the order of their declarations. */
  readonly captured: readonly CapturedVariable[];
  /** What the parts use of the file and of the world. */
  readonly facts: Facts;
  /** Why the function cannot be taken out. */
  readonly problem: Reason | undefined;
  /** The code around it is strict although its file need not be. */
  readonly isStrict: boolean;
}

export interface LiftedPart {
  /** A function or class; for one in a variable the declaration of the variable. */
  readonly node: ts.Node;
  /** What the other parts know it by; undefined for a function that no name in its scope stands for. */
  readonly name: string | undefined;
}

export interface CapturedVariable {
  readonly name: string;
  /** From 1, of its declaration. */
  readonly line: number;
  /** The parts assign to it. */
  readonly isWritten: boolean;
  /** The parts change what it holds. */
  readonly isChanged: boolean;
  /** Other code assigns to it after its declaration, or changes what it holds. */
  readonly changesOutside: boolean;
}

const lifts = new WeakMap<ts.Node, Lift>();

/** Undefined for functions at the top level. */
export function liftOf(site: FunctionSite): Lift | undefined {
  if (!site.nestedIn) return undefined;
  const known = lifts.get(site.node);
  if (known) return known;
  const lift = new Lifting(site).lift();
  lifts.set(site.node, lift);
  return lift;
}

class Lifting {
  readonly #site: FunctionSite;
  readonly #parts = new Map<ts.Node, LiftedPart>();
  readonly #variables = new Map<string, LocalVariable>();
  readonly #outer = new Map<string, Reference>();
  readonly #facts: Facts[] = [];
  #problem: Reason | undefined;

  constructor(site: FunctionSite) {
    this.#site = site;
  }

  lift(): Lift {
    const { node } = this.#site;
    const own = declarationPart(node);
    this.#parts.set(own.node, own);
    this.#takeOwnName(own);
    this.#add(own, node);
    this.#noteNames();
    this.#noteUnknownNames();
    const around = Array.from(this.#parts.keys()).find((part) => part !== own.node && contains(part, node));
    if (around) this.#refuse("uses the function around it", node);
    const captured = Array.from(this.#variables.values())
      .filter((variable) => !this.#isPart(variable))
      .map((variable) => this.#captured(variable))
      .toSorted((a, b) => a.line - b.line);
    this.#noteCalled(captured);
    return {
      parts: Array.from(this.#parts.values()).toSorted((a, b) => a.node.pos - b.node.pos),
      captured,
      facts: together(this.#facts),
      problem: this.#problem,
      isStrict: !mayBeSloppy(node),
    };
  }

  #refuse(message: string, node: ts.Node): void {
    this.#problem ??= { message, line: lineOf(node) };
  }

  #isPart({ declaration }: LocalVariable): boolean {
    return declaration !== undefined && this.#parts.has(declaration);
  }

  /** What it calls itself by must be the function itself. */
  #takeOwnName({ node, name }: LiftedPart): void {
    const scope = name === undefined ? undefined : scopeOf(this.#site.node, name);
    if (name === undefined || !scope) return;
    const variable = variableIn(scope, name);
    this.#variables.set(name, variable);
    if (goesAlong(variable)?.declaration !== node)
      this.#refuse("is replaced, or keeps something in its properties", node);
  }

  /** @param code - what the part runs: a function without what holds it */
  #add(part: LiftedPart, code: ts.Node): void {
    this.#parts.set(part.node, part);
    const all = collectFacts(code);
    this.#checkSyntax(code, all);
    const kept: Reference[] = [];
    for (const reference of all.references) {
      const scope = scopeOf(reference.node, reference.name);
      if (scope) this.#take({ name: reference.name, scope }, reference);
      else {
        kept.push(reference);
        this.#outer.set(reference.name, reference);
      }
    }
    const facts = { ...all, references: kept };
    if (code === this.#site.node) this.#facts.unshift(facts);
    else this.#facts.push(facts);
  }

  #take({ name, scope }: { readonly name: string; readonly scope: ts.Node | undefined }, reference?: Reference): void {
    if (!scope) return;
    const known = this.#variables.get(name);
    if (known) {
      if (known.scope !== scope && reference) this.#refuse(`uses two variables named \`${name}\``, reference.node);
      return;
    }
    const variable = variableIn(scope, name);
    this.#variables.set(name, variable);
    if (variable.problem !== undefined && reference)
      this.#refuse(`uses \`${name}\` of the code around it, ${variable.problem}`, reference.node);
    const along = goesAlong(variable);
    if (!along || this.#parts.has(along.declaration)) return;
    this.#add({ node: along.declaration, name }, along.code);
  }

  #captured(variable: LocalVariable): CapturedVariable {
    const { name, isConstant, node } = variable;
    const inside = this.#usesInside(variable);
    const written = inside.find(({ use }) => use === "write");
    if (written && isConstant) this.#refuse(`assigns to the constant \`${name}\``, written.node);
    const isOwn = new Set(inside.map((use) => use.node));
    const outside = usesIn(variable.scope, name).filter(
      (use) => !isOwn.has(use.node) && !isStep(variable.scope, use.node),
    );
    return {
      name,
      line: lineOf(node),
      isWritten: written !== undefined,
      isChanged: inside.some(({ use }) => use === "mutate"),
      changesOutside: outside.some(({ use }) => use === "write" || use === "mutate"),
    };
  }

  #usesInside({ scope, name }: LocalVariable): readonly Reference[] {
    const parts = Array.from(this.#parts.keys());
    return usesIn(scope, name).filter(({ node }) => parts.some((part) => contains(part, node)));
  }

  /** All parts and variables share one scope in the unit, and the variables are also read where the function stands. */
  #noteNames(): void {
    const { node } = this.#site;
    for (const [name, { scope, declaration }] of this.#variables) {
      const clash = this.#outer.get(name);
      if (clash) this.#refuse(`uses two things named \`${name}\``, clash.node);
      const isOwnName = declaration !== undefined && collectNamed(declaration) === node;
      if (!isOwnName && scopeOf(node, name, true) !== scope)
        this.#refuse(`uses what uses \`${name}\`, which is another variable where it stands`, node);
    }
  }

  /** In sloppy code the text alone does not tell which names there are. */
  #noteUnknownNames(): void {
    const { node } = this.#site;
    if (!mayBeSloppy(node)) return;
    const hidden = hiddenNames(node);
    if (hidden === "any") {
      this.#refuse("may use variables that `eval` or `with` makes in the code around it", node);
      return;
    }
    for (const [name, use] of this.#outer) {
      if (hidden.has(name)) this.#refuse(`uses \`${name}\` of a block that it is not in`, use.node);
    }
  }

  #noteCalled(captured: readonly CapturedVariable[]): void {
    for (const { name } of captured) {
      const variable = this.#variables.get(name);
      const call = variable && this.#usesInside(variable).find(({ use, chain }) => isCall(use) && chain.length === 0);
      if (call) this.#refuse(`calls \`${name}\` of the code around it, and functions cannot travel`, call.node);
    }
  }

  #checkSyntax(code: ts.Node, { thisUses, thisNode }: Facts): void {
    const forbidden = forbiddenIn(code);
    if (forbidden) this.#refuse(forbidden.message, forbidden.node);
    const parent = thisUses.find(({ node }) => node.kind === ts.SyntaxKind.SuperKeyword);
    if (parent) this.#refuse("uses `super`, which its object decides", parent.node);
    if (thisNode) this.#checkThis(code, thisNode);
  }

  #checkThis(code: ts.Node, thisNode: ts.Node): void {
    const { node } = this.#site;
    if (!ts.isArrowFunction(code)) {
      if (code === node && isOfObject(node))
        this.#refuse("uses `this`, an object with functions, which cannot travel", thisNode);
      if (code === node && isOfPrototype(node))
        this.#refuse("uses `this`, an instance of what the code around it makes", thisNode);
      return;
    }
    const home = thisHome(code);
    if (!ts.isArrowFunction(node) || thisHome(node) !== home)
      this.#refuse("uses what uses the `this` of the code around it", thisNode);
    if (home && (ts.isClassLike(home.parent) || isOfObject(home)))
      this.#refuse("uses `this` of the class or object around it, and the two cannot be parted", thisNode);
  }
}

function contains(outer: ts.Node, { pos, end }: ts.Node): boolean {
  return outer.pos <= pos && end <= outer.end;
}

/** `i++` of a `for` loop is done to the next turn's variable. */
function isStep(scope: ts.Node, node: ts.Node): boolean {
  return ts.isForStatement(scope) && scope.incrementor !== undefined && contains(scope.incrementor, node);
}

function isCall(use: Reference["use"]): boolean {
  return use === "call" || use === "new";
}

/** What stands in the unit for the function itself. */
function declarationPart(node: FunctionSite["node"]): LiftedPart {
  const { parent } = node;
  if (ts.isFunctionDeclaration(node)) return { node, name: node.name?.text };
  if (ts.isVariableDeclaration(parent) && ts.isIdentifier(parent.name)) return { node: parent, name: parent.name.text };
  return { node, name: undefined };
}

function collectNamed(declaration: ts.Node): ts.Node | undefined {
  return ts.isVariableDeclaration(declaration) ? declaration.initializer : declaration;
}

/** A method of an object literal, or a function in a property of one. */
function isOfObject(node: ts.Node): boolean {
  return ts.isMethodDeclaration(node) || ts.isPropertyAssignment(node.parent);
}

/** `Shape.prototype.area = function () {…}` */
function isOfPrototype({ parent }: ts.Node): boolean {
  return ts.isBinaryExpression(parent) && /\.prototype\.\w+$/.test(parent.left.getText());
}

/** Whose `this` an arrow function has. */
function thisHome(node: ts.Node): ts.Node | undefined {
  let home: ts.Node | undefined = node.parent;
  while (home && !(ts.isFunctionLike(home) && !ts.isArrowFunction(home)) && !isOtherHome(home)) home = home.parent;
  return home;
}

function isOtherHome(node: ts.Node): boolean {
  return ts.isClassStaticBlockDeclaration(node) || ts.isPropertyDeclaration(node) || ts.isSourceFile(node);
}

interface Forbidden {
  readonly message: string;
  readonly node: ts.Node;
}

/** Private names are known in their class alone, and an arrow function's `arguments` are those of the code around it. */
function forbiddenIn(code: ts.Node): Forbidden | undefined {
  const find = (node: ts.Node, inFunction: boolean): Forbidden | undefined => {
    if (ts.isPrivateIdentifier(node) && !isDeclaredInside(node, code))
      return { message: `uses the private name \`${node.text}\` of the class around it`, node };
    const isArguments = ts.isIdentifier(node) && node.text === "arguments" && !inFunction;
    if (isArguments && !ts.isPropertyAccessExpression(node.parent))
      return { message: "uses the `arguments` of the code around it", node };
    const isOwn = ts.isFunctionLike(node) && !ts.isArrowFunction(node);
    return ts.forEachChild(node, (child) => find(child, inFunction || isOwn));
  };
  return find(code, false);
}

function isDeclaredInside({ text, parent }: ts.PrivateIdentifier, code: ts.Node): boolean {
  for (let outer: ts.Node = parent; ; outer = outer.parent) {
    if (ts.isClassLike(outer) && outer.members.some(({ name }) => name && name.getText() === text)) return true;
    if (outer === code) return false;
  }
}

/** Of pieces of code that run as one; `this` is the first one's. */
export function together(parts: readonly Facts[]): Facts {
  const [first, ...others] = parts;
  if (!first || others.length === 0) return first ?? noFacts();
  return {
    ...first,
    references: parts.flatMap(({ references }) => references),
    localChanges: parts.flatMap(({ localChanges }) => localChanges),
    calls: parts.flatMap(({ calls }) => calls),
    moduleUses: parts.flatMap(({ moduleUses }) => moduleUses),
    metaNodes: parts.flatMap(({ metaNodes }) => metaNodes),
  };
}
