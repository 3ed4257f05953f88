/**
 * Snapshots: the variables at a place, taken in passing. A breakpoint's condition hands them to a helper in the
 * function, which sends what they look like: nothing pauses, and no round trip is made.
 */
import { createSensitiveNames } from "../../protocol/sensitive-names.ts";
import { SNAPSHOT_HELPER } from "./snapshot-helper.ts";

/** How the function's values reach the debugger: a binding of V8's, hidden once it is known to the helper. */
export const SNAPSHOT_BINDING = "faasifySnapshot";
const HELPER = `globalThis[Symbol.for("faasify.snapshot")]`;

/** More names than this make a pass slow. */
const MAX_NAMES = 100;

const KEYWORDS = new Set(
  (
    "abstract any as async await boolean break case catch class const continue debugger declare default delete do else " +
    "enum export extends false finally for from function get if implements import in instanceof interface is keyof let " +
    "never new null number object of private protected public readonly return set static string super switch symbol " +
    "this throw true try type typeof undefined unknown var void while with yield"
  ).split(" "),
);

/** What V8 evaluates at a pass. A name that is not visible there is left out, as is what fails. */
export function snapshotExpression(
  id: number,
  names: readonly string[],
  translate = (name: string): string => name,
): string {
  const reads = names
    .map((name) => `try { $faasify[${JSON.stringify(name)}] = ${translate(name)}; } catch {}`)
    .join(" ");
  return `${HELPER}?.(${id}, ($faasify) => { ${reads} })`;
}

/** Makes the helper known to the function. To be evaluated after the binding was added. */
export function installSnapshots(words: readonly string[]): string {
  const { pattern } = createSensitiveNames(words);
  const values = [words, pattern].map((value) => JSON.stringify(value) ?? "undefined").join(", ");
  return `${HELPER} = (${SNAPSHOT_HELPER})(globalThis.${SNAPSHOT_BINDING}, ${values}); delete globalThis.${SNAPSHOT_BINDING};`;
}

/**
 * The names that the function around a line mentions: all its variables, since each is declared in it, and those of
 * outer scopes that it can see.
 *
 * @param code - without comments and strings
 */
export function namesAround(code: string, line1: number): string[] {
  const lines = code.split("\n");
  const offset = lines.slice(0, line1 - 1).join("\n").length + Math.floor((lines[line1 - 1]?.length ?? 0) / 2) + 1;
  const [start, end] = outermostBlock(code, offset);
  const found = code.slice(start, end).matchAll(/(?<![\w$.#]|\?\.)[A-Za-z_$][\w$]*/g);
  const names = new Set(Array.from(found, ([name]) => name));
  return [...names].filter((name) => !KEYWORDS.has(name)).slice(0, MAX_NAMES);
}

/** From behind the last statement before the outermost braces around an offset, to their end. */
function outermostBlock(code: string, offset: number): readonly [number, number] {
  let depth = 0;
  let head = 0;
  for (let index = 0; index < code.length; index++) {
    const character = code.charAt(index);
    if (character === "{" || character === "(") depth += 1;
    if (character === "}" || character === ")") depth -= 1;
    const isEnd = depth === 0 && (character === "}" || character === ";");
    if (isEnd && index >= offset) return [head, index + 1];
    if (isEnd) head = index + 1;
  }
  return [head, code.length];
}
