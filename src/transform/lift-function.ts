/**
 * A function anywhere in a file → the file's text with a function behind its end that applies the first one to a list of
 * items. What the function captures of the functions around it becomes data that is sent along.
 */
import { ts } from "ts-morph";
import { collectFacts, hasModifier, type Reference } from "../analysis/typescript/facts.ts";
import { functionSitesOf } from "../analysis/typescript/function-sites.ts";
import { lineOf, type Module } from "../analysis/typescript/module.ts";
import { namesDeclaredBy } from "../analysis/typescript/scopes.ts";
import { FaasifyError } from "../core/errors.ts";

/** The name of the function that is added. */
export const CHUNK_FUNCTION = "__faasifyChunk";

export interface LiftedFunction {
  /** The whole file's. */
  readonly text: string;
  /** What is to be sent: names of variables of the functions around it. */
  readonly captured: readonly string[];
  /** Names of the file's top level that it mentions itself. */
  readonly mentioned: readonly string[];
  /** Its own text. */
  readonly source: string;
  /** From 1: where its text begins in the original, and in the new text; the same for functions of the top level. */
  readonly line: number;
  readonly liftedLine: number;
}

/**
 * @param offset - where the engine says that the function begins: at its parameters, or in front of them
 * @throws FaasifyError `function-not-found`, `function-stays-local`
 */
export function liftFunction(module: Module, offset: number, format: "esm" | "cjs"): LiftedFunction {
  const node = functionAt(module.sourceFile, offset);
  if (!node?.body) {
    const { line } = module.sourceFile.getLineAndCharacterOfPosition(offset);
    throw new FaasifyError("function-not-found", `${module.file}:${line + 1} has no function there`, {
      remedy: "Restart the program, if its file was edited since it was loaded",
    });
  }
  const site = functionSitesOf(module).find((one) => one.node === node && !one.nestedIn && !one.made);
  const isPlain = site && site.kind !== "method";
  const lifted = isPlain ? { declarations: [], captured: [], all: [node] } : liftedWith(module, node);
  const expression = isPlain ? site.expression : node.getText();
  const line = lineOf(node);
  const head = headText(module, format, lifted.captured);
  const before = lifted.declarations.map((declaration) => `${declaration.getText()};\n`).join("");
  const text = `${module.text}\n${head}${before}const run = (${expression});\n${LOOP}\n`;
  const liftedLine = isPlain ? line : lineCount(`${module.text}\n${head}${before}`) + 1;
  const names = lifted.all.flatMap((part) => collectFacts(part).references.map(({ name }) => name));
  const mentioned = Array.from(new Set(names)).filter((name) => module.bindings.has(name));
  return { text, captured: lifted.captured, mentioned, source: node.getText(), line, liftedLine };
}

function lineCount(text: string): number {
  return text.split("\n").length - 1;
}

function headText({ file }: Module, format: "esm" | "cjs", captured: readonly string[]): string {
  const isTypeScript = /\.[cm]?tsx?$/i.test(file);
  const given = isTypeScript ? "(captured: any, items: any, first: any)" : "(captured, items, first)";
  const taken = captured.length === 0 ? "" : `const { ${captured.join(", ")} } = captured;`;
  const start =
    format === "esm" ? `export async function ${CHUNK_FUNCTION}` : `module.exports.${CHUNK_FUNCTION} = async function`;
  return `;${start}${given} { ${taken}\n`;
}

/** One that throws does not keep the others of its chunk from running: they are items of their own. */
const LOOP = [
  "const done = [];",
  "for (let at = 0; at < items.length; at++) {",
  "try { done.push([first < 0 ? await run(...items[at]) : await run(items[at], first + at)]); }",
  "catch (error) { done.push([undefined, error]); }",
  "}",
  "return done; };",
].join(" ");

type LiftedNode = ts.FunctionLikeDeclaration | ts.VariableStatement | ts.FunctionDeclaration | ts.ClassDeclaration;

interface Lifted {
  /** In source order. */
  readonly declarations: readonly LiftedNode[];
  readonly captured: readonly string[];
  readonly all: readonly LiftedNode[];
}

/** With the functions and classes around it that it uses: these travel as text, everything else as data. */
function liftedWith(module: Module, node: ts.FunctionLikeDeclaration): Lifted {
  refuseUnfit(module, node);
  const declarations = new Set<LiftedNode>();
  const captured = new Set<string>();
  const all: LiftedNode[] = [node];
  // The list grows while it is walked.
  for (const part of all) {
    for (const reference of freeReferences(part)) {
      const scope = scopeOf(reference, node);
      if (!scope) continue;
      const declaration = liftable(scope, reference.name);
      if (!declaration) {
        refuseChange(module, node, reference);
        captured.add(reference.name);
      } else if (!declarations.has(declaration)) {
        declarations.add(declaration);
        all.push(declaration);
      }
    }
  }
  const sorted = Array.from(declarations).toSorted((a, b) => a.pos - b.pos);
  return { declarations: sorted, captured: Array.from(captured).toSorted(), all };
}

/** Names of a declaration that it declares itself lead to it again, which does no harm. */
function freeReferences(part: ts.Node): readonly Reference[] {
  return collectFacts(part).references;
}

function refuseUnfit(module: Module, node: ts.FunctionLikeDeclaration): void {
  if ("asteriskToken" in node && node.asteriskToken) throw stays(module, node, "it is a generator");
  const { thisNode } = collectFacts(node);
  if (thisNode) throw stays(module, node, `it uses \`${thisNode.getText()}\` (line ${lineOf(thisNode)})`);
  if (ts.isArrowFunction(node) && collectFacts(node).references.some(({ name }) => name === "arguments")) {
    throw stays(module, node, "it uses the `arguments` of the function around it");
  }
  if (!ts.isArrowFunction(node) && !ts.isFunctionExpression(node) && !ts.isFunctionDeclaration(node)) {
    throw stays(module, node, "it is a method, which needs its object");
  }
}

/** Changes of a copy would be lost. */
function refuseChange(module: Module, node: ts.Node, { name, use, node: at }: Reference): void {
  if (use !== "write" && use !== "mutate") return;
  throw stays(
    module,
    node,
    `it changes \`${name}\` of the function around it (line ${lineOf(at)}), and would change a copy`,
  );
}

function stays(module: Module, node: ts.Node, why: string): FaasifyError {
  const where = `The function at ${module.file}:${lineOf(node)}`;
  return new FaasifyError("function-stays-local", `${where} cannot run elsewhere: ${why}`, {
    remedy: "Give it what it needs as its item, and use what it returns",
  });
}

/** The innermost function that has this place between its start and its body. */
function functionAt(sourceFile: ts.SourceFile, offset: number): ts.FunctionLikeDeclaration | undefined {
  let found: ts.FunctionLikeDeclaration | undefined;
  const visit = (node: ts.Node): void => {
    if (node.pos > offset || node.end < offset) return;
    const { body } = node as Partial<ts.FunctionLikeDeclaration>;
    if (ts.isFunctionLike(node) && body && node.getStart(sourceFile) <= offset && offset <= body.getStart(sourceFile)) {
      found = node as ts.FunctionLikeDeclaration;
    }
    ts.forEachChild(node, visit);
  };
  visit(sourceFile);
  return found;
}

/** The scope around the function that declares a name it uses; undefined: the file's own, or nobody's. */
function scopeOf({ name, node }: Reference, lifted: ts.Node): ts.Node | undefined {
  for (let scope: ts.Node = node; !ts.isSourceFile(scope); scope = scope.parent) {
    if (namesDeclaredBy(scope).has(name)) return contains(lifted, scope) ? undefined : scope;
  }
  return undefined;
}

function contains(outer: ts.Node, inner: ts.Node): boolean {
  return inner.pos >= outer.pos && inner.end <= outer.end;
}

/** A function or class that is declared there, or a constant that is a function. */
function liftable(scope: ts.Node, name: string): LiftedNode | undefined {
  const block = ts.isFunctionLike(scope) ? (scope as ts.FunctionLikeDeclaration).body : scope;
  const statements = block && (ts.isBlock(block) || ts.isModuleBlock(block)) ? block.statements : [];
  for (const statement of statements) {
    if (ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement)) {
      if (statement.name?.text === name) return statement;
    } else if (ts.isVariableStatement(statement) && isConstantFunction(statement, name)) return statement;
  }
  return undefined;
}

function isConstantFunction(statement: ts.VariableStatement, name: string): boolean {
  const { declarations, flags } = statement.declarationList;
  const [only, ...others] = declarations;
  const isConstant = (flags & ts.NodeFlags.Const) !== 0 && !hasModifier(statement, ts.SyntaxKind.DeclareKeyword);
  if (!only?.initializer || others.length > 0 || !isConstant) return false;
  const isNamed = ts.isIdentifier(only.name) && only.name.text === name;
  return isNamed && (ts.isArrowFunction(only.initializer) || ts.isFunctionExpression(only.initializer));
}
