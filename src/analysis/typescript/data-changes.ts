/** Data of JSON files that the program changes: a unit has the data as the file has it. */
import type { Reason } from "../../core/function-model.ts";
import { isChangedArgument } from "./argument-changes.ts";
import { bindingsOf, type ImportedName, type Module } from "./module.ts";
import type { Reach } from "./reach.ts";
import { placeOf } from "./state-changes.ts";
import type { Workspace } from "./workspace.ts";

/** `import rates from "./rates.json"`, and somewhere `rates.euro = 2`. */
export function changedDataReached(workspace: Workspace, own: Module, reach: Reach): Reason[] {
  if (reach.jsonFiles.size === 0) return [];
  const modules = new Set([own, ...reach.items.map(({ module }) => module)]);
  for (const module of modules) {
    for (const [file, place] of workspace.remember("changed data", module, () => dataChanges(workspace, module))) {
      if (!reach.jsonFiles.has(file)) continue;
      const uses = reach.items.filter(({ module: home, item }) =>
        (bindingsOf(home).get(item) ?? []).some((binding) => jsonOf(workspace, home, binding.imported) === file),
      );
      const use = uses.find(({ module: home }) => home === own) ?? uses[0];
      const name = file.split(/[\\/]/).at(-1);
      return [{ message: `uses the data of ${name}, which is changed at ${place}`, line: use?.origin.line ?? 1 }];
    }
  }
  return [];
}

function jsonOf(workspace: Workspace, module: Module, imported: ImportedName | undefined): string | undefined {
  const resolution = imported && workspace.resolve(module, imported.specifier);
  return resolution?.kind === "json" ? resolution.file : undefined;
}

/** JSON file → where the module changes what it holds. */
function dataChanges(workspace: Workspace, module: Module): ReadonlyMap<string, string> {
  const changes = new Map<string, string>();
  for (const { facts } of module.items) {
    for (const reference of facts.references) {
      const file = jsonOf(workspace, module, module.bindings.get(reference.name)?.imported);
      if (file === undefined || changes.has(file)) continue;
      const looking = { workspace, module, certainty: "run" } as const;
      if (reference.use !== "mutate" && !isChangedArgument(looking, reference)) continue;
      changes.set(file, placeOf(module, reference.node));
    }
  }
  return changes;
}
