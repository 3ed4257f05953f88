import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { decodeValue, encodeValue } from "../../../../src/protocol/values/codec.ts";
import { classTable, cross, differenceOf, throughText } from "./lib.ts";

class Point {
  readonly x: number;
  constructor(x: number) {
    if (typeof x !== "number") throw new Error("the constructor ran");
    this.x = x;
  }
}
class Point3 extends Point {
  z = new Map([[this, 1]]);
  constructor(x: number) {
    super(x);
    Object.assign(this, { [Symbol.for("tag")]: "t" });
  }
}
class Stack extends Array<unknown> {
  label = "s";
}
class Registry extends Map<unknown, unknown> {
  override set(): this {
    throw new Error("a method of the program ran");
  }
}
class Failure extends RangeError {
  readonly code = "E1";
  override readonly name = "Failure";
}
class Day extends Date {}
class Account {
  #balance: unknown;
  readonly owner: string;
  constructor(owner: string, balance: unknown) {
    this.owner = owner;
    this.#balance = balance;
  }
  get balance(): unknown {
    return this.#balance;
  }
  static readonly hidden = {
    read: (account: object) => ({ "#balance": (account as Account).#balance }),
    write: (account: object, fields: Readonly<Record<string, unknown>>) => {
      (account as Account).#balance = fields["#balance"];
    },
    create: () => {
      const account = new Account("", 0);
      Reflect.deleteProperty(account, "owner");
      return account;
    },
  };
}
const classes = classTable({
  "a.mjs#Point": { prototype: Point.prototype },
  "a.mjs#Point3": { prototype: Point3.prototype },
  "a.mjs#Stack": { prototype: Stack.prototype },
  "a.mjs#Registry": { prototype: Registry.prototype },
  "a.mjs#Failure": { prototype: Failure.prototype },
  "a.mjs#Day": { prototype: Day.prototype },
  "a.mjs#Account": { prototype: Account.prototype, hidden: Account.hidden },
});

function cycle(): object {
  const object: Record<string, unknown> = { a: 1 };
  return Object.assign(object, { self: object, list: [object] });
}
function views(): unknown[] {
  const buffer = Uint8Array.from({ length: 32 }, (_, index) => index).buffer;
  return [new Uint16Array(buffer, 4, 3), new DataView(buffer, 1, 5), new BigInt64Array(buffer), buffer];
}
function withAttributes(): object {
  return Object.defineProperties(
    { a: 1 },
    { hidden: { value: [1], writable: true, configurable: true }, fixed: { value: 2, enumerable: true } },
  );
}
const shared = { s: 1 };

describe("a value crosses without loss", () => {
  it.each<[string, unknown]>([
    ["undefined", undefined],
    ["undefined inside", { a: undefined, b: [undefined] }],
    ["numbers that JSON has not", [Number.NaN, Infinity, -Infinity, -0]],
    ["bigints", [0n, -(2n ** 80n)]],
    ["dates", [new Date(5), new Date(Number.NaN)]],
    ["a RegExp with lastIndex", Object.assign(/a(?<n>b)/dgimsuy, { lastIndex: 3 })],
    ["a Map with object keys and nested Sets", new Map<unknown, unknown>([[shared, new Set([shared, [2]])]])],
    ["a Map that holds itself", ((map) => map.set(map, map))(new Map<unknown, unknown>())],
    ["typed arrays that share a buffer", views()],
    [
      "all typed arrays",
      [new Int8Array([-1]), new Float32Array([0.5]), new Uint8ClampedArray([9]), new Float64Array(2)],
    ],
    ["an empty buffer", new ArrayBuffer(0)],
    ["Buffers", [Buffer.alloc(0), Buffer.alloc(3, "x")]],
    ["URLs", [new URL("http://u:p@a.b/c?d=1#e"), new URLSearchParams("a=1&a=2&b=%20")]],
    [
      "boxed primitives",
      [Object(1), Object("ab"), Object(false), Object(2n), Object(Symbol.for("q")), Object(Number.NaN)],
    ],
    ["symbols", [Symbol.for("x"), Symbol.iterator, Symbol.asyncIterator]],
    ["symbol keys", { [Symbol.for("k")]: 1, [Symbol.toStringTag]: "T" }],
    ["cycles", cycle()],
    ["shared references", [shared, { shared }]],
    ["an object without prototype", Object.assign(Object.create(null), { a: 1 })],
    ["an object with another object as prototype", Object.create({ inherited: [1] })],
    ["attributes of properties", withAttributes()],
    [
      "frozen, sealed and other closed objects",
      [
        Object.freeze({ a: [1] }),
        Object.seal([1, 2]),
        Object.preventExtensions(new Map([[1, 2]])),
        Object.freeze(/x/g),
        Object.freeze(Object.assign([1], { 2: 3 })),
      ],
    ],
    ["sparse arrays", [Object.assign([], { 1: 1, 3: 2, length: 5 }), Object.assign([], { 4_000_000_000: 1 })]],
    ["arrays with properties", Object.assign([1, 2], { extra: shared, [Symbol.for("x")]: 1 })],
    ["an array with a fixed length", Object.defineProperty([1, 2], "length", { writable: false })],
    [
      "keys that mean something elsewhere",
      JSON.parse(`{"__proto__":{"a":1},"constructor":1,"2":1,"1":-1,"toString":2,"":3}`),
    ],
    ["the key of graphs", { $faasify: { objects: [], value: 1 } }],
    ["the key of graphs inside", [{ $faasify: 1 }]],
    [
      "errors",
      [new TypeError("t", { cause: new Error("c") }), new AggregateError([new Error("a"), 1], "m"), new Error()],
    ],
    ["own fields of errors", Object.assign(new SyntaxError("s"), { code: "E", at: { line: 1 } })],
    ["an error without a stack", ((error) => (Reflect.deleteProperty(error, "stack"), error))(new Error("x"))],
    ["a DOMException", new DOMException("gone", "AbortError")],
    ["half characters", "a\ud800b"],
    [
      "built-in functions and namespaces",
      [Math.max, String, parseInt, Array.prototype.map, Math, JSON, Intl.NumberFormat],
    ],
    ["built-in prototypes", [Array.prototype, Object.create(Error.prototype)]],
    ["an array of another prototype", Object.setPrototypeOf([1], null)],
  ])("%s", (_, value) => {
    expect(differenceOf(value, cross(value))).toBeUndefined();
  });

  it.each<[string, () => unknown]>([
    ["instances", () => [new Point(1), new Point3(2)]],
    ["instances of subclasses of built-ins", () => [Stack.from([1, 2]), new Failure("f"), new Day(3)]],
    ["a class and its prototype", () => [Point, Point.prototype]],
    ["a Map whose class has a set of its own", () => Object.setPrototypeOf(new Map([[1, 2]]), Registry.prototype)],
    ["an instance that is frozen", () => Object.freeze(new Point(4))],
  ])("%s", (_, make) => {
    const value = make();
    expect(differenceOf(value, cross(value, { classes }))).toBeUndefined();
  });

  it("private fields, with what they share with others", () => {
    const balance = { of: 3 };
    const [account, other] = cross([new Account("me", balance), balance], { classes }) as [Account, unknown];
    expect(account).toBeInstanceOf(Account);
    expect(account.owner).toBe("me");
    expect(account.balance).toBe(other);
    expect(other).toEqual({ of: 3 });
  });

  it("a stack, and the class of an error", () => {
    const error = new Failure("x");
    const copy = cross(error, { classes }) as Failure;
    expect(copy.stack).toBe(error.stack);
    expect(copy).toBeInstanceOf(RangeError);
    expect(Object.prototype.toString.call(copy)).toBe("[object Error]");
  });

  it("a Buffer without its neighbours in the pool", () => {
    const secret = Buffer.from("neighbour's secret");
    const value = Buffer.from("mine");
    expect(value.buffer).toBe(secret.buffer);
    const encoded = JSON.stringify(encodeValue(value));
    expect(encoded.length).toBeLessThan(300);
    const copy = decodeValue(JSON.parse(encoded)) as Buffer;
    expect([copy.toString(), copy.byteOffset, Buffer.isBuffer(copy)]).toEqual(["mine", value.byteOffset, true]);
  });

  it("a list of a hundred thousand elements that each hold the next", () => {
    let list: { next: unknown } = { next: null };
    for (let index = 1; index < 100_000; index++) list = { next: list };
    let length = 0;
    for (let at = cross(list) as typeof list | null; at; at = at.next as typeof list | null) length++;
    expect(length).toBe(100_000);
  });

  it("what stays where it is, as a reference", () => {
    const callback = (): void => {};
    const references = {
      describe: (value: object) => (value === callback ? { id: 7 } : undefined),
      restore: (description: unknown) => ((description as { id: number }).id === 7 ? callback : {}),
    };
    expect(cross({ a: callback, b: [callback] }, { references })).toEqual({ a: callback, b: [callback] });
  });
});

describe("plain values are their own encoding", () => {
  it.each<[unknown]>([[null], [1], ["x"], [[]], [{ a: [{ b: null }], "": false }], [JSON.parse(`{"__proto__":1}`)]])(
    "%j",
    (value) => {
      expect(encodeValue(value)).toBe(value);
    },
  );

  it("as deep as JSON safely goes", () => {
    let deep: unknown = 1;
    for (let depth = 0; depth < 100_000; depth++) deep = [deep];
    expect(differenceOf(deep, cross(deep))).toBeUndefined();
  });
});

describe("what cannot travel is refused with its path", () => {
  it.each<[string, unknown, string]>([
    ["value.items[3].when", { items: [0, 1, 2, { when: () => 1 }] }, "a function"],
    [
      "value",
      class {
        n = 1;
      },
      "a class",
    ],
    ["value.p", { p: Promise.resolve() }, "a Promise"],
    ["value[0]", [new WeakMap()], "a WeakMap"],
    ["value", new WeakRef({}), "a WeakRef"],
    ["value", new Proxy({}, {}), "a Proxy"],
    ["value.f", { f: new Proxy(() => {}, {}) }, "a Proxy"],
    ["value.point", { point: new Point(1) }, "a Point"],
    ["value", Object.setPrototypeOf(() => 1, null), "a function"],
    [
      "value.a",
      {
        get a() {
          return 1;
        },
      },
      "a getter or setter",
    ],
    ["value.a", { set a(_: unknown) {} }, "a getter or setter"],
    ["value", (function* () {})(), "a Generator"],
    ["value", [1][Symbol.iterator](), "an Array Iterator"],
    ["value", new SharedArrayBuffer(1), "a SharedArrayBuffer"],
    ["value.buffer", new Uint8Array(new SharedArrayBuffer(1)), "a SharedArrayBuffer"],
    ["value", new ArrayBuffer(1, { maxByteLength: 2 }), "a resizable ArrayBuffer"],
    ["value", new AbortController().signal, "an AbortSignal"],
    ["value", process.stdout, `a ${process.stdout.constructor.name}`],
    ["value.s", { s: Symbol("mine") }, "a symbol of this program (Symbol(mine))"],
    ["value[Symbol(mine)]", { [Symbol("mine")]: 1 }, "a property named by a symbol of this program"],
    [`value.get("k")`, new Map([["k", () => 1]]), "a function"],
    [
      "value.keys()[1]",
      new Map<unknown, unknown>([
        [1, 1],
        [() => 1, 1],
      ]),
      "a function",
    ],
    ["value.values()[0].x", new Set([{ x: () => 1 }]), "a function"],
    [`value["two words"]`, { "two words": () => 1 }, "a function"],
    ["value.cause.on", new Error("e", { cause: { on: () => 1 } }), "a function"],
    ["value.[[Prototype]].m", Object.create({ m: () => 1 }), "a function"],
    ["value", runInNewContext("({})"), "an Object"],
    [
      "value",
      Reflect.apply(
        function (): unknown {
          return arguments;
        },
        undefined,
        [1],
      ),
      "an arguments object",
    ],
  ])("%s is %3$s", (path, value, what) => {
    expect(() => encodeValue(value)).toThrow(
      expect.objectContaining({
        name: "ValueNotPortable",
        path,
        what,
        message: `${path} is ${what}, which cannot be sent`,
      }),
    );
  });

  it("runs no getter to find it", () => {
    const value = {
      get a(): never {
        throw new Error("it ran");
      },
    };
    expect(() => encodeValue(value)).toThrow("value.a is a getter or setter");
  });
});

describe("damaged input is an error, and changes nothing", () => {
  it.each<[string, unknown]>([
    ["no graph", 1],
    ["no objects", {}],
    ["objects that are no list", { objects: {}, value: 1 }],
    ["an object that is not there", { objects: [], value: [0] }],
    ["a negative object", { objects: [{}], value: [-1] }],
    ["half an object", { objects: [{}], value: [0.5] }],
    ["an unknown tag", { objects: [], value: ["z", "x"] }],
    ["an unknown kind", { objects: [["Socket", []]], value: [0] }],
    ["an unknown class", { objects: [["Object", [], { p: ["c", "x#Y"] }]], value: [0] }],
    ["a prototype that is none of ours", { objects: [["Object", [], { p: ["g", "Promise.prototype"] }]], value: [0] }],
    ["an unknown built-in", { objects: [], value: ["g", "eval"] }],
    ["a path to a built-in", { objects: [], value: ["g", "Object.prototype.__proto__"] }],
    ["a pattern that is none", { objects: [["RegExp", ["(", ""]]], value: [0] }],
    ["a buffer without end", { objects: [["ArrayBuffer", [1e12]]], value: [0] }],
    ["bytes that are none", { objects: [["ArrayBuffer", [3, 0, "§§§§"]]], value: [0] }],
    ["bytes outside", { objects: [["ArrayBuffer", [3, 2, "AAAA"]]], value: [0] }],
    ["a view on no buffer", { objects: [{}, ["Uint8Array", [[0], 0, 1]]], value: [1] }],
    ["a view on itself", { objects: [["Uint8Array", [[0], 0, 1]]], value: [0] }],
    [
      "prototypes in a circle",
      {
        objects: [
          ["Object", [], { p: [1] }],
          ["Object", [], { p: [0] }],
        ],
        value: [0],
      },
    ],
    ["an array too long", { objects: [["Array", [1e20]]], value: [0] }],
    ["a bigint that is none", { objects: [], value: ["b", "0x1"] }],
    ["an unknown number", { objects: [], value: ["n", "toString"] }],
    ["odd properties", { objects: [["Object", [], { k: ["a"] }]], value: [0] }],
    ["unknown attributes", { objects: [["Object", [], { K: ["a", 1, 99] }]], value: [0] }],
    ["a reference nobody knows", { objects: [["ref", 1]], value: [0] }],
    ["hidden fields of nobody", { objects: [["Object", [], { h: ["#a", 1] }]], value: [0] }],
  ])("%s", (_, graph) => {
    expect(() => decodeValue({ $faasify: graph })).toThrow(expect.objectContaining({ name: "EncodedValueBroken" }));
  });

  it("something beside the graph", () => {
    expect(() => decodeValue({ $faasify: { objects: [], value: 1 }, more: 1 })).toThrow("beside the graph");
  });

  it("cannot reach the prototype of all objects", () => {
    const own = decodeValue(
      throughText({
        $faasify: { objects: [JSON.parse(`{"__proto__":[1],"constructor":[1]}`), { polluted: 1 }], value: [0] },
      }),
    );
    expect(Object.getPrototypeOf(own)).toBe(Object.prototype);
    expect({}).not.toHaveProperty("polluted");
    decodeValue({
      $faasify: { objects: [["Object", [], { k: ["__proto__", ["g", "Array.prototype"]] }]], value: [0] },
    });
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
  });
});
