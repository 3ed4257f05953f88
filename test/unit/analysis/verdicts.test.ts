import { describe, expect, it } from "vitest";
import type { Effect, Verdict } from "../../../src/core/function-model.ts";
import { messages, modelOf, project } from "./project.ts";

describe("a function that can move", () => {
  it.each<[string, string, Verdict, Effect[], string?]>([
    ["computes only", "export function f(a: number) { return a * 2; }", "pure", []],
    ["captures a constant", "const rate = 0.2;\nexport const f = (x: number) => x * rate;", "pure", []],
    ["prints", "export function f() { console.log(1); }", "effects", ["console"]],
    ["reads the environment", "export const f = () => process.env.HOME;", "effects", ["environment"]],
    ["asks the network", 'export const f = () => fetch("http://x");', "effects", ["network"]],
    ["reads the clock", "export const f = () => new Date().getTime();", "effects", ["time"]],
    ["takes a given time", "export const f = (t: number) => new Date(t).getTime();", "pure", []],
    ["is random", "export const f = () => Math.random();", "effects", ["random"]],
    ["waits", "export const f = () => new Promise<void>((done) => setTimeout(done, 1));", "effects", ["timers"]],
    ["changes its argument", "export function f(list: number[]) { list.push(1); }", "effects", ["arguments"]],
    [
      "sorts a copy",
      "export function f(list: number[]) { const copy = [...list]; copy.sort(); return copy; }",
      "pure",
      [],
    ],
    ["joins objects", "export const f = (a: object) => Object.assign({}, a);", "pure", []],
    ["loads a module when called", 'exports.f = () => require("os").cpus();', "effects", ["process"], "a.cjs"],
  ])("%s", (_what, text, verdict, ...[effects, file = "a.ts"]) => {
    const model = modelOf(text, file);

    expect({ verdict: model.verdict, effects: model.effects }).toEqual({ verdict, effects });
  });

  it("has the effects of its helpers in other files", () => {
    using files = project({
      "a.ts": 'import { log } from "./b.js";\nexport function f() {\n  log("x");\n}',
      "b.ts":
        'import { print } from "./c";\nexport const log = (text: string) => print(text);\nexport const other = () => fetch("x");',
      "c.ts": "export function print(text: string) { console.log(text); }",
    });

    expect(files.model("a.ts", "f")).toMatchObject({ verdict: "effects", effects: ["console"] });
  });
});

describe("a stateful function", () => {
  it.each([
    ["a counter", "let n = 0;\nexport function f() { return ++n; }", "`n`, which is changed at a.ts:2"],
    [
      "a map",
      "const seen = new Map();\nexport function f(x: string) { seen.set(x, 1); }",
      "`seen`, which is changed at a.ts:2",
    ],
    [
      "a variable that another function changes",
      "let n = 0;\nexport const f = () => n;\nexport const g = () => { n = 1; };",
      "`n`, which is changed at a.ts:3",
    ],
    [
      "an instance",
      "class C { n = 0; grow() { this.n += 1; } }\nconst c = new C();\nexport function f() { c.grow(); }",
      "`c`, which is an instance of `C`, whose methods change it",
    ],
    [
      "static fields",
      "class C { static n = 0; static grow() { this.n += 1; } }\nexport function f() { C.grow(); }",
      "`C`, which changes its static fields",
    ],
    [
      "what the program changes between calls",
      "let n = 0;\nexport function f() { return n; }\nfor (const x of [1, 2]) { n = x; f(); }",
      "`n`, which is changed at a.ts:3",
    ],
  ])("uses %s", (_what, text, reason) => {
    using files = project({ "a.ts": text });
    const model = files.model("a.ts", "f");

    expect(model.verdict).toBe("stateful");
    expect(messages(model).join()).toContain(`uses ${reason}`);
  });

  it("may use state of another file, which a third one changes", () => {
    using files = project({
      "a.ts":
        'import { bump } from "./bump";\nimport { box } from "./store";\nexport function f() {\n  bump();\n  return box.n;\n}',
      "bump.ts": 'import { box } from "./store";\nexport const bump = () => { box.n += 1; };',
      "store.ts": "export const box = { n: 0 };",
    });

    expect(messages(files.model("a.ts", "f"))).toEqual([
      "5: uses `box` of store.ts, which is changed at bump.ts:2, and travels with the call",
    ]);
  });

  it("is none when the state is only filled while the file loads", () => {
    const text =
      "const t = new Map();\nt.set('a', 1);\n['b'].forEach((x) => t.set(x, 2));\nlet late;\nlate = 3;\nexport const f = (k: string) => t.get(k) + late;";

    expect(modelOf(text).verdict).toBe("pure");
  });
});

describe("a function that must stay", () => {
  it.each([
    [
      "takes a callback",
      "export function f(each: (x: number) => void) {}",
      "1: takes the callback `each`, which its caller has; it moves with a decomposed program, which talks with it",
    ],
    [
      "takes an aliased callback",
      "type Each = (x: number) => void;\nexport function f(each: Each) {}",
      "2: takes the callback `each`",
    ],
    ["takes a generic callback", "export function f<F extends () => void>(run: F) {}", "1: takes the callback `run`"],
    ["returns a function", "export function f(a: number) {\n  return () => a;\n}", "2: returns a function"],
    [
      "returns an inner function",
      "export function f() {\n  function inner() {}\n  return inner;\n}",
      "3: returns a function",
    ],
    ["is a generator", "export function* f() { yield 1; }", "1: is a generator"],
    ["uses new.target", "export function f() { return new.target; }", "1: uses `new.target`"],
    [
      "reads standard input",
      "export const f = () => process.stdin.read();",
      "1: reads standard input (`process.stdin.read`)",
    ],
    ["ends the process", "export const f = () => process.exit(1);", "1: ends the process (`process.exit`)"],
    [
      "starts a process",
      'import { exec } from "child_process";\nexport const f = () => exec("ls");',
      "2: starts a process (`exec`)",
    ],
    [
      "listens",
      'import http from "http";\nexport const f = () => http.createServer().listen(80);',
      "2: waits for connections",
    ],
    ["uses the browser", "export const f = () => document.title;", "1: uses the browser's `document`"],
  ])("%s", (_what, text, reason) => {
    const model = modelOf(text);

    expect(model.verdict).toBe("local");
    expect(messages(model).join("\n")).toContain(reason);
  });

  it("says the path to an open resource in another file", () => {
    using files = project({
      "price.ts": 'import { db } from "./store";\n\nexport function price(id: string) {\n  return db.read(id);\n}',
      "store.ts": 'import net from "node:net";\n\nexport const db = net.connect(80);',
    });

    expect(messages(files.model("price.ts", "price"))).toEqual([
      "4: `price` captures `db` from `store.ts:3`, which is an open socket",
    ]);
  });

  it("says through which helper it gets at an open resource", () => {
    using files = project({
      "a.ts":
        'import { Pool } from "pg";\nconst pool = new Pool();\nconst ask = (q: string) => pool.query(q);\nexport function f() {\n  return ask("x");\n}',
    });

    expect(messages(files.model("a.ts", "f"))[0]).toBe(
      "5: through `ask`, `f` captures `pool` from `a.ts:2`, which is an open database connection",
    );
  });

  it("uses what another file fills when it is loaded, unless that file is imported for it", () => {
    const files = {
      "registry.ts": "export const registry = new Map<string, number>();",
      "plugin.ts": 'import { registry } from "./registry";\nregistry.set("a", 1);\nexport const plugin = 1;',
    };
    const body = 'import { registry } from "./registry";\nexport const f = (k: string) => registry.get(k);';
    using lost = project({ ...files, "a.ts": `import { plugin } from "./plugin";\n${body}\nconsole.log(plugin);` });
    using found = project({ ...files, "a.ts": `import "./plugin";\n${body}` });

    expect(lost.model("a.ts", "f").verdict).toBe("local");
    expect(messages(lost.model("a.ts", "f"))[0]).toMatch(
      /^3: uses `registry`, which plugin\.ts:2 fills when it is loaded/,
    );
    expect(found.model("a.ts", "f")).toMatchObject({ verdict: "pure", reasons: [] });
  });

  it("finds callbacks in plain JavaScript by how they are used", () => {
    using files = project({
      "a.js":
        "export function each(list, act) { for (const x of list) act(x); }\nexport function map(list, fn) { return list.map(fn); }\nexport function typed(/** @type {() => void} */ run) {}\nexport function calls(list) { return list.map((x) => x); }",
    });
    const verdicts = Object.values(files.functions("a.js")).map(({ name, verdict }) => [name, verdict]);

    expect(verdicts).toEqual([
      ["each", "local"],
      ["map", "local"],
      ["typed", "local"],
      ["calls", "pure"],
    ]);
  });

  it("names methods after their class and nested functions after what is around them", () => {
    using files = project({
      "a.ts":
        "export class C {\n  m() {}\n  static s() {}\n}\nexport function outer() {\n  function inner() {}\n  inner();\n}",
    });
    const all = files.functions("a.ts");

    expect(Object.keys(all)).toEqual(["C.m", "C.s", "outer", "outer.inner"]);
    expect(all["C.m"]).toMatchObject({ verdict: "pure", kind: "method" });
    expect(all["C.s"]).toMatchObject({ verdict: "pure", kind: "static-method" });
    expect(all["outer.inner"]).toMatchObject({ verdict: "pure", kind: "function", exported: false });
  });
});

describe("an entry point", () => {
  it.each([
    "main();",
    "await main();",
    "main().catch(() => 1);",
    "void main();",
    "if (require.main === module) main();",
  ])("is called by %s", (call) => {
    using files = project({ "a.ts": `async function main() { helper(); }\nfunction helper() {}\n${call}` });

    expect(files.model("a.ts", "main").verdict).toBe("entry");
    expect(messages(files.model("a.ts", "main"))[0]).toBe("3: is the program's entry point, called at line 3");
    expect(files.model("a.ts", "helper").verdict).toBe("pure");
  });

  it("is not every function that a program calls", () => {
    expect(modelOf("export function price(x: number) { return x; }\nprice(3);").verdict).toBe("pure");
    expect(modelOf("#!/usr/bin/env node\nfunction go() {}\ngo();", "bin.js").verdict).toBe("entry");
  });

  it.each(["a.test.ts", "a.spec.js", "__tests__/a.ts", "tests/a.ts"])("is any function of %s", (file) => {
    expect(modelOf("export function f() {}", file).verdict).toBe("entry");
  });
});

it("warns of what may fail at run time without forbidding the move", () => {
  using files = project({
    "a.ts":
      'import { Money } from "./money";\ninterface Order { when: Date }\nexport function f(order: Order, m: Money, done?: () => void): Map<string, bigint> {\n  return new Map();\n}',
    "money.ts": "export class Money { amount = 0 }",
  });
  const model = files.model("a.ts", "f");

  expect(model.verdict).toBe("pure");
  expect(messages(model)).toEqual([
    "3: the callback `done` can be called in a decomposed program only, and must be left out elsewhere",
  ]);
});

it("names an import that leads nowhere", () => {
  const model = modelOf('import x from "no-such-package-anywhere";\nexport const f = () => x();');

  expect(messages(model)).toEqual(['2: needs "no-such-package-anywhere", which is not installed or does not exist']);
});

describe("state that does not look like it", () => {
  it.each([
    [
      "class C { list = []; keep() { this.list.push(1); return this.list.length; } }\nconst c = new C();\nexport const f = () => c.keep();",
    ],
    ["const pattern = /a/g;\nexport const f = (text) => pattern.test(text);"],
  ])("%s", (text) => {
    using files = project({ "a.js": text });

    expect(files.model("a.js", "f").verdict).toBe("stateful");
  });

  it("is none in a pattern that is only replaced with", () => {
    expect(
      modelOf("const pattern = /a/g;\nexport const f = (text: string) => text.replace(pattern, '');").verdict,
    ).toBe("pure");
  });
});

describe("what may be another thing elsewhere", () => {
  it("keeps a function that calls eval", () => {
    const model = modelOf("const k = 1;\nexport const f = () => eval('k');");

    expect(model.verdict).toBe("local");
    expect(messages(model)).toEqual(["2: calls `eval`, whose text may use any name of the file"]);
  });

  it("says through what a function asks for its own place", () => {
    using files = project({
      "a.ts": 'import { here } from "./h.ts";\nexport const f = () => here;',
      "h.ts": "export const here = import.meta.dirname;",
    });

    expect(messages(files.model("a.ts", "f"))).toEqual([
      "2: through `here` asks for its own place on disk, which is another one in the cloud",
    ]);
  });
});
