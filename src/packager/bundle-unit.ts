import { existsSync } from "node:fs";
import path from "node:path";
import type { BuildOptions, BuildResult } from "esbuild";
import { FaasifyError } from "../core/errors.ts";
import type { Unit } from "../core/unit.ts";
import { listAssets, type AssetList } from "./assets.ts";
import { describeBuildFailure, packagesToBlame } from "./build-failure.ts";
import { thisMachine, type Machine } from "./native-binary.ts";
import {
  bundledPackages,
  packageFolderOf,
  resistingPackages,
  tellingMessages,
  type BuiltBundle,
  type LeftOut,
} from "./resisting-packages.ts";
import { collectPackages, readPackages, type Shipment } from "./shipped-packages.ts";
import { readUnitHandler } from "./shim-files.ts";
import { externalPlugin, NAMESPACE, unitPlugin, type LeftToNode } from "./unit-plugin.ts";

export interface Bundle {
  /** `index.mjs` or `index.cjs`. */
  readonly fileName: string;
  readonly code: Uint8Array;
  /** Version 3; `sources` are absolute paths, or `faasify:…` for generated code. */
  readonly sourceMap: string;
  /** Absolute paths: the user's sources, what they read, and the package.json of every package. */
  readonly inputs: readonly string[];
  /** What lies beside the bundle: packages that cannot be part of it, and files that the function reads. */
  readonly shipment: Shipment;
  readonly assets: AssetList["files"];
  /** For people and for faasify.json: `src/resize.ts#resize`, relative to the project. */
  readonly label: string;
}

/** What CommonJS packages expect in an ES module. On one line, so that source maps move by exactly one. */
const commonJsBanner = [
  `import { createRequire as __faasifyCreateRequire } from "node:module";`,
  `import { fileURLToPath as __faasifyPath } from "node:url";`,
  `const require = __faasifyCreateRequire(import.meta.url);`,
  `const __faasifyFile = __faasifyPath(import.meta.url);`,
  `const __faasifyFolder = __faasifyPath(new URL(".", import.meta.url)).slice(0, -1);`,
].join(" ");

/** More rounds than packages that draw each other out can need. */
const MAX_ROUNDS = 20;

/**
 * Bundles a unit and the packages it uses with esbuild; packages that cannot be bundled come along as they are. Nothing
 * in the result tells where the project lies on this machine: paths in it are relative to the project.
 *
 * @throws FaasifyError `dependency-missing`, `build-failed`, `native-addon-unfit`, `asset-missing`
 */
export async function bundleUnit(unit: Unit, shimFolder: string, machine: Machine = thisMachine()): Promise<Bundle> {
  const project = projectFolder(unit.function.file);
  const label = `${slashes(path.relative(project, unit.function.file))}#${unit.function.name}`;
  const assets = await listAssets(unit, project);
  const job: Job = { unit, project, label, assets, unitHandler: await readUnitHandler(shimFolder) };
  const left = new Map<string, string>();
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const before = left.size;
    const pass = await bundleOnce(job, left);
    for (const [folder, reason] of pass.found) if (!left.has(folder)) left.set(folder, reason);
    const { result } = pass;
    if (!result || left.size > before) continue;
    const packages = await collectPackages(pass.outcome.imported, machine);
    // One copy of a package keeps its state: what a shipped one needs is not bundled as well.
    const twice = packages.filter(({ folder }) => bundledPackages(result.built).has(folder));
    for (const { folder } of twice) left.set(folder, "is needed by a package that cannot be bundled");
    if (twice.length > 0) continue;
    return finish(job, result, await readPackages(packages, left, machine));
  }
  throw new Error(`packages of ${label} draw each other out of the bundle without end`);
}

interface Job {
  readonly unit: Unit;
  readonly project: string;
  readonly label: string;
  readonly assets: AssetList;
  readonly unitHandler: string;
}

interface Built {
  readonly result: BuildResult;
  readonly built: BuiltBundle;
  readonly map: { sources: string[]; sourcesContent?: (string | null)[]; mappings: string };
}

interface Pass {
  /** Undefined where packages have to be left out before anything can be bundled. */
  readonly result: Built | undefined;
  /** Packages that have turned out not to be fit for a bundle. */
  readonly found: LeftOut;
  readonly outcome: LeftToNode;
}

async function bundleOnce({ unit, project, label, assets, unitHandler }: Job, left: LeftOut): Promise<Pass> {
  const outcome: LeftToNode = { imported: new Map(), also: new Map(), conflicts: [] };
  const plugins = [unitPlugin({ unit, unitHandler, placeOf: assets.placeOf }), externalPlugin(left, outcome)];
  let result: BuildResult;
  try {
    result = await build({ ...optionsFor(unit, project), plugins });
  } catch (cause) {
    const found = packagesToBlame(cause, project);
    if (found.size === 0 || Array.from(found.keys()).some((folder) => left.has(folder)))
      throw describeBuildFailure(label, cause, project);
    return { result: undefined, found, outcome };
  }
  const [conflict] = outcome.conflicts;
  if (conflict) throw twoVersions(label, conflict);
  const [, mapFile] = outputs(result);
  const map = absoluteSources(mapFile.text, project);
  const texts = map.sources.map((source, index) => [source, map.sourcesContent?.[index] ?? ""] as const);
  const { metafile = { inputs: {}, outputs: {} }, warnings } = result;
  const built: BuiltBundle = { metafile, warnings, sources: new Map(texts), root: project };
  const resisting = await resistingPackages(built);
  return { result: { result, built, map }, found: new Map([...resisting, ...outcome.also]), outcome };
}

function optionsFor(unit: Unit, project: string): BuildOptions {
  const ending = unit.format === "esm" ? ".mjs" : ".cjs";
  return {
    entryPoints: [{ in: `${NAMESPACE}:entry`, out: "index" }],
    outExtension: { ".js": ending },
    outdir: project,
    absWorkingDir: project,
    bundle: true,
    write: false,
    metafile: true,
    platform: "node",
    target: "node22",
    format: unit.format,
    // As Node does: bundlers' own `module` would give another file of a package that has several.
    conditions: ["module-sync"],
    keepNames: true,
    treeShaking: true,
    // Only where they are not declared: modules that declare their own `__dirname` are common.
    ...(unit.format === "esm" && { define: { __filename: "__faasifyFile", __dirname: "__faasifyFolder" } }),
    sourcemap: "external",
    sourcesContent: true,
    legalComments: "none",
    // The compiler's `strict` would make sloppy scripts strict, which Node does not.
    ...(isPlainCommonJs(unit) && { tsconfigRaw: {} }),
    logLevel: "silent",
    logOverride: tellingMessages,
  };
}

function finish({ unit, project, label, assets }: Job, { result, map }: Built, shipment: Shipment): Bundle {
  const [code] = outputs(result);
  const needsBanner = unit.format === "esm" && /\b__(?:require|faasifyFile|faasifyFolder)\b/.test(code.text);
  if (needsBanner) map.mappings = `;${map.mappings}`;
  return {
    fileName: unit.format === "esm" ? "index.mjs" : "index.cjs",
    code: needsBanner ? Buffer.from(`${commonJsBanner}\n${code.text}`) : code.contents,
    sourceMap: JSON.stringify(map),
    inputs: Array.from(new Set([...inputsOf(result, project), ...assets.inputs, ...shipment.manifests])).toSorted(),
    label,
    shipment,
    assets: assets.files,
  };
}

function twoVersions(label: string, { name, importer }: LeftToNode["conflicts"][number]): FaasifyError {
  return new FaasifyError(
    "build-failed",
    `${label} cannot be bundled: its files use two versions of ${name}, which cannot be bundled, one of them in ${importer}`,
    { remedy: `Make all of the project's packages use one version of ${name}` },
  );
}

function isPlainCommonJs({ format, files }: Unit): boolean {
  return format === "cjs" && files.every(({ path: file }) => /\.(?:c?js|json)$/i.test(file));
}

async function build(options: BuildOptions): Promise<BuildResult> {
  // Loaded on first use: starting without it is faster by tens of milliseconds.
  const { build: esbuild } = await import("esbuild");
  return esbuild(options);
}

function outputs({ outputFiles = [] }: BuildResult) {
  const code = outputFiles.find(({ path }) => !path.endsWith(".map"));
  const map = outputFiles.find(({ path }) => path.endsWith(".map"));
  if (!code || !map) throw new Error("esbuild gave no bundle and source map");
  return [code, map] as const;
}

/** The nearest folder with a package.json, else the file's own. */
function projectFolder(file: string): string {
  const start = path.dirname(file);
  for (let folder = start; ; folder = path.dirname(folder)) {
    if (existsSync(path.join(folder, "package.json"))) return folder;
    if (folder === path.dirname(folder)) return start;
  }
}

function absoluteSources(text: string, project: string): Built["map"] {
  const map = JSON.parse(text) as Built["map"];
  map.sources = map.sources.map((source) =>
    source.startsWith(`${NAMESPACE}:`) ? source : path.resolve(project, source),
  );
  return map;
}

function inputsOf({ metafile }: BuildResult, project: string): readonly string[] {
  const inputs = Object.keys(metafile?.inputs ?? {})
    .filter((input) => !input.startsWith(`${NAMESPACE}:`))
    .map((input) => packageManifest(path.resolve(project, input)));
  return inputs;
}

/** A package's files change only with its version, so its package.json stands for all of them. */
function packageManifest(file: string): string {
  const folder = packageFolderOf(file);
  return folder === undefined ? file : path.join(folder, "package.json");
}

function slashes(file: string): string {
  return file.split(path.sep).join("/");
}
