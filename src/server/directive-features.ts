/** directive-help.ts in LSP's words. Pure. */
import {
  CodeActionKind,
  CompletionItemKind,
  MarkupKind,
  type CodeAction,
  type CodeActionParams,
  type CompletionItem,
  type Hover,
  type TextDocumentPositionParams,
} from "vscode-languageserver/node";
import { fixOf } from "./diagnostics.ts";
import { completionsAt, hoverAt } from "./directive-help.ts";

export function directiveCompletions(line: string, { position }: TextDocumentPositionParams): CompletionItem[] {
  const { line: line0, character } = position;
  return completionsAt(line, character).map(({ label, meaning, column0 }, index) => ({
    label,
    kind: label.includes("=") || label.startsWith("@") ? CompletionItemKind.Property : CompletionItemKind.Keyword,
    documentation: { kind: MarkupKind.Markdown, value: meaning },
    // In our order, not by the alphabet.
    sortText: String(index).padStart(2, "0"),
    textEdit: {
      range: { start: { line: line0, character: column0 }, end: { line: line0, character } },
      newText: label,
    },
  }));
}

export function directiveHover(line: string, { position }: TextDocumentPositionParams): Hover | undefined {
  const found = hoverAt(line, position.character);
  if (!found) return undefined;
  return {
    contents: { kind: MarkupKind.Markdown, value: found.markdown },
    range: {
      start: { line: position.line, character: found.start0 },
      end: { line: position.line, character: found.end0 },
    },
  };
}

/** “Change to `memory`” for the diagnostics that propose it. */
export function quickFixes({ textDocument, context }: CodeActionParams): CodeAction[] {
  return context.diagnostics.flatMap((diagnostic) => {
    const fix = fixOf(diagnostic);
    if (!fix) return [];
    const { range, replacement } = fix;
    return {
      title: `Change to \`${replacement}\``,
      kind: CodeActionKind.QuickFix,
      diagnostics: [diagnostic],
      isPreferred: true,
      edit: { changes: { [textDocument.uri]: [{ range, newText: replacement }] } },
    };
  });
}
