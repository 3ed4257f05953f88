/** Arguments made from shapes: the same seed gives equal values, again and again, in any process. */
import * as fc from "fast-check";
import type { Shape } from "./shapes.ts";

/** Texts that functions about texts, dates, addresses and numbers take seriously. */
const texts = [
  "",
  " ",
  "a",
  "abc",
  "Hello World",
  "  padded ",
  "camelCase",
  "snake_case_name",
  "kebab-case-name",
  "ÀÉîöü ñ",
  "👩‍👩‍👧 emoji",
  "a.b.c",
  "a[0].b",
  "0",
  "1",
  "-1.5",
  "1e3",
  "0x1f",
  "NaN",
  "true",
  "false",
  "null",
  "yes",
  '<b>"it\'s" & co</b>',
  "&lt;p&gt;",
  "2024-02-29",
  "2023-02-29",
  "2024-02-29T12:34:56.789Z",
  "2024-W09-4",
  "12:30",
  "23:59:60",
  "yyyy-MM-dd",
  "PPPPpppp",
  "P1Y2M3DT4H",
  "user@example.com",
  "not an email@",
  "https://example.com:8080/a?b=c#d",
  "ftp://x",
  "example.co.uk",
  "127.0.0.1",
  "::1",
  "10.0.0.0/8",
  "DE89370400440532013000",
  "4111111111111111",
  "978-3-16-148410-0",
  "550e8400-e29b-41d4-a716-446655440000",
  "d41d8cd98f00b204e9800998ecf8427e",
  "#ff00aa",
  "rgb(1,2,3)",
  "+491701234567",
  "en-US",
  "de-DE",
  "any",
  "US",
  '{"a":1}',
  "[1,2",
  "aGVsbG8=",
  "SGVsbG8",
  "deadBEEF",
  "id",
  "name",
  "b",
];

const numbers = [
  0,
  -0,
  1,
  2,
  3,
  5,
  10,
  -1,
  -3,
  0.1,
  1.5,
  -2.75,
  100,
  255,
  1000,
  Number.NaN,
  1e21,
  2 ** 53,
  Number.MAX_VALUE,
  Number.MIN_VALUE,
];

const keys = ["a", "b", "c", "id", "name", "length", "0", "constructor"];

const string = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...texts) },
  { weight: 1, arbitrary: fc.string({ maxLength: 12 }) },
);

const number = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: -5, max: 20 }) },
  { weight: 3, arbitrary: fc.constantFrom(...numbers) },
  { weight: 1, arbitrary: fc.double({ min: -1e6, max: 1e6 }) },
);

const date = fc.oneof(
  { weight: 12, arbitrary: fc.date({ min: new Date(0), max: new Date(4102444800000), noInvalidDate: true }) },
  { weight: 1, arbitrary: fc.constant(Number.NaN).map((time) => new Date(time)) },
);

const regexp = fc
  .constantFrom("a", "[a-z]+", "\\s+", "(\\w)(\\d)?")
  .chain((source) => fc.constantFrom("", "g", "i").map((flags) => new RegExp(source, flags)));

const scalar = fc.oneof(
  { weight: 4, arbitrary: number },
  { weight: 4, arbitrary: string },
  { weight: 1, arbitrary: fc.boolean() },
  { weight: 1, arbitrary: fc.constantFrom(null, undefined) },
  { weight: 1, arbitrary: date },
);

/** Anything that travels, small enough for functions that combine all with all. */
const anything: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 2 }, { weight: 4, arbitrary: scalar }, tie("array"), tie("object")),
  array: fc.oneof(
    fc.array(number, { maxLength: 6 }),
    fc.array(string, { maxLength: 5 }),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.array(fc.record({ id: fc.integer({ min: 0, max: 3 }), name: string }), { maxLength: 4 }),
  ),
  object: plainObject(tie("value")),
})).value;

/** With the prototype and the key order that a literal has. */
function plainObject(value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const entry = fc.tuple(fc.constantFrom(...keys), value);
  return fc
    .uniqueArray(entry, { maxLength: 4, selector: ([key]) => key })
    .map((entries) => Object.fromEntries(entries));
}

/** One list of arguments per case: most as declared, in turn for each overload, some of any kind. */
export function argumentLists(
  overloads: readonly (readonly Shape[])[],
  { cases, seed, arity }: { readonly cases: number; readonly seed: number; readonly arity: number },
): readonly (readonly unknown[])[] {
  const declared = overloads.map((shapes) => listOf(shapes));
  const wild = fc.array(anything, { minLength: Math.min(arity, 1), maxLength: Math.max(arity, 2) });
  const lists: (readonly unknown[])[] = [];
  const all = [...declared, ...declared, ...declared, wild];
  const each = Math.ceil(cases / all.length);
  for (const [index, arbitrary] of all.entries())
    lists.push(...fc.sample(arbitrary, { numRuns: each, seed: seed + index }));
  return lists.slice(0, Math.max(cases, all.length));
}

function listOf(shapes: readonly Shape[]): fc.Arbitrary<readonly unknown[]> {
  const parts = shapes.map((shape) => {
    if (shape.kind === "optional")
      return fc.oneof(
        fc.constant([]),
        arbitraryOf(shape.of).map((value) => [value]),
      );
    if (shape.kind === "rest") return fc.array(arbitraryOf(shape.of), { maxLength: 3 });
    return arbitraryOf(shape).map((value) => [value]);
  });
  // What follows an argument that is left out is left out as well.
  return fc.tuple(...parts).map((lists) => {
    const end = lists.findIndex((list, index) => list.length === 0 && shapes[index]?.kind === "optional");
    return (end === -1 ? lists : lists.slice(0, end)).flat();
  });
}

function arbitraryOf(shape: Shape): fc.Arbitrary<unknown> {
  return isSimple(shape) ? simple[shape.kind] : compoundOf(shape);
}

function isSimple(shape: Shape): shape is SimpleShape {
  return Object.hasOwn(simple, shape.kind);
}

function compoundOf(shape: CompoundShape): fc.Arbitrary<unknown> {
  switch (shape.kind) {
    case "constant":
      return fc.constant(shape.value);
    case "array":
      return fc.array(arbitraryOf(shape.of), { maxLength: 6 });
    case "tuple":
      return fc.tuple(...shape.items.map(arbitraryOf)).map((items) => [...items]);
    case "map":
      return fc.array(fc.tuple(string, arbitraryOf(shape.of)), { maxLength: 3 }).map((entries) => new Map(entries));
    case "set":
      return fc.array(arbitraryOf(shape.of), { maxLength: 4 }).map((items) => new Set(items));
    case "record":
      return plainObject(arbitraryOf(shape.of));
    case "union":
      return fc.oneof(...shape.members.map(arbitraryOf));
    case "object":
      return objectOf(shape.properties);
    case "optional":
    case "rest":
      return arbitraryOf(shape.of);
  }
}

type CompoundShape = Extract<
  Shape,
  {
    readonly kind: "constant" | "array" | "tuple" | "map" | "set" | "record" | "union" | "object" | "optional" | "rest";
  }
>;
type SimpleShape = Exclude<Shape, CompoundShape>;

const simple: Readonly<Record<SimpleShape["kind"], fc.Arbitrary<unknown>>> = {
  string,
  number,
  boolean: fc.boolean(),
  bigint: fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
  date,
  regexp,
  any: anything,
  undefined: fc.constant(undefined),
  null: fc.constant(null),
};

function objectOf(properties: Extract<Shape, { kind: "object" }>["properties"]): fc.Arbitrary<unknown> {
  const parts = properties.map(({ name, optional, of }) => {
    const entry = arbitraryOf(of).map((value) => [[name, value] as const]);
    return optional ? fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: entry }) : entry;
  });
  return fc.tuple(...parts).map((entries) => Object.fromEntries(entries.flat()));
}
