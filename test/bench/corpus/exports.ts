/** Which functions a library exports, and where each is defined: asked from TypeScript's checker, not from our own analysis. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { ts } from "ts-morph";
import type { FunctionRef } from "../../../src/core/function-ref.ts";
import type { CorpusProject } from "./install.ts";
import { shapeOfParameters, type Shape } from "./shapes.ts";

export interface ExportedName {
  readonly name: string;
  /** Undefined: what it is cannot be told by the source. */
  readonly ref: FunctionRef | undefined;
  /** `function`, `class`, or how the value comes about: `call of _curry2`. */
  readonly definition: string;
  /** One list of parameters for each overload; empty when the declarations do not have the name. */
  readonly overloads: readonly (readonly Shape[])[];
}

/**
 * Every name that the library's entry exports; when that is one object, every property of it. Remembered beside the
 * project: the checker takes seconds.
 */
export function exportedNames(project: CorpusProject): readonly ExportedName[] {
  const sources = ["exports.ts", "shapes.ts"].map((name) => readFileSync(path.join(import.meta.dirname, name)));
  const stamp = createHash("sha256").update(Buffer.concat(sources)).digest("hex").slice(0, 16);
  const file = path.join(project.folder, ".faasify-bench", `${stamp}.json`);
  if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8")) as readonly ExportedName[];
  const names = findExportedNames(project);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(names));
  return names;
}

function findExportedNames(project: CorpusProject): readonly ExportedName[] {
  const options: ts.CompilerOptions = {
    allowJs: true,
    noLib: false,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    lib: ["lib.es2022.d.ts"],
    types: [],
    strict: true,
    noEmit: true,
  };
  const program = ts.createProgram([project.entry, project.types], options);
  const checker = program.getTypeChecker();
  const values = exportsOf(program, project.entry);
  const declared = new Map(exportsOf(program, project.types).map((symbol) => [symbol.name, symbol]));
  return values.map((symbol) => {
    const type = declared.get(symbol.name);
    return {
      name: symbol.name,
      ...definitionOf(checker, symbol),
      overloads: type ? shapeOfParameters(checker, resolved(checker, type)) : [],
    };
  });
}

function exportsOf(program: ts.Program, file: string): readonly ts.Symbol[] {
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(file);
  const module = source && checker.getSymbolAtLocation(source);
  if (!module) throw new Error(`${path.basename(file)} exports nothing`);
  const all = checker.getExportsOfModule(module);
  const named = all.filter(({ name }) => name !== "default");
  const whole = all.find(({ name }) => name === "default") ?? module.exports?.get(ts.InternalSymbolName.ExportEquals);
  if (!whole || named.length > 1) return named;
  return objectMembers(checker, resolved(checker, whole));
}

function objectMembers(checker: ts.TypeChecker, symbol: ts.Symbol): readonly ts.Symbol[] {
  const [declaration] = symbol.declarations ?? [];
  return declaration ? checker.getTypeOfSymbolAtLocation(symbol, declaration).getProperties() : [];
}

function resolved(checker: ts.TypeChecker, symbol: ts.Symbol): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

function definitionOf(checker: ts.TypeChecker, symbol: ts.Symbol): Pick<ExportedName, "ref" | "definition"> {
  const [declaration] = resolved(checker, symbol).declarations ?? [];
  if (!declaration) return { ref: undefined, definition: "nothing" };
  const file = declaration.getSourceFile().fileName;
  if (ts.isPropertyAssignment(declaration) || ts.isShorthandPropertyAssignment(declaration)) {
    return definitionOfProperty(checker, declaration);
  }
  return definitionAt(declaration, file);
}

function definitionAt(declaration: ts.Declaration, file: string): Pick<ExportedName, "ref" | "definition"> {
  if (ts.isFunctionDeclaration(declaration) || ts.isClassDeclaration(declaration)) {
    const definition = ts.isClassDeclaration(declaration) ? "class" : "function";
    return { ref: { file, name: declaration.name?.text ?? "default" }, definition };
  }
  if (ts.isVariableDeclaration(declaration) && ts.isIdentifier(declaration.name)) {
    return { ref: { file, name: declaration.name.text }, definition: kindOfValue(declaration.initializer) };
  }
  if (ts.isExportAssignment(declaration)) {
    return { ref: { file, name: "default" }, definition: kindOfValue(declaration.expression) };
  }
  return { ref: undefined, definition: ts.SyntaxKind[declaration.kind] };
}

/** `{ isEmail: isEmail }` */
function definitionOfProperty(
  checker: ts.TypeChecker,
  declaration: ts.PropertyAssignment | ts.ShorthandPropertyAssignment,
): Pick<ExportedName, "ref" | "definition"> {
  const value = ts.isShorthandPropertyAssignment(declaration)
    ? checker.getShorthandAssignmentValueSymbol(declaration)
    : checker.getSymbolAtLocation(declaration.initializer);
  return value ? definitionOf(checker, value) : { ref: undefined, definition: "property" };
}

function kindOfValue(value: ts.Expression | undefined): string {
  if (!value) return "nothing";
  if (ts.isParenthesizedExpression(value)) return kindOfValue(value.expression);
  if (ts.isArrowFunction(value) || ts.isFunctionExpression(value)) return "function";
  if (ts.isClassExpression(value)) return "class";
  if (ts.isCallExpression(value)) return kindOfCall(value);
  if (ts.isConditionalExpression(value)) return "conditional";
  return ts.isIdentifier(value) || ts.isPropertyAccessExpression(value) ? "another name" : ts.SyntaxKind[value.kind];
}

function kindOfCall({ expression, arguments: [first] }: ts.CallExpression): string {
  const callee = ts.isIdentifier(expression) ? expression.text : "an expression";
  const argument = first && (ts.isArrowFunction(first) || ts.isFunctionExpression(first)) ? "function …" : "…";
  return `call of ${callee}(${argument})`;
}
