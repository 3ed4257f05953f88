/** Functions inside other code: which can be taken out of it, with what, and why others cannot. */
import { describe, expect, it } from "vitest";
import { messages, project } from "./project.ts";

function modelsOf(text: string, file = "a.mjs") {
  using files = project({ [file]: text });
  return files.functions(file);
}

describe("the names of nested functions", () => {
  it.each([
    ["function main() { function f() {} const g = () => 1; }", ["main", "main.f", "main.g"]],
    ["class Shop { run() { const f = () => 1; } }", ["Shop.run", "Shop.run.f"]],
    [
      "class Shop { constructor() { const f = () => 1; } static { const g = () => 1; } }",
      ["Shop.constructor.f", "Shop.static.g"],
    ],
    ["const add = (a) => (b) => a + b;", ["add", "add.return"]],
    ["function make() { return { inc() {}, get: () => 1 }; }", ["make", "make.inc", "make.get"]],
    ["const api = (() => { const f = () => 1; return { f }; })();", ["api.f"]],
    ["function main() { { const f = () => 1; } { const f = () => 2; } }", ["main", "main.f", "main.f$2"]],
    ["{ const f = () => 1; }", ["f"]],
    ["run(() => { function f() {} });", ["f"]],
    ["function main() { [1].map((x) => x); class K { m() {} } }", ["main"]],
  ])("%s", (text, names) => {
    expect(Object.keys(modelsOf(text))).toEqual(names);
  });
});

describe("a nested function that can be taken out", () => {
  it.each([
    [
      "reads a constant",
      "const k = 1; const f = (x) => x + k;",
      "pure",
      "uses `k` of `main`, which travels with the call",
    ],
    [
      "changes a variable",
      "let n = 0; const f = () => ++n;",
      "stateful",
      "changes `n` of `main`, which travels with the call and back",
    ],
    [
      "changes what one holds",
      "const list = []; const f = (x) => { list.push(x); };",
      "stateful",
      "changes `list` of `main`",
    ],
    [
      "uses a function that goes along",
      "const k = 1; const h = (x) => x * k; const f = (x) => h(x);",
      "pure",
      "uses `k` of `main`",
    ],
    [
      "uses a function that changes a variable",
      "let n = 0; const h = () => { n += 1; }; function f() { h(); }",
      "stateful",
      "changes `n` of `main`",
    ],
    ["calls itself", "function f(n) { return n < 2 ? n : f(n - 1); }", "pure", ""],
    ["uses `this`", "function f() { return this.x; }", "pure", "uses `this`, which travels with the call"],
    ["makes instances of a class that goes along", "class P { x = 1; } const f = () => new P().x;", "pure", ""],
    ["has a local name of its own", "const k = 1; const f = (k) => k;", "pure", ""],
  ])("%s", (_what, body, verdict, reason) => {
    const model = modelsOf(`function main() { ${body} }`)["main.f"];

    expect(model?.verdict).toBe(verdict);
    expect(model ? messages(model).join("\n") : "").toContain(reason);
  });

  it("takes what it captures behind its own arguments, when it is called from outside", () => {
    const { "main.f": f, "main.g": g } = modelsOf(
      "function main(rate) { const k = 1; const f = (x) => x * rate + k; const g = (...all) => all.length + k; }",
    );

    expect(f?.parameters.map(({ name, optional }) => [name, optional])).toEqual([
      ["x", false],
      ["rate", false],
      ["k", false],
    ]);
    expect(f?.captures.map(({ name, kind }) => [name, kind])).toEqual([
      ["rate", "local"],
      ["k", "local"],
    ]);
    expect(g?.parameters.map(({ name }) => name)).toEqual(["all"]);
  });
});

describe("a nested function stays that", () => {
  it.each([
    [
      "calls a parameter of the code around it",
      "function main(cb) { const f = () => cb(); }",
      "calls `cb` of the code around it",
    ],
    [
      "calls a value that may be a function",
      "function main() { const log = make(); const f = () => log(); }",
      "calls `log`",
    ],
    [
      "assigns to a constant",
      "function main() { const k = 1; const f = () => { k = 2; }; }",
      "assigns to the constant `k`",
    ],
    ["is replaced", "function main() { let f = () => 1; f = () => 2; }", "is replaced"],
    ["uses itself as an object", "function main() { function f() { f.n = 1; } }", "keeps something in its properties"],
    ["uses `super`", "class B extends A { m(cb) { const f = () => super.m(); } }", "uses `super`", "B.m.f"],
    [
      "uses a private name",
      "class B { #x = 1; m(cb) { const f = () => this.#x; } }",
      "uses the private name `#x`",
      "B.m.f",
    ],
    [
      "uses the `this` of a method",
      "class B { m(cb) { const f = () => this.x; } }",
      "uses `this` of the class or object around it",
      "B.m.f",
    ],
    [
      "uses the `arguments` around it",
      "function main() { const f = () => arguments; }",
      "uses the `arguments` of the code around it",
    ],
    [
      "calls the function around it",
      "function main(cb) { const f = () => main(cb); }",
      "is defined inside `main` and uses it",
    ],
    [
      "uses two variables of one name",
      "const k = 1; const h = () => k; function main() { const k = 2; const g = () => k; { const k = 3; const f = () => g() + k; } }",
      "uses two variables named `k`",
    ],
    [
      "uses what another parameter hides",
      "function main() { const k = 1; const g = () => k; const f = (k) => g() + k; }",
      "which is another variable where it stands",
    ],
    [
      "waits while what it captures changes",
      "function main() { let n = 0; const f = async () => { await null; return ++n; }; }",
      "calls of an asynchronous function may overlap",
    ],
    ["is a generator", "function main() { function* f() { yield 1; } }", "is a generator"],
    [
      "uses a class that keeps state",
      "function main() { class P { static n = 0; } const f = () => new P(); }",
      "calls `P` of the code around it",
    ],
    [
      "uses a constant before its file has it",
      "main(); const k = 1; function main() { const f = () => k; }",
      "is called at line 1, before line 1 gives `k` its value",
    ],
  ])("%s", (_what, text = "", reason = "", name = "main.f") => {
    const model = modelsOf(text)[name];

    expect(model ? messages(model).join("\n") : "").toContain(reason);
    expect(model?.verdict).toBe("local");
  });

  it.each([
    ["function main() { { function h() {} } const f = () => h(); }", "uses `h` of a block that it is not in"],
    ["function main() { eval('var z'); const f = () => z; }", "`eval` or `with`"],
    ["function main(o) { with (o) { var f = function () { return x; }; } }", "`eval` or `with`"],
  ])("is sloppy: %s", (text, reason) => {
    const model = modelsOf(text, "a.cjs")["main.f"];

    expect(model ? messages(model).join("\n") : "").toContain(reason);
    expect(model?.verdict).toBe("local");
  });
});
