/**
 * Classes of the project whose instances a function may be given or give, although its code does not mention them.
 * Each is found by a reason of its own, so that a unit has no class that nothing speaks for.
 */
import { ts } from "ts-morph";
import { classOf, constructorParameters, instanceMembers, isConstructorFunction, parentNames } from "./class-nodes.ts";
import { collectFacts, type Reference } from "./facts.ts";
import type { FunctionSite } from "./function-sites.ts";
import { declarationBehind, type Declared } from "./lookup.ts";
import { keyOf, type Item, type Module } from "./module.ts";
import type { Reach } from "./reach.ts";
import { boundNames } from "./scopes.ts";
import { namedTypes } from "./type-classes.ts";
import { declaredReturnType, declaredType, realParameters, typeText } from "./type-texts.ts";
import type { Workspace } from "./workspace.ts";

export interface FlowInput {
  readonly workspace: Workspace;
  readonly module: Module;
  readonly site: FunctionSite;
  readonly reach: Pick<Reach, "items">;
  /** Classes reached. */
  readonly classes: readonly Declared[];
}

/** All classes, those reached first. */
export function classesFlowing(input: FlowInput): Declared[] {
  const found = new Map<string, Declared>();
  const add = (declared: Declared): void => {
    const node = classOf(declared.binding.declaration);
    const key = keyOf(declared.module, declared.binding.name);
    const isClass = node !== undefined || isConstructorFunction(declared.module, declared.binding);
    if (isClass && declared.module.bindings.has(declared.binding.name) && !found.has(key)) found.set(key, declared);
  };
  const { workspace, module, site } = input;
  for (const declared of input.classes) add(declared);
  const parameters = realParameters(site.node);
  const interfaces = new Set<string>();
  const addTypes = (from: Module, types: readonly (ts.TypeNode | undefined)[]): void => {
    const named = namedTypes({ workspace, module: from }, types);
    for (const declared of named.classes) add(declared);
    for (const name of named.interfaces) interfaces.add(name);
  };
  addTypes(module, [...parameters.map(declaredType), declaredReturnType(site.node)]);
  const visible = visibleClasses(workspace, module);
  for (const declared of passedClasses(input)) add(declared);
  if (visible.length > 0 && parameters.some(isOpen)) {
    const names = accessedNames(input);
    for (const declared of visible.filter((one) => hasMember(one, names))) add(declared);
  }
  const childrenOf = (name: string): readonly Declared[] =>
    visible.filter((child) => childParents(child).includes(name));
  // A map's iteration goes on with what is added meanwhile.
  for (const { binding, module: home } of found.values()) {
    addTypes(home, fieldTypes({ module: home, binding }));
    for (const child of childrenOf(binding.name)) add(child);
  }
  // A set's as well; those that implement an interface have what it needs already.
  for (const name of interfaces) for (const child of childrenOf(name)) add(child);
  return Array.from(found.values());
}

/** Says nothing about what is given: no type, or one that takes everything. */
function isOpen(parameter: ts.ParameterDeclaration): boolean {
  const type = declaredType(parameter);
  return !type || /\b(?:any|unknown|object|Object|T)\b|\*/.test(typeText(type));
}

/** The classes of the function's own file and of those that it imports. */
function visibleClasses(workspace: Workspace, module: Module): readonly Declared[] {
  return workspace.remember("visible classes", module, () => {
    const imported = module.sourceFile.statements
      .filter(ts.isImportDeclaration)
      .map(({ moduleSpecifier }) => moduleSpecifier);
    const specifiers = new Set([
      ...imported.flatMap((specifier) => (ts.isStringLiteral(specifier) ? [specifier.text] : [])),
      ...Array.from(module.bindings.values(), (binding) => binding.imported?.specifier ?? ""),
    ]);
    const modules = new Set([module]);
    for (const specifier of specifiers) {
      const resolution = specifier === "" ? undefined : workspace.resolve(module, specifier);
      const target = resolution?.kind === "source" ? workspace.tryModule(resolution.file) : undefined;
      if (target) modules.add(target);
    }
    return Array.from(modules).flatMap((home) =>
      Array.from(home.bindings.values())
        .filter(({ imported: from, declaration }) => !from && classOf(declaration))
        .map((binding) => ({ module: home, binding })),
    );
  });
}

function hasMember({ binding }: Declared, names: ReadonlySet<string>): boolean {
  const node = classOf(binding.declaration);
  return node !== undefined && Array.from(instanceMembers(node)).some((name) => names.has(name));
}

function childParents({ binding }: Declared): readonly string[] {
  const node = classOf(binding.declaration);
  return node ? parentNames(node) : [];
}

function fieldTypes({ binding }: Declared): (ts.TypeNode | undefined)[] {
  const node = classOf(binding.declaration);
  if (!node) return [];
  const fields = node.members.filter(ts.isPropertyDeclaration);
  return [
    ...fields.map((field) => field.type ?? ts.getJSDocType(field)),
    ...constructorParameters(node).map(declaredType),
  ];
}

/** Properties that the function, and what it reaches, asks of values that come from elsewhere: `p.dbl()` → dbl. */
function accessedNames({ reach, site }: FlowInput): ReadonlySet<string> {
  const names = new Set<string>();
  for (const node of [site.node, ...reach.items.map(({ item }) => item.node)]) {
    for (const name of namesIn(node)) names.add(name);
  }
  return names;
}

const accessed = new WeakMap<ts.Node, ReadonlySet<string>>();

function namesIn(root: ts.Node): ReadonlySet<string> {
  const known = accessed.get(root);
  if (known) return known;
  const names = new Set<string>();
  const free = new Set<ts.Node>(collectFacts(root).references.map(({ node }) => node));
  const visit = (node: ts.Node): void => {
    if (ts.isPropertyAccessExpression(node) && isValueFromElsewhere(node.expression, free)) names.add(node.name.text);
    else if (ts.isObjectBindingPattern(node)) {
      for (const { propertyName, name } of node.elements) names.add((propertyName ?? name).getText());
    }
    ts.forEachChild(node, visit);
  };
  visit(root);
  accessed.set(root, names);
  return names;
}

/** Not `this`, and not one of the file's own or the world's names. */
function isValueFromElsewhere(expression: ts.Expression, free: ReadonlySet<ts.Node>): boolean {
  let root = expression;
  while (ts.isPropertyAccessExpression(root)) root = root.expression;
  return root.kind !== ts.SyntaxKind.ThisKeyword && root.kind !== ts.SyntaxKind.SuperKeyword && !free.has(root);
}

/** Classes of which calls of the function, in its own file, pass instances: `f(new Point(4))`, also through variables. */
function passedClasses({ workspace, module, site, reach }: FlowInput): readonly Declared[] {
  const { binding } = site;
  if (site.nestedIn) return mentionedClasses(workspace, module, site.item);
  if (binding === undefined) return [];
  const reached = new Set(reach.items.map(({ item }) => item));
  const search = new PassedSearch(workspace, module);
  for (const item of module.items) {
    if (reached.has(item) || item === site.item) continue;
    for (const reference of item.facts.references) {
      if (reference.name === binding) search.call(item, reference);
    }
  }
  return search.classes;
}

/** What the code around a nested function makes and asks for may be in the variables that it uses. */
function mentionedClasses(workspace: Workspace, module: Module, item: Item): readonly Declared[] {
  return item.uses.flatMap((reference) => declarationBehind(workspace, module, reference) ?? []);
}

const MAX_STEPS = 5;

class PassedSearch {
  readonly classes: Declared[] = [];
  readonly #workspace: Workspace;
  readonly #module: Module;
  readonly #seen = new Set<ts.Node>();

  constructor(workspace: Workspace, module: Module) {
    this.#workspace = workspace;
    this.#module = module;
  }

  /** The arguments, or what the function itself is passed along with: `shapes.map(area)`. */
  call(item: Item, { call, argumentOf }: Reference): void {
    for (const argument of call?.arguments ?? []) this.#value(item, argument, 0);
    if (!argumentOf) return;
    this.#value(item, argumentOf.expression, 0);
    for (const argument of argumentOf.arguments ?? []) this.#value(item, argument, 0);
  }

  #value(item: Item, node: ts.Node, steps: number): void {
    if (steps > MAX_STEPS || this.#seen.has(node)) return;
    this.#seen.add(node);
    if (ts.isNewExpression(node)) this.#made(node.expression);
    if (ts.isIdentifier(node)) this.#name(item, node.text, steps);
    ts.forEachChild(node, (child) => this.#value(item, child, steps));
  }

  #made(expression: ts.Expression): void {
    const [name = "", ...chain] = expression.getText().split(".");
    const declared = declarationBehind(this.#workspace, this.#module, { name, chain });
    if (declared) this.classes.push(declared);
  }

  /** What a variable of the same code, or of the file, was given; what a function of the file gives. */
  #name(item: Item, name: string, steps: number): void {
    for (const value of localValues(item.node, name)) this.#value(item, value, steps + 1);
    const binding = this.#module.bindings.get(name);
    // `Stack.of(1, 2)`
    const own = binding && declarationBehind(this.#workspace, this.#module, { name, chain: [] });
    if (own && classOf(own.binding.declaration)) this.classes.push(own);
    if (!binding || binding.imported || classOf(binding.declaration)) return;
    for (const home of binding.items) if (home !== item) this.#value(home, home.node, steps + 1);
  }
}

/** What declarations and assignments inside `root` give to variables of this name. */
function localValues(root: ts.Node, name: string): ts.Node[] {
  const values: ts.Node[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isVariableDeclaration(node) && boundNames(node.name).some(({ text }) => text === name)) {
      const list = node.parent;
      if (node.initializer) values.push(node.initializer);
      else if (ts.isVariableDeclarationList(list) && ts.isForOfStatement(list.parent))
        values.push(list.parent.expression);
    }
    ts.forEachChild(node, visit);
  };
  visit(root);
  return values;
}
