/** Where the files of a program go in its copy: relative places stay, and so does what decides how Node reads them. */
import { existsSync, lstatSync, readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";

export interface ProgramLayout {
  /** Absolute path of the originals' common folder; it becomes the root of the copy. */
  readonly base: string;
  /** Absolute paths of originals, each with its place in the copy, relative to the root. */
  readonly files: ReadonlyMap<string, string>;
  /** `node_modules` folders of the copy, relative to the root, with the originals' that stand behind them, nearest first. */
  readonly packages: ReadonlyMap<string, readonly string[]>;
}

/**
 * @param files - absolute paths of everything that the program needs
 * @param folder - of a program that is a folder
 */
export function layoutOf(files: readonly string[], folder?: string): ProgramLayout {
  const folders = files.map((file) => path.dirname(file));
  const base = baseOf(commonFolder(folder === undefined ? folders : [folder, ...folders]));
  const places = new Map(files.map((file) => [file, path.relative(base, file)]));
  for (const folder of foldersBelow(base, files)) {
    for (const name of ["package.json", ...configurations]) {
      const file = path.join(folder, name);
      if (isFile(file)) places.set(file, path.relative(base, file));
    }
  }
  const above = nearestAbove(base, "package.json").at(0);
  if (above !== undefined && !isFile(path.join(base, "package.json"))) places.set(above, "package.json");
  return { base, files: places, packages: packagesOf(base, files) };
}

/** What compilers read of the files around it. */
const configurations = ["tsconfig.json", "jsconfig.json"];

/** Names that start with `#` are resolved against the package's own folder, path aliases against their configuration's. */
function baseOf(folder: string): string {
  const [manifest] = nearestAbove(folder, "package.json");
  const own = manifest !== undefined && textOf(manifest).includes('"imports"') ? [manifest] : [];
  const aliases = configurations.flatMap((name) => nearestAbove(folder, name).slice(0, 1));
  const deciding = [...own, ...aliases.filter((file) => /"(?:paths|baseUrl)"/.test(textOf(file)))];
  return commonFolder([folder, ...deciding.map((file) => path.dirname(file))]);
}

function textOf(file: string): string {
  return isFile(file) ? readFileSync(file, "utf8") : "";
}

function packagesOf(base: string, files: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  for (const folder of foldersBelow(base, files)) {
    const packages = path.join(folder, "node_modules");
    if (folder !== base && isFolder(packages)) found.set(path.relative(base, packages), [packages]);
  }
  const above = nearestAbove(base, "node_modules");
  if (above.length > 0) found.set("node_modules", above);
  return found;
}

/** From the folder itself upwards. */
function nearestAbove(folder: string, name: string): readonly string[] {
  const parent = path.dirname(folder);
  const here = path.join(folder, name);
  return [...(existsSync(here) ? [here] : []), ...(parent === folder ? [] : nearestAbove(parent, name))];
}

function foldersBelow(base: string, files: readonly string[]): ReadonlySet<string> {
  const folders = new Set([base]);
  for (const file of files) {
    for (let folder = path.dirname(file); isWithin(base, folder); folder = path.dirname(folder)) {
      if (folders.has(folder)) break;
      folders.add(folder);
    }
  }
  return folders;
}

export function commonFolder([first = "", ...rest]: readonly string[]): string {
  return rest.reduce((common, folder) => {
    let shared = common;
    while (!isWithin(shared, folder)) shared = path.dirname(shared);
    return shared;
  }, first);
}

/** Is it that folder, or in it? */
export function isWithin(folder: string, file: string): boolean {
  const relative = path.relative(folder, file);
  return relative === "" || (!relative.startsWith(`..${path.sep}`) && relative !== ".." && !path.isAbsolute(relative));
}

/** All files of a folder but its packages and what `skip` is. */
export function filesOf(folder: string, skip: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(folder, entry.name);
    if (file === skip || entry.name === "node_modules" || entry.name === ".git" || entry.name === ".faasify") return [];
    if (entry.isDirectory()) return filesOf(file, skip);
    return isFile(file) ? [file] : [];
  });
}

function isFile(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
}

function isFolder(folder: string): boolean {
  return lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
