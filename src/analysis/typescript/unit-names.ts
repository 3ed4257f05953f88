/** The state and the classes that travel with calls of a function, by the names they have at the top of their files. */
import path from "node:path";
import { ts } from "ts-morph";
import type { UnitClass, UnitName, UnitVariable } from "../../core/unit.ts";
import { extendsMixed } from "./class-facts.ts";
import { classOf, isConstructorFunction } from "./class-nodes.ts";
import { privatesOf } from "./class-privates.ts";
import { hasModifier } from "./facts.ts";
import { classesFlowing } from "./flowing-classes.ts";
import type { FunctionSite } from "./function-sites.ts";
import { dataProperties } from "./members.ts";
import { liftOf } from "./lift.ts";
import { functionOf, unwrap, type Declared } from "./lookup.ts";
import { bindingsOf, lineOf, type Binding, type Module } from "./module.ts";
import { reachFrom, type Reach } from "./reach.ts";
import { sentConstants } from "./sent-constants.ts";
import { holdsFunction, rootOf, stateReached, treat } from "./state.ts";
import type { Workspace } from "./workspace.ts";

export interface UnitNames {
  /** Of a nested function: the variables around it. */
  readonly captured: readonly UnitName[];
  readonly state: readonly UnitVariable[];
  readonly classes: readonly UnitClass[];
  /** What must stay, classes that only flow in included. */
  readonly reach: Reach;
}

export interface NamesInput {
  readonly workspace: Workspace;
  readonly module: Module;
  readonly site: FunctionSite;
  readonly reach: Reach;
  /** What a directive says of state. */
  readonly wish: "travelling" | "pinned" | undefined;
}

export function unitNamesOf(input: NamesInput): UnitNames {
  const { workspace, site } = input;
  const reached = reachedClasses(input.reach);
  const flowing = classesFlowing({ ...input, classes: reached });
  const isReached = new Set(reached.map(({ binding }) => binding));
  let { reach } = input;
  const classes = flowing.filter((declared) => {
    if (isReached.has(declared.binding)) return true;
    const own = reachOfClass(workspace, declared, {
      module: input.module,
      name: site.binding ?? site.nestedIn?.binding,
    });
    // Not worth refusing the function for: instances of such a class are refused when they come.
    if (!own || own.unresolved.length > 0 || keepsAround(site, own)) return false;
    reach = joined(reach, own);
    return true;
  });
  // A class that flows in may bring others along.
  const all = new Set([...classes, ...reachedClasses(reach)].map(({ binding }) => binding));
  const byBinding = new Map([...reachedClasses(reach), ...classes].map((declared) => [declared.binding, declared]));
  const root = rootOf(input.module, site);
  // What is pinned stays where it is, and a function with refused state is not extracted.
  const treated = treat(stateReached(workspace, root, reach), { mayOverlap: false, wish: input.wish });
  const state = treated
    .filter(({ treatment }) => treatment === "travelling")
    .flatMap(({ use }) => stateNames(workspace, use));
  return {
    state: unique([...state, ...(input.wish === "pinned" ? [] : sentIn(workspace, reach))]),
    classes: unique(
      Array.from(all).flatMap((binding) => {
        const declared = byBinding.get(binding);
        return declared && canTravel(declared) ? [classNameOf(workspace, declared)] : [];
      }),
    ),
    reach,
    captured: (liftOf(site)?.captured ?? []).map(({ name, line }) => ({
      id: idOf(workspace, input.module.file, `${site.name}/${name}`),
      file: input.module.file,
      name,
      line,
    })),
  };
}

/** Two packages of one repository may use the same path and name: the second has none then. */
function unique<T extends UnitName>(names: readonly T[]): T[] {
  return Array.from(Map.groupBy(names, ({ id }) => id).values()).flatMap(([first]) => (first ? [first] : []));
}

/** A nested function and the code around it cannot both be in its unit. */
function keepsAround({ nestedIn, item }: FunctionSite, { items }: Reach): boolean {
  return nestedIn !== undefined && items.some((reached) => reached.item.statement === item.statement);
}

function canTravel({ module, binding }: Declared): boolean {
  const node = classOf(binding.declaration);
  return node ? privatesOf(node).problem === undefined : isConstructorFunction(module, binding);
}

function reachedClasses({ items }: Reach): Declared[] {
  return items.flatMap(({ module, item }) =>
    (bindingsOf(module).get(item) ?? [])
      .filter(
        (binding) => !binding.imported && (classOf(binding.declaration) || isConstructorFunction(module, binding)),
      )
      .map((binding) => ({ module, binding })),
  );
}

function reachOfClass(
  workspace: Workspace,
  { module, binding }: Declared,
  called: { readonly module: Module; readonly name: string | undefined },
): Reach | undefined {
  const [item] = binding.items;
  return item && reachFrom(workspace, { module, facts: item.facts, item, name: binding.name, called });
}

function joined(one: Reach, other: Reach): Reach {
  const seen = new Set(one.items.map(({ item }) => item));
  return {
    items: [...one.items, ...other.items.filter(({ item }) => !seen.has(item))],
    packages: new Set([...one.packages, ...other.packages]),
    jsonFiles: new Set([...one.jsonFiles, ...other.jsonFiles]),
    imports: [...one.imports, ...other.imports],
    foreignFiles: [...one.foreignFiles, ...other.foreignFiles],
    unresolved: one.unresolved,
  };
}

function nameOf(workspace: Workspace, { file }: Module, { name, declaration }: Declared["binding"]): UnitName {
  return { id: idOf(workspace, file, name), file, name, line: lineOf(declaration) };
}

function classNameOf(workspace: Workspace, { module, binding }: Declared): UnitClass {
  const node = classOf(binding.declaration);
  const isMixed = node !== undefined && extendsMixed(workspace, { module, node });
  return { ...nameOf(workspace, module, binding), ...(isMixed && { mixed: true }) };
}

/**
 * `shop/src/shapes.mjs#Point`: relative to the project, with its name where it has one, as a workspace has several. The
 * same in every copy of the program.
 */
function idOf(workspace: Workspace, file: string, name: string): string {
  const relative = path.relative(workspace.packageFolder(file), file).split(path.sep).join("/");
  const project = workspace.packageName(file);
  return `${project === undefined ? "" : `${project}/`}${relative}#${name}`;
}

/** A variable; or, of a class or function that holds state, each property that can change. */
function stateNames(workspace: Workspace, { module, name }: { module: Module; name: string }): UnitVariable[] {
  const binding = module.bindings.get(name);
  if (!binding || binding.imported) return [];
  const node = classOf(binding.declaration);
  const properties = node ? staticFields(node) : propertiesOf(module, binding);
  const own = nameOf(workspace, module, binding);
  if (!properties) {
    const [item] = binding.items;
    const isSent = item !== undefined && sentConstants(workspace, module, item).length > 0;
    return [{ ...own, assignable: binding.kind === "let", ...(isSent && { sent: true }) }];
  }
  return properties.map((property) => ({
    ...own,
    id: `${own.id}.${property}`,
    name: `${name}.${property}`,
    assignable: true,
  }));
}

/** Constants that the unit would make anew. */
function sentIn(workspace: Workspace, { items }: Reach): UnitVariable[] {
  return items.flatMap(({ module, item }) =>
    sentConstants(workspace, module, item).map((binding) => ({
      ...nameOf(workspace, module, binding),
      assignable: false,
      sent: true as const,
    })),
  );
}

/** Of a function, or an object with methods: what travels of it. */
function propertiesOf(module: Module, { name, declaration }: Binding): string[] | undefined {
  if (functionOf(declaration)) return ownProperties(module, name);
  const value =
    ts.isVariableDeclaration(declaration) && declaration.initializer ? unwrap(declaration.initializer) : undefined;
  return value && ts.isObjectLiteralExpression(value) && holdsFunction(value) ? dataProperties(value) : undefined;
}

function staticFields(node: ts.ClassLikeDeclaration): string[] {
  return node.members.flatMap((member) => {
    if (!ts.isPropertyDeclaration(member) || !hasModifier(member, ts.SyntaxKind.StaticKeyword)) return [];
    const initializer = member.initializer && unwrap(member.initializer);
    if (initializer && ts.isFunctionLike(initializer)) return [];
    const { name } = member;
    return ts.isIdentifier(name) || ts.isPrivateIdentifier(name) ? [name.text] : [];
  });
}

/** `next.count += 1`: properties that code of the file gives to a function. */
function ownProperties({ items }: Module, name: string): string[] {
  const properties = items.flatMap(({ facts }) =>
    facts.references.flatMap(({ name: used, use, chain }) =>
      used === name && use === "mutate" && chain[0] !== undefined ? [chain[0]] : [],
    ),
  );
  return Array.from(new Set(properties)).filter((property) => /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(property));
}
