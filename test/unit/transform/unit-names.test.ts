import { describe, expect, it } from "vitest";
import { project, type Project } from "../analysis/project.ts";
import { extractUnit } from "../../../src/transform/extract-unit.ts";

function namesOf(files: Project, file: string, name: string): { state: string[]; classes: string[]; text: string } {
  const unit = extractUnit(files.analyzer, { file: files.path(file), name });
  const { state, classes } = unit.manifest;
  return {
    state: state.map(({ id, assignable }) => (assignable ? id : `${id} (constant)`)).toSorted(),
    classes: classes.map(({ id }) => id).toSorted(),
    text: unit.files.map(({ text }) => text).join("\n"),
  };
}

/** The ids of the classes that travel with `f` of a one-file project. */
function classesOf(text: string, file = "src/a.mjs"): string[] {
  using files = project({ [file]: text });
  return namesOf(files, file, "f").classes.map((id) => id.replace(/^.*#/, ""));
}

describe("state", () => {
  it("is what changes while the program runs, in any file, by ids relative to the project", () => {
    using files = project({
      "src/a.mjs": `import { log } from "./lib/log.mjs";\nlet n = 0;\nconst limit = 3;\nexport function f() { log.push(n); return n++ < limit; }`,
      "src/lib/log.mjs": "export const log = [];",
    });

    expect(namesOf(files, "src/a.mjs", "f").state).toEqual(["src/a.mjs#n", "src/lib/log.mjs#log (constant)"]);
  });

  it("in a class or on a function is each property of it", () => {
    using files = project({
      "a.mjs": `class Ids { static last = 0; static #free = []; static next() { return this.#free.pop() ?? ++this.last; } }
function f() { f.calls = (f.calls ?? 0) + 1; return Ids.next(); }
export { f };`,
    });

    expect(namesOf(files, "a.mjs", "f").state).toEqual(["a.mjs#Ids.#free", "a.mjs#Ids.last", "a.mjs#f.calls"]);
  });
});

describe("classes whose instances travel", () => {
  it.each<[string, string, string[]]>([
    ["are those that the code mentions", "class A {} class B {} export function f() { return new A(); }", ["A"]],
    [
      "have a member that is asked of an untyped parameter",
      "class P { dbl() { return 1; } } class Q { half() {} } export function f(p) { return p.dbl(); }",
      ["P"],
    ],
    [
      "have a field that is asked for in a helper, or by destructuring",
      "class P { constructor(x) { this.x = x; } } class Q { y = 1 } class R { z = 1 } const g = ({ y }) => y;\nexport function f(p) { return p.x + g(p); }",
      ["P", "Q"],
    ],
    [
      "are not found by properties of modules, globals and `this`",
      "class P { max() {} } export function f(p) { return Math.max(p); }",
      [],
    ],
    [
      "are passed in by calls in the same file, also through variables and with others around them",
      `class A {} class B {} class C {} class D {} class E {}
export function f(p) { return [p]; }
const made = [{ inner: new B() }];
const make = () => new D();
async function main() { const c = new C(); show(() => f(new A(), { made })); f(c); f(make()); other(new E()); }
await main();`,
      ["A", "B", "C", "D"],
    ],
    [
      "are looped over where the function is called, or mapped by it",
      "class A {} class B {} export function f(p) { return p; }\nfunction main() { for (const a of [new A()]) f(a); [new B()].map(f); }\nmain();",
      ["A", "B"],
    ],
    [
      "extend one that may come",
      "class A { x() {} } class B extends A {} class C {} export function f(p) { return p.x(); }",
      ["A", "B"],
    ],
    [
      "are not found when another function of the file uses them beside a call",
      "class Parser {} export function f(c) { return c === ' '; }\nexport function parse(text) { const parser = new Parser(); for (const c of text) parser.add(f(c)); }",
      [],
    ],
    [
      "hide something that cannot be made without running code",
      "class A { #x = next(); } function next() {} export function f() { return new A(); }",
      [],
    ],
  ])("%s", (_title, text, expected) => {
    expect(classesOf(text)).toEqual(expected);
  });

  it.each<[string, string, string[]]>([
    [
      "are named by types, also inside others and in fields of classes",
      `class Item {} class Cart { items: Item[] = [] } class Other { items: string[] = [] }
interface Order { cart: Cart } type Orders = readonly Order[];
export function f(orders: Orders): number { return orders.length; }`,
      ["Cart", "Item"],
    ],
    [
      "implement an interface that is named",
      "interface Shape { area(): number } class Circle implements Shape { area() { return 1; } } export function f(s: Shape): number { return s.area(); }",
      ["Circle"],
    ],
    [
      "have nothing to do with numbers and texts",
      "class P { length = 1 } export function f(s: string): number { return s.length; }",
      [],
    ],
  ])("%s", (_title, text, expected) => {
    expect(classesOf(text, "src/a.ts")).toEqual(expected);
  });

  it("are kept in the unit with what they reach, and nothing else of their file", () => {
    using files = project({
      "src/a.ts": `import type { Point } from "./point.ts";\nexport function f(p: Point): number { return p.dbl(); }`,
      "src/point.ts": `import { twice, thrice } from "./math.ts";\nexport class Point { x = 1; dbl() { return twice(this.x); } }\nexport class Other { t() { return thrice(2); } }`,
      "src/math.ts": "export const twice = (x: number) => x * 2;\nexport const thrice = (x: number) => x * 3;",
    });

    const { classes, text } = namesOf(files, "src/a.ts", "f");

    expect(classes).toEqual(["src/point.ts#Point"]);
    expect(text).toContain("const twice");
    expect(text).not.toContain("thrice");
    expect(text).not.toContain("Other");
  });

  it("come from JSDoc as well", () => {
    using files = project({
      "src/a.cjs": `const { Cart } = require("./shop.cjs");
/**
 * @param {Cart} cart
 * @param {import("./shop.cjs").Item} item
 * @returns {number}
 */
function f(cart, item) { return 1; }
module.exports = { f };`,
      "src/shop.cjs": "class Cart {}\nclass Item {}\nclass Till {}\nmodule.exports = { Cart, Item, Till };",
    });

    expect(namesOf(files, "src/a.cjs", "f").classes).toEqual(["src/shop.cjs#Cart", "src/shop.cjs#Item"]);
  });

  it("whose imports are missing are left out: the function can do without", () => {
    using files = project({
      "a.mjs": `import { missing } from "./missing.mjs";\nclass P { dbl() { return missing(); } }\nexport function f(p) { return p.dbl(); }`,
    });

    expect(namesOf(files, "a.mjs", "f").classes).toEqual([]);
  });
});
