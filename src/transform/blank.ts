/** Slicing by blanking: what is not needed becomes spaces, so that everything else stays where it was. */
import { ts } from "ts-morph";
import type { Item, Module } from "../analysis/typescript/module.ts";

export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * The module's text with every top-level item that is not kept replaced by blanks of the same length.
 *
 * @param parts - what stays of statements that are not kept, in source order
 */
export function blankModule(
  { text, sourceFile, items }: Module,
  keep: ReadonlySet<Item>,
  parts: readonly Span[] = [],
): string {
  const byStatement = Map.groupBy(items, ({ statement }) => statement);
  const spans: Span[] = shebangSpan(text);
  const kept: boolean[] = sourceFile.statements.map((statement) => {
    const own = byStatement.get(statement) ?? [];
    const isKept = isDirective(statement) || own.some((item) => keep.has(item));
    if (isKept) spans.push(...spansInside(statement, own, keep));
    else {
      const inside = parts.filter(({ start, end }) => statement.pos <= start && end <= statement.end);
      spans.push(...blankWhole(text, statement).flatMap((span) => without(span, inside)));
    }
    return isKept;
  });
  return protectStatements(blankSpans(text, spans), sourceFile, kept);
}

function without({ start, end }: Span, parts: readonly Span[]): Span[] {
  const edges = [start, ...parts.flatMap((part) => [part.start, part.end]), end];
  return edges.flatMap((edge, index) => (index % 2 === 0 ? [{ start: edge, end: edges[index + 1] ?? edge }] : []));
}

/** The comments that say what JSX becomes stay: they hold for the whole file. */
function blankWhole(text: string, statement: ts.Statement): Span[] {
  const start = statement.getFullStart();
  const pragmas = (ts.getLeadingCommentRanges(text, start) ?? []).filter(({ pos, end }) =>
    /@jsx/.test(text.slice(pos, end)),
  );
  const edges = [start, ...pragmas.flatMap(({ pos, end }) => [pos, end]), statement.getEnd()];
  return edges.flatMap((edge, index) => (index % 2 === 0 ? [{ start: edge, end: edges[index + 1] ?? edge }] : []));
}

/** `"use strict"` decides how the rest is run. */
function isDirective(statement: ts.Statement): boolean {
  return ts.isExpressionStatement(statement) && ts.isStringLiteral(statement.expression);
}

function shebangSpan(text: string): Span[] {
  const shebang = ts.getShebang(text);
  return shebang === undefined ? [] : [{ start: 0, end: shebang.length }];
}

/** Replaces every character of the spans but line breaks by a space; a span may lie in another one. */
export function blankSpans(text: string, spans: readonly Span[]): string {
  let result = "";
  let offset = 0;
  for (const { start, end } of spans.toSorted((a, b) => a.start - b.start)) {
    if (end <= offset) continue;
    const from = Math.max(start, offset);
    result += text.slice(offset, from) + text.slice(from, end).replaceAll(/[^\r\n\u2028\u2029]/g, " ");
    offset = end;
  }
  return result + text.slice(offset);
}

/**
 * A statement that ended without a semicolon must not go on in a later one that begins like the rest of
 * an expression: `const a = 1⏎f()⏎(b)()` without its middle would call 1.
 */
function protectStatements(text: string, { statements }: ts.SourceFile, kept: readonly boolean[]): string {
  let result = text;
  for (const [index, statement] of statements.entries()) {
    const isFirstBlank = !kept[index] && index > 0 && kept[index - 1];
    const next = statements.find((_, later) => later > index && kept[later]);
    if (!isFirstBlank || !next || !/^[([`/+-]/.test(text.slice(next.getStart()))) continue;
    const at = statement.getStart();
    result = `${result.slice(0, at)};${result.slice(at + 1)}`;
  }
  return result;
}

/** The parts of a kept statement that can go: variables of a list, imported and exported names, properties. */
function spansInside(statement: ts.Statement, items: readonly Item[], keep: ReadonlySet<Item>): Span[] {
  const isGone = (node: ts.Node): boolean => items.some((item) => item.node === node && !keep.has(item));
  if (ts.isVariableStatement(statement)) return variableSpans(statement.declarationList.declarations, isGone);
  if (ts.isImportDeclaration(statement)) return importSpans(statement, isGone);
  const list = elementsOf(statement);
  return list ? list.filter(isGone).map((node) => withComma(statement, node)) : [];
}

/** Between two kept variables stays exactly one comma: the one behind the first. */
function variableSpans(variables: readonly ts.Node[], isGone: (node: ts.Node) => boolean): Span[] {
  const kept = variables.filter((node) => !isGone(node));
  const [first] = kept;
  const last = kept.at(-1);
  if (!first || !last) return [];
  const spans: Span[] = [];
  for (const node of variables.filter(isGone)) {
    const isBeforeLast = node.end <= last.pos;
    const comma = isBeforeLast ? withComma(node.parent, node).end : node.end;
    // Behind the last one kept, the comma in front goes along.
    spans.push({ start: isBeforeLast ? node.getFullStart() : node.getFullStart() - 1, end: comma });
  }
  return spans;
}

function importSpans({ importClause }: ts.ImportDeclaration, isGone: (node: ts.Node) => boolean): Span[] {
  if (!importClause) return [];
  const { name, namedBindings } = importClause;
  const spans: Span[] = [];
  if (name && isGone(name)) spans.push(withComma(importClause, name));
  if (!namedBindings) return spans;
  if (ts.isNamedImports(namedBindings)) {
    spans.push(...namedBindings.elements.filter(isGone).map((node) => withComma(namedBindings, node)));
  } else if (isGone(namedBindings) && name) spans.push({ start: name.end, end: namedBindings.end });
  return spans;
}

function elementsOf(statement: ts.Statement): readonly ts.Node[] | undefined {
  if (ts.isExportDeclaration(statement)) {
    const { exportClause } = statement;
    return exportClause && ts.isNamedExports(exportClause) ? exportClause.elements : undefined;
  }
  if (!ts.isExpressionStatement(statement) || !ts.isBinaryExpression(statement.expression)) return undefined;
  const { right } = statement.expression;
  return ts.isObjectLiteralExpression(right) ? right.properties : undefined;
}

/** From the comments before a list's element to behind its comma. */
function withComma(parent: ts.Node, node: ts.Node): Span {
  const sourceFile = node.getSourceFile();
  const rest = sourceFile.text.slice(node.end, parent.end);
  const comma = /^(?:\s|\/\*[\s\S]*?\*\/|\/\/[^\n]*\n)*,/.exec(rest);
  return { start: node.getFullStart(), end: node.end + (comma?.[0].length ?? 0) };
}
