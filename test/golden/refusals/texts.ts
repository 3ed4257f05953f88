/** The texts of our own sources that people read: what a verdict, a ruling or an error is made of. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { ts } from "ts-morph";

export interface Text {
  /** Relative to src/, with the line from 1: for whoever has to find it. */
  readonly place: string;
  /** With `…` for what is filled in. */
  readonly wording: string;
  /** Matches every message that has it. */
  readonly pattern: RegExp;
}

const sources = path.join(import.meta.dirname, "../../../src");

/** Every text of two words and more in these folders of src/ that is neither a list of names nor a programming mistake's. */
export function textsIn(folders: readonly string[]): readonly Text[] {
  return folders.flatMap((folder) => {
    const files = readdirSync(path.join(sources, folder), { recursive: true, encoding: "utf8" });
    return files
      .filter((name) => name.endsWith(".ts"))
      .toSorted()
      .flatMap((name) => textsOf(path.join(folder, name)));
  });
}

function textsOf(file: string): readonly Text[] {
  const text = readFileSync(path.join(sources, file), "utf8");
  const sourceFile = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found: Text[] = [];
  const visit = (node: ts.Node): void => {
    const parts = partsOf(node);
    if (parts && isWording(parts) && !isNoMessage(node)) {
      const line = sourceFile.getLineAndCharacterOfPosition(node.getStart()).line + 1;
      found.push({
        place: `${file.split(path.sep).join("/")}:${line}`,
        wording: parts.join("…"),
        pattern: new RegExp(parts.map((part) => escaped(part)).join("[^]*?")),
      });
    }
    ts.forEachChild(node, visit);
  };
  visit(sourceFile);
  return found;
}

/** What a literal has between the places that are filled in. */
function partsOf(node: ts.Node): readonly string[] | undefined {
  if (ts.isStringLiteralLike(node)) return [node.text];
  if (!ts.isTemplateExpression(node)) return undefined;
  return [node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)];
}

function isWording(parts: readonly string[]): boolean {
  const isCode = parts.some((part) =>
    /=>|\?\?=|;\s*$|[{}]|\(captured|module\.exports|if \("|^throw new|^\[object |^export async/.test(part),
  );
  return !isCode && parts.some((part) => /[a-z]+[ ,] ?[a-z]+/i.test(part));
}

/** Lists of names, keys of caches, code that is generated, and errors that only a mistake of ours can raise. */
function isNoMessage(node: ts.Node): boolean {
  for (let current = node; current.parent && !ts.isStatement(current); current = current.parent) {
    if (isNoMessageIn(current, current.parent)) return true;
  }
  return false;
}

function isNoMessageIn(node: ts.Node, parent: ts.Node): boolean {
  if (ts.isVariableDeclaration(parent)) return parent.name.getText().endsWith("Names");
  if (ts.isPropertyAccessExpression(parent)) return parent.name.text === "split";
  if (ts.isNewExpression(parent)) return /^(?:Error|TypeError|Set)$/.test(parent.expression.getText());
  if (ts.isCallExpression(parent))
    return parent.expression.getText().endsWith(".remember") && parent.arguments[0] === node;
  return ts.isImportDeclaration(parent) || ts.isTypeNode(parent);
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
}
