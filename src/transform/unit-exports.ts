/**
 * How a file makes its variables and classes known by their ids: text for the files of a unit and for those of a
 * decomposed program. Nothing that is there moves to another line, and of the columns only those behind the end of a
 * class with private elements.
 */
import type { ts } from "ts-morph";
import { classOf } from "../analysis/typescript/class-nodes.ts";
import { privatesOf } from "../analysis/typescript/class-privates.ts";
import type { Module } from "../analysis/typescript/module.ts";
import type { UnitClass, UnitVariable } from "../core/unit.ts";

/** Of one file. */
export interface FileNames {
  readonly state: readonly UnitVariable[];
  readonly classes: readonly UnitClass[];
}

export interface Insertion {
  /** Offset in the file's text: the new text comes in front of what is there. */
  readonly offset: number;
  readonly text: string;
}

export interface NamesText {
  /** An expression on one line, a `RegisteredNames` of protocol/: may stand anywhere in the file, also at its top. */
  readonly literal: string;
  /** A statement that must stand at the file's top level, or nothing. */
  readonly declaration: string;
  /** Inside classes, ascending. */
  readonly insertions: readonly Insertion[];
}

/** Says private names from inside their class; `var`, as classes may be defined before and after. */
const HIDDEN = "__faasifyHidden";

/** Undefined when the file has nothing to make known. */
export function namesText(
  { bindings }: Pick<Module, "bindings">,
  names: FileNames,
  side: "program" | "unit" = "program",
): NamesText | undefined {
  if (names.state.length === 0 && names.classes.length === 0) return undefined;
  const openings = openingsOf(bindings, names);
  const classes = names.classes.map(({ id, name, mixed }) => {
    const hidden = openings.get(name)?.instances ? `, hidden: () => ${HIDDEN}?.${name}` : "";
    return `${JSON.stringify(id)}: { get: () => ${name}${hidden}${mixed ? ", mixed: true" : ""} }`;
  });
  const state = names.state.map((variable) => `${JSON.stringify(variable.id)}: ${accessText(variable, side)}`);
  const insertions = Array.from(openings, ([name, opening]) => insertionFor(name, opening));
  return {
    literal: `{ state: ${record(state)}, classes: ${record(classes)} }`,
    declaration: insertions.length > 0 ? `var ${HIDDEN};` : "",
    insertions: insertions.toSorted((a, b) => a.offset - b.offset),
  };
}

function record(entries: readonly string[]): string {
  return entries.length === 0 ? "{}" : `{ ${entries.join(", ")} }`;
}

/** `{ get: () => n, set: (value) => { n = value; } }` */
function accessText({ name, assignable, sent }: UnitVariable, side: "program" | "unit"): string {
  const [owner = "", property] = name.split(".");
  if (property?.startsWith("#")) {
    const access = `${HIDDEN}.${owner}.statics["${property}"]`;
    return `{ get: () => ${access}.get(), set: (value) => ${access}.set(value) }`;
  }
  // The variable itself may be called `value`.
  const given = name === "value" ? "given" : "value";
  return `{ get: () => ${name}${assignable || (sent && side === "unit") ? `, set: (${given}) => { ${name} = ${given}; }` : ""} }`;
}

/** What must be said from inside a class. */
interface Opening {
  readonly node: ts.ClassLikeDeclaration;
  /** Instances have private elements. */
  instances: boolean;
  /** Private static fields that are state. */
  readonly statics: string[];
}

function openingsOf(bindings: Module["bindings"], { state, classes }: FileNames): Map<string, Opening> {
  const openings = new Map<string, Opening>();
  const open = (name: string): Opening | undefined => {
    const declaration = bindings.get(name)?.declaration;
    const node = declaration && classOf(declaration);
    const opening = openings.get(name) ?? (node && { node, instances: false, statics: [] });
    if (opening) openings.set(name, opening);
    return opening;
  };
  for (const { name } of classes) {
    const declaration = bindings.get(name)?.declaration;
    const node = declaration && classOf(declaration);
    if (!node || privatesOf(node).any === undefined) continue;
    const opening = open(name);
    if (opening) opening.instances = true;
  }
  for (const { name } of state) {
    const [owner = "", property] = name.split(".");
    if (property?.startsWith("#")) open(owner)?.statics.push(property);
  }
  return openings;
}

/** In front of the closing brace: behind all other elements, so that they are there when it is evaluated. */
function insertionFor(name: string, { node, instances, statics }: Opening): Insertion {
  const { any, fields } = privatesOf(node);
  const parts = instances
    ? [`has: (o) => ${any} in o`, `read: ${readerText(fields)}`, `write: ${writerText(fields)}`]
    : [];
  const accesses = statics.map(
    (field) => `"${field}": { get: () => c.${field}, set: (value) => { c.${field} = value; } }`,
  );
  const hidden = record([...parts, "made: undefined", `statics: ${record(accesses)}`]);
  const last = instances ? ` #faasify = ${HIDDEN}?.${name}?.made?.(this);` : "";
  const text = `; static { const c = this; (${HIDDEN} ??= {}).${name} = ${hidden}; }${last} `;
  return { offset: node.getEnd() - 1, text };
}

function readerText(fields: readonly string[]): string {
  return `(o) => (${record(fields.map((field) => `"${field}": o.${field}`))})`;
}

function writerText(fields: readonly string[]): string {
  return `(o, f) => { ${fields.map((field) => `if ("${field}" in f) o.${field} = f["${field}"];`).join(" ")} }`;
}

/** The text with what is inserted. */
export function insert(text: string, insertions: readonly Insertion[]): string {
  let result = text;
  for (const { offset, text: added } of insertions.toReversed()) {
    result = result.slice(0, offset) + added + result.slice(offset);
  }
  return result;
}
