/** Whether code may be run in sloppy mode. */
import { ts } from "ts-morph";
import { hasModifier } from "./facts.ts";

/** In sloppy code `arguments` and the parameters are the same variables, and two parameters may have one name. */
export function mayBeSloppy(node: ts.Node): boolean {
  const { fileName, statements } = node.getSourceFile();
  const isModule =
    /\.m[jt]s$/i.test(fileName) || statements.some((one) => ts.isImportDeclaration(one) || isExport(one));
  const isStrict = (body: readonly ts.Statement[]): boolean =>
    body.some((one) => ts.isExpressionStatement(one) && /^["']use strict["']/.test(one.getText()));
  if (isModule || isStrict(statements)) return false;
  for (let outer = node; !ts.isSourceFile(outer); outer = outer.parent) {
    if (ts.isClassLike(outer)) return false;
    if (ts.isFunctionLike(outer) && "body" in outer && outer.body && ts.isBlock(outer.body)) {
      if (isStrict(outer.body.statements)) return false;
    }
  }
  return true;
}

function isExport(statement: ts.Statement): boolean {
  return (
    ts.isExportDeclaration(statement) ||
    ts.isExportAssignment(statement) ||
    hasModifier(statement, ts.SyntaxKind.ExportKeyword)
  );
}
