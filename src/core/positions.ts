/** A place in a text as LSP, VS Code and CDP count: line and column from 0, columns in UTF-16 units. */
export interface Position0 {
  readonly line0: number;
  readonly column0: number;
}

/** From `start` up to but without `end`. */
export interface Range0 {
  readonly start: Position0;
  readonly end: Position0;
}

/** A place in a text as DAP and people count: line and column from 1. */
export interface Position1 {
  readonly line1: number;
  readonly column1: number;
}
