import { ts } from "ts-morph";
import { bareSpecifier, noteCommonJsExport, requiredModule } from "./common-js.ts";
import { hasModifier } from "./facts.ts";
import { addItem, type ModuleDraft } from "./module-draft.ts";
import type { Binding, ImportedName, Item, Module } from "./module.ts";
import { boundNames, hoistedVarNames } from "./scopes.ts";

/**
 * Parses one file. Text that does not parse yields what could be recognised, and the errors.
 *
 * With the module of an earlier text, syntax that has not changed is taken over, and with it what is known
 * of it; the earlier module must not be used any more.
 */
export function parseModule(file: string, text: string, earlier?: Module): Module {
  const sourceFile = earlier
    ? earlier.sourceFile.update(text, changeBetween(earlier.text, text))
    : ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true, scriptKindOf(file));
  const draft: ModuleDraft = {
    items: [],
    bindings: new Map(),
    exports: new Map(),
    stars: [],
    usesCommonJs: false,
    usesEsm: false,
  };
  for (const statement of sourceFile.statements) readStatement(statement, draft);
  return {
    file,
    text,
    sourceFile,
    items: draft.items,
    bindings: draft.bindings,
    exports: draft.exports,
    stars: draft.stars,
    syntaxErrors: syntaxErrorsOf(sourceFile),
    syntax: draft.usesEsm ? "esm" : usesCommonJs(draft) ? "cjs" : undefined,
  };
}

/** From the first to the last character that differs. */
function changeBetween(before: string, after: string): ts.TextChangeRange {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) start += 1;
  let end = 0;
  while (end < shorter - start && before.at(-1 - end) === after.at(-1 - end)) end += 1;
  return {
    span: { start, length: before.length - start - end },
    newLength: after.length - start - end,
  };
}

function usesCommonJs({ usesCommonJs, items }: ModuleDraft): boolean {
  return usesCommonJs || items.some(({ facts }) => facts.references.some(({ name }) => name === "exports"));
}

function scriptKindOf(file: string): ts.ScriptKind {
  if (/\.tsx$/i.test(file)) return ts.ScriptKind.TSX;
  return /\.[cm]?ts$/i.test(file) ? ts.ScriptKind.TS : ts.ScriptKind.JSX;
}

/** The parser keeps its errors on the node, outside the public type. */
function syntaxErrorsOf(sourceFile: ts.SourceFile): { message: string; line: number }[] {
  const { parseDiagnostics = [] } = sourceFile as { parseDiagnostics?: readonly ts.DiagnosticWithLocation[] };
  return parseDiagnostics.map(({ messageText, start }) => ({
    message: ts.flattenDiagnosticMessageText(messageText, " ").replace(/\.$/, ""),
    line: sourceFile.getLineAndCharacterOfPosition(start).line + 1,
  }));
}

function readStatement(statement: ts.Statement, draft: ModuleDraft): void {
  if (ts.isImportDeclaration(statement)) readImport(statement, draft);
  else if (ts.isImportEqualsDeclaration(statement)) readImportEquals(statement, draft);
  else if (ts.isExportDeclaration(statement)) readExport(statement, draft);
  else if (ts.isExportAssignment(statement)) readExportAssignment(statement, draft);
  else if (isErased(statement)) addItem(draft, "type", statement);
  else if (ts.isVariableStatement(statement)) readVariables(statement, draft);
  else if (isNamedDeclaration(statement)) readDeclaration(statement, draft);
  else readEffect(statement, draft);
}

function isErased(statement: ts.Statement): boolean {
  if (ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement)) return true;
  return hasModifier(statement, ts.SyntaxKind.DeclareKeyword);
}

type NamedDeclaration = ts.FunctionDeclaration | ts.ClassDeclaration | ts.EnumDeclaration | ts.ModuleDeclaration;

function isNamedDeclaration(statement: ts.Statement): statement is NamedDeclaration {
  return (
    ts.isFunctionDeclaration(statement) ||
    ts.isClassDeclaration(statement) ||
    ts.isEnumDeclaration(statement) ||
    ts.isModuleDeclaration(statement)
  );
}

interface NewBinding {
  readonly node: ts.Identifier;
  readonly kind: Binding["kind"];
  readonly declaration: ts.Node;
  readonly imported?: ImportedName;
}

function bind(draft: ModuleDraft, item: Item, { node, kind, declaration, imported }: NewBinding): void {
  const existing = draft.bindings.get(node.text);
  if (existing) {
    existing.items.push(item);
    const isBodiless = ts.isFunctionDeclaration(existing.declaration) && !existing.declaration.body;
    if (!isBodiless) return;
  }
  draft.bindings.set(node.text, {
    name: node.text,
    kind,
    node,
    declaration,
    items: existing?.items ?? [item],
    ...(imported ? { imported } : {}),
  });
}

function readImport(statement: ts.ImportDeclaration, draft: ModuleDraft): void {
  draft.usesEsm = true;
  const specifier = ts.isStringLiteral(statement.moduleSpecifier) ? statement.moduleSpecifier.text : "";
  const clause = statement.importClause;
  if (!clause) {
    addItem(draft, "bare-import", statement);
    return;
  }
  if (clause.isTypeOnly) {
    addItem(draft, "type", statement);
    return;
  }
  const add = (node: ts.Node, local: ts.Identifier, name: string): void => {
    const item = addItem(draft, "import", statement, node);
    bind(draft, item, {
      node: local,
      kind: "import",
      declaration: node,
      imported: { specifier, name, byRequire: false },
    });
  };
  if (clause.name) add(clause.name, clause.name, "default");
  const { namedBindings } = clause;
  if (!namedBindings) return;
  if (ts.isNamespaceImport(namedBindings)) add(namedBindings, namedBindings.name, "*");
  else {
    for (const element of namedBindings.elements) {
      if (element.isTypeOnly) addItem(draft, "type", statement, element);
      else add(element, element.name, (element.propertyName ?? element.name).text);
    }
  }
}

function readImportEquals(statement: ts.ImportEqualsDeclaration, draft: ModuleDraft): void {
  const { moduleReference, name } = statement;
  if (statement.isTypeOnly) {
    addItem(draft, "type", statement);
  } else if (ts.isExternalModuleReference(moduleReference) && ts.isStringLiteralLike(moduleReference.expression)) {
    draft.usesCommonJs = true;
    bind(draft, addItem(draft, "import", statement), {
      node: name,
      kind: "import",
      declaration: statement,
      imported: { specifier: moduleReference.expression.text, name: "*", byRequire: true },
    });
  } else {
    bind(draft, addItem(draft, "declaration", statement), { node: name, kind: "const", declaration: statement });
  }
}

function readExport(statement: ts.ExportDeclaration, draft: ModuleDraft): void {
  draft.usesEsm = true;
  if (statement.isTypeOnly) {
    addItem(draft, "type", statement);
    return;
  }
  const specifier =
    statement.moduleSpecifier && ts.isStringLiteral(statement.moduleSpecifier)
      ? statement.moduleSpecifier.text
      : undefined;
  const { exportClause } = statement;
  if (!exportClause) {
    draft.stars.push({ item: addItem(draft, "export", statement), specifier: specifier ?? "" });
  } else if (ts.isNamespaceExport(exportClause)) {
    const item = addItem(draft, "export", statement);
    draft.exports.set(exportClause.name.text, {
      items: [item],
      from: { specifier: specifier ?? "", name: "*", byRequire: false },
    });
  } else {
    for (const element of exportClause.elements) readExportSpecifier({ statement, element, specifier }, draft);
  }
}

function readExportSpecifier(
  {
    statement,
    element,
    specifier,
  }: { statement: ts.ExportDeclaration; element: ts.ExportSpecifier; specifier: string | undefined },
  draft: ModuleDraft,
): void {
  if (element.isTypeOnly) {
    addItem(draft, "type", statement, element);
    return;
  }
  const item = addItem(draft, "export", statement, element);
  const source = (element.propertyName ?? element.name).text;
  draft.exports.set(element.name.text, {
    items: [item],
    ...(specifier === undefined ? { local: source } : { from: { specifier, name: source, byRequire: false } }),
  });
}

function readExportAssignment(statement: ts.ExportAssignment, draft: ModuleDraft): void {
  if (statement.isExportEquals) draft.usesCommonJs = true;
  else draft.usesEsm = true;
  const item = addItem(draft, "export", statement);
  const { expression } = statement;
  draft.exports.set("default", {
    items: [item],
    ...(ts.isIdentifier(expression) ? { local: expression.text } : { expression }),
  });
}

function readVariables(statement: ts.VariableStatement, draft: ModuleDraft): void {
  const { declarationList } = statement;
  const kind = declarationList.flags & ts.NodeFlags.Const ? "const" : "let";
  const isExported = hasModifier(statement, ts.SyntaxKind.ExportKeyword);
  if (isExported) draft.usesEsm = true;
  for (const declaration of declarationList.declarations) {
    const required = requiredModule(declaration.initializer);
    if (required) draft.usesCommonJs = true;
    const item = addItem(draft, required ? "import" : "declaration", statement, declaration);
    for (const node of boundNames(declaration.name)) {
      const imported = required && importedByRequire(declaration, node, required);
      bind(draft, item, { node, kind: imported ? "import" : kind, declaration, ...(imported ? { imported } : {}) });
      if (isExported) draft.exports.set(node.text, { items: [item], local: node.text });
    }
    noteCommonJsExport(declaration.initializer, { draft, statement, item });
  }
}

/** `const { a: b } = require("x")` binds b to a of x; deeper patterns need the whole module. */
function importedByRequire(
  declaration: ts.VariableDeclaration,
  node: ts.Identifier,
  required: { specifier: string; chain: readonly string[] },
): ImportedName {
  const [first] = required.chain;
  const { specifier } = required;
  if (first !== undefined) return { specifier, name: first, byRequire: true };
  const element = node.parent;
  const isDirect = ts.isBindingElement(element) && element.parent === declaration.name && !element.dotDotDotToken;
  if (!isDirect || !ts.isObjectBindingPattern(element.parent)) return { specifier, name: "*", byRequire: true };
  const property = element.propertyName ?? node;
  const name = ts.isIdentifier(property) || ts.isStringLiteral(property) ? property.text : "*";
  return { specifier, name, byRequire: true };
}

function readDeclaration(statement: NamedDeclaration, draft: ModuleDraft): void {
  const item = addItem(draft, "declaration", statement);
  const { name } = statement;
  const isExported = hasModifier(statement, ts.SyntaxKind.ExportKeyword);
  const isDefault = hasModifier(statement, ts.SyntaxKind.DefaultKeyword);
  if (isExported) draft.usesEsm = true;
  if (name && ts.isIdentifier(name)) {
    bind(draft, item, { node: name, kind: kindOf(statement), declaration: statement });
    if (isExported) {
      const items = draft.bindings.get(name.text)?.items ?? [item];
      draft.exports.set(isDefault ? "default" : name.text, { items, local: name.text });
    }
  } else if (isDefault) draft.exports.set("default", { items: [item] });
}

function kindOf(statement: NamedDeclaration): Binding["kind"] {
  if (ts.isFunctionDeclaration(statement)) return "function";
  if (ts.isClassDeclaration(statement)) return "class";
  return ts.isEnumDeclaration(statement) ? "enum" : "const";
}

function readEffect(statement: ts.Statement, draft: ModuleDraft): void {
  if (bareSpecifier(statement) !== undefined) {
    draft.usesCommonJs = true;
    addItem(draft, "bare-import", statement);
    return;
  }
  if (ts.isExpressionStatement(statement) && noteCommonJsExport(statement.expression, { draft, statement })) {
    draft.usesCommonJs = true;
    return;
  }
  const item = addItem(draft, "effect", statement);
  for (const node of hoistedVarNames(statement)) bind(draft, item, { node, kind: "let", declaration: statement });
}
