import { mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { createAnalyzer } from "../../../src/analysis/analyzer.ts";
import { sampleArguments } from "../../../src/verify/arbitraries.ts";
import { parameterShapes, pathAliases } from "../../../src/verify/parameter-shapes.ts";
import type { ParameterShape, Shape } from "../../../src/verify/shape.ts";
import { writeFiles } from "../packager/support.ts";

const source = `import type { Item } from "./item.ts";
type Size = "s" | "m" | 3;
interface Tree { readonly name: string; readonly children: readonly Tree[] }
export function order(items: Item[], size: Size, note?: string, ...tags: number[]): void {}
export const tree = (root: Tree): number => root.children.length;
export function built(when: Date, sizes: Map<string, number[]>, seen: ReadonlySet<bigint>, bytes: Uint8Array): void {}
export function pair([a, b]: [x: boolean, y?: null], options: Record<string, number> & { deep: { on: boolean } }): void {}
export function each(callback: (a: number) => void): void {}
export class Cart { total(by: number = 2): number { return by; } static of(lines: string[]): Cart { return new Cart(); } }
export function filled(cart: Cart): number { return cart.total(); }
export function maybe<T extends { id: number }>(one: T | undefined): void {}
export async function later(value: Promise<string>): Promise<void> {}
`;
const folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), "faasify-inputs-")));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
writeFiles(folder, {
  "package.json": '{"type":"module"}',
  "tsconfig.json": '{ "compilerOptions": { "strict": true, "baseUrl": ".", "paths": { "@app/*": ["app/*"] } } }',
  "item.ts": "export interface Item { readonly price: number; readonly name?: string }",
  "shop.ts": source,
  "plain.js": "/** @param {string} a */ export function f(a, b) {}\nexport default function () {}\n",
});
const analyzer = createAnalyzer();

function shapesOf(name: string, file = "shop.ts"): readonly ParameterShape[] {
  const { functions } = analyzer.analyzeFile(path.join(folder, file));
  const model = functions.find((candidate) => candidate.name === name);
  if (!model) throw new Error(`no ${name}: ${functions.map((one) => one.name).join(", ")}`);
  return parameterShapes(model);
}
const shapeOf = (name: string, index = 0): Shape | undefined => shapesOf(name)[index]?.shape;
const samples = (name: string, seed = 1): readonly (readonly unknown[])[] =>
  sampleArguments(shapesOf(name), { count: 60, seed });

describe("shapes of parameters", () => {
  it("follow types through imports, aliases and unions", () => {
    expect(shapesOf("order")).toMatchObject([
      {
        name: "items",
        shape: {
          kind: "array",
          item: { kind: "object", fields: [{ name: "price" }, { name: "name", optional: true }] },
        },
      },
      { name: "size", shape: { kind: "union", members: [{ value: "s" }, { value: "m" }, { value: 3 }] } },
      { name: "note", optional: true },
      { name: "tags", rest: true, shape: { kind: "number" } },
    ]);
  });

  it("know the language's own classes, tuples, records and generics", () => {
    expect(shapesOf("built").map(({ shape }) => shape.kind)).toEqual(["Date", "map", "set", "Uint8Array"]);
    expect(shapesOf("pair").map(({ shape }) => shape.kind)).toEqual(["tuple", "object"]);
    expect(shapeOf("maybe")).toMatchObject({ kind: "union", members: [{ kind: "undefined" }, { kind: "object" }] });
    expect(shapeOf("later")).toMatchObject({ kind: "promise", value: { kind: "string" } });
  });

  it("are read of methods and of JavaScript", () => {
    expect(shapesOf("Cart.of")).toMatchObject([{ name: "lines", shape: { kind: "array" } }]);
    expect(shapesOf("f", "plain.js").map(({ shape }) => shape.kind)).toEqual(["string", "any"]);
  });

  it("say of what no value can be made", () => {
    expect(shapeOf("each")).toEqual({ kind: "none", what: "(a: number) => void" });
    expect(shapeOf("filled")).toEqual({ kind: "none", what: "Cart" });
  });

  it("know the path aliases of the project", () => {
    expect(pathAliases(path.join(folder, "shop.ts"))).toEqual([
      { pattern: "@app/*", targets: [path.join(folder, "app/*")] },
    ]);
    expect(readFileSync(path.join(folder, "shop.ts"), "utf8")).toBe(source);
  });
});

describe("arguments", () => {
  it("fit the types", () => {
    for (const [items, size, note, ...tags] of samples("order")) {
      expect(items).toEqual(expect.any(Array));
      expect((items as { price: unknown }[]).every(({ price }) => typeof price === "number")).toBe(true);
      expect(["s", "m", 3]).toContain(size);
      expect(["string", "undefined"]).toContain(typeof note);
      expect(tags.every((tag) => typeof tag === "number")).toBe(true);
    }
  });

  it("are the same for the same seed, and others for another", () => {
    expect(samples("order", 7)).toEqual(samples("order", 7));
    expect(samples("order", 7)).not.toEqual(samples("order", 8));
  });

  it("leave optional parameters out now and then, and vary in number", () => {
    const lengths = new Set(samples("order").map(({ length }) => length));

    expect(lengths).toContain(2);
    expect(Math.max(...lengths)).toBeGreaterThan(3);
  });

  it("end for recursive types", () => {
    const depth = (tree: { children?: unknown[] }): number =>
      1 + Math.max(0, ...(tree.children ?? []).map((child) => depth(child as { children?: unknown[] })));
    const depths = samples("tree").map(([root]) => depth(root as { children?: unknown[] }));

    expect(Math.max(...depths)).toBeGreaterThan(1);
    expect(Math.max(...depths)).toBeLessThan(6);
  });

  it("have instances of the language's classes", () => {
    const [when, sizes, seen, bytes] = samples("built")[0] ?? [];

    expect([when, sizes, seen, bytes].map((value) => (value as object).constructor.name)).toEqual([
      "Date",
      "Map",
      "Set",
      "Uint8Array",
    ]);
  });

  it("hold what breaks programs: NaN, -0, infinity, the empty string", () => {
    const tags = samples("order").flatMap(([, , , ...rest]) => rest);
    const prices = samples("order").flatMap(([items]) => (items as { price: number }[]).map(({ price }) => price));
    const numbers = [...tags, ...prices];

    expect(numbers.some((value) => Number.isNaN(value))).toBe(true);
    expect(numbers.some((value) => Object.is(value, -0))).toBe(true);
    expect(numbers).toContain(Number.POSITIVE_INFINITY);
  });
});
