/** Reads the shapes of a function's parameters off their types, with TypeScript's own checker. */
import path from "node:path";
import { Project, ts, type CompilerOptions } from "ts-morph";
import type { FunctionModel } from "../core/function-model.ts";
import type { PathAlias } from "./observation.ts";
import { builtIns, type Field, type ParameterShape, type Shape, type SimpleKind } from "./shape.ts";

/** Deeper types, also recursive ones, end here. */
const deepest = 5;
/** Wider unions and objects say nothing more. */
const widest = 40;

/**
 * The parameters of the function that a model describes. Takes a second or more: the checker reads everything that
 * the file imports.
 */
export function parameterShapes({
  file,
  nameRange,
}: Pick<FunctionModel, "file" | "nameRange">): readonly ParameterShape[] {
  const program = new Project({ ...projectOptions(file), skipAddingFilesFromTsConfig: true });
  const source = program.addSourceFileAtPath(file).compilerNode;
  const checker = program.getTypeChecker().compilerObject;
  const { line0, column0 } = nameRange.start;
  const at = source.getPositionOfLineAndCharacter(line0, column0);
  const node = functionAt(source, at);
  const signature = node && checker.getSignatureFromDeclaration(node);
  if (!node || !signature) return [];
  const reader = new ShapeReader(checker, node);
  return signature.parameters.map((parameter) => {
    const declaration = parameter.valueDeclaration;
    const isParameter = declaration !== undefined && ts.isParameter(declaration);
    const type = checker.getTypeOfSymbolAtLocation(parameter, declaration ?? node);
    const rest = isParameter && declaration.dotDotDotToken !== undefined;
    const shape = reader.read(type);
    return {
      name: parameter.name,
      shape: rest && shape.kind === "array" ? shape.item : shape,
      optional: isParameter && (declaration.questionToken !== undefined || declaration.initializer !== undefined),
      rest,
    };
  });
}

/** The `paths` of the project's configuration, made absolute. */
export function pathAliases(file: string): readonly PathAlias[] {
  const found = configFor(file);
  if (found === undefined) return [];
  const { config } = ts.readConfigFile(found, (name) => ts.sys.readFile(name)) as { config?: unknown };
  const { options } = ts.parseJsonConfigFileContent(config ?? {}, ts.sys, path.dirname(found));
  const base = options.baseUrl ?? (options["pathsBasePath"] as string | undefined) ?? path.dirname(found);
  return Object.entries(options.paths ?? {}).map(([pattern, targets]) => ({
    pattern,
    targets: targets.map((target) => path.resolve(base, target)),
  }));
}

function configFor(file: string): string | undefined {
  const folder = path.dirname(file);
  const find = (name: string): string | undefined =>
    ts.findConfigFile(folder, (candidate) => ts.sys.fileExists(candidate), name);
  return find("tsconfig.json") ?? find("jsconfig.json");
}

function projectOptions(file: string): {
  readonly tsConfigFilePath?: string;
  readonly compilerOptions: CompilerOptions;
} {
  const found = configFor(file);
  if (found !== undefined) {
    // JavaScript beside TypeScript has types too, by its comments and its defaults.
    return { tsConfigFilePath: found, compilerOptions: { allowJs: true } };
  }
  return {
    compilerOptions: {
      allowJs: true,
      strict: true,
      target: ts.ScriptTarget.ESNext,
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
    },
  };
}

/** The innermost function whose name, or keyword, is at the offset. */
function functionAt(source: ts.SourceFile, at: number): ts.SignatureDeclaration | undefined {
  let found: ts.SignatureDeclaration | undefined;
  const visit = (node: ts.Node): void => {
    if (at < node.getStart(source) || at >= node.end) return;
    const made = functionOf(node);
    if (made && nameStart(node, source) === at) found = made;
    ts.forEachChild(node, visit);
  };
  ts.forEachChild(source, visit);
  return found;
}

function functionOf(node: ts.Node): ts.SignatureDeclaration | undefined {
  if (ts.isFunctionLike(node) && "body" in node) return node;
  const isNamed = ts.isVariableDeclaration(node) || ts.isPropertyAssignment(node) || ts.isPropertyDeclaration(node);
  const value = isNamed ? node.initializer : ts.isExportAssignment(node) ? node.expression : undefined;
  if (!value) return undefined;
  const inner = withoutWrappers(value);
  return ts.isArrowFunction(inner) || ts.isFunctionExpression(inner) ? inner : undefined;
}

/** `(f as F)` is f. */
function withoutWrappers(expression: ts.Expression): ts.Expression {
  const isWrapper =
    ts.isParenthesizedExpression(expression) || ts.isAsExpression(expression) || ts.isSatisfiesExpression(expression);
  return isWrapper ? withoutWrappers(expression.expression) : expression;
}

function nameStart(node: ts.Node, source: ts.SourceFile): number {
  const named = node as ts.Node & { readonly name?: ts.Node };
  if (named.name) return named.name.getStart(source);
  const keyword = node.getChildren(source).find(({ kind }) => kind === ts.SyntaxKind.FunctionKeyword);
  return (keyword ?? node).getStart(source);
}

class ShapeReader {
  readonly #checker: ts.TypeChecker;
  readonly #place: ts.Node;

  constructor(checker: ts.TypeChecker, place: ts.Node) {
    this.#checker = checker;
    this.#place = place;
  }

  read(type: ts.Type, depth = 0): Shape {
    const simple = simpleShape(type, this.#checker);
    if (simple) return simple;
    if (depth >= deepest) return this.#none(type);
    if (type.isUnion()) return this.#union(type, depth);
    if (type.flags & ts.TypeFlags.TypeParameter) {
      const constraint = this.#checker.getBaseConstraintOfType(type);
      return constraint && constraint !== type ? this.read(constraint, depth + 1) : { kind: "any" };
    }
    if (type.isIntersection() || type.flags & ts.TypeFlags.Object) return this.#object(type, depth);
    return this.#none(type);
  }

  #none(type: ts.Type): Shape {
    return { kind: "none", what: this.#checker.typeToString(type) };
  }

  #union(type: ts.UnionType, depth: number): Shape {
    const members = type.types.slice(0, widest).map((member) => this.read(member, depth));
    const possible = members.filter(({ kind }) => kind !== "none");
    const [only] = possible;
    if (!only) return this.#none(type);
    return possible.length === 1 ? only : { kind: "union", members: possible };
  }

  #object(type: ts.Type, depth: number): Shape {
    const checker = this.#checker;
    if (checker.isTupleType(type)) return this.#tuple(type as ts.TypeReference, depth);
    if (checker.isArrayType(type)) {
      const [item] = checker.getTypeArguments(type as ts.TypeReference);
      return item ? { kind: "array", item: this.read(item, depth + 1) } : { kind: "any" };
    }
    if (isOfLibrary(type)) return this.#libraryObject(type, depth);
    const isCallable = type.getCallSignatures().length + type.getConstructSignatures().length > 0;
    return isCallable || type.isClass() ? this.#none(type) : this.#record(type, depth);
  }

  /** What the language itself brings; other classes cannot be made without knowing more. */
  #libraryObject(type: ts.Type, depth: number): Shape {
    const name = type.getSymbol()?.name.replace(/^Readonly(?=Map|Set)|(?<=^Promise)Like$/, "") ?? "";
    const [first, second] = this.#checker
      .getTypeArguments(type as ts.TypeReference)
      .map((argument) => this.read(argument, depth + 1));
    const made = first && generic[name]?.(first, second);
    if (made) return made;
    const builtIn = builtIns.find((known) => known === name);
    return builtIn ? { kind: builtIn } : this.#none(type);
  }

  #tuple(type: ts.TypeReference, depth: number): Shape {
    const { elementFlags } = type.target as ts.TupleType;
    const items = this.#checker.getTypeArguments(type).map((item, index) => {
      const flags = elementFlags[index] ?? ts.ElementFlags.Required;
      const optional = (flags & ts.ElementFlags.Optional) !== 0;
      return { shape: this.read(item, depth + 1), optional, rest: (flags & ts.ElementFlags.Variable) !== 0 };
    });
    return { kind: "tuple", items };
  }

  #record(type: ts.Type, depth: number): Shape {
    const checker = this.#checker;
    const fields: Field[] = [];
    for (const property of checker.getPropertiesOfType(type).slice(0, widest)) {
      const optional = (property.flags & ts.SymbolFlags.Optional) !== 0;
      const shape = this.read(checker.getTypeOfSymbolAtLocation(property, this.#place), depth + 1);
      if (shape.kind !== "none") fields.push({ name: property.name, shape, optional });
      else if (!optional) {
        return { kind: "none", what: `${checker.typeToString(type)}, for its \`${property.name}\`` };
      }
    }
    const index = checker.getIndexInfoOfType(type, ts.IndexKind.String);
    const others = index && this.read(index.type, depth + 1);
    return { kind: "object", fields, ...(others && others.kind !== "none" && { others }) };
  }
}

const generic: Readonly<Record<string, (first: Shape, second: Shape | undefined) => Shape | undefined>> = {
  Set: (item) => ({ kind: "set", item }),
  Promise: (value) => ({ kind: "promise", value }),
  Iterable: (item) => ({ kind: "array", item }),
  ArrayLike: (item) => ({ kind: "array", item }),
  Map: (key, value) => value && { kind: "map", key, value },
};

function simpleShape(type: ts.Type, checker: ts.TypeChecker): Shape | undefined {
  const { flags } = type;
  if (type.isStringLiteral() || type.isNumberLiteral()) return { kind: "literal", value: type.value };
  if (flags & ts.TypeFlags.BooleanLiteral) return { kind: "literal", value: checker.typeToString(type) === "true" };
  if (flags & ts.TypeFlags.BigIntLiteral) {
    const { value } = type as ts.BigIntLiteralType;
    return { kind: "bigint-literal", digits: `${value.negative ? "-" : ""}${value.base10Value}` };
  }
  const found = simpleKinds.find(([mask]) => flags & mask);
  return found && { kind: found[1] };
}

const simpleKinds: readonly (readonly [ts.TypeFlags, SimpleKind])[] = [
  [ts.TypeFlags.Any | ts.TypeFlags.Unknown | ts.TypeFlags.NonPrimitive, "any"],
  [ts.TypeFlags.String | ts.TypeFlags.TemplateLiteral | ts.TypeFlags.StringMapping, "string"],
  [ts.TypeFlags.Number | ts.TypeFlags.Enum, "number"],
  [ts.TypeFlags.Boolean, "boolean"],
  [ts.TypeFlags.BigInt, "bigint"],
  [ts.TypeFlags.Undefined | ts.TypeFlags.Void, "undefined"],
  [ts.TypeFlags.Null, "null"],
];

/** Declared by the language or by Node, not by the user: `Map` may be anybody's name. */
function isOfLibrary(type: ts.Type): boolean {
  const declarations = type.getSymbol()?.declarations ?? [];
  return declarations.some((declaration) =>
    /(?:^|\/)(?:lib\.[\w.]+\.d\.ts|@types\/node\/.*)$/.test(declaration.getSourceFile().fileName),
  );
}
