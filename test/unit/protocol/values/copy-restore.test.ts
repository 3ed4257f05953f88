import { describe, expect, it } from "vitest";
import { decodeAnswer, decodeCall, encodeAnswer, encodeCall } from "../../../../src/protocol/values/codec.ts";
import type { AnswerValues, CallValues, ReceivedCall } from "../../../../src/protocol/values/contract.ts";
import { differenceOf, throughText } from "./lib.ts";

/** Calls `run` with a copy of the values, as a function far away is called, and brings back what it did. */
function callFar(
  values: CallValues,
  run: (received: ReceivedCall) => unknown,
  state?: AnswerValues["state"],
): AnswerValues {
  const sent = encodeCall(values);
  const received = decodeCall(throughText(sent.encoded));
  const value = run(received);
  return decodeAnswer(throughText(encodeAnswer(received, { value, ...(state && { state }) })), sent);
}

/** Does the same to two equal values, here and far away, and compares what becomes of them. */
function assertSameChange<T>(make: () => T, change: (value: T) => unknown): void {
  const [here, there] = [make(), make()];
  const result = change(here);
  const answer = callFar({ args: [there] }, ({ args: [value] }) => change(value as T));
  expect(differenceOf([here, result], [there, answer.value])).toBeUndefined();
}

describe("what a function changes in its arguments changes in the caller's objects", () => {
  it("a property, an element, a length", () => {
    assertSameChange(
      () => ({ a: 1, list: [3, 1, 2] }),
      (value) => {
        value.a = 2;
        value.list.sort((a, b) => a - b);
        value.list.push(9);
        return value.list;
      },
    );
    assertSameChange(
      () => [1, 2, 3],
      (list) => list.splice(0, 2),
    );
  });

  it("properties deleted, added, put in another order", () => {
    assertSameChange(
      (): Record<string, unknown> => ({ a: 1, b: 2, c: 3 }),
      (value) => {
        delete value["a"];
        value["d"] = 4;
      },
    );
    assertSameChange(
      (): Record<string, unknown> => ({ a: 1, b: 2, c: 3 }),
      (value) => {
        delete value["b"];
        value["b"] = 5;
        value["__proto__x"] = 1;
        Object.defineProperty(value, "__proto__", { value: 1, enumerable: true, writable: true, configurable: true });
      },
    );
  });

  it("holes, attributes, frozenness and prototypes", () => {
    assertSameChange(
      () => [1, 2, 3],
      (list) => Reflect.deleteProperty(list, 1),
    );
    assertSameChange(
      () => ({ a: { b: 1 } }),
      (value) => void Object.freeze(value),
    );
    assertSameChange(
      () => ({ a: 1 }),
      (value) => void Object.defineProperty(value, "a", { enumerable: false }),
    );
    assertSameChange(
      () => ({ a: 1 }),
      (value) => void Object.setPrototypeOf(value, null),
    );
    assertSameChange(
      (): object => Object.create(null) as object,
      (value) => void Object.setPrototypeOf(value, Object.prototype),
    );
  });

  it("Map, Set, Date, RegExp, URL and bytes", () => {
    assertSameChange(
      () =>
        new Map<unknown, unknown>([
          ["a", 1],
          ["b", 2],
        ]),
      (map) => {
        map.delete("a");
        map.set("c", map);
      },
    );
    assertSameChange(
      () => new Set([1, 2]),
      (set) => void set.add(3).delete(1),
    );
    assertSameChange(
      () => new Date(1),
      (date) => void date.setTime(7),
    );
    assertSameChange(
      () => /a/g,
      (pattern) => void pattern.exec("aa"),
    );
    assertSameChange(
      () => new URL("http://a/?x=1"),
      (url) => url.searchParams.set("x", "2"),
    );
    assertSameChange(
      () => new URLSearchParams("a=1&b=2"),
      (params) => params.delete("a"),
    );
    assertSameChange(
      () => new Uint16Array([1, 2, 3]),
      (bytes) => bytes.fill(9, 1),
    );
    assertSameChange(
      () => Buffer.alloc(5, "h"),
      (buffer) => void buffer.write("HE"),
    );
    assertSameChange(
      () => Object.assign(new Error("e"), { stack: "s" }),
      (error) => void Object.assign(error, { message: "f", code: 1 }),
    );
  });

  it("leaves alone what lies beside a Buffer in its pool", () => {
    const [first, mine, last] = [Buffer.from("first"), Buffer.from("mine"), Buffer.from("last")];
    callFar({ args: [mine, first] }, ({ args: [buffer] }) => void (buffer as Buffer).fill("x"));
    expect([first, mine, last].map(String)).toEqual(["first", "xxxx", "last"]);
  });

  it("leaves alone what the caller has changed meanwhile in another property", () => {
    const value = { far: 1, here: 1 };
    const sent = encodeCall({ args: [value] });
    const received = decodeCall(throughText(sent.encoded));
    (received.args[0] as typeof value).far = 2;
    value.here = 2;
    decodeAnswer(throughText(encodeAnswer(received, { value: undefined })), sent);
    expect(value).toEqual({ far: 2, here: 2 });
  });
});

describe("identity", () => {
  it("a result that is an argument is that very object", () => {
    const value = { a: [1] };
    expect(callFar({ args: [value] }, ({ args }) => args[0]).value).toBe(value);
    expect(callFar({ args: [value] }, ({ args: [copy] }) => ({ in: (copy as typeof value).a })).value).toEqual({
      in: [1],
    });
    expect((callFar({ args: [value] }, ({ args: [copy] }) => [(copy as typeof value).a]).value as unknown[])[0]).toBe(
      value.a,
    );
  });

  it("what arguments, this and state share stays shared", () => {
    const shared = { n: 0 };
    const self = { shared };
    const answer = callFar({ args: [shared], self, state: { "a.mjs#s": [shared] } }, ({ args, self, state }) => {
      const [first] = args as [typeof shared];
      expect((self as { shared: unknown }).shared).toBe(first);
      expect((state?.["a.mjs#s"] as unknown[] | undefined)?.[0]).toBe(first);
      first.n++;
      return { first };
    });
    expect(shared.n).toBe(1);
    expect((answer.value as { first: unknown }).first).toBe(shared);
  });

  it("new objects that the function put into arguments hold the caller's objects", () => {
    const [a, b]: Record<string, unknown>[] = [{}, {}];
    callFar({ args: [a, b] }, ({ args: [a, b] }) => void Object.assign(a as object, { link: { b } }));
    expect((a?.["link"] as { b: unknown } | undefined)?.b).toBe(b);
  });
});

describe("state", () => {
  it("of which only variables that hold something else come back", () => {
    const list = [1];
    const answer = callFar(
      { args: [], state: { "a#n": 1, "a#list": list, "a#same": 5 } },
      ({ state }) => void (state?.["a#list"] as number[] | undefined)?.push(2),
      undefined,
    );
    expect(answer).toEqual({ value: undefined });
    expect(list).toEqual([1, 2]);
  });

  it("new values of variables", () => {
    const sent = encodeCall({ args: [], state: { "a#n": 1, "a#m": 2 } });
    const received = decodeCall(throughText(sent.encoded));
    const encoded = encodeAnswer(received, { value: undefined, state: { "a#n": Number.NaN, "a#m": 2 } });
    expect(decodeAnswer(throughText(encoded), sent)).toEqual({ value: undefined, state: { "a#n": Number.NaN } });
  });

  it("fills the objects that are constants at the other end, in place", () => {
    const constants = { "a#map": new Map<unknown, unknown>([["old", 1]]), "a#list": [9, 9, 9], "a#o": { z: 1, y: 2 } };
    const { "a#map": map, "a#list": list, "a#o": object } = constants;
    const sent = encodeCall({
      args: [],
      state: { "a#map": new Map([["new", { a: 1 }]]), "a#list": [1], "a#o": { y: 3 } },
    });
    const received = decodeCall(throughText(sent.encoded), {}, constants);
    expect(received.state?.["a#map"]).toBe(map);
    expect([...map]).toEqual([["new", { a: 1 }]]);
    expect(list).toEqual([1]);
    expect(object).toEqual({ y: 3 });
  });
});

describe("answers", () => {
  it("are nothing when nothing came of the call, and plain when the result is", () => {
    const received = decodeCall([{ a: 1 }]);
    expect(encodeAnswer(received, { value: undefined })).toBeUndefined();
    expect(encodeAnswer(received, { value: { b: [1] } })).toEqual({ b: [1] });
  });

  it("are refused with the path in the result or in what changed", () => {
    const received = decodeCall([{ a: {} }, { b: 1 }]);
    expect(() => encodeAnswer(received, { value: { x: () => 1 } })).toThrow("result.x is a function");
    Object.assign((received.args[0] as { a: object }).a, { cb: () => 1 });
    expect(() => encodeAnswer(received, { value: 1 })).toThrow("args[0].a.cb is a function");
    const other = decodeCall([{}]);
    Object.defineProperty(other.args[0], "g", { get: () => 1, configurable: true });
    expect(() => encodeAnswer(other, { value: 1 })).toThrow("args[0].g is a getter or setter");
  });

  it("that cannot be applied change nothing at all", () => {
    const [first, second] = [{ a: 1 }, { b: 1 }];
    const sent = encodeCall({ args: [first, second] });
    const received = decodeCall(throughText(sent.encoded));
    Object.assign(received.args[0] as object, { a: 2 });
    Object.assign(received.args[1] as object, { b: 2 });
    const encoded = throughText(encodeAnswer(received, { value: 1 }));
    Object.freeze(second);
    expect(() => decodeAnswer(encoded, sent)).toThrow("its property b is read-only");
    expect(first).toEqual({ a: 1 });
  });

  it.each<[string, unknown]>([
    ["an object that the caller has not", { objects: [], value: 1, changes: [[5, { k: ["a", 1] }]] }],
    ["data of another kind", { objects: [], value: 1, changes: [[0, { v: [1] }]] }],
    ["bytes", { objects: [], value: 1, changes: [[0, { b: [0, "AAAA"] }]] }],
    ["no list", { objects: [], value: 1, changes: 3 }],
  ])("that change %s are broken", (_, graph) => {
    const value = { a: 1 };
    const sent = encodeCall({ args: [value] });
    expect(() => decodeAnswer({ $faasify: graph }, sent)).toThrow(
      expect.objectContaining({ name: "EncodedValueBroken" }),
    );
    expect(value).toEqual({ a: 1 });
  });
});
