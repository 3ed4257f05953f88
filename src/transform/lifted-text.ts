/**
 * A nested function as it stands in its unit: at its own place in the file, in a function that has the variables which
 * travel, and is what the unit exports. Only what stands in front of it on its first line moves it.
 */
import { ts } from "ts-morph";
import type { LiftedPart } from "../analysis/typescript/lift.ts";
import type { LiftedFunction } from "../analysis/typescript/slice.ts";
import type { Span } from "./blank.ts";
import type { Insertion } from "./unit-exports.ts";

export interface LiftedText {
  /** What stays of the item that the function stands in. */
  readonly parts: readonly Span[];
  /** Ascending. */
  readonly insertions: readonly Insertion[];
}

/** Names that no code of the user has. */
const ARGUMENTS = "__faasifyArguments";
const GIVEN = "__faasifyGiven";
const OWN = "__faasifyOwn";

/** @param exportName - of the function, at the top level of its file */
export function liftedText(lifted: LiftedFunction, exportName: string): LiftedText {
  const { site, lift } = lifted;
  const { statement } = site.item;
  const parts = lift.parts.map((part) => textOf(part, part.name ?? OWN));
  const own = lift.parts.find(({ node }) => node === site.node || node === site.node.parent);
  const insertions = [
    { offset: statement.getFullStart(), text: `;const ${exportName} = ${opening(lifted)}` },
    ...parts.flatMap(({ span, before, after }) => [
      { offset: span.start, text: before },
      { offset: span.end, text: after },
    ]),
    { offset: statement.end, text: ` return ${own?.name ?? OWN}.apply(this, ${ARGUMENTS}); }; })();` },
  ];
  return { parts: parts.map(({ span }) => span), insertions: insertions.filter(({ text }) => text !== "") };
}

function opening({ site, lift, captured, parameters }: LiftedFunction): string {
  const strict = lift.isStrict ? `"use strict"; ` : "";
  if (captured.length === 0) return `(() => { ${strict}return function (...${ARGUMENTS}) { `;
  const names = captured.map(({ name }) => name).join(", ");
  const accesses = captured.map(({ id, name }) => {
    const given = name === "value" ? "given" : "value";
    return `${JSON.stringify(id)}: { get: () => ${name}, set: (${given}) => { ${name} = ${given}; ${GIVEN} = true; } }`;
  });
  const message = JSON.stringify(`${site.name} cannot be called without values of ${names}`);
  const otherwise =
    parameters === undefined
      ? `throw new TypeError(${message})`
      : `[${names}] = ${ARGUMENTS}.splice(${parameters}, ${captured.length})`;
  return (
    `(() => { ${strict}let ${GIVEN} = false, ${names}; ` +
    `(globalThis[Symbol.for("faasify.names")] ??= []).push({ state: { ${accesses.join(", ")} }, classes: {} }); ` +
    `return function (...${ARGUMENTS}) { if (${GIVEN}) ${GIVEN} = false; else ${otherwise}; `
  );
}

interface PartText {
  readonly span: Span;
  readonly before: string;
  readonly after: string;
}

function textOf({ node }: LiftedPart, name: string): PartText {
  if (ts.isFunctionDeclaration(node) || ts.isClassDeclaration(node)) return statementText(node);
  if (ts.isVariableDeclaration(node)) return variableText(node);
  const span = { start: node.getStart(), end: node.end };
  if (!ts.isMethodDeclaration(node)) return { span, before: `const ${name} = `, after: ";" };
  const property = `${name}Of`;
  return { span, before: `const ${property} = { `, after: ` }, ${name} = ${property}[Object.keys(${property})[0]];` };
}

/** Without `export` and `default`: namespaces have them. */
function statementText(node: ts.FunctionDeclaration | ts.ClassDeclaration): PartText {
  const modifiers = ts.getModifiers(node) ?? [];
  const isExport = ({ kind }: ts.Modifier): boolean => kind === ts.SyntaxKind.ExportKeyword;
  const exported = modifiers.findLast(isExport);
  const start = exported
    ? (node.getChildren().find(({ pos }) => pos >= exported.end) ?? node).getStart()
    : node.getStart();
  return { span: { start, end: node.end }, before: "", after: ";" };
}

/** With its keyword, where it is the first of its list. */
function variableText(node: ts.VariableDeclaration): PartText {
  const list = node.parent;
  const isFirst = ts.isVariableDeclarationList(list) && list.declarations[0] === node;
  const start = isFirst ? list.getStart() : node.getStart();
  return { span: { start, end: node.end }, before: isFirst ? "" : "const ", after: ";" };
}
