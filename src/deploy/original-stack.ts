import { readFile } from "node:fs/promises";
import { SourceMap } from "node:module";

/** `file:///…/index.mjs:12:3` or `/var/task/index.cjs:12:3` within a line of a stack; not in a package beside it. */
const PLACE_IN_BUNDLE =
  /(?<![^\s()])(?![^\s()]*[\\/]task[\\/]node_modules[\\/])(?:file:\/\/)?[^\s()]*[\\/]index\.[mc]js:(\d+):(\d+)/;

/**
 * Replaces the places in the bundle by those in the user's sources. Without the source map, or where it has no
 * answer, a line stays as it is: a stack is better raw than missing.
 */
export async function originalStack(stack: readonly string[], sourceMapPath: string): Promise<readonly string[]> {
  if (!stack.some((line) => PLACE_IN_BUNDLE.test(line))) return stack;
  const map = await readSourceMap(sourceMapPath);
  if (!map) return stack;
  return stack.map((line) =>
    line.replace(PLACE_IN_BUNDLE, (place, line1, column1) => origin(map, line1, column1) ?? place),
  );
}

/** One line of a stack, with its place in the user's sources; `generated` for our own code, undefined for no place. */
export function originalLine(line: string, map: SourceMap): string | undefined {
  const place = PLACE_IN_BUNDLE.exec(line);
  if (!place) return undefined;
  const found = origin(map, place[1] ?? "", place[2] ?? "");
  return found === undefined ? "generated" : line.replace(PLACE_IN_BUNDLE, () => found);
}

function origin(map: SourceMap, line1: string, column1: string): string | undefined {
  const found = map.findEntry(Number(line1) - 1, Number(column1) - 1);
  // Generated code (`faasify:…`) has no place that would tell the user anything.
  if (!("originalSource" in found) || !found.originalSource || found.originalSource.startsWith("faasify:"))
    return undefined;
  return `${found.originalSource}:${found.originalLine + 1}:${found.originalColumn + 1}`;
}

async function readSourceMap(file: string): Promise<SourceMap | undefined> {
  try {
    return new SourceMap(JSON.parse(await readFile(file, "utf8")));
  } catch {
    return undefined;
  }
}
