/** Which code stepping passes over: the user's `skipFiles`, and always what is not the user's. */
import path from "node:path";
import { isGenerated } from "./bundle-map.ts";

/** As js-debug's: `**` crosses folders, `!` in front takes files out again; the last match wins. */
export function skipsFile(skipFiles: readonly string[], file: string): boolean {
  if (isGenerated(file)) return true;
  const slashed = file.split(path.sep).join("/");
  let skips = false;
  for (const glob of skipFiles) {
    const negated = glob.startsWith("!");
    if (globToRegExp(negated ? glob.slice(1) : glob).test(slashed)) skips = !negated;
  }
  return skips;
}

/** `**`, `*`, `?` and `{a,b}`. `<node_internals>` never matches a file: Node itself is always passed over. */
export function globToRegExp(glob: string): RegExp {
  const tokens =
    glob
      .split("\\")
      .join("/")
      .match(/\*\*\/?|\*|\?|\{[^{}]*\}|[^*?{]+|./g) ?? [];
  return new RegExp(`^${tokens.map(tokenToPattern).join("")}$`);
}

function tokenToPattern(token: string): string {
  if (token === "**/") return "(?:.*/)?";
  if (token === "**") return ".*";
  if (token === "*") return "[^/]*";
  if (token === "?") return "[^/]";
  if (token.startsWith("{") && token.endsWith("}")) {
    return `(?:${token.slice(1, -1).split(",").map(escapeRegExp).join("|")})`;
  }
  return escapeRegExp(token);
}

/** For `Debugger.setBlackboxPatterns`: Node itself, the shim, packages beside the bundle, and every script outside the function's code. */
export function blackboxPatterns(taskRoot: string): string[] {
  const root = taskRoot.split("\\").join("/").replace(/\/$/, "");
  const roots = [...new Set([root, encodeURI(root)])].map(escapeRegExp).join("|");
  const packages = `^(?:file:///?)?(?:${roots})/node_modules/`;
  return ["^node:", "faasify-shim", packages, `^(?!(?:file:///?)?(?:${roots})/)(?:file:|/|[A-Za-z]:)`];
}

export function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}
