/** Data of JSON files that the program changes: a unit has the data as the file has it. */
import type { Reason } from "../../core/function-model.ts";
import { isChangedArgument } from "./argument-changes.ts";
import type { Module } from "./module.ts";
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
      const [use] = reach.items.filter(({ item }) => item.kind === "import");
      const name = file.split(/[\\/]/).at(-1);
      return [{ message: `uses the data of ${name}, which is changed at ${place}`, line: use?.origin.line ?? 1 }];
    }
  }
  return [];
}

/** JSON file → where the module changes what it holds. */
function dataChanges(workspace: Workspace, module: Module): ReadonlyMap<string, string> {
  const changes = new Map<string, string>();
  for (const { facts } of module.items) {
    for (const reference of facts.references) {
      const imported = module.bindings.get(reference.name)?.imported;
      const resolution = imported && workspace.resolve(module, imported.specifier);
      if (resolution?.kind !== "json" || changes.has(resolution.file)) continue;
      const looking = { workspace, module, certainty: "run" } as const;
      if (reference.use !== "mutate" && !isChangedArgument(looking, reference)) continue;
      changes.set(resolution.file, placeOf(module, reference.node));
    }
  }
  return changes;
}
