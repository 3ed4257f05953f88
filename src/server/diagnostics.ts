/** What of an analysis is worth a line in the editor. Pure. */
import { DiagnosticSeverity, type Diagnostic, type Range } from "vscode-languageserver/node";
import { canMove, type FileAnalysis, type FunctionModel, type Problem } from "../core/function-model.ts";
import { slowerRemotely, verdictSummary } from "../core/verdict-text.ts";
import { isDirectiveLine, problemWord, proposedFix } from "./directive-help.ts";

/** A text in lines: what {@link diagnosticsOf} needs of a document. */
export interface Lines {
  readonly lineCount: number;
  /** Without the line break; empty where there is no such line. */
  lineText(line0: number): string;
}

export const DIAGNOSTIC_SOURCE = "FaaSify";

/** The quick fix of a diagnostic, in its `data`. */
export interface DiagnosticFix {
  readonly range: Range;
  readonly replacement: string;
}

/**
 * One diagnostic per function that stays local, at the line of its first reason; the others are related places.
 * Entry points and tests get none: nothing is wrong with them. Neither do those that stay because their author says so,
 * and those that can move, unless they would be slower remotely. Mistakes in directives are warnings; syntax errors the
 * editor's own TypeScript shows.
 */
export function diagnosticsOf(analysis: FileAnalysis, uri: string, lines: Lines): readonly Diagnostic[] {
  const staying = analysis.functions.filter(
    ({ verdict, directive }) => verdict === "local" && directive?.place !== "local",
  );
  const wrong = analysis.problems.filter(({ line }) => isDirectiveLine(lines.lineText(line - 1)));
  return [
    ...staying.map((model) => staysLocal(model, uri, lines)),
    ...analysis.functions.flatMap((model) => slowerIfMoved(model, lines)),
    ...wrong.map((problem) => directiveProblem(problem, lines)),
  ];
}

function directiveProblem({ message, line }: Problem, lines: Lines): Diagnostic {
  const line0 = line - 1;
  const text = lines.lineText(line0);
  const word = problemWord(text, message);
  const fix = proposedFix(text, message);
  const data = fix && { range: rangeOn(line0, fix), replacement: fix.replacement };
  return {
    severity: DiagnosticSeverity.Warning,
    source: DIAGNOSTIC_SOURCE,
    code: "directive",
    range: word ? rangeOn(line0, word) : lineRange(line0, lines),
    message,
    ...(data && { data: data satisfies DiagnosticFix }),
  };
}

/** The fix that {@link diagnosticsOf} put into a diagnostic; clients hand it back as it was, or not at all. */
export function fixOf({ source, data }: Diagnostic): DiagnosticFix | undefined {
  if (source !== DIAGNOSTIC_SOURCE || typeof data !== "object" || data === null) return undefined;
  return "range" in data && "replacement" in data ? (data as DiagnosticFix) : undefined;
}

function rangeOn(line0: number, { start0, end0 }: { readonly start0: number; readonly end0: number }): Range {
  return { start: { line: line0, character: start0 }, end: { line: line0, character: end0 } };
}

function staysLocal(model: FunctionModel, uri: string, lines: Lines): Diagnostic {
  const [first, ...others] = model.reasons;
  const related = others.map(({ message, line }) => ({
    location: { uri, range: rangeAt(model, line - 1, lines) },
    message,
  }));
  return {
    severity: DiagnosticSeverity.Information,
    source: DIAGNOSTIC_SOURCE,
    code: "stays-local",
    range: rangeAt(model, (first?.line ?? model.nameRange.start.line0 + 1) - 1, lines),
    message: `${model.name} ${verdictSummary(model)}`,
    ...(related.length > 0 && { relatedInformation: related }),
  };
}

function slowerIfMoved(model: FunctionModel, lines: Lines): readonly Diagnostic[] {
  const reason = canMove(model.verdict) ? slowerRemotely(model) : undefined;
  if (!reason) return [];
  return [
    {
      severity: DiagnosticSeverity.Information,
      source: DIAGNOSTIC_SOURCE,
      code: "slower-remotely",
      range: rangeAt(model, reason.line - 1, lines),
      message: `${model.name} ${verdictSummary(model)}`,
    },
  ];
}

/** The name where the line has it, else what is written on the line. */
function rangeAt({ nameRange: { start, end } }: FunctionModel, line0: number, lines: Lines): Range {
  if (line0 === start.line0 && end.line0 === line0) {
    return { start: { line: line0, character: start.column0 }, end: { line: line0, character: end.column0 } };
  }
  return lineRange(line0, lines);
}

/** A line without the white space at its ends. A line behind the end of the text, of an older analysis, is the last one. */
export function lineRange(line0: number, lines: Lines): Range {
  const line = Math.max(0, Math.min(line0, lines.lineCount - 1));
  const text = lines.lineText(line);
  const start = text.length - text.trimStart().length;
  return { start: { line, character: start }, end: { line, character: Math.max(start, text.trimEnd().length) } };
}
