/** The form in which graphs travel. Everything here is plain JSON. */

/** The one key that marks a graph. */
export const GRAPH_KEY = "$faasify";

/**
 * A value inside a graph. Strings, booleans, null and ordinary numbers are themselves. Arrays are the rest:
 * `[3]` object 3 · `["u"]` undefined · `["n","NaN"]` · `["b","12"]` bigint · `["s","key"]` registered symbol ·
 * `["S","iterator"]` well-known symbol · `["g","Math.max"]` built-in · `["k",id]` class · `["c",id]` its prototype.
 */
export type Wire = string | number | boolean | null | readonly unknown[];

/** Key, value, key, value …; symbols are wires as well, indices of arrays may be numbers. */
export interface WireProperties {
  readonly k?: readonly Wire[];
  /** With attributes: key, value, flags, … Only one of `k` and `K` is there. */
  readonly K?: readonly Wire[];
}

/** What an object has beyond its kind and data. */
export interface WireExtras extends WireProperties {
  /** Another prototype than the kind's: null, a built-in, a class, an object. */
  readonly p?: Wire;
  /** Hidden fields: name, value, … */
  readonly h?: readonly Wire[];
  /** Not extensible. */
  readonly x?: 1;
}

/**
 * An ordinary object as an object with wires; a dense array as `["a", …wires]`; what the reference table describes as
 * `["ref", description]`; all others as `[kind, data, extras?]`.
 */
export type WireNode = Readonly<Record<string, Wire>> | readonly unknown[];

/** What changed in an object that the other end has. */
export interface WireChange extends WireExtras {
  /** Keys to delete. */
  readonly d?: readonly Wire[];
  /** The properties are all there are, in this order. */
  readonly r?: 1;
  /** The kind's data, whole. */
  readonly v?: readonly Wire[];
  /** Bytes of a buffer: offset, base64, … */
  readonly b?: readonly (number | string)[];
}

export interface WireGraph {
  /** All objects, in the order of their numbers; in an answer they follow the call's. */
  readonly objects: readonly WireNode[];
  /** The value, or an answer's. */
  readonly value?: Wire;
  readonly args?: readonly Wire[];
  readonly self?: Wire;
  readonly state?: Readonly<Record<string, Wire>>;
  readonly changes?: readonly (readonly [index: number, change: WireChange])[];
}
