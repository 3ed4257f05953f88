/**
 * What users ask for in comments: `// @faasify memory=512 timeout=30 target=aws state=travelling allow=files`.
 *
 * Knows comments of any language as lines of text; where they stand is for the front ends to say.
 */
import { allowances, architectures, urlAccesses, type Allowance, type Directive } from "../core/function-model.ts";

/** What starts a directive, at the beginning of a line of a comment. */
export const directiveMark = "@faasify";

export interface SourceComment {
  /** With the signs that make it a comment. */
  readonly text: string;
  /** Of its first character, from 1. */
  readonly line: number;
}

export interface DirectiveProblem {
  /** One sentence without a trailing dot. */
  readonly message: string;
  /** From 1. */
  readonly line: number;
}

export interface ReadDirective {
  /** Undefined when no comment holds one. What is wrong is left out of it. */
  readonly directive: Directive | undefined;
  readonly problems: readonly DirectiveProblem[];
}

const keys = ["memory", "timeout", "target", "arch", "url", "state", "allow", "local", "remote"] as const;
type Key = (typeof keys)[number];

const examples: Readonly<Record<Key, string>> = {
  memory: "memory=512",
  timeout: "timeout=30",
  target: "target=local",
  arch: "arch=arm64",
  url: "url=iam",
  state: "state=pinned",
  allow: "allow=files",
  local: "local",
  remote: "remote",
};

/** Limits of AWS Lambda, the widest of the platforms that are known. */
const memoryLimitsMb = { min: 128, max: 10_240 };
const timeoutLimitsSeconds = { min: 1, max: 900 };

type Draft = { -readonly [Name in keyof Directive]?: Directive[Name] };

interface Reading {
  readonly draft: Draft;
  readonly given: Set<Key>;
  readonly problems: DirectiveProblem[];
}

/** Reads the directives of the comments above one function; several lines count as one. */
export function readDirective(comments: readonly SourceComment[]): ReadDirective {
  const lines = comments.flatMap(directiveLines);
  const [first] = lines;
  if (!first) return { directive: undefined, problems: [] };
  const reading: Reading = { draft: {}, given: new Set(), problems: [] };
  for (const { words, line } of lines) {
    for (const word of words) readWord(reading, word, line);
  }
  noteContradictions(reading, first.line);
  return {
    directive: { ...reading.draft, line: first.line, allow: reading.draft.allow ?? [] },
    problems: reading.problems,
  };
}

/** Whether a comment holds a directive. */
export function hasDirective(comment: SourceComment): boolean {
  return directiveLines(comment).length > 0;
}

function directiveLines({ text, line }: SourceComment): { words: readonly string[]; line: number }[] {
  return text.split("\n").flatMap((content, index) => {
    const match = /^[\s/*#!;-]*@faasify(?:\s+(.*?))?\s*(?:\*\/\s*)?$/.exec(content);
    if (!match) return [];
    const words = (match[1] ?? "").split(/\s+/).filter((word) => word !== "");
    return [{ words, line: line + index }];
  });
}

function readWord({ draft, given, problems }: Reading, word: string, line: number): void {
  const [name = "", ...rest] = word.split("=");
  const key = keys.find((known) => known === name);
  if (!key) {
    const suggestion = nearest(name.toLowerCase(), keys);
    problems.push({ message: `\`${name}\` is no setting of \`${directiveMark}\`${didYouMean(suggestion)}`, line });
    return;
  }
  if (given.has(key)) {
    problems.push({ message: `\`${key}\` is given twice`, line });
    return;
  }
  given.add(key);
  const message = readers[key](draft, rest.length === 0 ? undefined : rest.join("="));
  if (message !== undefined) problems.push({ message, line });
}

/** Puts a value into the draft, or says what is wrong with it. */
type Reader = (draft: Draft, value: string | undefined) => string | undefined;

function withValue(key: Key, read: (draft: Draft, value: string) => string | undefined): Reader {
  return (draft, value) =>
    value === undefined || value === "" ? `\`${key}\` needs a value: \`${examples[key]}\`` : read(draft, value);
}

function place(key: "local" | "remote"): Reader {
  return (draft, value) => {
    if (value !== undefined) return `\`${key}\` takes no value`;
    draft.place ??= key;
    return undefined;
  };
}

const readers: Readonly<Record<Key, Reader>> = {
  memory: withValue("memory", (draft, value) => {
    const number = numberIn(value, memoryLimitsMb);
    if (number === undefined) return `\`memory=${value}\` is no whole number of megabytes from 128 to 10240`;
    draft.memoryMb = number;
    return undefined;
  }),
  timeout: withValue("timeout", (draft, value) => {
    const number = numberIn(value, timeoutLimitsSeconds);
    if (number === undefined) return `\`timeout=${value}\` is no whole number of seconds from 1 to 900`;
    draft.timeoutMs = number * 1000;
    return undefined;
  }),
  target: withValue("target", (draft, value) => {
    if (!/^[a-z][a-z0-9-]*$/.test(value)) return `\`target=${value}\` is no name of a target, as \`local\` is`;
    draft.target = value;
    return undefined;
  }),
  arch: withValue("arch", (draft, value) => {
    const architecture = architectures.find((known) => known === value);
    if (!architecture) return `\`arch=${value}\` is none of ${architectures.join(", ")}`;
    draft.architecture = architecture;
    return undefined;
  }),
  url: withValue("url", (draft, value) => {
    const access = urlAccesses.find((known) => known === value);
    if (!access) return `\`url=${value}\` is none of ${urlAccesses.join(", ")}`;
    draft.url = access;
    return undefined;
  }),
  state: withValue("state", (draft, value) => {
    const treatment = (["travelling", "pinned"] as const).find((known) => known === value);
    if (!treatment) {
      const suggestion = nearest(value.toLowerCase(), ["travelling", "pinned"]);
      return `\`state=${value}\` is neither \`travelling\` nor \`pinned\`${didYouMean(suggestion)}`;
    }
    draft.state = treatment;
    return undefined;
  }),
  allow: withValue("allow", (draft, value) => {
    const names = value.split(",");
    const isKnown = (name: string): name is Allowance => allowances.some((known) => known === name);
    draft.allow = Array.from(new Set(names.filter(isKnown)));
    const unknown = names.find((name) => !isKnown(name));
    if (unknown === undefined) return undefined;
    const suggestion = nearest(unknown.toLowerCase(), allowances);
    return `\`allow=${unknown}\` is none of ${allowances.join(", ")}${didYouMean(suggestion)}`;
  }),
  local: place("local"),
  remote: place("remote"),
};

function noteContradictions({ given, problems }: Reading, line: number): void {
  if (!given.has("local")) return;
  const others = Array.from(given).filter((key) => key !== "local");
  if (others.length === 0) return;
  const named = others.map((key) => `\`${key}\``).join(", ");
  problems.push({ message: `\`local\` contradicts ${named}: the function either stays or moves`, line });
}

function numberIn(text: string, { min, max }: { readonly min: number; readonly max: number }): number | undefined {
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  return number >= min && number <= max ? number : undefined;
}

function didYouMean(suggestion: string | undefined): string {
  return suggestion === undefined ? "" : `; did you mean \`${suggestion}\`?`;
}

/** The candidate that takes the fewest edits, if these are few enough for a slip of the hand. */
function nearest(word: string, candidates: readonly string[]): string | undefined {
  const [best] = candidates
    .map((candidate) => ({ candidate, distance: editDistance(word, candidate) }))
    .filter(({ candidate, distance }) => distance <= Math.max(1, Math.floor(candidate.length / 2)))
    .toSorted((a, b) => a.distance - b.distance);
  return best?.candidate;
}

/** Levenshtein's: insertions, deletions and replacements of single characters. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? from.length;
}
