/** Where in a build's bundle the functions of a name begin. */
import path from "node:path";
import { type BundleMap, isGenerated, type OriginalPosition } from "../sources/bundle-map.ts";
import { findFunctionBody } from "../sources/function-body.ts";
import { type Placement, readLinesOf } from "./placement.ts";

/**
 * @param name - as in the source: `resize`, `Class.method`, `outer.inner`; with `file.ts#` in front in that file only
 * @returns every function of that name in the user's files; in packages only if those have none
 */
export function placeFunction(map: BundleMap, name: string): readonly Placement[] {
  const [file, bare] = splitName(name);
  const files = map.sources.filter((source) => !isGenerated(source) && (file === undefined || endsWith(source, file)));
  const isPackage = (source: string): boolean => source.includes(`${path.sep}node_modules${path.sep}`);
  const own = placesIn(
    map,
    files.filter((source) => !isPackage(source)),
    bare,
  );
  const found = own.length > 0 ? own : placesIn(map, files.filter(isPackage), bare);
  return found.length > 0 ? found : [{ ok: false, message: `The deployed function has no function called ${name}` }];
}

/** The first code of a function's body; undefined when it is not in the bundle. */
export function entryOf(map: BundleMap, file: string, name: string): Extract<Placement, { ok: true }> | undefined {
  const lines = readLinesOf(file);
  const body = findFunctionBody(lines.join("\n"), name);
  if (!body) return undefined;
  for (let line1 = body.line1; line1 <= lines.length; line1++) {
    const original: OriginalPosition = { path: file, line1, column1: line1 === body.line1 ? body.column1 : 1 };
    const position = map.toGenerated(original);
    if (position) return { ok: true, position, original };
  }
  return undefined;
}

function placesIn(map: BundleMap, files: readonly string[], name: string): Placement[] {
  return files.flatMap((file) => entryOf(map, file, name) ?? []);
}

function splitName(name: string): readonly [string | undefined, string] {
  const hash = name.lastIndexOf("#");
  return hash > 0 ? [name.slice(0, hash), name.slice(hash + 1)] : [undefined, name];
}

function endsWith(source: string, file: string): boolean {
  const slashed = (text: string): string => text.split("\\").join("/");
  return `/${slashed(source)}`.endsWith(`/${slashed(file).replace(/^\.?\//, "")}`);
}
