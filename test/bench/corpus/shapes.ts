/** What declared parameter types say about the values to call with: data, so that another process can make them. */
import { ts } from "ts-morph";

export type Shape =
  | { readonly kind: "string" | "number" | "boolean" | "bigint" | "date" | "regexp" | "any" | "undefined" | "null" }
  | { readonly kind: "constant"; readonly value: string | number | boolean }
  | { readonly kind: "array" | "map" | "set" | "record"; readonly of: Shape }
  | { readonly kind: "tuple"; readonly items: readonly Shape[] }
  | { readonly kind: "union"; readonly members: readonly Shape[] }
  | { readonly kind: "object"; readonly properties: readonly ShapeProperty[] }
  /** Arguments from here on may be left out. */
  | { readonly kind: "optional"; readonly of: Shape }
  | { readonly kind: "rest"; readonly of: Shape };

export interface ShapeProperty {
  readonly name: string;
  readonly optional: boolean;
  readonly of: Shape;
}

const MAX_DEPTH = 4;
const MAX_OVERLOADS = 8;

/** The overloads that can be called with values alone: those without a required function. */
export function shapeOfParameters(checker: ts.TypeChecker, symbol: ts.Symbol): readonly (readonly Shape[])[] {
  const declaration = symbol.valueDeclaration ?? symbol.declarations?.[0];
  if (!declaration) return [];
  const signatures = checker.getTypeOfSymbolAtLocation(symbol, declaration).getCallSignatures();
  return signatures.flatMap((signature) => shapesOf(checker, signature, declaration) ?? []).slice(0, MAX_OVERLOADS);
}

function shapesOf(checker: ts.TypeChecker, signature: ts.Signature, place: ts.Node): [readonly Shape[]] | undefined {
  const shapes: Shape[] = [];
  for (const parameter of signature.getParameters()) {
    const declaration = parameter.valueDeclaration;
    const type = checker.getTypeOfSymbolAtLocation(parameter, place);
    const node = declaration && ts.isParameter(declaration) ? declaration : undefined;
    const isRest = node?.dotDotDotToken !== undefined;
    const shape = isRest ? restShape(checker, type) : shapeOf(checker, type);
    const isOptional = isRest || (node !== undefined && mayBeLeftOut(node));
    if (!shape) return isOptional ? [shapes] : undefined;
    if (isRest) shapes.push({ kind: "rest", of: shape });
    else shapes.push(isOptional ? { kind: "optional", of: shape } : shape);
  }
  return [shapes];
}

function mayBeLeftOut({ questionToken, initializer }: ts.ParameterDeclaration): boolean {
  return questionToken !== undefined || initializer !== undefined;
}

function restShape(checker: ts.TypeChecker, type: ts.Type): Shape | undefined {
  const shape = shapeOf(checker, type);
  return shape?.kind === "array" ? shape.of : shape && { kind: "any" };
}

/** Undefined: no value that travels is of this type. */
function shapeOf(checker: ts.TypeChecker, type: ts.Type, depth = 0): Shape | undefined {
  if (depth > MAX_DEPTH) return { kind: "any" };
  if (type.isUnion()) return unionShape(checker, type, depth);
  if (type.flags & ts.TypeFlags.TypeParameter) {
    const constraint = checker.getBaseConstraintOfType(type);
    return constraint && constraint !== type ? shapeOf(checker, constraint, depth + 1) : { kind: "any" };
  }
  return primitiveShape(type) ?? (type.flags & NEVER ? undefined : objectShape(checker, type, depth));
}

const NEVER = ts.TypeFlags.Never | ts.TypeFlags.ESSymbolLike;

function primitiveShape(type: ts.Type): Shape | undefined {
  const { flags } = type;
  if (type.isStringLiteral() || type.isNumberLiteral()) return { kind: "constant", value: type.value };
  if (flags & ts.TypeFlags.BooleanLiteral) {
    return { kind: "constant", value: (type as ts.Type & { intrinsicName?: string }).intrinsicName === "true" };
  }
  const kinds = [
    [ts.TypeFlags.StringLike, "string"],
    [ts.TypeFlags.NumberLike, "number"],
    [ts.TypeFlags.BooleanLike, "boolean"],
    [ts.TypeFlags.BigIntLike, "bigint"],
    [ts.TypeFlags.Undefined | ts.TypeFlags.Void, "undefined"],
    [ts.TypeFlags.Null, "null"],
    [ts.TypeFlags.Any | ts.TypeFlags.Unknown | ts.TypeFlags.Conditional | ts.TypeFlags.IndexedAccess, "any"],
    [ts.TypeFlags.Index, "string"],
  ] as const;
  const kind = kinds.find(([flag]) => flags & flag)?.[1];
  return kind && { kind };
}

function unionShape(checker: ts.TypeChecker, type: ts.UnionType, depth: number): Shape | undefined {
  const members = type.types.slice(0, 60).flatMap((member) => shapeOf(checker, member, depth + 1) ?? []);
  return members.length === 0 ? undefined : { kind: "union", members };
}

const builtIns: Readonly<Record<string, Shape["kind"]>> = {
  Date: "date",
  RegExp: "regexp",
  String: "string",
  Number: "number",
  Boolean: "boolean",
};

const arrays = new Set([
  "ArrayLike",
  "Iterable",
  "IterableContainer",
  "List",
  "RecursiveArray",
  "ListOfRecursiveArraysOrValues",
]);

function objectShape(checker: ts.TypeChecker, type: ts.Type, depth: number): Shape | undefined {
  const name = type.symbol?.name ?? "";
  const builtIn = builtIns[name];
  if (builtIn) return { kind: builtIn } as Shape;
  const [first] = argumentsOf(checker, type);
  if (checker.isTupleType(type)) {
    return { kind: "tuple", items: argumentsOf(checker, type).map((item) => inner(checker, item, depth)) };
  }
  if (checker.isArrayType(type) || arrays.has(name)) return { kind: "array", of: inner(checker, first, depth) };
  if (/^(?:Readonly)?(?:Map|Set)$/.test(name)) {
    return { kind: name.endsWith("Map") ? "map" : "set", of: inner(checker, argumentsOf(checker, type).at(-1), depth) };
  }
  if (type.getCallSignatures().length > 0 || type.getConstructSignatures().length > 0) return undefined;
  return recordShape(checker, type, depth);
}

function argumentsOf(checker: ts.TypeChecker, type: ts.Type): readonly ts.Type[] {
  const isReference =
    (type.flags & ts.TypeFlags.Object) !== 0 && ((type as ts.ObjectType).objectFlags & ts.ObjectFlags.Reference) !== 0;
  return isReference ? checker.getTypeArguments(type as ts.TypeReference) : [];
}

function inner(checker: ts.TypeChecker, type: ts.Type | undefined, depth: number): Shape {
  return (type && shapeOf(checker, type, depth + 1)) ?? { kind: "any" };
}

/** Undefined when it needs a function, as instances of most classes do. */
function recordShape(checker: ts.TypeChecker, type: ts.Type, depth: number): Shape | undefined {
  const index = type.getStringIndexType();
  if (index) return { kind: "record", of: inner(checker, index, depth) };
  const properties: ShapeProperty[] = [];
  for (const property of checker.getPropertiesOfType(type).slice(0, 40)) {
    const declaration = property.valueDeclaration ?? property.declarations?.[0];
    const of = declaration && shapeOf(checker, checker.getTypeOfSymbolAtLocation(property, declaration), depth + 1);
    const optional = (property.flags & ts.SymbolFlags.Optional) !== 0;
    if (!of && !optional) return undefined;
    if (of && !property.name.startsWith("__@")) properties.push({ name: property.name, optional, of });
  }
  return properties.length === 0 ? { kind: "record", of: { kind: "any" } } : { kind: "object", properties };
}
