/** Shape → values, by fast-check. Seeded: the same seed gives the same cases. */
import * as fc from "fast-check";
import type { Field, ParameterShape, Shape, SimpleKind, TupleItem } from "./shape.ts";

export interface Sampling {
  readonly count: number;
  readonly seed: number;
}

/** Lists of arguments. The first are small: a difference is easier to understand there. */
export function sampleArguments(
  parameters: readonly ParameterShape[],
  { count, seed }: Sampling,
): readonly (readonly unknown[])[] {
  return fc.sample(listOf(parameters), { seed, numRuns: count });
}

/** Of a parameter list or a tuple: optional items may end it. */
function listOf(items: readonly TupleItem[]): fc.Arbitrary<unknown[]> {
  const usable = items.slice(0, endOf(items));
  const required = usable.filter(({ optional, rest }) => !optional && !rest);
  const optional = usable.filter((item) => item.optional && !item.rest);
  const rest = usable.find((item) => item.rest);
  return fc
    .tuple(
      fc.tuple(...required.map(({ shape }) => arbitraryOf(shape))),
      fc.tuple(...optional.map(({ shape }) => arbitraryOf(shape))),
      fc.nat({ max: optional.length }),
      rest ? fc.array(arbitraryOf(rest.shape), { maxLength: 4 }) : fc.constant([]),
    )
    .map(([first, more, given, others]) => {
      const list = [...first, ...more.slice(0, given)];
      return given === optional.length ? [...list, ...others] : list;
    });
}

/** An optional item that cannot be made ends the list. */
function endOf(items: readonly TupleItem[]): number {
  const end = items.findIndex(({ shape, optional, rest }) => shape.kind === "none" && (optional || rest));
  return end < 0 ? items.length : end;
}

type SimpleShape = Extract<Shape, { readonly kind: SimpleKind }>;

function arbitraryOf(shape: Shape): fc.Arbitrary<unknown> {
  return isSimple(shape) ? simple[shape.kind]() : compoundOf(shape);
}

function isSimple(shape: Shape): shape is SimpleShape {
  return Object.hasOwn(simple, shape.kind);
}

function compoundOf(shape: Exclude<Shape, SimpleShape>): fc.Arbitrary<unknown> {
  switch (shape.kind) {
    case "literal":
      return fc.constant(shape.value);
    case "bigint-literal":
      return fc.constant(BigInt(shape.digits));
    case "array":
      return shape.item.kind === "none" ? fc.constant([]) : fc.array(arbitraryOf(shape.item), { maxLength: 6 });
    case "set":
      return fc.array(arbitraryOf(shape.item), { maxLength: 6 }).map((items) => new Set(items));
    case "map":
      return fc
        .array(fc.tuple(arbitraryOf(shape.key), arbitraryOf(shape.value)), { maxLength: 6 })
        .map((entries) => new Map(entries));
    case "tuple":
      return listOf(shape.items);
    case "object":
      return objectOf(shape.fields, shape.others);
    case "union":
      return fc.oneof(...shape.members.map(arbitraryOf));
    case "promise":
      return arbitraryOf(shape.value).map((value) => Promise.resolve(value));
    case "none":
      return fc.constant(undefined);
  }
}

function objectOf(fields: readonly Field[], others: Shape | undefined): fc.Arbitrary<unknown> {
  const required = fields.filter(({ optional }) => !optional).map(({ name }) => name);
  const model = Object.fromEntries(fields.map(({ name, shape }) => [name, arbitraryOf(shape)]));
  const record = fc.record(model, { requiredKeys: required, noNullPrototype: true });
  if (!others) return record;
  const dictionary = fc.dictionary(keys(), arbitraryOf(others), { maxKeys: 4, noNullPrototype: true });
  return fc.tuple(dictionary, record).map(([more, known]) => ({ ...more, ...known }));
}

const simple: Readonly<Record<SimpleKind, () => fc.Arbitrary<unknown>>> = {
  any: anything,
  undefined: () => fc.constant(undefined),
  null: () => fc.constant(null),
  string: strings,
  number: numbers,
  boolean: () => fc.boolean(),
  bigint: () => fc.bigInt(),
  ArrayBuffer: () => fc.uint8Array({ maxLength: 16 }).map((bytes) => Uint8Array.from(bytes).buffer),
  BigInt64Array: () => fc.bigInt64Array({ maxLength: 8 }),
  BigUint64Array: () => fc.bigUint64Array({ maxLength: 8 }),
  Buffer: () => fc.uint8Array({ maxLength: 16 }).map((bytes) => Buffer.from(bytes)),
  DataView: () => fc.uint8Array({ maxLength: 16 }).map((bytes) => new DataView(Uint8Array.from(bytes).buffer)),
  Date: () => fc.date({ noInvalidDate: false }),
  Error: () => strings().map((message) => new Error(message)),
  Float32Array: () => fc.float32Array({ maxLength: 8 }),
  Float64Array: () => fc.float64Array({ maxLength: 8 }),
  Int16Array: () => fc.int16Array({ maxLength: 8 }),
  Int32Array: () => fc.int32Array({ maxLength: 8 }),
  Int8Array: () => fc.int8Array({ maxLength: 8 }),
  RegExp: () => fc.constantFrom("a+", "^b", String.raw`\d{2}`, "(?<year>x)y?").map((source) => new RegExp(source, "g")),
  URL: () => fc.webUrl().map((text) => new URL(text)),
  Uint16Array: () => fc.uint16Array({ maxLength: 8 }),
  Uint32Array: () => fc.uint32Array({ maxLength: 8 }),
  Uint8Array: () => fc.uint8Array({ maxLength: 16 }),
  Uint8ClampedArray: () => fc.uint8ClampedArray({ maxLength: 8 }),
};

/** Mostly what programs meet; now and then what breaks them. */
function numbers(): fc.Arbitrary<number> {
  return fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: -20, max: 100 }) },
    { weight: 2, arbitrary: fc.integer({ min: -1_000_000, max: 1_000_000 }).map((cents) => cents / 100) },
    { weight: 1, arbitrary: fc.double() },
    { weight: 1, arbitrary: fc.constantFrom(0, -0, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53) },
  );
}

function strings(): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 4, arbitrary: fc.string({ maxLength: 8 }) },
    { weight: 1, arbitrary: fc.string({ maxLength: 6, unit: "grapheme" }) },
    { weight: 1, arbitrary: fc.constantFrom("", " ", "a b", "A-B", "12", "-1.5", "2026-01-31", "\u{1F600}", "a\nb") },
  );
}

const keys = (): fc.Arbitrary<string> => fc.string({ maxLength: 6 }).filter((key) => key !== "__proto__");

/** For plain JavaScript, which says nothing of its parameters. */
function anything(): fc.Arbitrary<unknown> {
  const leaf = fc.oneof(numbers(), strings(), fc.boolean(), fc.constant(null), fc.constant(undefined));
  return fc.oneof(
    { weight: 4, arbitrary: leaf },
    { weight: 2, arbitrary: fc.array(leaf, { maxLength: 4 }) },
    { weight: 1, arbitrary: fc.dictionary(keys(), leaf, { maxKeys: 4, noNullPrototype: true }) },
  );
}
