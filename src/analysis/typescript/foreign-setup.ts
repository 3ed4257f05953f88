/** What files that a unit does not hold do to variables that it holds. */
import { bindingsOf, keyOf, type Module } from "./module.ts";
import type { Reach } from "./reach.ts";
import { changedByLoading, loadingItems } from "./load-changes.ts";
import { functionOf } from "./lookup.ts";
import { placeOf } from "./state-changes.ts";
import { withoutProgram } from "./touches.ts";
import type { Workspace } from "./workspace.ts";

/** A variable that a file changes while it loads, although the variable is another file's. */
export interface ForeignSetup {
  readonly name: string;
  /** `plugins.ts:2` */
  readonly place: string;
  /** In the function's own file. */
  readonly line: number;
}

/**
 * Variables reached that other files fill when they load, through an import. A unit has of those files only what
 * the function reaches, so it would find the variable empty.
 */
export function foreignSetupReached(
  workspace: Workspace,
  { module: own, name: rootName }: { readonly module: Module; readonly name: string | undefined },
  reach: Reach,
): ForeignSetup[] {
  const reached = new Map<string, { name: string; line: number }>();
  for (const { module, item, origin } of reach.items) {
    for (const { name, kind, declaration } of bindingsOf(module).get(item) ?? []) {
      const isValue = (kind === "const" || kind === "let") && functionOf(declaration) === undefined;
      if (isValue) reached.set(keyOf(module, name), { name, line: origin.line });
    }
  }
  if (reached.size === 0) return [];
  const kept = new Set(reach.items.map(({ item }) => item));
  const modules = new Set([own, ...reach.items.map(({ module }) => module)]);
  for (const module of Array.from(modules)) for (const imported of importsOf(workspace, module)) modules.add(imported);
  return Array.from(modules).flatMap((module) =>
    withoutProgram(workspace, module, loadingItems(workspace, module), module === own ? rootName : undefined).flatMap(
      (item) =>
        Array.from(changedByLoading(workspace, module, item)).flatMap((key) => {
          const variable = reached.get(key);
          const isOwn = key.startsWith(`${module.file}#`);
          return variable && !isOwn && !kept.has(item) ? [{ ...variable, place: placeOf(module, item.node) }] : [];
        }),
    ),
  );
}

function importsOf(workspace: Workspace, module: Module): readonly Module[] {
  return workspace.remember("imports", module, () => {
    const specifiers = Array.from(module.bindings.values(), ({ imported }) => imported?.specifier);
    return Array.from(new Set(specifiers)).flatMap((specifier) => {
      const resolution = specifier === undefined ? undefined : workspace.resolve(module, specifier);
      const target = resolution?.kind === "source" ? workspace.tryModule(resolution.file) : undefined;
      return target ? [target] : [];
    });
  });
}
