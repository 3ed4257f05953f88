/** Completion, hover and quick fixes inside `// @faasify …` comments. Pure. */
import { directiveMark } from "../analysis/directives.ts";
import { providerIds } from "../core/invocation.ts";
import { allowances, architectures, urlAccesses } from "../core/function-model.ts";

export interface DirectiveKey {
  readonly name: string;
  /** What is offered: `memory=512`. */
  readonly example: string;
  /** One sentence for people. */
  readonly meaning: string;
  /** Values to choose from, where there are such. */
  readonly values?: readonly string[];
}

/** What analysis/directives.ts understands; a test compares both. */
export const directiveKeys: readonly DirectiveKey[] = [
  { name: "memory", example: "memory=512", meaning: "Memory of the deployed function in MB, from 128 to 10240." },
  { name: "timeout", example: "timeout=30", meaning: "Seconds after which an invocation is ended, from 1 to 900." },
  { name: "target", example: "target=local", meaning: "Where the function is deployed.", values: providerIds },
  {
    name: "arch",
    example: "arch=arm64",
    meaning: "Which machines the deployed function runs on, where its target has several.",
    values: architectures,
  },
  {
    name: "url",
    example: "url=iam",
    meaning: "An address for plain HTTP, where the target has that: for callers with rights, or for everybody.",
    values: urlAccesses,
  },
  {
    name: "state",
    example: "state=pinned",
    meaning:
      "What becomes of module variables that change: `travelling` sends them with each call and writes them back, " +
      "`pinned` gives each sandbox its own.",
    values: ["travelling", "pinned"],
  },
  {
    name: "allow",
    example: "allow=files",
    meaning: "Lets the function move although it needs these, which are then those of the place where it runs.",
    values: allowances,
  },
  { name: "local", example: "local", meaning: "The function stays here." },
  { name: "remote", example: "remote", meaning: "The function is meant to move: it is a problem when it cannot." },
];

export interface Completion {
  readonly label: string;
  readonly meaning: string;
  /** Replaces the line from this column to the cursor. */
  readonly column0: number;
}

/** A word of a directive and where it stands. */
interface Word {
  readonly text: string;
  readonly start0: number;
}

/** A line that is a directive, up to its end or the end of its comment. */
const directiveLine = /^([\s/*#!;-]*)@faasify(?=\s|$|\*)/;

/** Keys, and behind `=` values. Keys that stand on the line already are not offered again. */
export function completionsAt(line: string, column0: number): readonly Completion[] {
  const words = wordsOf(line);
  if (!words) return markCompletion(line, column0);
  if (column0 <= words.behindMark0) return [];
  const before = line.slice(0, column0);
  const start0 = column0 - (/\S*$/.exec(before)?.[0].length ?? 0);
  const typed = before.slice(start0);
  const [name = "", value] = typed.split("=");
  if (value !== undefined) return valueCompletions(name, { start0, typed });
  const given = new Set(words.list.filter((word) => word.start0 !== start0).map(({ text }) => nameOf(text)));
  return directiveKeys
    .filter((key) => !given.has(key.name))
    .map(({ example, meaning }) => ({ label: example, meaning, column0: start0 }));
}

/** `// @` or `// @faa`: the mark itself. */
function markCompletion(line: string, column0: number): readonly Completion[] {
  const match = /^\s*(?:\/\/+|\/?\*+)\s*(@\w*)$/.exec(line.slice(0, column0));
  const typed = match?.[1];
  if (typed === undefined || !directiveMark.startsWith(typed)) return [];
  const meaning = "What FaaSify does with the function below: its memory, timeout, target, state.";
  return [{ label: directiveMark, meaning, column0: column0 - typed.length }];
}

function valueCompletions(
  name: string,
  { start0, typed }: { readonly start0: number; readonly typed: string },
): readonly Completion[] {
  const key = directiveKeys.find((known) => known.name === name);
  // `allow=files,st…`: each of the list.
  const done = typed.slice(0, Math.max(typed.indexOf("="), typed.lastIndexOf(",")) + 1);
  return (key?.values ?? []).map((value) => ({
    label: value,
    meaning: key?.meaning ?? "",
    column0: start0 + done.length,
  }));
}

/** What the word at a column means. */
export function hoverAt(
  line: string,
  column0: number,
): { readonly markdown: string; readonly start0: number; readonly end0: number } | undefined {
  const words = wordsOf(line);
  const word = words?.list.find(({ text, start0 }) => column0 >= start0 && column0 <= start0 + text.length);
  const key = word && directiveKeys.find(({ name }) => name === nameOf(word.text));
  if (!word || !key) return undefined;
  const markdown = `\`${key.example}\`\n\n${key.meaning}${valuesText(key)}`;
  return { markdown, start0: word.start0, end0: word.start0 + word.text.length };
}

const valuesText = ({ values, meaning }: DirectiveKey): string => {
  const unsaid = values?.filter((value) => !meaning.includes(`\`${value}\``)) ?? [];
  return unsaid.length === 0 ? "" : `\n\nOne of ${unsaid.map((value) => `\`${value}\``).join(", ")}.`;
};

export interface WordFix {
  readonly start0: number;
  readonly end0: number;
  readonly replacement: string;
}

/** Where the word stands that a problem speaks of: the first that it quotes and the line has. */
export function problemWord(
  line: string,
  message: string,
): { readonly start0: number; readonly end0: number } | undefined {
  const list = wordsOf(line)?.list ?? [];
  for (const [, quoted = ""] of message.matchAll(/`([^`]+)`/g)) {
    const word = list.find(({ text }) => nameOf(text) === nameOf(quoted));
    if (word) return { start0: word.start0, end0: word.start0 + word.text.length };
  }
  return undefined;
}

/** What a message with “did you mean `x`?” proposes for the line. */
export function proposedFix(line: string, message: string): WordFix | undefined {
  const proposal = /did you mean `([^`]+)`/.exec(message)?.[1];
  const [, quoted = ""] = /^`([^`]+)`/.exec(message) ?? [];
  const wrong = quoted.slice(quoted.indexOf("=") + 1);
  const words = wordsOf(line)?.list ?? [];
  const isKey = !quoted.includes("=");
  const word = words.find(({ text }) =>
    isKey ? nameOf(text) === wrong : nameOf(text) === nameOf(quoted) && valuesOf(text).includes(wrong),
  );
  if (proposal === undefined || !word) return undefined;
  const offset = isKey ? 0 : positionOfValue(word.text, wrong);
  const start0 = word.start0 + offset;
  return { start0, end0: start0 + wrong.length, replacement: proposal };
}

const nameOf = (word: string): string => word.split("=")[0] ?? "";
const valuesOf = (word: string): readonly string[] => word.slice(word.indexOf("=") + 1).split(",");

function positionOfValue(word: string, value: string): number {
  const values = valuesOf(word);
  const before = values.slice(0, values.indexOf(value));
  return word.indexOf("=") + 1 + before.reduce((length, one) => length + one.length + 1, 0);
}

/** The words behind the mark; undefined where the line is no directive. */
function wordsOf(line: string): { readonly list: readonly Word[]; readonly behindMark0: number } | undefined {
  const match = directiveLine.exec(line);
  if (!match) return undefined;
  const behindMark0 = match[0].length;
  const rest = line.slice(behindMark0).replace(/\*\/\s*$/, "");
  const list = Array.from(rest.matchAll(/\S+/g), (found) => ({ text: found[0], start0: behindMark0 + found.index }));
  return { list, behindMark0 };
}

/** Is the line a directive? */
export function isDirectiveLine(line: string): boolean {
  return directiveLine.test(line);
}
