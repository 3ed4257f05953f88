import type { FunctionRef } from "../core/function-ref.ts";
import type { CliContext } from "./context.ts";

/** Chooses functions by globs on their name (`price`, `Cart.*`) or id (`src/**#price`); all, when there are none. */
export function functionFilter(
  { idOf }: Pick<CliContext, "idOf">,
  globs: readonly string[],
): (ref: FunctionRef) => boolean {
  if (globs.length === 0) return () => true;
  const patterns = globs.map(patternOf);
  return (ref) => {
    const id = idOf(ref);
    const base = id.slice(id.lastIndexOf("/") + 1);
    return patterns.some((pattern) => [ref.name, id, base].some((text) => pattern.test(text)));
  };
}

/** `*` and `?` stay within a path's part, `**` does not; `{a,b}` is either. */
function patternOf(glob: string): RegExp {
  const source = glob.replaceAll(/\*\*\/?|[*?{},]|[\\^$.+()[\]|]/g, (part) => {
    const meanings: Readonly<Record<string, string>> = {
      "**": ".*",
      "**/": "(?:.*/)?",
      "*": "[^/#]*",
      "?": "[^/#]",
      "{": "(?:",
      "}": ")",
      ",": "|",
    };
    return meanings[part] ?? `\\${part}`;
  });
  return new RegExp(`^${source}$`);
}
