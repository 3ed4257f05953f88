/** Where in a build's bundle a breakpoint belongs. */
import { readFileSync } from "node:fs";
import path from "node:path";
import type { Position0 } from "../../core/positions.ts";
import { type BundleMap, type OriginalPosition, pathKey } from "../sources/bundle-map.ts";

export type Placement =
  | { readonly ok: true; readonly position: Position0; readonly original: OriginalPosition }
  | { readonly ok: false; readonly message: string };

/** Behind the name of a file. */
export const FOREIGN_FILE = " is not part of the deployed function";

/** Lines that a breakpoint slides over: empty, comments, and nothing but brackets. */
const NO_CODE = /^\s*(\/\/.*|\/\*.*|\*.*|[{}()[\];,]*)\s*$/;

/**
 * A breakpoint on a line without code belongs to the next one with code. It never slides over code that is not
 * part of the deployed function: a stop in another function would only confuse.
 */
export function placeBreakpoint(
  map: BundleMap,
  wanted: OriginalPosition,
  readLines: (file: string) => readonly string[] = readLinesOf,
): Placement {
  if (!map.sources.some((source) => pathKey(source) === pathKey(wanted.path))) {
    return { ok: false, message: path.basename(wanted.path) + FOREIGN_FILE };
  }
  if (wanted.line1 < 1 || wanted.column1 < 1) return { ok: false, message: "Lines and columns begin at 1" };
  const here = map.toGenerated(wanted);
  if (here) return { ok: true, position: here, original: wanted };
  const lines = readLines(wanted.path);
  for (let line1 = wanted.line1; line1 <= lines.length; line1++) {
    const original = { path: wanted.path, line1, column1: 1 };
    const position = map.toGenerated(original);
    if (position) return { ok: true, position, original };
    if (!NO_CODE.test(lines[line1 - 1] ?? "")) break;
  }
  return { ok: false, message: "No code of the deployed function is on this line" };
}

export function readLinesOf(file: string): readonly string[] {
  try {
    return readFileSync(file, "utf8").split(/\r?\n/);
  } catch {
    // A file that is gone has no lines to slide over: the breakpoint stays unverified and says why.
    return [];
  }
}
