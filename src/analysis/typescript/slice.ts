/** What a unit is made of: the items of each file that the function needs. */
import type { FunctionModel } from "../../core/function-model.ts";
import type { ResolvedImport, Rewrite, UnitClass, UnitName, UnitVariable } from "../../core/unit.ts";
import type { FunctionSite } from "./function-sites.ts";
import type { Item, Module } from "./module.ts";
import { mayBeShared } from "./made-functions.ts";
import { nameIn, takesCaptured } from "./function-model.ts";
import { liftOf, type Lift } from "./lift.ts";
import { reachFrom, type Reach, type UnresolvedImport } from "./reach.ts";
import { hasNativeAddon } from "./native-addons.ts";
import { rewritesOf } from "./rewrites.ts";
import { realParameters } from "./type-texts.ts";
import { unitNamesOf } from "./unit-names.ts";
import type { Workspace } from "./workspace.ts";

export interface FileSlice {
  readonly module: Module;
  /** What stays; everything else at the top level is left out. */
  readonly keep: ReadonlySet<Item>;
  readonly rewrites: readonly Rewrite[];
  readonly syntax: "esm" | "cjs";
}

/** A function with the parts of all files that it needs. */
export interface Slice {
  readonly model: FunctionModel;
  /** The function's own file first. */
  readonly files: readonly FileSlice[];
  /** Data files, needed as they are. */
  readonly jsonFiles: readonly { readonly file: string; readonly text: string }[];
  /** Undefined when nothing exports the function itself: {@link expression} must be exported then. */
  readonly exportName: string | undefined;
  /** Gives the function, in its file's scope, callable without `this`. */
  readonly expression: string;
  readonly format: "esm" | "cjs";
  readonly packages: readonly string[];
  /** Of these: those that have a native addon. */
  readonly addons: readonly string[];
  readonly environment: readonly string[];
  /** Absolute paths of files and folders that are read by constant paths. */
  readonly assets: readonly string[];
  /** Code of it asks for its own place other than for these, or loads modules by names that nobody knows before. */
  readonly asksPlace: boolean;
  readonly loadsUnknown: boolean;
  /** Imports that were resolved by more than their text. */
  readonly imports: readonly ResolvedImport[];
  readonly unresolved: readonly UnresolvedImport[];
  /** Module variables that change, and classes whose instances cross: see the unit's manifest. */
  readonly state: readonly UnitVariable[];
  readonly classes: readonly UnitClass[];
  /** A value that may be another function of the program. */
  readonly isShared: boolean;
  /** Of a nested function. */
  readonly lifted?: LiftedFunction;
}

export interface LiftedFunction {
  readonly site: FunctionSite;
  readonly lift: Lift;
  /** As {@link Lift.captured}, by the ids that calls send them by. */
  readonly captured: readonly UnitName[];
  readonly parameters: number | undefined;
}

export interface SliceInput {
  readonly module: Module;
  readonly site: FunctionSite;
  readonly model: FunctionModel;
  readonly environment: readonly string[];
  readonly readText: (file: string) => string;
}

/** Collects the slice of one function. Throws what Node throws when an imported data file cannot be read. */
export function sliceOf(workspace: Workspace, { module, site, model, environment, readText }: SliceInput): Slice {
  const lift = liftOf(site);
  const own = reachFrom(workspace, {
    module,
    facts: lift?.facts ?? site.item.facts,
    ...(!lift && { item: site.item }),
    ...nameIn(module, site),
    ...(site.exportName === undefined ? {} : { exportName: site.exportName }),
  });
  const { reach, state, classes, captured } = unitNamesOf({
    workspace,
    module,
    site,
    reach: own,
    wish: model.directive?.state,
  });
  const format = formatOf(workspace, module);
  const files = filesOf(reach, module).map((file) => ({
    ...file,
    found: rewritesOf(workspace, file.module, file.keep),
  }));
  return {
    model,
    files: files.map(({ found, ...file }) => ({
      ...file,
      rewrites: found.rewrites,
      syntax: formatOf(workspace, file.module),
    })),
    assets: Array.from(new Set(files.flatMap(({ found }) => found.assets))).toSorted(),
    asksPlace: files.some(({ found }) => found.asksPlace),
    loadsUnknown: files.some(({ found }) => found.loadsUnknown),
    imports: reach.imports,
    jsonFiles: Array.from(reach.jsonFiles, (file) => ({ file, text: readText(file) })),
    // CommonJS has no default export: that is `module.exports` itself.
    exportName: format === "cjs" && site.exportName === "default" ? undefined : site.exportName,
    expression: site.expression,
    format,
    packages: Array.from(reach.packages).toSorted(),
    addons: Array.from(reach.packages)
      .filter((name) => hasNativeAddon(workspace, module, name))
      .toSorted(),
    environment,
    unresolved: reach.unresolved,
    state,
    classes,
    isShared: site.made !== undefined && mayBeShared(workspace, module, site.made),
    ...(lift && { lifted: { site, lift, captured, parameters: parametersTaken(site, lift) } }),
  };
}

/** Behind how many arguments those for the captured variables come, where a call brings none of their values. */
function parametersTaken({ node }: FunctionSite, { captured }: Lift): number | undefined {
  return captured.length > 0 && takesCaptured(node) ? realParameters(node).length : undefined;
}

function filesOf({ items }: Reach, own: Module): Pick<FileSlice, "module" | "keep">[] {
  const files = new Map<Module, Set<Item>>([[own, new Set()]]);
  for (const { module, item } of items) {
    const keep = files.get(module) ?? new Set();
    files.set(module, keep.add(item));
  }
  return Array.from(files, ([module, keep]) => ({ module, keep }));
}

/** As Node decides: by the ending, by the file's own syntax, by the nearest package.json. */
function formatOf(workspace: Workspace, { file, syntax }: Module): "esm" | "cjs" {
  if (/\.m[jt]s$/i.test(file)) return "esm";
  if (/\.c[jt]s$/i.test(file)) return "cjs";
  if (syntax !== undefined) return syntax;
  if (/\.tsx?$/i.test(file)) return "esm";
  return workspace.packageType(file) === "module" ? "esm" : "cjs";
}
