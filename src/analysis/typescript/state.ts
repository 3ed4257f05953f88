/** Module variables that change while the program runs, and whether they can travel with a call. */
import { ts } from "ts-morph";
import type { StateVariable } from "../../core/function-model.ts";
import { classNamed, whyInstancesStay } from "./class-facts.ts";
import { collectFacts, hasModifier, type Reference } from "./facts.ts";
import type { FunctionSite } from "./function-sites.ts";
import { hiddenState } from "./hidden-state.ts";
import { dataProperties } from "./members.ts";
import { liftOf } from "./lift.ts";
import { bindingsOf, keyOf, lineOf, type Binding, type Module } from "./module.ts";
import type { Origin, Reach } from "./reach.ts";
import { functionOf, unwrap } from "./lookup.ts";
import { placeOf, runningChanges, type Change, type Changes } from "./state-changes.ts";
import { aliasesOf } from "./touches.ts";
import type { Workspace } from "./workspace.ts";

export interface StateUse {
  readonly name: string;
  readonly module: Module;
  /** Of its declaration, from 1. */
  readonly declaredAt: number;
  /** Why it is state, to be said behind "which". */
  readonly because: string;
  /** Why it cannot travel, to be said behind its name. */
  readonly refusal: string | undefined;
  readonly writes: boolean;
  /** In the function's own file. */
  readonly line: number;
  readonly path: readonly string[];
}

interface Root {
  readonly module: Module;
  readonly node: ts.Node;
  /** The function's code; of a nested one also what goes along with it. */
  readonly codes: readonly ts.Node[];
  /** The top-level name of the function, or of its class or object. */
  readonly name: string | undefined;
}

export function rootOf(module: Module, site: FunctionSite): Root {
  const { node, binding, nestedIn } = site;
  const codes = liftOf(site)?.parts.map((part) => part.node) ?? [node];
  return { module, node, codes, name: binding ?? nestedIn?.binding };
}

/** Module state among what a function reaches, one entry per variable. */
export function stateReached(workspace: Workspace, root: Root, reach: Reach): StateUse[] {
  const items = new Set(reach.items.map(({ item }) => item));
  const changes = runningChanges(workspace, modulesAsked(workspace, root.module, reach), root);
  const isOwnWork = ({ module, node, item, deferred, isGiven }: Change): boolean => {
    if (isGiven) return false;
    const isInside = module === root.module && root.codes.some(({ pos, end }) => node.pos >= pos && node.end <= end);
    return isInside || (deferred && items.has(item));
  };
  const uses = new Map<string, StateUse>();
  const add = (module: Module, binding: Binding, origin: Origin): void => {
    const key = keyOf(module, binding.name);
    if (uses.has(key) || binding.imported) return;
    const found = changesOf(workspace, changes, { module, binding });
    const hidden = workspace.remember("hidden state", binding, () => hiddenState(workspace, module, binding));
    const why = hidden?.because ?? becauseOf(found);
    if (why === undefined) return;
    uses.set(key, {
      name: binding.name,
      module,
      declaredAt: lineOf(binding.node),
      because: why,
      refusal: hidden?.refusal ?? whyItStays(workspace, module, binding),
      writes: hidden?.writes === true || found.some(isOwnWork),
      ...origin,
    });
  };
  const own = root.name === undefined ? undefined : ownProperties(root, changes);
  if (own) uses.set(keyOf(root.module, own.name), own);
  for (const { module, item, origin } of reach.items) {
    for (const binding of bindingsOf(module).get(item) ?? []) add(module, binding, origin);
  }
  return Array.from(uses.values());
}

/** A change says more than that somebody may make one. */
function becauseOf(changes: readonly Change[]): string | undefined {
  const change = changes.find(({ isGiven }) => !isGiven) ?? changes[0];
  return change && because(change);
}

function because({ module, node, isGiven, isCompared }: Change): string {
  const place = placeOf(module, node);
  if (isCompared) return `is compared at ${place} with what callers may give`;
  return isGiven ? `is given out at ${place} to callers who may change it` : `is changed at ${place}`;
}

/** What is reached, and files known to import variables that are: they may change them as well. */
function modulesAsked(workspace: Workspace, own: Module, reach: Reach): ReadonlySet<Module> {
  const modules = new Set([own, ...reach.items.map(({ module }) => module)]);
  for (const { module, item } of reach.items) {
    for (const binding of bindingsOf(module).get(item) ?? []) {
      const isVariable = ts.isVariableDeclaration(binding.declaration) && functionOf(binding.declaration) === undefined;
      if (!isVariable || binding.imported) continue;
      const importers = workspace.remember("importers", binding, () => importersOf(workspace, module, binding.name));
      for (const importer of importers) modules.add(importer);
    }
  }
  return modules;
}

function importersOf(workspace: Workspace, module: Module, name: string): readonly Module[] {
  const exported = Array.from(module.exports).flatMap(([exportName, { local }]) =>
    local === name ? [exportName] : [],
  );
  if (exported.length === 0) return [];
  const names = new Set(["*", ...exported]);
  return workspace.dependants(module.file).flatMap((file) => {
    const importer = workspace.tryModule(file);
    const isUser =
      importer && Array.from(importer.bindings.values()).some(({ imported }) => imported && names.has(imported.name));
    return isUser ? [importer] : [];
  });
}

/** Its own, and what is done to its content through other names: `const { rows } = table`. */
function changesOf(
  workspace: Workspace,
  changes: Changes,
  { module, binding }: { readonly module: Module; readonly binding: Binding },
): Change[] {
  const { name, declaration } = binding;
  const own = changes.of(keyOf(module, name));
  if (!ts.isVariableDeclaration(declaration) || functionOf(declaration)) return [...own];
  const aliases = workspace.remember("aliases", binding, () => Array.from(aliasesOf(module, name)));
  const others = aliases.flatMap((alias) => changes.of(keyOf(module, alias)));
  return [...own, ...others.filter(({ isAssigned }) => !isAssigned)];
}

/** `f.calls += 1` inside `f`. */
function ownProperties({ module, name, node }: Root, changes: Changes): StateUse | undefined {
  const binding = name === undefined ? undefined : module.bindings.get(name);
  const isFunction = binding && functionOf(binding.declaration) !== undefined;
  if (name === undefined || !binding || !isFunction) return undefined;
  const change = changes.of(keyOf(module, name)).find(({ isGiven }) => !isGiven);
  const use = collectFacts(node).references.find((reference) => reference.name === name && reference.chain.length > 0);
  if (!change || !use) return undefined;
  return {
    name,
    module,
    declaredAt: lineOf(binding.node),
    because: because(change),
    refusal: whyPropertiesStay(module, binding),
    writes: true,
    line: lineOf(use.node),
    path: [],
  };
}

/** `Registry.add(1)`: what the method changes is seen where it is defined. */
function isOwnCall({ chain, call }: Reference): boolean {
  return call !== undefined && chain.length === 1;
}

/** Properties of a class or function travel one by one, by names that its own file gives them. */
function whyPropertiesStay(module: Module, { name, declaration }: Binding): string | undefined {
  const changed = module.items.flatMap(({ facts }) =>
    facts.references.flatMap((one) =>
      one.name === name && one.use === "mutate" && one.chain[0] !== undefined && !isOwnCall(one) ? [one.chain[0]] : [],
    ),
  );
  if (functionOf(declaration)) {
    const isNamed = changed.every((property) => property !== "*" && property !== "prototype");
    return isNamed ? undefined : "keeps state in its own properties, which cannot travel";
  }
  const value =
    ts.isVariableDeclaration(declaration) && declaration.initializer ? unwrap(declaration.initializer) : declaration;
  if (!ts.isClassLike(value)) return undefined;
  const statics = value.members.filter((member) => hasModifier(member, ts.SyntaxKind.StaticKeyword));
  const methods = new Set(statics.flatMap((member) => (ts.isMethodDeclaration(member) ? [member.name.getText()] : [])));
  const declared = new Set(
    statics.flatMap((member) => (ts.isPropertyDeclaration(member) ? [member.name.getText()] : [])),
  );
  const byThis = statics.flatMap((member) =>
    collectFacts(member).thisUses.flatMap(({ use, chain }) =>
      use === "write" || (use === "mutate" && !(chain.length === 1 && methods.has(chain[0] ?? "")))
        ? [chain[0] ?? "*"]
        : [],
    ),
  );
  const unknown = [...changed, ...byThis].find((property) => !declared.has(property));
  return unknown === undefined
    ? undefined
    : `keeps state in \`${name}.${unknown}\`, which is no static field that it declares`;
}

/** Why what a variable holds cannot be sent; undefined when it can, or when only running it tells. */
function whyItStays(workspace: Workspace, module: Module, binding: Binding): string | undefined {
  const { declaration, name } = binding;
  if (ts.isClassLike(declaration) || functionOf(declaration)) return whyPropertiesStay(module, binding);
  if (!ts.isVariableDeclaration(declaration)) return undefined;
  if (isCalled(workspace, module, name)) return "holds a function, which cannot travel";
  const value = declaration.initializer && unwrap(declaration.initializer);
  if (!value) return undefined;
  if (ts.isClassLike(value)) return whyPropertiesStay(module, binding);
  if (ts.isObjectLiteralExpression(value) || ts.isArrayLiteralExpression(value))
    return holdsFunction(value) ? whyMembersStay(module, name, value) : undefined;
  return ts.isNewExpression(value) ? whyInstanceStays(workspace, module, value) : undefined;
}

/** Of an object with methods, properties that hold data travel one by one, unless somebody else may have the object. */
function whyMembersStay(
  module: Module,
  name: string,
  value: ts.ObjectLiteralExpression | ts.ArrayLiteralExpression,
): string | undefined {
  if (ts.isArrayLiteralExpression(value)) return "holds functions besides, which cannot travel";
  // What is assigned to an accessor is given to its setter, which is one of the methods.
  const accessors = value.properties.filter(ts.isAccessor).map((one) => one.name.getText());
  const known = new Set([...dataProperties(value), ...accessors]);
  const isKnown = module.items.every(({ facts }) =>
    facts.references.every((one) => {
      if (one.name !== name) return true;
      const isChange = (one.use === "write" || one.use === "mutate") && !isOwnCall(one);
      if (isChange) return known.has(one.chain[0] ?? "*");
      return (one.chain.length > 0 && one.chain[0] !== "*") || isLookedAt(one);
    }),
  );
  return isKnown ? undefined : "holds functions besides, which cannot travel";
}

/** `console.log(cart)`, `JSON.stringify(cart)`: nobody gets it. */
function isLookedAt({ argumentOf }: Reference): boolean {
  const callee = argumentOf?.expression.getText() ?? "";
  return /^(?:console\.\w+|JSON\.stringify|Object\.(?:keys|values|entries)|(?:util\.)?inspect)$/.test(callee);
}

const carriedInstances = new Set(
  (
    "Map Set Array Object Date RegExp URL URLSearchParams Error TypeError RangeError AggregateError ArrayBuffer DataView Buffer " +
    "Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array Int32Array Uint32Array Float32Array Float64Array " +
    "BigInt64Array BigUint64Array Boolean Number String"
  ).split(" "),
);

function whyInstanceStays(workspace: Workspace, module: Module, { expression }: ts.NewExpression): string | undefined {
  const name = expression.getText();
  const placed = classNamed(workspace, module, expression);
  if (placed) {
    const why = whyInstancesStay(workspace, placed);
    return why === undefined ? undefined : `is an instance of \`${name}\`, which ${why}`;
  }
  if (carriedInstances.has(name) && !module.bindings.has(name)) return undefined;
  return `is an instance of \`${name}\`, which cannot travel`;
}

function isCalled(workspace: Workspace, module: Module, name: string): boolean {
  const called = workspace.remember("called variables", module, () => {
    const calls = module.items.flatMap(({ facts }) =>
      facts.references.filter(({ use, chain }) => use === "call" && chain.length === 0),
    );
    return new Set(calls.map((reference) => reference.name));
  });
  return called.has(name);
}

export function holdsFunction(value: ts.Expression): boolean {
  const visit = (node: ts.Node): boolean => {
    if (ts.isFunctionLike(node)) return true;
    const isContainer =
      ts.isObjectLiteralExpression(node) || ts.isArrayLiteralExpression(node) || ts.isPropertyAssignment(node);
    return isContainer && (ts.forEachChild(node, (child) => visit(child) || undefined) ?? false);
  };
  return visit(value);
}

/** The user's wish, the function's nature and the variable's content decide. */
export function treat(
  uses: readonly StateUse[],
  { mayOverlap, wish }: { readonly mayOverlap: boolean; readonly wish: "travelling" | "pinned" | undefined },
): (StateVariable & { readonly use: StateUse })[] {
  return uses.map((use) => {
    const { name, module, declaredAt, writes, because: reason, refusal } = use;
    const about = { name, file: module.file, line: declaredAt, writes, use };
    if (wish === "pinned") return { ...about, treatment: "pinned", reason };
    if (refusal !== undefined) return { ...about, treatment: "refused", reason: refusal };
    if (mayOverlap && writes && wish === undefined) {
      return { ...about, treatment: "refused", reason: `${reason}, and calls of an asynchronous function may overlap` };
    }
    return { ...about, treatment: "travelling", reason };
  });
}
