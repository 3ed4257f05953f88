import { existsSync } from "node:fs";
import path from "node:path";
import type { BuildOptions, BuildResult, Loader, Plugin } from "esbuild";
import type { Unit } from "../core/unit.ts";
import { describeBuildFailure } from "./build-failure.ts";
import { readUnitHandler } from "./shim-files.ts";

export interface Bundle {
  /** `index.mjs` or `index.cjs`. */
  readonly fileName: string;
  readonly code: Uint8Array;
  /** Version 3; `sources` are absolute paths, or `faasify:…` for generated code. */
  readonly sourceMap: string;
  /** Absolute paths: the user's sources, and the package.json of every bundled package. */
  readonly inputs: readonly string[];
  /** For people and for faasify.json: `src/resize.ts#resize`, relative to the project. */
  readonly label: string;
}

const NAMESPACE = "faasify";

/** What CommonJS packages expect in an ES module. On one line, so that source maps move by exactly one. */
const commonJsBanner = [
  `import { createRequire as __faasifyCreateRequire } from "node:module";`,
  `import { fileURLToPath as __faasifyPath } from "node:url";`,
  `const require = __faasifyCreateRequire(import.meta.url);`,
  `const __faasifyFile = __faasifyPath(import.meta.url);`,
  `const __faasifyFolder = __faasifyPath(new URL(".", import.meta.url)).slice(0, -1);`,
].join(" ");

/**
 * Bundles a unit and the packages it uses with esbuild. Nothing in the result tells where the project lies on this
 * machine: paths in it are relative to the project.
 *
 * @throws FaasifyError `dependency-missing`, `build-failed`
 */
export async function bundleUnit(unit: Unit, shimFolder: string): Promise<Bundle> {
  const project = projectFolder(unit.function.file);
  const label = `${slashes(path.relative(project, unit.function.file))}#${unit.function.name}`;
  const fileName = unit.format === "esm" ? "index.mjs" : "index.cjs";
  const result = await build(label, project, {
    entryPoints: [{ in: `${NAMESPACE}:entry`, out: "index" }],
    outExtension: { ".js": path.extname(fileName) },
    outdir: project,
    absWorkingDir: project,
    bundle: true,
    write: false,
    metafile: true,
    platform: "node",
    target: "node22",
    format: unit.format,
    keepNames: true,
    treeShaking: true,
    // Only where they are not declared: modules that declare their own `__dirname` are common.
    ...(unit.format === "esm" && { define: { __filename: "__faasifyFile", __dirname: "__faasifyFolder" } }),
    sourcemap: "external",
    sourcesContent: true,
    legalComments: "none",
    logLevel: "silent",
    plugins: [unitPlugin(unit, await readUnitHandler(shimFolder))],
  });
  const [code, map] = outputs(result);
  const needsBanner = unit.format === "esm" && /\b__(?:require|faasifyFile|faasifyFolder)\b/.test(code.text);
  return {
    fileName,
    code: needsBanner ? Buffer.from(`${commonJsBanner}\n${code.text}`) : code.contents,
    sourceMap: absoluteSources(map.text, project, needsBanner),
    inputs: inputsOf(result, project),
    label,
  };
}

async function build(label: string, project: string, options: BuildOptions): Promise<BuildResult> {
  // Loaded on first use: starting without it is faster by tens of milliseconds.
  const { build: esbuild } = await import("esbuild");
  try {
    return await esbuild(options);
  } catch (cause) {
    throw describeBuildFailure(label, cause, project);
  }
}

function outputs({ outputFiles = [] }: BuildResult) {
  const code = outputFiles.find(({ path }) => !path.endsWith(".map"));
  const map = outputFiles.find(({ path }) => path.endsWith(".map"));
  if (!code || !map) throw new Error("esbuild gave no bundle and source map");
  return [code, map] as const;
}

/** Serves the unit's texts for the files they come from, and the generated entry. Everything else is read from disk. */
function unitPlugin(unit: Unit, unitHandler: string): Plugin {
  const texts = new Map(unit.files.map((file) => [path.normalize(file.path), file.text]));
  const names = [...new Set([...texts.keys()].map((file) => escapeRegExp(path.basename(file))))];
  const telling = tellingFiles(unit);
  const generated: Record<string, string> = { entry: entryText(unit), "unit-handler": unitHandler };
  return {
    name: "faasify-unit",
    setup(build) {
      build.onResolve({ filter: new RegExp(`^${NAMESPACE}:`) }, ({ path }) => ({
        path: path.slice(NAMESPACE.length + 1),
        namespace: NAMESPACE,
      }));
      // A project that says it has no side effects does not know of these.
      build.onResolve({ filter: /./, namespace: NAMESPACE }, ({ path }) =>
        telling.has(path) ? { path, sideEffects: true } : undefined,
      );
      build.onLoad({ filter: /.*/, namespace: NAMESPACE }, (args) => ({
        contents: generated[args.path] ?? "",
        loader: "js",
        resolveDir: path.dirname(unit.function.file),
      }));
      // The filter runs inside esbuild: files of packages cost no round trip.
      build.onLoad({ filter: new RegExp(`[\\\\/](?:${names.join("|")})$`) }, (args) => {
        const contents = texts.get(path.normalize(args.path));
        return contents === undefined ? undefined : { contents, loader: loaderFor(args.path) };
      });
    },
  };
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

/** The nearest folder with a package.json, else the file's own. */
function projectFolder(file: string): string {
  const start = path.dirname(file);
  for (let folder = start; ; folder = path.dirname(folder)) {
    if (existsSync(path.join(folder, "package.json"))) return folder;
    if (folder === path.dirname(folder)) return start;
  }
}

function absoluteSources(text: string, project: string, movedByOneLine: boolean): string {
  const map = JSON.parse(text) as { sources: string[]; mappings: string };
  map.sources = map.sources.map((source) =>
    source.startsWith(`${NAMESPACE}:`) ? source : path.resolve(project, source),
  );
  if (movedByOneLine) map.mappings = `;${map.mappings}`;
  return JSON.stringify(map);
}

function inputsOf({ metafile }: BuildResult, project: string): readonly string[] {
  const inputs = Object.keys(metafile?.inputs ?? {})
    .filter((input) => !input.startsWith(`${NAMESPACE}:`))
    .map((input) => packageManifest(path.resolve(project, input)));
  return [...new Set(inputs)].toSorted();
}

/** A package's files change only with its version, so its package.json stands for all of them. */
function packageManifest(file: string): string {
  const inPackage = /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+(?=[\\/])/.exec(file);
  return inPackage ? path.join(inPackage[0], "package.json") : file;
}

function escapeRegExp(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
}

function slashes(file: string): string {
  return file.split(path.sep).join("/");
}
