/** Which functions of a program get a stub, and with which words the others stay although they could be deployed. */
import { describe, expect, it } from "vitest";
import { planDecomposition, type DecompositionPlan } from "../../../src/transform/decompose.ts";
import { project } from "../analysis/project.ts";

function planOf(text: string, file = "a.mjs"): DecompositionPlan {
  using files = project({ [file]: text });
  const program = files.analyzer.program(files.path(file));
  return planDecomposition(files.analyzer, program, { isSelected: () => true, excluded: new Map(), hasChannel: true });
}

function reasonOf(text: string, file?: string): string | undefined {
  return planOf(text, file).staying.find(({ ref }) => /^(?:shop\.)?f$/.test(ref.name))?.reason;
}

describe("a function stays that", () => {
  it.each([
    [
      "asks about its process",
      "export const f = () => process.pid;",
      "asks about the process that it runs in, which would be another one",
    ],
    [
      "asks about its version of Node",
      "export const f = () => process.version;",
      "asks about the process that it runs in, which would be another one",
    ],
    [
      "goes on when it has returned",
      "export function f() { fetch('http://x'); }",
      "starts something that goes on after it has returned",
    ],
    [
      "prints while it waits",
      "export async function f() { await null; console.log(1); }",
      "prints while it waits, and its output could come in another order",
    ],
    [
      "uses state that others may change while it waits",
      "let n = 0;\nexport const set = (m) => { n = m; };\nexport async function f() { await null; return n; }",
      "is asynchronous and uses variables that change, which others may change while it waits",
    ],
    [
      "changes its arguments too late",
      "export async function f(o) { const t = setTimeout(() => { o.x = 1; }, 1); if (o.y) clearTimeout(t); }",
      "changes its arguments, perhaps after its promise is settled",
    ],
    [
      "loads what only running it tells",
      "// @faasify allow=files\nexport async function f(name) { return (await import(name)).x; }",
      "loads a module whose name is known only at run time",
    ],
    [
      "has a `this` that it cannot name",
      "export const shop = { f(shop) { return [this, shop]; } };",
      "uses `this`, which its caller decides",
    ],
    [
      "uses the arguments of others",
      "export const f = () => arguments.length;",
      "uses the `arguments` of the code around it",
    ],
    [
      "keeps something in its own properties",
      "export function f() { return f.rate; }",
      "keeps something in properties of its own",
    ],
    [
      "has templates whose tag remembers",
      "const seen = new Map();\nconst tag = (s) => seen.set(s, 1).size;\nexport const f = () => tag`a`;",
      "has templates whose tag may remember them",
    ],
    [
      "reads a function's text",
      "function g() {}\nexport const f = () => `${g}`;",
      "reads the text of a function, which is another one where it would run",
    ],
    [
      "uses the environment as a whole",
      "// @faasify allow=environment\nexport const f = () => ({ ...process.env });",
      "uses the environment other than by reading variables of constant names",
    ],
    ["has its own text read", "export function f() {}\nconsole.log(f + '');", "has its own text read"],
    [
      "uses something made anew where it would run",
      "const home = { at: process.env.HOME };\nexport const f = () => home.at;",
      "uses `home`, which line 1 makes by `process.env.HOME`: made anew where it would run, it would be another one",
    ],
  ])("%s", (_what, text, reason) => {
    expect(reasonOf(text)).toBe(reason);
  });
});

describe("a value that is a function", () => {
  it.each([
    ["const f = tax.bind(null, 2);\nfunction tax(rate, x) { return rate * x; }", undefined],
    [
      "const f = compose(up, down);\nconst compose = (g, h) => (x) => g(h(x));\nconst up = (x) => x, down = up;",
      undefined,
    ],
    [
      "const f = validated(() => true)((x) => x);\nconst validated = (check) => (fn) => (x) => check(x) && fn(x);",
      undefined,
    ],
    ["const f = same(up);\nfunction same(x) { return x; }\nconst up = (x) => x;", "may be another function"],
    [
      "const f = pick(up);\nconst pick = (...all) => all.length > 1 ? all[0] : up;\nconst up = (x) => x;",
      "may be another function",
    ],
    ["const f = up;\nconst up = (x) => x;", "may be another function"],
    [
      "const f = wrap(up);\nconst wrap = (fn) => function (x) { return fn(x); };\nconst up = (x) => x;\nnew f(1);",
      "is called with `new`",
    ],
    [
      "const f = later((x) => x);\nconst later = (fn) => (x) => { setTimeout(() => fn(x), 1); };",
      "goes on when it has returned",
    ],
  ])("%s", (text, reason) => {
    const plan = planOf(`${text}\nconsole.log(f(1));`);

    expect(plan.moved.some(({ ref }) => ref.name === "f")).toBe(reason === undefined);
    expect(plan.staying.find(({ ref }) => ref.name === "f")?.reason ?? "").toContain(reason ?? "");
  });
});

describe("a function that moves", () => {
  it.each([
    ["pure", "export const f = (x) => x;", "unanswered"],
    [
      "with state, output and random numbers",
      "let n = 0;\nexport const f = () => (console.log(n++), Math.random());",
      "unanswered",
    ],
    ["that asks the network", "export const f = () => fetch('http://x');", "unsent"],
    ["with pinned state", "let n = 0;\n// @faasify state=pinned\nexport const f = () => n++;", "never"],
  ])("%s: when its own code runs instead", (_what, text, runsHere) => {
    expect(planOf(text).moved.find(({ ref }) => ref.name === "f")).toMatchObject({ runsHere });
  });

  it("is a method of a constant object or class, for this `this` alone", () => {
    const { moved } = planOf(
      "const shop = { rate: 2, f(x) { return x * this.rate; } };\nclass C { static f() { return this.name; } }\nconsole.log(shop.f(1), C.f());",
    );

    expect(moved.map(({ ref, home }) => [ref.name, home])).toEqual([
      ["shop.f", "shop"],
      ["C.f", "C"],
    ]);
  });
});
