/** Finds where the body of a named function begins in a source text. Pure: it knows no parser, only brackets. */
import type { Position1 } from "../../core/positions.ts";
import { blankNonCode } from "./blank-code.ts";
import { escapeRegExp } from "./skip-files.ts";

/**
 * The first place inside the body of the function called `name` (`resize`, `Class.method`, `outer.inner`,
 * `default`); undefined when the text does not have it.
 */
export function findFunctionBody(text: string, name: string): Position1 | undefined {
  const code = blankNonCode(text);
  let from = 0;
  for (const part of name.split(".")) {
    const found = findDefinition(code, part, from);
    if (found === undefined) return undefined;
    from = found;
  }
  const body = bodyAfter(code, from);
  return body === undefined ? undefined : positionAt(text, body);
}

/** @returns the offset behind the name in its definition */
function findDefinition(code: string, name: string, from: number): number | undefined {
  const id = escapeRegExp(name);
  const patterns =
    name === "default"
      ? [String.raw`\bexport\s+default\b(?:\s+(?:async\s+)?function\b\s*\*?(?:\s*[\w$]+)?)?`]
      : [
          String.raw`\bfunction\b\s*\*?\s*${id}(?![\w$])`,
          String.raw`\bclass\s+${id}(?![\w$])`,
          String.raw`\b(?:const|let|var)\s+${id}(?![\w$])`,
          // A method, also static, async, private to TypeScript, generator; or a property with a function.
          String.raw`(?:^|[{};\n])[ \t]*(?:[a-z]+[ \t]+)*\*?[ \t]*#?${id}[ \t]*(?=[(<=:])`,
          String.raw`\b(?:exports|module\.exports)\.${id}(?![\w$])`,
        ];
  for (const pattern of patterns) {
    const regex = new RegExp(pattern, "gm");
    regex.lastIndex = from;
    if (regex.test(code)) return regex.lastIndex;
  }
  return undefined;
}

/** The offset of the first thing in the body: behind `{`, or behind `=>` for an arrow with an expression. */
function bodyAfter(code: string, from: number): number | undefined {
  let depth = 0;
  let parametersSeen = false;
  for (let index = from; index < code.length && depth >= 0; index++) {
    const character = code.charAt(index);
    if (depth === 0) {
      if (character === "{" && parametersSeen && !opensType(code, index)) return index + 1;
      if (code.startsWith("=>", index) && !isTypeArrow(code, from, index)) return behindArrow(code, index);
    }
    depth += depthChange(character);
    parametersSeen ||= depth === 0 && character === ")";
  }
  return undefined;
}

function depthChange(character: string): number {
  if ("([{".includes(character)) return 1;
  return ")]}".includes(character) ? -1 : 0;
}

function behindArrow(code: string, arrow: number): number {
  const next = arrow + 2 + code.slice(arrow + 2).search(/\S|$/);
  return code.charAt(next) === "{" ? next + 1 : next;
}

/** `): { a: number } {`: the brace after a colon opens the return type. */
function opensType(code: string, index: number): boolean {
  return /[:|&<,]\s*$/.test(code.slice(Math.max(0, index - 40), index));
}

/** `const f: (a: number) => void = …`: the arrow before the `=` is a type's. */
function isTypeArrow(code: string, from: number, index: number): boolean {
  return /^\s*:/.test(code.slice(from, index)) && !/[^=!<>]=[^=>]/.test(code.slice(from, index));
}

function positionAt(text: string, offset: number): Position1 {
  const before = text.slice(0, offset).split("\n");
  return { line1: before.length, column1: (before.at(-1)?.length ?? 0) + 1 };
}
