/** What declared types say about values that must cross to the cloud and back. Syntax only, through aliases of the project. */
import { ts } from "ts-morph";
import type { Module } from "./module.ts";
import type { Workspace } from "./workspace.ts";

interface Place {
  readonly workspace: Workspace;
  readonly module: Module;
}

const functionTypes = new Set(["Function", "CallableFunction", "VoidFunction", "EventListener", "RequestHandler"]);

/** Types whose values the codec refuses, because they live in one process or hold what nobody can see. */
const refusedTypes = new Set(
  (
    "WeakMap WeakSet WeakRef Promise PromiseLike Iterator AsyncIterator AsyncIterable Generator AsyncGenerator " +
    "ReadableStream WritableStream TransformStream Readable Writable Duplex Transform Blob File FormData Request Response " +
    "AbortSignal AbortController EventEmitter EventTarget Socket Server WebSocket Worker MessagePort ChildProcess " +
    "FileHandle Stream"
  ).split(" "),
);

/** Whether a value of this type can be called; a union counts when one of its members can. */
export function isCallableType(place: Place, type: ts.TypeNode | undefined, depth = 0): boolean {
  if (!type || depth > 8) return false;
  if (ts.isFunctionTypeNode(type) || ts.isConstructorTypeNode(type) || ts.isJSDocFunctionType(type)) return true;
  if (ts.isTypeLiteralNode(type)) return type.members.some(ts.isCallSignatureDeclaration);
  if (ts.isTypeReferenceNode(type)) return isCallableReference(place, type, depth);
  return partsOf(type).some((part) => isCallableType(place, part, depth + 1));
}

/** The types that a type is put together of, where each may be the value's. */
function partsOf(type: ts.TypeNode): readonly ts.TypeNode[] {
  if (ts.isUnionTypeNode(type) || ts.isIntersectionTypeNode(type)) return type.types;
  const isWrapper = ts.isParenthesizedTypeNode(type) || ts.isJSDocOptionalType(type) || ts.isJSDocNullableType(type);
  return isWrapper ? [type.type] : [];
}

function isCallableReference(place: Place, type: ts.TypeReferenceNode, depth: number): boolean {
  if (!ts.isIdentifier(type.typeName)) return false;
  const name = type.typeName.text;
  if (functionTypes.has(name)) return true;
  const constraint = typeParameterConstraint(type, name);
  if (constraint) return isCallableType(place, constraint, depth + 1);
  const found = findTypeDeclaration(place, name);
  if (!found) return false;
  if (ts.isInterfaceDeclaration(found.declaration))
    return found.declaration.members.some(ts.isCallSignatureDeclaration);
  return ts.isTypeAliasDeclaration(found.declaration) && isCallableType(found.place, found.declaration.type, depth + 1);
}

function typeParameterConstraint(node: ts.Node, name: string): ts.TypeNode | undefined {
  for (let current: ts.Node | undefined = node; current; current = current.parent) {
    if (!ts.isFunctionLike(current)) continue;
    const parameter = current.typeParameters?.find((candidate) => candidate.name.text === name);
    if (parameter) return parameter.constraint;
  }
  return undefined;
}

type TypeDeclaration = ts.InterfaceDeclaration | ts.TypeAliasDeclaration | ts.ClassDeclaration | ts.EnumDeclaration;

/** The declaration of a type name, in this file or in the project's file it is imported from. */
export function findTypeDeclaration(
  place: Place,
  name: string,
  depth = 0,
): { declaration: TypeDeclaration; place: Place } | undefined {
  if (depth > 8) return undefined;
  for (const statement of place.module.sourceFile.statements) {
    if (isTypeDeclaration(statement) && statement.name?.text === name) return { declaration: statement, place };
    const imported = importedType(statement, name);
    if (!imported) continue;
    const resolution = place.workspace.resolve(place.module, imported.specifier);
    const module = resolution.kind === "source" ? place.workspace.tryModule(resolution.file) : undefined;
    return module && findTypeDeclaration({ ...place, module }, imported.name, depth + 1);
  }
  return undefined;
}

function isTypeDeclaration(statement: ts.Statement): statement is TypeDeclaration {
  return (
    ts.isInterfaceDeclaration(statement) ||
    ts.isTypeAliasDeclaration(statement) ||
    ts.isClassDeclaration(statement) ||
    ts.isEnumDeclaration(statement)
  );
}

/** The module that a type name is imported from; undefined for a type of the file's own or a global one. */
export function moduleOfType({ sourceFile }: Module, name: string): string | undefined {
  for (const statement of sourceFile.statements) {
    const imported = ts.isImportDeclaration(statement) ? importedType(statement, name) : undefined;
    if (imported) return imported.specifier;
  }
  return undefined;
}

function importedType(statement: ts.Statement, name: string): { specifier: string; name: string } | undefined {
  const list = namedElements(statement);
  const element = list?.elements.find((candidate) => candidate.name.text === name);
  return list && element && { specifier: list.specifier, name: (element.propertyName ?? element.name).text };
}

/** The names of `import { … } from "x"` and `export { … } from "x"`. */
function namedElements(
  statement: ts.Statement,
): { specifier: string; elements: readonly (ts.ImportSpecifier | ts.ExportSpecifier)[] } | undefined {
  if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) return undefined;
  const { moduleSpecifier } = statement;
  const bindings = ts.isImportDeclaration(statement) ? statement.importClause?.namedBindings : statement.exportClause;
  if (!moduleSpecifier || !ts.isStringLiteral(moduleSpecifier) || !bindings) return undefined;
  if (!ts.isNamedImports(bindings) && !ts.isNamedExports(bindings)) return undefined;
  return { specifier: moduleSpecifier.text, elements: bindings.elements };
}

/**
 * The first part of a type that cannot cross (`Promise`, `a function`); undefined when there is none. Values are
 * checked when they are sent, so this is a hint, not a verdict.
 */
export function unportablePart(
  place: Place,
  type: ts.TypeNode | undefined,
  seen: ReadonlySet<string> = new Set(),
): string | undefined {
  if (!type || seen.size > 12) return undefined;
  if (ts.isFunctionTypeNode(type)) return "a function";
  if (ts.isTypeReferenceNode(type) && ts.isIdentifier(type.typeName)) {
    return unportableReference(place, { type, name: type.typeName.text }, seen);
  }
  return unportableChild(place, type, seen);
}

function unportableReference(
  place: Place,
  { type, name }: { readonly type: ts.TypeNode; readonly name: string },
  seen: ReadonlySet<string>,
): string | undefined {
  const found = seen.has(name) ? undefined : findTypeDeclaration(place, name);
  if (!found) return refusedTypes.has(name) ? name : unportableChild(place, type, seen);
  // What instances of the project's own classes hold is seen by their fields at run time.
  if (ts.isClassDeclaration(found.declaration) || ts.isEnumDeclaration(found.declaration)) return undefined;
  return unportableMember(found.place, found.declaration, new Set([...seen, name]));
}

function unportableMember(
  place: Place,
  declaration: ts.InterfaceDeclaration | ts.TypeAliasDeclaration,
  seen: ReadonlySet<string>,
): string | undefined {
  if (ts.isTypeAliasDeclaration(declaration)) return unportablePart(place, declaration.type, seen);
  return unportableChild(place, declaration, seen);
}

function unportableChild(place: Place, node: ts.Node, seen: ReadonlySet<string>): string | undefined {
  return ts.forEachChild(node, (child) => {
    if (ts.isTypeNode(child)) return unportablePart(place, child, seen);
    // A member that may be missing often is: only what must be there counts.
    if (ts.isPropertySignature(child)) return child.questionToken ? undefined : unportablePart(place, child.type, seen);
    return undefined;
  });
}

/** What an awaited result gives: `Promise<T>` → T. */
export function awaitedType(type: ts.TypeNode | undefined): ts.TypeNode | undefined {
  const isPromise =
    type && ts.isTypeReferenceNode(type) && ts.isIdentifier(type.typeName) && type.typeName.text === "Promise";
  return isPromise ? type.typeArguments?.[0] : type;
}
