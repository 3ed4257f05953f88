/** Functions that the program replaces by others: what their name stands for is known only when it runs. */
import { ts } from "ts-morph";
import type { Reason } from "../../core/function-model.ts";
import { declarationBehind } from "./lookup.ts";
import type { FunctionSite } from "./function-sites.ts";
import type { Reference } from "./facts.ts";
import { keyOf, lineOf, type Module } from "./module.ts";
import { placeOf } from "./state-changes.ts";
import type { Workspace } from "./workspace.ts";

interface Place {
  readonly module: Module;
  readonly reference: Reference;
}

/** `f = wrap(f)`; `Cart.prototype.add = logged(Cart.prototype.add)`; `api.get = cached(api.get)`. */
export function replacedObstacles(workspace: Workspace, module: Module, site: FunctionSite): Reason[] {
  const { binding, name, node } = site;
  // What is assigned to an accessor is given to its setter.
  if (binding === undefined || site.nestedIn || ts.isAccessor(node)) return [];
  const isMember = name !== binding;
  // What is done to an object inside another one is known of that alone.
  const [member = ""] = isMember ? name.slice(binding.length + 1).split(".") : [];
  const key = `${keyOf(module, binding)}.${member}`;
  const files = isMember ? workspace.dependants(module.file) : [];
  const modules = [module, ...files.flatMap((file) => workspace.tryModule(file) ?? [])];
  for (const user of modules) {
    const places = workspace.remember("replacements", user, () => replacementsIn(workspace, user)).get(key);
    const place = places?.find(({ reference }) => user !== module || !isInside(reference.node, site.rangeNode));
    if (!place) continue;
    const line = user === module ? lineOf(place.reference.node) : lineOf(site.nameNode);
    return [{ message: `is replaced at ${placeOf(user, place.reference.node)}`, line }];
  }
  return [];
}

/** By the key of the variable, a dot, and the name of the member. */
function replacementsIn(workspace: Workspace, module: Module): ReadonlyMap<string, readonly Place[]> {
  const found = new Map<string, Place[]>();
  for (const { facts } of module.items) {
    for (const reference of facts.references) {
      const key = replacedBy(workspace, module, reference);
      if (key !== undefined) found.set(key, [...(found.get(key) ?? []), { module, reference }]);
    }
  }
  return found;
}

function isInside({ pos, end }: ts.Node, outer: ts.Node): boolean {
  return outer.pos <= pos && end <= outer.end;
}

function replacedBy(workspace: Workspace, module: Module, reference: Reference): string | undefined {
  const { name, use, call } = reference;
  const isWritten = use === "write" || (use === "mutate" && !call);
  const declared = isWritten ? declarationBehind(workspace, module, reference) : undefined;
  if (!declared) return undefined;
  const isWhole = module.bindings.get(name)?.imported?.name === "*";
  const [first = "", second = "*"] = isWhole ? reference.chain.slice(1) : reference.chain;
  return `${keyOf(declared.module, declared.binding.name)}.${first === "prototype" ? second : first}`;
}
