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
  /** Those that a bundler would not resolve in the same way. */
  readonly imports?: readonly ResolvedImport[];
  readonly manifest: UnitManifest;
}

export interface UnitFile {
  /** Absolute path of the original. */
  readonly path: string;
  readonly text: string;
  /** Expressions in the text that mean something else in a bundle; each becomes a call of the same length. */
  readonly rewrites?: readonly Rewrite[];
  /** How the file itself is written; absent where it does not matter. */
  readonly syntax?: "esm" | "cjs";
}

/** A piece of a unit's text, by its offset there. */
export type Rewrite = PlaceRewrite | LoadRewrite;

/**
 * `import.meta.url`, `__dirname`, `import.meta.filename`: where the file's assets are found. `resolvedUrl` and
 * `resolvedPath`: `import.meta.resolve` and `require.resolve`, without the call.
 */
export interface PlaceRewrite {
  readonly kind: "url" | "folder" | "file" | "resolvedUrl" | "resolvedPath";
  readonly offset: number;
  readonly length: number;
}

/**
 * `import` or `require` in front of a name that is one of a known set, or `createRequire(…)`: what loads the modules
 * becomes a function that knows these.
 */
export interface LoadRewrite {
  /** `required`: the expression gives the function instead of being its name. */
  readonly kind: "import" | "require" | "required";
  readonly offset: number;
  readonly length: number;
  readonly specifiers: readonly string[];
}

/** An import that is resolved by what only analysis knows. */
export interface ResolvedImport {
  readonly specifier: string;
  /** Absolute path of the importing file, and of what it gets. */
  readonly from: string;
  readonly file: string;
}

/** What the function needs and does besides computing: shown to the user and stored with the unit. */
export interface UnitManifest {
  readonly effects: readonly Effect[];
  /** Names of environment variables that are read by a constant name. */
  readonly environment: readonly string[];
  /** Absolute paths of files and folders that are read by constant paths: they travel along. */
  readonly assets: readonly string[];
  /** Packages imported from node_modules; bundled, or shipped beside the bundle. */
  readonly packages: readonly string[];
  /** Of these: those that have a native addon, by what their package.json says. */
  readonly addons: readonly string[];
  /** Module variables that change while the program runs: they may travel with a call and come back. */
  readonly state: readonly UnitVariable[];
  /** Variables of the code around a nested function, which travel with each call; absent for none. */
  readonly captured?: readonly UnitName[];
  /** Classes of the project whose instances the unit can take and give. */
  readonly classes: readonly UnitClass[];
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

export interface UnitClass extends UnitName {
  /** Functions of the project make the classes between it and those that have names; these hide nothing. */
  readonly mixed?: true;
}

export interface UnitVariable extends UnitName {
  /** Declared by `let` or `var`. What a constant holds is changed in place. */
  readonly assignable: boolean;
  /** A constant that each process makes anew: the unit's is given the program's value. */
  readonly sent?: true;
}
