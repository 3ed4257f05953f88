/**
 * What the value codec promises (codec.ts keeps it). Values cross losslessly, or are refused with their path.
 *
 * A value that plain JSON keeps as it is travels as it is. Anything else travels as `{"$faasify": graph}`: all objects
 * in one list, so that cycles, shared references and deep nesting cost nothing special.
 */

/** JSON: the value itself, or `{"$faasify": …}` around a graph. A plain value that has such a key travels as a graph. */
export type Encoded = unknown;

/** Classes of the user's own code whose instances travel: the same table at both ends, by ids that both agree on. */
export interface ClassTable {
  /** `src/shapes.mjs#Point`. Undefined: instances of it do not travel. */
  idOf(prototype: object): string | undefined;
  find(id: string): TravellingClass | undefined;
}

export interface TravellingClass {
  readonly prototype: object;
  /** Reads and writes fields that only the class's own code can see. */
  readonly hidden?: HiddenFields;
}

export interface HiddenFields {
  /** By name (`#balance`). */
  read(instance: object): Readonly<Record<string, unknown>>;
  write(instance: object, fields: Readonly<Record<string, unknown>>): void;
  /** An instance with these fields, made without running its constructor's own code. */
  create(): object;
}

/** What cannot be copied and stays where it is: functions, iterators, streams, abort signals. */
export interface ReferenceTable {
  /** JSON that lets the other end reach `value`; undefined: refuse it. */
  describe(value: object): unknown;
  /** The stand-in for what the other end described. */
  restore(description: unknown): object;
}

export interface CodecOptions {
  readonly classes?: ClassTable;
  readonly references?: ReferenceTable;
}

/** What a call carries. Objects shared between the three stay shared at the other end. */
export interface CallValues {
  readonly args: readonly unknown[];
  /** `this` of a method. */
  readonly self?: unknown;
  /** Module variables that travel, by id. */
  readonly state?: Readonly<Record<string, unknown>>;
}

/** A call as its sender remembers it: `objects[i]` is what the other end calls object `i`. */
export interface SentCall {
  /** Goes into the `args` of a FaaSify call. */
  readonly encoded: Encoded;
  readonly objects: readonly object[];
}

/** A call as its receiver remembers it, to tell afterwards what the function changed. */
export interface ReceivedCall extends CallValues {
  readonly objects: readonly object[];
}

export interface AnswerValues {
  /** The result, or what was thrown. */
  readonly value: unknown;
  readonly state?: Readonly<Record<string, unknown>>;
}
