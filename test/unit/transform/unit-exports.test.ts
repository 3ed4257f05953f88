import vm from "node:vm";
import { describe, expect, it } from "vitest";
import { classOf } from "../../../src/analysis/typescript/class-nodes.ts";
import { privatesOf } from "../../../src/analysis/typescript/class-privates.ts";
import { parseModule } from "../../../src/analysis/typescript/parse-module.ts";
import { RegisteredClasses, type RegisteredNames } from "../../../src/protocol/registered-names.ts";
import { insert, namesText } from "../../../src/transform/unit-exports.ts";

interface Loaded extends RegisteredNames {
  readonly table: RegisteredClasses;
  /** The value of an expression in the file's scope. */
  readonly evaluate: (expression: string) => unknown;
}

/** Runs the text with its names registered in front of everything, as the files of a decomposed program do. */
function load(
  text: string,
  names: { readonly state?: readonly string[]; readonly classes?: readonly string[] },
): Loaded {
  const module = parseModule("/p/a.js", text);
  const named = (name: string) => ({ id: `a.js#${name}`, file: "/p/a.js", name, line: 1 });
  const texts = namesText(module, {
    state: (names.state ?? []).map((name) => ({
      ...named(name),
      assignable: name.includes(".") || module.bindings.get(name)?.kind === "let",
    })),
    classes: (names.classes ?? []).map(named),
  });
  if (!texts) throw new Error("nothing to register");
  const body = `const names = ${texts.literal}; ${insert(text, texts.insertions)}\n;${texts.declaration}`;
  const { names: registered, evaluate } = vm.runInThisContext(
    `(() => { ${body}; return { names, evaluate: (text) => eval(text) }; })()`,
  ) as { names: RegisteredNames; evaluate: Loaded["evaluate"] };
  const table = new RegisteredClasses();
  table.add(registered.classes);
  return { ...registered, table, evaluate };
}

const accounts = `let made = 0;
class Account {
  #balance = 0 // no semicolon
  #log() { return "balance " + this.#balance; }
  owner;
  static first = new Account("first");
  constructor({ owner = "nobody" } = {}) { made += 1; this.owner = owner; this.#balance = 1; }
  add(n) { this.#balance += n; return this.#log(); }
}
class Savings extends Account {
  #rate = 2; #balance = "own"
  constructor(options) { super(options.nested.deep); made += 100; this.#rate = 3; }
  get rate() { return [this.#rate, this.#balance]; }
}
class Plain extends Savings { greet() { return "hi " + this.owner; } }`;

describe("state", () => {
  it("is read and set late, and a constant cannot be set", () => {
    const { state, evaluate } = load("let n = 1; const list = [];", { state: ["n", "list"] });

    expect(state["a.js#n"]?.get()).toBe(1);
    state["a.js#n"]?.set?.(7);
    expect(evaluate("n")).toBe(7);
    expect(state["a.js#list"]?.set).toBeUndefined();
    expect(state["a.js#list"]?.get()).toBe(evaluate("list"));
  });

  it("of a class and of a function is what their properties hold, private ones included", () => {
    const { state, evaluate } = load(
      "class Ids { static last = 1; static #free = [2]; static next() { return [Ids.last, Ids.#free]; } }\nfunction f() {} f.calls = 3;",
      { state: ["Ids.last", "Ids.#free", "f.calls"] },
    );

    expect(Object.values(state).map((access) => access.get())).toEqual([1, [2], 3]);
    for (const [index, access] of Object.values(state).entries()) access.set?.(index + 10);
    expect(evaluate("[...Ids.next(), f.calls]")).toEqual([10, 11, 12]);
  });

  it("of a file without names needs no text", () => {
    expect(namesText(parseModule("/p/a.js", "let n;"), { state: [], classes: [] })).toBeUndefined();
  });
});

describe("a class", () => {
  it("is found by its prototype and by its id", () => {
    const { table, evaluate } = load("class Point {}", { classes: ["Point"] });
    const { prototype } = evaluate("Point") as { prototype: object };

    expect(table.idOf(prototype)).toBe("a.js#Point");
    expect(table.find("a.js#Point")).toEqual({ prototype });
    expect(table.idOf({})).toBeUndefined();
    expect(table.find("a.js#Other")).toBeUndefined();
  });

  it("held by a variable counts as well", () => {
    const { table, evaluate } = load("const Point = class { #x = 4 };", { classes: ["Point"] });
    const point = evaluate("new Point()") as object;

    expect(table.find("a.js#Point")?.hidden?.read(point)).toEqual({ "#x": 4 });
  });

  it("does not travel when a class that it extends is unknown", () => {
    const { table, evaluate } = load("class Base {} class Point extends Base {}", { classes: ["Point"] });

    expect(table.idOf((evaluate("Point") as { prototype: object }).prototype)).toBeUndefined();
    expect(table.find("a.js#Point")).toBeUndefined();
  });

  it("that is not defined yet is found later", () => {
    const table = new RegisteredClasses();
    let defined: object | undefined;
    const get = (): unknown => {
      if (!defined) throw new ReferenceError("before initialization");
      return defined;
    };
    table.add({ late: { get } });
    expect(table.find("late")).toBeUndefined();

    class Late {
      readonly since = 1;
    }
    defined = Late;

    expect(table.find("late")?.prototype).toBe(Late.prototype);
    expect(table.idOf(Late.prototype)).toBe("late");
  });
});

describe("private fields", () => {
  const classes = ["Account", "Savings", "Plain"];

  it("are read of all classes of an instance, those of the same name apart", () => {
    const { table, evaluate } = load(accounts, { classes });

    const fields = table.find("a.js#Plain")?.hidden?.read(evaluate("new Plain({ nested: { deep: {} } })") as object);

    expect(fields).toEqual({ "#rate^1": 3, "#balance^1": "own", "#balance^2": 1 });
  });

  it("are those of an instance that is made without its constructors", () => {
    const { table, evaluate } = load(accounts, { classes });
    const plain = table.find("a.js#Plain");
    const before = evaluate("made");

    const copy = plain?.hidden?.create() ?? {};
    plain?.hidden?.write(copy, { "#rate^1": 9, "#balance^2": 40 });
    Object.assign(copy, { owner: "Ada" });

    expect(evaluate("made")).toBe(before);
    expect(copy).toBeInstanceOf(evaluate("Plain"));
    expect(Reflect.ownKeys(copy)).toEqual(["owner"]);
    const use = evaluate("(x) => [x.greet(), x.rate, x.add(2)]") as (x: object) => unknown;
    expect(use(copy)).toEqual(["hi Ada", [9, "own"], "balance 42"]);
  });

  it("leave the class as it was: its constructor runs as before", () => {
    const { table, evaluate } = load(accounts, { classes });
    table.find("a.js#Savings")?.hidden?.create();

    expect(evaluate("Object.getPrototypeOf(Savings) === Account")).toBe(true);
    expect(evaluate('new Savings({ nested: { deep: { owner: "Bo" } } }).add(1)')).toBe("balance 2");
    expect(evaluate("Object.getOwnPropertyNames(Account)")).toEqual(["length", "name", "prototype", "first"]);
  });

  it("of a class that extends a built-in one are kept beside what that one is", () => {
    const { table, evaluate } = load(
      "class Failure extends Error { #code; constructor(message, code) { super(message); this.#code = code; } get code() { return this.#code; } }",
      { classes: ["Failure"] },
    );
    const failure = table.find("a.js#Failure");

    const copy = failure?.hidden?.create() ?? {};
    failure?.hidden?.write(copy, failure.hidden.read(evaluate('new Failure("no", 7)') as object));

    expect(Object.prototype.toString.call(copy)).toBe("[object Error]");
    expect(Reflect.get(copy, "code")).toBe(7);
  });

  it("of an object that was never an instance are refused", () => {
    const { table, evaluate } = load(accounts, { classes });
    const fake = evaluate("Object.create(Account.prototype)") as object;

    expect(() => table.find("a.js#Account")?.hidden?.read(fake)).toThrow(TypeError);
  });
});

describe("a class that cannot be made without running its code", () => {
  it.each([
    ["class A { #x = next() }", "initialises `#x` by code that must not run again"],
    ["class A { #x = 1; y = A.count++ }", "initialises `y` by code that must not run again"],
    ["class A extends B { #x; constructor() { note(); super(); } }", "runs code of its own before it calls `super`"],
    ["class A extends B { #x; constructor(a) { super(read(a)); } }", "runs code of its own before it calls `super`"],
    ["class A extends B { #x; constructor(a = read()) { super(a); } }", "runs code of its own before it calls `super`"],
    ["class A { accessor x = 1 }", "has an `accessor` field, which hides its value"],
    ["class A { #x = new Map(); #y = Date.now(); z = [() => next()]; constructor() { note(); } }", undefined],
    ["class A { y = next() }", undefined],
  ])("%s", (text, problem) => {
    const declaration = parseModule("/p/a.js", text).bindings.get("A")?.declaration;
    const node = declaration && classOf(declaration);

    expect(node && [privatesOf(node).problem]).toEqual([problem]);
  });
});
