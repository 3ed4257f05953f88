import { Readable } from "node:stream";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { ValueNotPortable } from "../../../../src/protocol/values/errors.ts";
import { converse } from "./conversation.ts";

type Fn = (...args: unknown[]) => unknown;

class Point {
  x = 1;
}

describe("a function of the other end", () => {
  it.each([
    ["an arrow function", (a: unknown) => [a, 1]],
    [
      "an ordinary one",
      function named(a: unknown, _b?: unknown) {
        return [a, 1];
      },
    ],
    ["a method", { method: (a: unknown) => [a, 1] }.method],
  ])("is called: %s, with its name and length", (_what, fn) => {
    const { here, there } = converse();
    const standIn = here.give(fn) as Fn;

    expect(standIn({ x: 1 })).toEqual([{ x: 1 }, 1]);
    expect([standIn.name, standIn.length, inspect(standIn)]).toEqual([fn.name, fn.length, inspect(fn)]);
    expect(there.give(standIn)).toBe(fn);
    expect(here.give(fn)).toBe(standIn);
  });

  it("is of the same kind, and gives what the other end gives", async () => {
    const { here } = converse();
    const given = [async () => 1, function* () {}, async function* () {}].map((fn) => here.give(fn) as Fn);

    expect(given.map((fn) => fn.constructor.name)).toEqual([
      "AsyncFunction",
      "GeneratorFunction",
      "AsyncGeneratorFunction",
    ]);
    expect(await given[0]?.()).toBe(1);
  });

  it("gets its `this`, which stays the same object, when it looks at it", () => {
    const { here } = converse();
    const counter = {
      n: 1,
      up(this: { n: number }, by: number) {
        this.n += by;
        return this;
      },
    };
    const theirs = here.give(counter) as typeof counter;

    expect(theirs.up(2)).toBe(theirs);
    expect([counter.n, theirs.n]).toEqual([3, 3]);
    const blind = here.give(() => 1) as Fn;
    expect(Reflect.apply(blind, new WeakMap(), [])).toBe(1);
  });

  it("throws what it throws: the very object when it comes home", () => {
    const { here, there } = converse();
    const own = new RangeError("no");
    const standIn = here.give(() => {
      throw own;
    }) as Fn;
    const through = there.give(() => standIn()) as Fn;

    expect(() => standIn()).toThrow(RangeError);
    expect(() => through()).toThrow(own);
  });

  it("may be constructed, if the other end knows what comes of it", () => {
    const { here } = converse();
    function Made(this: { n: number }, n: number): void {
      this.n = n;
    }
    const standIn = here.give(Made) as new (n: number) => object;

    expect(() => new standIn(1)).toThrow(ValueNotPortable);
    expect(() => new (here.give(() => 1) as new () => object)()).toThrow(TypeError);
  });

  it.each([
    ["a class", Point, "a class"],
    ["one with properties", Object.assign(() => 1, { calls: 0 }), "a function"],
    ["a proxy of one", new Proxy(() => 1, {}), "a Proxy"],
  ])("is refused: %s", (_what, fn, what) => {
    expect(() => converse().here.give([fn])).toThrow(new ValueNotPortable("result[0]", what));
  });
});

describe("an iterator of the other end", () => {
  it("gives what it is asked for, takes values, and is ended early", () => {
    const { here } = converse();
    const log: unknown[] = [];
    const standIn = here.give(
      (function* () {
        try {
          for (;;) log.push(yield log.length);
        } finally {
          log.push("closed");
        }
      })(),
    ) as Generator<number, unknown, string>;

    expect([standIn.next("lost"), standIn.next("a"), standIn.return(9), standIn.next("b")]).toEqual([
      { value: 0, done: false },
      { value: 1, done: false },
      { value: 9, done: true },
      { value: undefined, done: true },
    ]);
    expect(log).toEqual(["a", "closed"]);
    expect(inspect(standIn)).toBe("Object [Generator] {}");
  });

  it.each([
    ["a map's", () => new Map([[1, 2]]).entries(), [[1, 2]]],
    ["a set's", () => new Set("ab").values(), ["a", "b"]],
    ["an array's", () => [1, 2].values(), [1, 2]],
    ["a string's", () => "ab"[Symbol.iterator](), ["a", "b"]],
    ["a regular expression's", () => "a1b2".matchAll(/\d/g), ["1", "2"]],
  ])("may be the language's own: %s", (_whose, make, values) => {
    const { here } = converse();
    const made = make();
    const standIn = here.give(made) as Iterable<unknown>;

    expect(Object.prototype.toString.call(standIn)).toBe(Object.prototype.toString.call(made));
    expect(
      Array.from(standIn, (value) => (Array.isArray(value) && value.length === 1 ? String(value[0]) : value)),
    ).toEqual(values);
  });

  it("may be asynchronous", async () => {
    const { here } = converse();
    let isClosed = false;
    const standIn = here.give(
      (async function* () {
        try {
          yield 1;
          yield 2;
        } finally {
          isClosed = true;
        }
      })(),
    ) as AsyncGenerator<number>;
    const seen: number[] = [];
    for await (const value of standIn) {
      seen.push(value);
      if (value === 2) break;
    }

    expect([seen, isClosed]).toEqual([[1, 2], true]);
    expect(here.references.isDone).toBe(true);
  });
});

describe("a stream of the other end", () => {
  it.each([
    ["Node's", () => Readable.from([{ n: 1 }, { n: 2 }])],
    [
      "the web's",
      () =>
        new ReadableStream({
          start(controller) {
            controller.enqueue({ n: 1 });
            controller.enqueue({ n: 2 });
            controller.close();
          },
        }),
    ],
  ])("is read piece by piece: %s", async (_whose, make) => {
    const { here } = converse();
    const standIn = here.give(make()) as AsyncIterable<unknown>;
    const seen: unknown[] = [];
    for await (const value of standIn) seen.push(value);

    expect(seen).toEqual([{ n: 1 }, { n: 2 }]);
  });

  it("makes no more than is asked for, and is cancelled", async () => {
    const { here } = converse();
    const log: unknown[] = [];
    const standIn = here.give(
      new ReadableStream(
        {
          pull: (controller) => {
            log.push("pull");
            controller.enqueue(1);
          },
          cancel: (reason) => void log.push(reason),
        },
        { highWaterMark: 0 },
      ),
    ) as ReadableStream;
    const reader = standIn.getReader();
    expect(log).toEqual([]);
    expect(await reader.read()).toEqual({ value: 1, done: false });
    await reader.cancel("enough");

    expect(log).toEqual(["pull", "enough"]);
  });

  it("fails with the source's error", async () => {
    const { here } = converse();
    const broken = new Readable({
      read() {
        this.destroy(new RangeError("broken"));
      },
    });
    const standIn = here.give(broken) as Readable;

    await expect(standIn.toArray()).rejects.toThrow(new RangeError("broken"));
  });
});

describe("a promise of the other end", () => {
  it("is settled when that one is, and keeps the conversation going until then", async () => {
    const { here, there } = converse();
    let settle: ((value: unknown) => void) | undefined;
    const promise = new Promise((resolve) => {
      settle = resolve;
    });
    const standIn = here.give({ promise }) as { promise: Promise<unknown> };
    expect([there.references.isDone, here.references.isDone, there.references.isWaiting]).toEqual([false, false, true]);
    settle?.({ n: 1 });

    expect(await standIn.promise).toEqual({ n: 1 });
    expect([there.references.isDone, here.references.isDone]).toEqual([true, true]);
    await expect(here.give(Promise.reject(new RangeError("no")))).rejects.toThrow(RangeError);
  });

  it("is rejected when the other end is gone", async () => {
    const { here, there } = converse();
    const standIn = here.give(new Promise(() => undefined)) as Promise<unknown>;
    there.references.lose(new Error("gone"));

    await expect(standIn).rejects.toThrow("gone");
  });
});

describe("an abort signal of the other end", () => {
  it("is aborted when that one is, at once and with its reason", () => {
    const { here } = converse();
    const controller = new AbortController();
    const standIn = here.give(controller.signal) as AbortSignal;
    const reasons: unknown[] = [];
    standIn.addEventListener("abort", () => reasons.push(standIn.reason));
    controller.abort({ why: "enough" });

    expect(reasons).toEqual([{ why: "enough" }]);
    expect(standIn.aborted).toBe(true);
  });

  it("may have been aborted before", () => {
    const standIn = converse().here.give(AbortSignal.abort(new RangeError("before"))) as AbortSignal;

    expect(() => standIn.throwIfAborted()).toThrow(new RangeError("before"));
    expect(() => converse().here.give(AbortSignal.abort(new WeakMap()))).toThrow(ValueNotPortable);
  });
});

it("what was given out is ended when nobody is left to ask for more", async () => {
  const { here } = converse();
  const log: string[] = [];
  const make = function* (name: string) {
    try {
      yield 1;
      yield 2;
    } finally {
      log.push(name);
    }
  };
  const [first] = here.give([make("first"), make("never begun")]) as [Generator];
  first.next();
  await here.references.endGiven();

  expect(log).toEqual(["first"]);
});

it("a function that got a property at one end is refused, as the other end would miss it", () => {
  const { here, there } = converse();
  const standIn = here.give(() => 1) as Fn & { rate?: number };
  standIn.rate = 3;

  expect(() => there.give(standIn)).toThrow("a function that has got properties of its own");
  expect(() =>
    here.give(function Made(this: object) {
      return new.target;
    }),
  ).toThrow(ValueNotPortable);
});
