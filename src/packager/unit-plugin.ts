/** What esbuild must know of a unit: its texts, the generated entry, and what it must not resolve by itself. */
import { realpath } from "node:fs/promises";
import path from "node:path";
import type { Loader, OnLoadResult, Plugin, PluginBuild } from "esbuild";
import type { Unit } from "../core/unit.ts";
import { packageFolderOf, type LeftOut } from "./resisting-packages.ts";
import { loadModule, placeModule, rewriteText, type GeneratedNames } from "./rewrite-text.ts";
import { findInstalled } from "./shipped-packages.ts";

/** Of generated code: `faasify:entry`. */
export const NAMESPACE = "faasify";

export interface PluginInput {
  readonly unit: Unit;
  readonly unitHandler: string;
  /** Of a file: its place in the artifact, where it asks for one. */
  readonly placeOf: (file: string) => string;
}

/** Serves the unit's texts for the files they come from, and the generated entry. Everything else is read from disk. */
export function unitPlugin({ unit, unitHandler, placeOf }: PluginInput): Plugin {
  const { texts, generated } = textsOf(unit, placeOf);
  generated.set("entry", { contents: entryText(unit), resolveDir: path.dirname(unit.function.file) });
  generated.set("unit-handler", { contents: unitHandler, resolveDir: path.dirname(unit.function.file) });
  const names = [...new Set([...texts.keys()].map((file) => escapeRegExp(path.basename(file))))];
  const telling = tellingFiles(unit);
  return {
    name: "faasify-unit",
    setup(build) {
      build.onResolve({ filter: new RegExp(`^${NAMESPACE}:`) }, (args) => ({
        path: args.path.slice(NAMESPACE.length + 1),
        namespace: NAMESPACE,
      }));
      // A project that says it has no side effects does not know of these.
      build.onResolve({ filter: /./, namespace: NAMESPACE }, (args) =>
        telling.has(args.path) ? { path: args.path, sideEffects: true } : undefined,
      );
      resolveImports(build, unit);
      build.onLoad({ filter: /.*/, namespace: NAMESPACE }, (args) => ({
        ...(generated.get(args.path) ?? { contents: "" }),
        loader: "js",
      }));
      // The filter runs inside esbuild: files of packages cost no round trip.
      build.onLoad({ filter: new RegExp(`[\\\\/](?:${names.join("|")})$`) }, (args) => {
        const contents = texts.get(path.normalize(args.path));
        return contents === undefined ? undefined : { contents, loader: loaderFor(args.path) };
      });
    },
  };
}

type Generated = Map<string, { readonly contents: string; readonly resolveDir: string }>;

function textsOf(
  unit: Unit,
  placeOf: PluginInput["placeOf"],
): { readonly texts: ReadonlyMap<string, string>; readonly generated: Generated } {
  const generated: Generated = new Map();
  const texts = new Map<string, string>();
  for (const file of unit.files) {
    const { rewrites = [] } = file;
    const resolveDir = path.dirname(file.path);
    const place = placeOf(file.path);
    const slashed = place.split(path.sep).join("/");
    const names: GeneratedNames = {
      place: `${NAMESPACE}:place/${slashed}`,
      load: (index) => `${NAMESPACE}:load/${index}/${slashed}`,
    };
    texts.set(path.normalize(file.path), rewrites.length === 0 ? file.text : rewriteText(file, names));
    if (rewrites.length > 0) generated.set(`place/${slashed}`, { contents: placeModule(place), resolveDir });
    for (const [index, rewrite] of rewrites.entries()) {
      if (rewrite.kind !== "required") continue;
      const contents = loadModule(rewrite);
      generated.set(`load/${index}/${slashed}`, { contents, resolveDir });
    }
  }
  return { texts, generated };
}

/** Where analysis has resolved a name in a way that is its own. */
function resolveImports(build: PluginBuild, { imports = [] }: Unit): void {
  if (imports.length === 0) return;
  const known = new Map(imports.map(({ from, specifier, file }) => [`${path.normalize(from)}\0${specifier}`, file]));
  const filter = new RegExp(`^(?:${imports.map(({ specifier }) => escapeRegExp(specifier)).join("|")})$`);
  build.onResolve({ filter, namespace: "file" }, ({ importer, path: specifier }) => {
    const file = known.get(`${path.normalize(importer)}\0${specifier}`);
    return file === undefined ? undefined : { path: file };
  });
}

/** What the bundle leaves to `node_modules`, as it turns out while bundling. */
export interface LeftToNode {
  /** Name → real folder, as the bundle's own imports find it. */
  readonly imported: Map<string, string>;
  /** Real folders of packages that must be left out as well, and why. */
  readonly also: Map<string, string>;
  /** The user's own files and packages that need two versions of one package. */
  readonly conflicts: { readonly name: string; readonly importer: string }[];
}

/** Leaves packages out of the bundle: those already known, and those that bring an addon. */
export function externalPlugin(left: LeftOut, outcome: LeftToNode): Plugin {
  return {
    name: "faasify-external",
    setup(build) {
      build.onLoad({ filter: /\.node$/ }, (args): OnLoadResult | undefined => {
        const folder = packageFolderOf(args.path);
        if (folder === undefined) return undefined;
        outcome.also.set(folder, "has a native addon");
        return { contents: "", loader: "js" };
      });
      if (left.size === 0) return;
      const names = Array.from(left.keys(), nameOf);
      const filter = new RegExp(`^(?:${names.map(escapeRegExp).join("|")})(?:/|$)`);
      build.onResolve({ filter }, async ({ path: specifier, importer, resolveDir, namespace }) => {
        if (namespace !== "file" && namespace !== NAMESPACE) return undefined;
        const name = names.find((one) => specifier === one || specifier.startsWith(`${one}/`));
        const folder = name === undefined ? undefined : await findInstalled(name, await realpath(resolveDir));
        if (name === undefined || folder === undefined) return undefined;
        const earlier = outcome.imported.get(name) ?? folder;
        if (earlier !== folder) {
          noteConflict(outcome, name, importer);
          return { path: specifier, external: true };
        }
        // Another version of the same name can be bundled: then nothing else may be found by that name.
        if (!left.has(folder)) outcome.also.set(folder, `is another version of ${name}, which cannot be bundled`);
        outcome.imported.set(name, folder);
        return { path: specifier, external: true };
      });
    },
  };
}

/** A package that needs another version finds it where it lies itself. */
function noteConflict({ also, conflicts }: LeftToNode, name: string, importer: string): void {
  const folder = packageFolderOf(importer);
  if (folder === undefined) conflicts.push({ name, importer });
  else also.set(folder, `needs a version of ${name} of its own`);
}

/** The name by which a package's folder is found. */
function nameOf(folder: string): string {
  return (
    folder
      .split(/[\\/]node_modules[\\/]/)
      .at(-1)
      ?.split(path.sep)
      .join("/") ?? folder
  );
}

/** Files beside the function's own that have names to tell: loaded in any case, as nothing but a type may lead to them. */
function tellingFiles({ function: model, manifest }: Unit): ReadonlySet<string> {
  const files = new Set([...manifest.state, ...manifest.classes].map(({ file }) => file));
  files.delete(model.file);
  return files;
}

function entryText(unit: Unit): string {
  const { function: model, exportName } = unit;
  const imported = JSON.stringify(exportName);
  const from = JSON.stringify(model.file);
  if (model.convention === "lambda") return `export { ${imported} as handler } from ${from};`;
  const parameters = model.parameters.map(({ name, optional, rest }) => ({ name, optional, rest }));
  return [
    `import { createHandler } from "${NAMESPACE}:unit-handler";`,
    `import { ${imported} as userFunction } from ${from};`,
    ...Array.from(tellingFiles(unit), (file) => `import ${JSON.stringify(file)};`),
    `export const handler = createHandler(userFunction, ${JSON.stringify({ name: model.name, parameters })});`,
  ].join("\n");
}

function loaderFor(file: string): Loader {
  const loaders: Readonly<Record<string, Loader>> = {
    ".ts": "ts",
    ".mts": "ts",
    ".cts": "ts",
    ".tsx": "tsx",
    ".jsx": "jsx",
    ".json": "json",
  };
  return loaders[path.extname(file)] ?? "js";
}

function escapeRegExp(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
}
