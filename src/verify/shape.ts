/**
 * The shape of a type, as far as values can be made of it: what parameter-shapes.ts reads off the types and
 * arbitraries.ts makes inputs of. Data: it crosses bundles.
 */
export type Shape =
  | { readonly kind: SimpleKind }
  | { readonly kind: "literal"; readonly value: string | number | boolean }
  | { readonly kind: "bigint-literal"; readonly digits: string }
  | { readonly kind: "array" | "set"; readonly item: Shape }
  | { readonly kind: "map"; readonly key: Shape; readonly value: Shape }
  | { readonly kind: "tuple"; readonly items: readonly TupleItem[] }
  | { readonly kind: "object"; readonly fields: readonly Field[]; readonly others?: Shape }
  | { readonly kind: "union"; readonly members: readonly Shape[] }
  | { readonly kind: "promise"; readonly value: Shape }
  /** No value can be made of it: `what` says which type it is. */
  | { readonly kind: "none"; readonly what: string };

export type SimpleKind = Primitive | "any" | "undefined" | "null" | BuiltIn;

type Primitive = "string" | "number" | "boolean" | "bigint";

/** Classes of the language whose instances can be made without knowing more. */
export const builtIns = [
  "ArrayBuffer",
  "BigInt64Array",
  "BigUint64Array",
  "Buffer",
  "DataView",
  "Date",
  "Error",
  "Float32Array",
  "Float64Array",
  "Int16Array",
  "Int32Array",
  "Int8Array",
  "RegExp",
  "URL",
  "Uint16Array",
  "Uint32Array",
  "Uint8Array",
  "Uint8ClampedArray",
] as const;

export type BuiltIn = (typeof builtIns)[number];

export interface TupleItem {
  readonly shape: Shape;
  readonly optional: boolean;
  /** `shape` is that of one item of the rest. */
  readonly rest: boolean;
}

export interface Field {
  readonly name: string;
  readonly shape: Shape;
  readonly optional: boolean;
}

/** What a call of a function takes, in order. */
export interface ParameterShape extends TupleItem {
  readonly name: string;
}
