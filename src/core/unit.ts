import type { Effect, FunctionModel } from "./function-model.ts";

/**
 * A function with everything it needs.
 *
 * `files` are the original source files with every top-level statement that is not needed replaced
 * by blanks of the same length (line breaks kept), so that a position in a unit's file is a position
 * in the original. Text may be *appended* behind the original's end, to export the function.
 */
export interface Unit {
  readonly function: FunctionModel;
  readonly files: readonly UnitFile[];
  /** The name under which `function.file`'s unit text exports the function. */
  readonly exportName: string;
  /** How that file must be bundled: an ES module or CommonJS. */
  readonly format: "esm" | "cjs";
  readonly manifest: UnitManifest;
}

export interface UnitFile {
  /** Absolute path of the original. */
  readonly path: string;
  readonly text: string;
}

/** What the function needs and does besides computing: shown to the user and stored with the unit. */
export interface UnitManifest {
  readonly effects: readonly Effect[];
  /** Names of environment variables that are read by a constant name. */
  readonly environment: readonly string[];
  /** Packages imported from node_modules; bundled. */
  readonly packages: readonly string[];
  /** Module variables that change while the program runs: they may travel with a call and come back. */
  readonly state: readonly UnitVariable[];
  /** Classes of the project whose instances the unit can take and give. */
  readonly classes: readonly UnitName[];
}

/** Something at the top level of one of the unit's files. */
export interface UnitName {
  /** `src/shapes.mjs#Point`: the file relative to the project, the same in every copy of the program. */
  readonly id: string;
  /** Absolute path of the original. */
  readonly file: string;
  readonly name: string;
  /** From 1. */
  readonly line: number;
}

export interface UnitVariable extends UnitName {
  /** Declared by `let` or `var`. What a constant holds is changed in place. */
  readonly assignable: boolean;
}
