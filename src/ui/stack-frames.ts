import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { Position1 } from "../core/positions.ts";

export interface StackFrame extends Position1 {
  /** Absolute path of a file on this machine. */
  readonly file: string;
}

/**
 * The innermost frame that lies in a file of this machine outside `node_modules`: where the user has to look.
 *
 * @param stack - lines of V8's `Error.stack`, already mapped to the sources
 */
export function firstUserFrame(stack: readonly string[]): StackFrame | undefined {
  return stack.flatMap((line) => frameOf(line) ?? []).find(({ file }) => isOwn(file));
}

/** `    at name (/abs/file.ts:6:9)` or `    at /abs/file.ts:6:9`. */
function frameOf(line: string): StackFrame | undefined {
  const [, place, line1, column1] = /^\s*at (?:.* \()?(.+?):(\d+):(\d+)\)?$/.exec(line) ?? [];
  if (place === undefined) return undefined;
  const file = place.startsWith("file:") ? fileURLToPath(place) : place;
  return { file, line1: Number(line1), column1: Number(column1) };
}

function isOwn(file: string): boolean {
  return path.isAbsolute(file) && !file.includes(`${path.sep}node_modules${path.sep}`) && existsSync(file);
}
