/** The text of a decomposed program's file: its moved functions call their stubs; every other character stays. */
import { ts } from "ts-morph";
import { hasModifier } from "../analysis/typescript/facts.ts";
import type { FunctionNode, FunctionSite } from "../analysis/typescript/function-sites.ts";
import { isGenerator } from "../analysis/typescript/own-code.ts";
import type { Module } from "../analysis/typescript/module.ts";
import type { ProgramFile } from "../analysis/typescript/program.ts";
import { lineBreaks, stubSignature, type Edit } from "./decompose-signature.ts";
import { namesText, type FileNames } from "./unit-exports.ts";

export interface StubSite {
  readonly site: FunctionSite;
  /** What the runtime knows the function by: `src/prices.mjs#total`, relative to the copy's root. */
  readonly key: string;
  /** Sends `this` along. */
  readonly usesThis: boolean;
  /** An expression: with any other `this` the function's own code runs. */
  readonly home: string | undefined;
  readonly captured: readonly StubVariable[];
}

/** A variable of the code around the function. */
export interface StubVariable {
  readonly name: string;
  /** The function may assign to it. */
  readonly isWritten: boolean;
}

export interface RewriteInput {
  readonly file: ProgramFile;
  readonly stubs: readonly StubSite[];
  /** What the file's variables and classes are registered by. */
  readonly names: FileNames;
  /** From the file to the runtime: `./.faasify/runtime.cjs`. */
  readonly runtime: string;
}

/** The file's new text; the old one when nothing in it changes. Lines stay where they are. */
export function rewriteFile({ file, stubs, names, runtime }: RewriteInput): string {
  const { module, format } = file;
  const registration = namesText(module, names);
  if (stubs.length === 0 && !registration) return module.text;
  const variable = freeName(module.text);
  const edits: Edit[] = stubs.flatMap((stub) => stubEdits(stub, variable));
  for (const { offset, text } of registration?.insertions ?? []) edits.push({ start: offset, end: offset, text });
  // A compiler makes CommonJS of a file that imports: what it imports is loaded by its rules, too.
  const load =
    (module.syntax ?? format) === "esm"
      ? `import ${variable} from ${JSON.stringify(runtime)};`
      : `const ${variable} = require(${JSON.stringify(runtime)});`;
  const register = registration ? ` ${variable}.names(${registration.literal});` : "";
  const start = startOf(module);
  edits.push({ start, end: start, text: `${load}${register} ` });
  if (registration?.declaration) {
    const end = module.text.length;
    edits.push({ start: end, end, text: `\n;${registration.declaration}\n` });
  }
  return applyEdits(module.text, edits);
}

function freeName(text: string): string {
  let name = "__faasify";
  while (text.includes(`${name}.`) || text.includes(`${name} `)) name += "_";
  return name;
}

/** Behind a shebang, directives such as "use strict", and the comments above the first statement. */
function startOf({ sourceFile, text }: Module): number {
  const first = sourceFile.statements.find(
    (statement) => !(ts.isExpressionStatement(statement) && ts.isStringLiteral(statement.expression)),
  );
  return first ? first.getStart(sourceFile, true) : text.length;
}

/**
 * The body of the stub calls the runtime, and hands it the function's own body, as an arrow function: what `this`,
 * `super`, private names and variables mean in it stays.
 */
function stubEdits({ site, key, usesThis, home, captured }: StubSite, variable: string): Edit[] {
  const { node } = site;
  const { body } = node;
  if (site.made) {
    const start = site.made.getStart();
    return [
      { start, end: start, text: `${variable}.made(${JSON.stringify(key)}, ` },
      { start: site.made.end, end: site.made.end, text: ")" },
    ];
  }
  if (!body) return [];
  const isTypeScript = /\.[cm]?tsx?$/i.test(node.getSourceFile().fileName);
  const { edit, args, inner } = stubSignature(node, isTypeScript);
  const edits = edit ? [edit] : [];
  const start = body.getStart();
  const isBlock = ts.isBlock(body);
  const result = `return ${isGenerator(node) ? "yield* " : ""}`;
  const call = `${variable}.call(${[JSON.stringify(key), args, ...(usesThis ? ["this"] : [])].join(", ")}`;
  if (inner === undefined) {
    const breaks = lineBreaks(node.getSourceFile().text.slice(start, body.end));
    const text = isBlock ? `{ ${result}${call});${breaks || " "}}` : `${call})${breaks}`;
    return [...edits, { start, end: body.end, text }];
  }
  const { head, tail } = ownCode(node, inner);
  const own = `${call}${usesThis ? "" : ", undefined"}, ${head}`;
  return [
    ...edits,
    { start, end: start, text: isBlock ? `{ ${result}${own}` : own },
    { start: body.end, end: body.end, text: `${tail}${lastArguments(home, captured)})${isBlock ? "; }" : ""}` },
  ];
}

function lastArguments(home: StubSite["home"], captured: StubSite["captured"]): string {
  if (captured.length === 0) return home === undefined ? "" : `, this === ${home}`;
  const accesses = captured.map(({ name, isWritten }) => {
    const given = name === "value" ? "given" : "value";
    return `${name}: { get: () => ${name}${isWritten ? `, set: (${given}) => { ${name} = ${given}; }` : ""} }`;
  });
  return `, true, { ${accesses.join(", ")} }`;
}

/** What stands around the function's own body. No arrow function is a generator: what that one calls `this` is handed on. */
function ownCode(node: FunctionNode, parameters: string): { readonly head: string; readonly tail: string } {
  const asynchronous = hasModifier(node, ts.SyntaxKind.AsyncKeyword) ? "async " : "";
  return isGenerator(node)
    ? { head: `(${asynchronous}function* (${parameters}) `, tail: ").bind(this)" }
    : { head: `${asynchronous}(${parameters}) => `, tail: "" };
}

/** Of edits at the same place the first one given comes first. */
function applyEdits(text: string, edits: readonly Edit[]): string {
  let result = "";
  let offset = 0;
  for (const { start, end, text: added } of edits.toSorted((a, b) => a.start - b.start)) {
    result += text.slice(offset, start) + added;
    offset = end;
  }
  return result + text.slice(offset);
}
