/** Which of a folder's files a program starts at, and which only lie around them. */
import { existsSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import type { ProgramPlaces } from "../analysis/typescript/program.ts";
import { FaasifyError } from "../core/errors.ts";
import { filesOf } from "./program-layout.ts";

const endings = ["mjs", "js", "cjs", "mts", "ts", "cts"];
const entryNames = ["", "src/", "lib/"].flatMap((folder) =>
  ["index", "main", "cli"].flatMap((name) => endings.map((ending) => `${folder}${name}.${ending}`)),
);

/**
 * The file that is run: itself, or what a folder's package.json or the usual names say.
 *
 * @throws FaasifyError `file-not-found`
 */
export function entryOf(place: string): string {
  const about = statSync(place, { throwIfNoEntry: false });
  if (about?.isFile()) return place;
  if (!about) throw new FaasifyError("file-not-found", `${place} does not exist`, { remedy: "Correct the path" });
  const found = namedEntries(place)[0] ?? entryNames.map((name) => path.join(place, name)).find(isFile);
  if (found !== undefined) return found;
  throw new FaasifyError(
    "file-not-found",
    `${place} has no package.json that names its program, and no index or main`,
    { remedy: "Name the file that is run" },
  );
}

/**
 * Of a folder: whatever its package.json lets others run or import, with the sources that these are compiled from, and
 * everything else, which may use the program but is none of it: tests, configuration, scripts.
 *
 * @param skip - absolute path of what is no part of it
 */
export function placesIn(folder: string, entry: string, skip: string): ProgramPlaces {
  const usual = ["src/index", "src/main"].flatMap((name) =>
    endings.map((ending) => path.join(folder, `${name}.${ending}`)),
  );
  const entries = new Set([
    ...namedEntries(folder),
    ...[entry, ...namedEntries(folder)].flatMap(sourcesOf),
    ...usual.filter(isFile),
  ]);
  entries.delete(entry);
  return { entries: Array.from(entries), around: filesOf(folder, skip) };
}

/** `bin`, `main`, `module` and `exports`, in this order. */
function namedEntries(folder: string): readonly string[] {
  const { bin, main, module, exports } = readPackage(path.join(folder, "package.json"));
  const names = [bin, main, module, exports].flatMap(textsIn).filter((name) => !name.includes("*"));
  return Array.from(new Set(names.flatMap((name) => fileNamed(path.join(folder, name)) ?? [])));
}

/** Of values nested in one another, as in conditional exports. */
function textsIn(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

/** As `require` finds it; not yet compiled, its source. */
function fileNamed(place: string): string | undefined {
  const candidates = [
    place,
    ...endings.flatMap((ending) => [`${place}.${ending}`, path.join(place, `index.${ending}`)]),
  ];
  return [...candidates, ...sourcesOf(place)].find((file) => isFile(file) && isCode(file));
}

const isCode = (file: string): boolean => /(?<!\.d)\.[cm]?[jt]sx?$/i.test(file);

/** `dist/main.js` is made of `src/main.ts`, or of one beside it. */
function sourcesOf(file: string): readonly string[] {
  const stem = file.replace(/\.([cm]?)jsx?$/i, ".$1ts");
  if (stem === file) return [];
  const places = [
    stem,
    stem.replace(
      /([\\/])(?:dist|lib|build|out)(?:[\\/](?:esm|cjs))?([\\/](?!.*[\\/](?:dist|lib|build|out)[\\/]))/i,
      "$1src$2",
    ),
  ];
  return places.flatMap((place) => [place, place.replace(/\.[cm]ts$/i, ".ts")]).filter(isFile);
}

export function readPackage(file: string): Readonly<Record<string, unknown>> {
  if (!existsSync(file)) return {};
  try {
    const manifest: unknown = JSON.parse(readFileSync(file, "utf8"));
    return typeof manifest === "object" && manifest !== null ? (manifest as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function isFile(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
}
