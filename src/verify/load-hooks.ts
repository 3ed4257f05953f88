/**
 * Lets this process run the user's own sources where they are: TypeScript, JSX, imports without endings, path aliases.
 * One file gets an accessor for a function that it need not export.
 */
import { existsSync, readFileSync, statSync } from "node:fs";
import * as nodeModule from "node:module";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { transformSync, type Loader } from "esbuild";
import type { PathAlias } from "./observation.ts";

export interface LoadOptions {
  /** Absolute path of the file that shows a name of its top level. */
  readonly file: string;
  /** An identifier of that file, or `default`, which needs no accessor. */
  readonly name: string;
  readonly paths: readonly PathAlias[];
}

/** Under this key the file leaves a function that gives the named value. */
export const ACCESSOR: unique symbol = Symbol.for("faasify.verify.accessor") as never;

const loaders: Readonly<Record<string, Loader>> = {
  ".ts": "ts",
  ".mts": "ts",
  ".cts": "ts",
  ".tsx": "tsx",
  ".jsx": "jsx",
};
const endings = [".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs", ".json"];
/** What an import may name although it means the TypeScript file beside. */
const written: Readonly<Record<string, readonly string[]>> = {
  ".js": [".ts", ".tsx"],
  ".jsx": [".tsx"],
  ".mjs": [".mts"],
  ".cjs": [".cts"],
};

/** False where this Node cannot do it (before 22.15). */
export function installLoadHooks(options: LoadOptions): boolean {
  const { registerHooks } = nodeModule;
  if (typeof registerHooks !== "function") return false;
  registerHooks({
    resolve(specifier, context, next) {
      const file = sourceFor(specifier, context.parentURL, options);
      if (file === undefined) return next(specifier, context);
      // What require() resolves is a path, what import resolves is an address.
      return next(context.conditions.includes("require") ? file : pathToFileURL(file).href, context);
    },
    load(url, context, next) {
      const file = url.startsWith("file:") ? fileURLToPath(url) : undefined;
      const loader = file === undefined ? undefined : loaders[path.extname(file)];
      if (file === undefined || (!loader && file !== options.file)) return next(url, context);
      return { ...sourceOf(file, loader ?? "js", options), shortCircuit: true };
    },
  });
  return true;
}

/** The file that a specifier means where Node itself would find none. */
function sourceFor(specifier: string, parent: string | undefined, { paths }: LoadOptions): string | undefined {
  if (!parent?.startsWith("file:") || parent.includes("/node_modules/")) return undefined;
  if (/^\.{0,2}\//.test(specifier)) {
    const meant = path.resolve(path.dirname(fileURLToPath(parent)), specifier.replace(/[?#].*$/, ""));
    return isFile(meant) ? undefined : existing(meant);
  }
  for (const { pattern, targets } of paths) {
    const matched = matchPattern(pattern, specifier);
    const found = matched === undefined ? undefined : targets.map((target) => existing(target.replace("*", matched)));
    const file = found?.find((candidate) => candidate !== undefined);
    if (file !== undefined) return file;
  }
  return undefined;
}

function matchPattern(pattern: string, specifier: string): string | undefined {
  const [before = "", after] = pattern.split("*");
  if (after === undefined) return pattern === specifier ? "" : undefined;
  const fits = specifier.startsWith(before) && specifier.endsWith(after);
  return fits && specifier.length >= pattern.length - 1
    ? specifier.slice(before.length, specifier.length - after.length)
    : undefined;
}

function existing(file: string): string | undefined {
  const ending = path.extname(file);
  const stem = file.slice(0, file.length - ending.length);
  const candidates = [
    file,
    ...(written[ending] ?? []).map((other) => stem + other),
    ...endings.map((added) => file + added),
    ...endings.map((added) => path.join(file, `index${added}`)),
  ];
  return candidates.find(isFile);
}

const isFile = (file: string): boolean => statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;

interface LoadedSource {
  readonly format: "module" | "commonjs";
  readonly source: string;
}

function sourceOf(file: string, loader: Loader, options: LoadOptions): LoadedSource {
  const text = readFileSync(file, "utf8");
  const format = formatOf(file, text);
  const needsTransform = loader !== "js" || (format === "commonjs" && isEsModuleText(text));
  const source = needsTransform ? transformed(text, { file, loader, format }) : text;
  return { format, source: file === options.file ? source + accessorFor(options.name, format) : source };
}

function transformed(
  text: string,
  { file, loader, format }: { readonly file: string; readonly loader: Loader; readonly format: "module" | "commonjs" },
): string {
  const { code } = transformSync(text, {
    loader,
    sourcefile: file,
    sourcemap: "inline",
    target: `node${process.versions.node}`,
    ...(format === "commonjs" && isEsModuleText(text) && { format: "cjs" }),
    tsconfigRaw: compilerOptionsFor(file),
  });
  return code;
}

/** As Node decides it; a TypeScript file of a CommonJS project that uses `import` is compiled, as tsc does. */
function formatOf(file: string, text: string): "module" | "commonjs" {
  if (/\.m[jt]s$/.test(file)) return "module";
  if (/\.c[jt]s$/.test(file)) return "commonjs";
  const type = packageType(path.dirname(file));
  return type ?? (isEsModuleText(text) ? "module" : "commonjs");
}

function packageType(folder: string): "module" | "commonjs" | undefined {
  const manifest = path.join(folder, "package.json");
  if (existsSync(manifest)) {
    const { type } = JSON.parse(readFileSync(manifest, "utf8")) as { type?: unknown };
    return type === "module" || type === "commonjs" ? type : undefined;
  }
  const parent = path.dirname(folder);
  return parent === folder ? undefined : packageType(parent);
}

const isEsModuleText = (text: string): boolean =>
  /^\s*(?:import\s*[\w{*"']|export\s+[\w{*])|\bimport\.meta\b/m.test(text);

/** What changes the meaning of code: esbuild reads only these of tsconfig.json. */
function compilerOptionsFor(file: string): string {
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    const config = path.join(folder, "tsconfig.json");
    if (existsSync(config)) return readFileSync(config, "utf8");
    if (folder === path.dirname(folder)) return "{}";
  }
}

/** A CommonJS function need not have a name there: `exports.half = function () {…}`, `module.exports = function half() {…}`. */
function accessorFor(name: string, format: LoadedSource["format"]): string {
  if (name === "default") return "";
  const key = JSON.stringify(Symbol.keyFor(ACCESSOR));
  const exported = `module.exports?.${name} ?? module.exports`;
  const value = format === "module" ? name : `typeof ${name} === "undefined" ? ${exported} : ${name}`;
  return `\n;globalThis[Symbol.for(${key})] = () => (${value});\n`;
}
