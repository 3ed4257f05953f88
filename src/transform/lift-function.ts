/**
 * A function anywhere in a file → the file's text with a function behind its end that applies the first one to a list of
 * items. What the function captures of the functions around it becomes data that is sent along.
 */
import { ts } from "ts-morph";
import { collectFacts, hasModifier, type Reference } from "../analysis/typescript/facts.ts";
import { functionSitesOf } from "../analysis/typescript/function-sites.ts";
import { lineOf, type Item, type Module } from "../analysis/typescript/module.ts";
import { boundNames, namesDeclaredBy } from "../analysis/typescript/scopes.ts";
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
export function liftFunction(module: Module, offset: number): LiftedFunction {
  const node = functionAt(module.sourceFile, offset);
  if (!node?.body) {
    const { line } = module.sourceFile.getLineAndCharacterOfPosition(offset);
    throw new FaasifyError("function-not-found", `${module.file}:${line + 1} has no function there`, {
      remedy: "Restart the program, if its file was edited since it was loaded",
    });
  }
  const site = functionSitesOf(module).find((one) => one.node === node && !one.nestedIn && !one.made);
  const runs = runsIn(module, node);
  const known = site && site.kind !== "method" ? site.expression : undefined;
  const lifted = known === undefined ? liftedWith(module, node) : { declarations: [], captured: [], all: [node] };
  const names = new Set(lifted.all.flatMap((part) => collectFacts(part).references.map(({ name }) => name)));
  const mentioned = Array.from(names).filter((name) => module.bindings.has(name));
  // What a run has given is data, too: it must not be made by another run there.
  const given = runs.flatMap(({ node: part }) => namesOf(part)).filter((name) => names.has(name));
  const captured = [...lifted.captured, ...given].toSorted();
  const expression = known !== undefined && given.length === 0 ? known : node.getText();
  const before = lifted.declarations.map((declaration) => `${declaration.getText()};\n`).join("");
  const above = `${blanked(module.text, runs)}\n${headText(module, captured)}${before}`;
  const text = `${above}const __run = (${expression});\n${LOOP}\n`;
  const line = lineOf(node);
  const liftedLine = expression === known ? line : lineCount(above) + 1;
  return { text, captured, mentioned, source: node.getText(), line, liftedLine };
}

/**
 * The parts of the file's top level that start runs: where the function is deployed nothing must start them again,
 * whatever else they are needed for.
 */
function runsIn({ items, bindings }: Module, node: ts.Node): readonly Item[] {
  const starters = new Set(
    Array.from(bindings.values()).flatMap(({ name, imported }) => (imported?.specifier === "faasify" ? [name] : [])),
  );
  return items.filter(({ kind, facts, statement }) => {
    if (kind === "import" || kind === "bare-import" || kind === "type") return false;
    const starts = facts.references.some(({ name, deferred }) => !deferred && starters.has(name));
    return starts || isHandedOn(node, statement);
  });
}

/** Does the statement itself give the function to somebody, as an argument? */
function isHandedOn(node: ts.Node, statement: ts.Statement): boolean {
  if (!contains(statement, node)) return false;
  for (let outer = node; outer !== statement; outer = outer.parent) {
    if (outer !== node && ts.isFunctionLike(outer)) return false;
    if (ts.isCallExpression(outer.parent) && outer.parent.expression !== outer) return true;
  }
  return false;
}

function namesOf(part: ts.Node): readonly string[] {
  return ts.isVariableDeclaration(part) ? boundNames(part.name).map(({ text }) => text) : [];
}

/** Line breaks stay. */
function blanked(text: string, items: readonly Item[]): string {
  return items.reduce((result, { statement }) => {
    const [start, end] = [statement.getStart(), statement.end];
    return result.slice(0, start) + result.slice(start, end).replaceAll(/[^\r\n]/g, " ") + result.slice(end);
  }, text);
}

function lineCount(text: string): number {
  return text.split("\n").length - 1;
}

function headText({ file }: Module, captured: readonly string[]): string {
  const isTypeScript = /\.[cm]?tsx?$/i.test(file);
  const given = isTypeScript ? "(__captured: any, __items: any, __first: any)" : "(__captured, __items, __first)";
  const taken = captured.length === 0 ? "" : `const { ${captured.join(", ")} } = __captured;`;
  return `;async function ${CHUNK_FUNCTION}${given} { ${taken}\n`;
}

/**
 * One that throws does not keep the others of its chunk from running: they are items of their own. The names are none
 * that the function's text could mean.
 */
const LOOP = [
  "const __done = [];",
  "for (let __at = 0; __at < __items.length; __at++) {",
  "try { __done.push([__first < 0 ? await __run(...__items[__at]) : await __run(__items[__at], __first + __at)]); }",
  "catch (__error) { __done.push([undefined, __error]); }",
  "}",
  "return __done; }",
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
