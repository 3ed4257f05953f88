/** What the two sides of a verification are told and tell. Data: it crosses the border of a process. */
import type { ParameterShape } from "./shape.ts";

/** Which arguments a function gets. Both sides make the same of it. */
export type CaseSource =
  | { readonly kind: "given"; readonly cases: readonly (readonly unknown[])[] }
  | {
      readonly kind: "generated";
      readonly parameters: readonly ParameterShape[];
      readonly count: number;
      readonly seed: number;
    };

export interface SideRequest {
  /** Absolute path of the file that has the function: the original's, or its copy's in a decomposed program. */
  readonly file: string;
  /** As in FunctionRef. */
  readonly name: string;
  /** One after the other. */
  readonly sources: readonly CaseSource[];
  /** From tsconfig.json: `@app/*` → absolute patterns. */
  readonly paths: readonly PathAlias[];
}

export interface PathAlias {
  readonly pattern: string;
  /** Absolute, with the `*` of the pattern. */
  readonly targets: readonly string[];
}

/** Of one side, in the order in which they are sent. */
export type SideMessage =
  | { readonly kind: "observed"; readonly index: number; readonly observation: Observation }
  | { readonly kind: "done" }
  /** The function could not be had at all. */
  | { readonly kind: "failed"; readonly problem: string };

/** What one call did, as far as its caller can see. */
export interface Observation {
  /** The arguments as JavaScript, for people. */
  readonly input: string;
  readonly outcome: "returned" | "threw";
  /** The outcome came by a promise. */
  readonly promise: boolean;
  /** Graph of `{ result | error, arguments }` after the call. */
  readonly values: Snapshot;
  /** Adjacent pieces of one stream are one. */
  readonly output: readonly (readonly [stream: "stdout" | "stderr", text: string])[];
}

/** A value's whole graph as data: what can be told apart in JavaScript is told apart here. */
export interface Snapshot {
  readonly root: SnapshotValue;
  readonly nodes: readonly SnapshotNode[];
}

/** A primitive as JavaScript would write it (`-0`, `"a"`, `3n`), or the index of a node. */
export type SnapshotValue = string | number;

export interface SnapshotNode {
  /** `Object`, `Date`, `Cart`; `null` for an object without prototype. */
  readonly type: string;
  /** What is not in fields: a date's time, a regular expression's source, an array's length, bytes. */
  readonly text?: string;
  /** Own properties in order: `.name`, `[0]`, `[Symbol(x)]`; accessors, hidden and read-only ones say so. */
  readonly fields: readonly (readonly [path: string, value: SnapshotValue])[];
}
