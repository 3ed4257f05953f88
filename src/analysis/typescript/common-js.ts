/** What CommonJS says in expressions: `require`, `exports.a = …`, `module.exports = { … }`. */
import { ts } from "ts-morph";
import { addItem, type ModuleDraft } from "./module-draft.ts";
import type { ExportEntry, Item } from "./module.ts";

/** `require("x").a.b` → the module and the properties taken of it. */
export function requiredModule(
  expression: ts.Expression | undefined,
): { specifier: string; chain: readonly string[] } | undefined {
  const chain: string[] = [];
  let current = expression;
  while (current && ts.isPropertyAccessExpression(current)) {
    chain.unshift(current.name.text);
    current = current.expression;
  }
  if (!current || !ts.isCallExpression(current) || !ts.isIdentifier(current.expression)) return undefined;
  const [argument] = current.arguments;
  if (current.expression.text !== "require" || !argument || !ts.isStringLiteralLike(argument)) return undefined;
  return { specifier: argument.text, chain };
}

/** What a statement loads for its effects alone: `import "x"`, `require("x")`. */
export function bareSpecifier(statement: ts.Statement): string | undefined {
  if (ts.isImportDeclaration(statement)) {
    return ts.isStringLiteral(statement.moduleSpecifier) ? statement.moduleSpecifier.text : undefined;
  }
  if (!ts.isExpressionStatement(statement)) return undefined;
  const required = requiredModule(statement.expression);
  return required?.chain.length === 0 ? required.specifier : undefined;
}

interface ExportPlace {
  readonly draft: ModuleDraft;
  readonly statement: ts.Statement;
  /** The item that holds the assignment, when there already is one: `const f = exports.f = …`. */
  readonly item?: Item;
}

/** Notes the exports that an assignment makes. Returns false if it makes none: no item was added then. */
export function noteCommonJsExport(expression: ts.Expression | undefined, place: ExportPlace): boolean {
  if (!expression || !ts.isBinaryExpression(expression)) return false;
  if (expression.operatorToken.kind !== ts.SyntaxKind.EqualsToken) return false;
  const name = exportedProperty(expression.left);
  if (name === undefined) return false;
  const { draft, statement } = place;
  if (name === "default" && ts.isObjectLiteralExpression(expression.right) && isNarrowable(expression.right)) {
    if (!place.item) {
      noteExportedObject(expression.right, place);
      return true;
    }
  }
  const item = place.item ?? addItem(draft, "export", statement);
  if (ts.isBinaryExpression(expression.right)) noteCommonJsExport(expression.right, { ...place, item });
  draft.exports.set(name, { items: [item], ...targetOf(expression.right) });
  return true;
}

/** `exports.a`, `module.exports.a` → a; `module.exports` → default. */
function exportedProperty(target: ts.Expression): string | undefined {
  if (isModuleExports(target)) return "default";
  if (!ts.isPropertyAccessExpression(target) || !ts.isIdentifier(target.name)) return undefined;
  const { expression } = target;
  const isExports = ts.isIdentifier(expression) && expression.text === "exports";
  return isExports || isModuleExports(expression) ? target.name.text : undefined;
}

function isModuleExports(node: ts.Expression): boolean {
  return (
    ts.isPropertyAccessExpression(node) &&
    ts.isIdentifier(node.expression) &&
    node.expression.text === "module" &&
    node.name.text === "exports"
  );
}

/** Whether single properties can be left out without changing what the others are. */
function isNarrowable({ properties }: ts.ObjectLiteralExpression): boolean {
  return properties.every(
    (property) => !ts.isSpreadAssignment(property) && ts.isIdentifier(property.name) && !ts.isAccessor(property),
  );
}

function noteExportedObject(object: ts.ObjectLiteralExpression, { draft, statement }: ExportPlace): void {
  const all: Item[] = [];
  for (const property of object.properties) {
    const item = addItem(draft, "export", statement, property);
    all.push(item);
    const name = property.name && ts.isIdentifier(property.name) ? property.name.text : "";
    draft.exports.set(name, { items: [item], ...targetOfProperty(property) });
  }
  if (all.length === 0) all.push(addItem(draft, "export", statement));
  draft.exports.set("default", { items: all });
}

function targetOfProperty(property: ts.ObjectLiteralElementLike): Pick<ExportEntry, "local" | "expression"> {
  if (ts.isShorthandPropertyAssignment(property)) return { local: property.name.text };
  return ts.isPropertyAssignment(property) ? targetOf(property.initializer) : {};
}

function targetOf(expression: ts.Expression): Pick<ExportEntry, "local" | "expression"> {
  return ts.isIdentifier(expression) ? { local: expression.text } : { expression };
}
