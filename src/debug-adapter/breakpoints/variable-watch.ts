/**
 * Data breakpoints on variables of a module. V8 cannot watch a variable, but whatever changes one of a module mentions it:
 * every place in the functions that do compares its value with that of the last place, in the function, and pauses where it
 * is another one. So a pause is at the statement behind the change.
 */
import type { Position0 } from "../../core/positions.ts";
import { blankNonCode } from "../sources/blank-code.ts";
import { escapeRegExp } from "../sources/skip-files.ts";

/** Where the function's process keeps the last value of each. */
const VALUES = `(globalThis[Symbol.for("faasify.variables")] ??= new Map())`;

export interface Range {
  readonly start: Position0;
  readonly end: Position0;
}

/** The outermost blocks of a module's text in which a variable of the module is mentioned: its functions and classes. */
export function blocksWith(text: string, name: string): Range[] {
  const code = blankNonCode(text);
  const mention = new RegExp(
    String.raw`(?<![\w$.#])${escapeRegExp(name)}(?![\w$])|(?<=\.\.\.)${escapeRegExp(name)}(?![\w$])`,
  );
  const blocks: Range[] = [];
  let depth = 0;
  let start = 0;
  for (let index = 0; index < code.length; index++) {
    const character = code.charAt(index);
    if (character === "{" && depth++ === 0) start = index;
    if (character !== "}" || depth === 0 || --depth > 0) continue;
    if (mention.test(code.slice(start, index)))
      blocks.push({ start: positionIn(text, start), end: positionIn(text, index + 1) });
  }
  return blocks;
}

function positionIn(text: string, offset: number): Position0 {
  const lineStart = text.lastIndexOf("\n", offset - 1) + 1;
  let line0 = 0;
  for (let at = text.indexOf("\n"); at !== -1 && at < lineStart; at = text.indexOf("\n", at + 1)) line0 += 1;
  return { line0, column0: offset - lineStart };
}

export interface VariableWatch {
  readonly id: number;
  /** In the bundle. */
  readonly name: string;
  /** An expression of `value` and `oldValue`; the empty one always holds. */
  readonly condition: string;
  /** As countedHits makes it; the empty one counts nothing. */
  readonly hits: string;
}

/** What V8 evaluates at each place; the first one only notes the value down. */
export function changeExpression({ id, name, condition, hits }: VariableWatch): string {
  const test = ["true", ...[condition, hits].filter((part) => part !== "").map((part) => `(${part})`)].join(" && ");
  const changed = `((oldValue) => !Object.is(value, oldValue) && (values.set(${id}, value), ${test}))(values.get(${id}))`;
  return `((values, value) => (values.has(${id}) ? ${changed} : (values.set(${id}, value), false)))(${VALUES}, ${name})`;
}

/** Evaluated in a frame of the module: the value that a change is a change of. */
export function noteExpression({ id, name }: Pick<VariableWatch, "id" | "name">): string {
  return `${VALUES}.set(${id}, ${name}), undefined`;
}
