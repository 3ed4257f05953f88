/** What a unit's file leaves out of its original, line by line, for the preview. Pure. */

/** Lines from 0, both included. */
export interface LineSpan {
  readonly first0: number;
  readonly last0: number;
}

/** A part of one line, columns from 0, the end excluded. */
export interface ColumnSpan {
  readonly line0: number;
  readonly start0: number;
  readonly end0: number;
}

export interface FileComparison {
  /** The unit's text, in which each run of lines that are left out begins with a comment that says so. */
  readonly text: string;
  /** Runs of more than one line. */
  readonly folds: readonly LineSpan[];
  /** Everything of the original that is left out. */
  readonly leftOut: readonly ColumnSpan[];
  /** Lines that have text, in the original and in the unit. */
  readonly originalLines: number;
  readonly unitLines: number;
  /** UTF-8, without the blanks that stand for what is left out. */
  readonly unitBytes: number;
}

const MARK = "// ⋯ ";
const lineBreak = /\r\n|\r|\n/;

/** Compares a file with what of it travels: both have the same lines, and the unit may have more behind the end. */
export function compareWithUnit(original: string, unit: string): FileComparison {
  const before = original.split(lineBreak);
  const after = unit.split(lineBreak);
  const isLeftOut = (line0: number): boolean => isText(before[line0]) && !isText(after[line0]);
  const runs = runsOf(before.length, isLeftOut, (line0) => !isText(after[line0]));
  const shown = Array.from(after);
  for (const run of runs) shown[run.first0] = markerOf(run, before, isLeftOut);
  return {
    text: shown.join("\n"),
    folds: runs.filter(({ first0, last0 }) => last0 > first0),
    leftOut: before.flatMap((line, line0) => leftOutOf(line, after[line0] ?? "", line0)),
    originalLines: before.filter(isText).length,
    unitLines: after.filter(isText).length,
    unitBytes: after.filter(isText).reduce((sum, line) => sum + Buffer.byteLength(line.trimEnd()) + 1, 0),
  };
}

/** The folds of a text that {@link compareWithUnit} made. */
export function foldsOf(text: string): readonly LineSpan[] {
  const lines = text.split(lineBreak);
  return lines.flatMap((line, first0) => {
    const count = Number(/^\/\/ ⋯ (\d+) lines/.exec(line)?.[1] ?? 1);
    return count > 1 ? [{ first0, last0: Math.min(first0 + count, lines.length) - 1 }] : [];
  });
}

const isText = (line: string | undefined): boolean => line !== undefined && line.trim() !== "";

/** Runs of blank lines, from the first to the last line in them that is left out. */
function runsOf(
  count: number,
  isLeftOut: (line0: number) => boolean,
  isBlank: (line0: number) => boolean,
): readonly LineSpan[] {
  const runs: LineSpan[] = [];
  for (let line0 = 0; line0 < count; line0 += 1) {
    if (!isLeftOut(line0)) continue;
    let last0 = line0;
    for (let next0 = line0 + 1; next0 < count && isBlank(next0); next0 += 1) if (isLeftOut(next0)) last0 = next0;
    runs.push({ first0: line0, last0 });
    line0 = last0;
  }
  return runs;
}

/** `// ⋯ 12 lines stay here: greet, main` */
function markerOf(
  { first0, last0 }: LineSpan,
  lines: readonly string[],
  isLeftOut: (line0: number) => boolean,
): string {
  const names = lines
    .slice(first0, last0 + 1)
    .flatMap((line, index) => (isLeftOut(first0 + index) ? namesIn(line) : []));
  const count = last0 - first0 + 1;
  const shown = names.slice(0, 5).join(", ") + (names.length > 5 ? ", …" : "");
  const head = count === 1 ? "stays here" : `${count} lines stay here`;
  return `${MARK}${head}${shown === "" ? "" : `: ${shown}`}`;
}

const declaration =
  /^(?:export\s+)?(?:default\s+)?(?:declare\s+)?(?:abstract\s+)?(?:async\s+)?(?:function\s*\*?|class|const|let|var|interface|type|enum|namespace)\s+([\w$]+)/;

/** Names that a line declares at the top level, judged by its look. */
function namesIn(line: string): readonly string[] {
  const name = declaration.exec(line)?.[1];
  return name === undefined ? [] : [name];
}

/** Where the original has text and the unit blanks; two such parts with only white space between them are one. */
function leftOutOf(original: string, unit: string, line0: number): readonly ColumnSpan[] {
  const spans: { start0: number; end0: number }[] = [];
  for (let column0 = 0; column0 < original.length; column0 += 1) {
    const isGone = /\S/.test(original.charAt(column0)) && !/\S/.test(unit.charAt(column0));
    if (!isGone) continue;
    const last = spans.at(-1);
    if (last && original.slice(last.end0, column0).trim() === "") last.end0 = column0 + 1;
    else spans.push({ start0: column0, end0: column0 + 1 });
  }
  return spans.map((span) => ({ line0, ...span }));
}
