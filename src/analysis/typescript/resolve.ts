/** From an import's text to a file of the project, a package or a module of Node. */
import { existsSync, realpathSync, statSync } from "node:fs";
import { isBuiltin } from "node:module";
import path from "node:path";
import { ts } from "ts-morph";

export type Resolution =
  | { readonly kind: "source"; readonly file: string }
  | { readonly kind: "json"; readonly file: string }
  /** Styles, pictures and whatever else a bundler might take. */
  | { readonly kind: "asset"; readonly file: string }
  | { readonly kind: "package"; readonly name: string }
  | { readonly kind: "builtin"; readonly name: string }
  | { readonly kind: "unresolved" };

export type Resolve = (fromFile: string, specifier: string) => Resolution;

const sourceFile = /(?<!\.d)\.[cm]?[jt]sx?$/i;

/** Whether a file's name says that it holds TypeScript or JavaScript (declarations do not count). */
export function isSourceFile(file: string): boolean {
  return sourceFile.test(file) && !/\.d\.[cm]?ts$/i.test(file);
}

/** What stands in an import → what may lie on the disk, in the order TypeScript tries them. */
const substitutes: readonly (readonly [RegExp, readonly string[]])[] = [
  [/\.js$/, [".ts", ".tsx", ".jsx"]],
  [/\.jsx$/, [".tsx", ".ts"]],
  [/\.mjs$/, [".mts"]],
  [/\.cjs$/, [".cts"]],
];
const endings = [".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs", ".json"];

/**
 * Resolves as a bundler does. Nothing is remembered but the compiler options of a folder's tsconfig.json:
 * files come and go while the editor is open.
 */
export function createResolver(): Resolve {
  const optionsOf = createOptionsReader();
  return (fromFile, specifier) => {
    const folder = path.dirname(fromFile);
    if (isBuiltin(specifier)) return { kind: "builtin", name: specifier.replace(/^node:/, "") };
    if (/^\.{1,2}(?:\/|$)/.test(specifier) || path.isAbsolute(specifier)) {
      const file = findFile(path.resolve(folder, specifier));
      return file === undefined ? { kind: "unresolved" } : ofFile(file);
    }
    return resolveByCompiler(fromFile, specifier, optionsOf(folder));
  };
}

function ofFile(file: string): Resolution {
  if (isSourceFile(file)) return { kind: "source", file };
  return { kind: file.endsWith(".json") ? "json" : "asset", file };
}

function findFile(base: string): string | undefined {
  if (isFile(base)) return base;
  for (const [pattern, replacements] of substitutes) {
    if (!pattern.test(base)) continue;
    const found = replacements.map((ending) => base.replace(pattern, ending)).find(isFile);
    if (found !== undefined) return found;
  }
  const candidates = [
    ...endings.map((ending) => base + ending),
    ...endings.map((ending) => path.join(base, `index${ending}`)),
  ];
  return candidates.find(isFile);
}

function isFile(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** Path aliases, package.json's `imports`, packages. The compiler is asked only where the name alone does not tell. */
function resolveByCompiler(
  fromFile: string,
  specifier: string,
  configurations: readonly ts.CompilerOptions[],
): Resolution {
  const name = packageNameOf(specifier);
  const installed = installedFolder(name, path.dirname(fromFile));
  // Also where a link leads to its sources: it is no code of the user's.
  if (name === "faasify" && installed !== undefined) return { kind: "package", name };
  const mayBeAlias = configurations.some(({ paths, baseUrl }) => paths !== undefined || baseUrl !== undefined);
  if (installed !== undefined && !mayBeAlias && !isOfWorkspace(installed)) return { kind: "package", name };
  for (const options of configurations) {
    const { resolvedModule } = ts.resolveModuleName(specifier, fromFile, options, ts.sys);
    if (resolvedModule && !inPackages.test(resolvedModule.resolvedFileName)) {
      return ofFile(path.normalize(resolvedModule.resolvedFileName));
    }
  }
  return installed === undefined ? { kind: "unresolved" } : { kind: "package", name };
}

const inPackages = /[\\/]node_modules[\\/]/;

/** A link to a folder of the same repository: its files are the project's own. */
function isOfWorkspace(folder: string): boolean {
  return !inPackages.test(realpathSync(folder));
}

/** `@scope/name/deep/file` → `@scope/name`. */
function packageNameOf(specifier: string): string {
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}

/** Types are not code: a package that only has `@types` does not resolve here. */
function installedFolder(name: string, folder: string): string | undefined {
  const found = path.join(folder, "node_modules", name);
  if (existsSync(found)) return found;
  const parent = path.dirname(folder);
  return parent === folder ? undefined : installedFolder(name, parent);
}

/** A folder's own compiler options first, then those of the projects that it refers to. */
function createOptionsReader(): (folder: string) => readonly ts.CompilerOptions[] {
  const parsed = new Map<
    string,
    { stamps: string; files: readonly string[]; options: readonly ts.CompilerOptions[] }
  >();
  return (folder) => {
    const file = ts.findConfigFile(folder, isFile) ?? ts.findConfigFile(folder, isFile, "jsconfig.json");
    if (file === undefined) return [baseOptions];
    const known = parsed.get(file);
    if (known && stampsOf(known.files) === known.stamps) return known.options;
    const { options, files } = readOptions(file);
    parsed.set(file, { stamps: stampsOf(files), files, options });
    return options;
  };
}

function stampsOf(files: readonly string[]): string {
  return files.map((file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0).join();
}

const baseOptions: ts.CompilerOptions = {
  allowJs: true,
  allowImportingTsExtensions: true,
  resolveJsonModule: true,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  // As Node does, which knows nothing of types.
  customConditions: ["node", "module-sync"],
  noDtsResolution: true,
};

/** Only where modules lie; a tsconfig.json that does not parse counts as empty. */
function readOptions(file: string): {
  readonly files: readonly string[];
  readonly options: readonly ts.CompilerOptions[];
} {
  const files = new Set([file]);
  const read = (name: string): string | undefined => {
    files.add(name);
    return ts.sys.readFile(name);
  };
  const own = readOne(file, read);
  const referred = own.references.map((reference) => readOne(ts.resolveProjectReferencePath(reference), read));
  const others = referred.map(({ options }) => options).filter(({ paths, baseUrl }) => paths ?? baseUrl);
  return { files: Array.from(files), options: [own.options, ...others] };
}

function readOne(
  file: string,
  read: (name: string) => string | undefined,
): { readonly options: ts.CompilerOptions; readonly references: readonly ts.ProjectReference[] } {
  const { config } = ts.readConfigFile(file, read);
  const host: ts.ParseConfigHost = {
    useCaseSensitiveFileNames: ts.sys.useCaseSensitiveFileNames,
    fileExists: isFile,
    readFile: read,
    // The files of the project are not wanted: listing them would walk the whole tree.
    readDirectory: () => [],
  };
  const parsed = ts.parseJsonConfigFileContent(config ?? {}, host, path.dirname(file), undefined, file);
  const { baseUrl, paths, pathsBasePath, rootDirs } = parsed.options;
  const options = { ...baseOptions, ...defined({ baseUrl, paths, pathsBasePath, rootDirs }) };
  return { options, references: parsed.projectReferences ?? [] };
}

function defined(options: Readonly<Record<string, unknown>>): ts.CompilerOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as ts.CompilerOptions;
}
