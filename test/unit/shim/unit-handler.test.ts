import { describe, expect, it } from "vitest";
import type { FaasifyAnswer } from "../../../src/protocol/invocation-event.ts";
import { decodeValue } from "../../../src/protocol/values/codec.ts";
import { createHandler } from "../../../src/shim/node/unit-handler.ts";

const required = (name: string) => ({ name, optional: false, rest: false });
const optional = (name: string) => ({ name, optional: true, rest: false });
const rest = (name: string) => ({ name, optional: true, rest: true });

/** Answers with the arguments that it was called with. */
const echo = (...args: unknown[]): unknown => args;

describe("a FaaSify call", () => {
  const handler = createHandler((a: number, b: number) => a - b, {
    name: "minus",
    parameters: [required("a"), required("b")],
  });

  it("gives positional arguments and is answered in kind", async () => {
    expect(await handler({ faasify: 1, args: [5, 3] })).toEqual({ faasify: 1, result: 2 });
  });

  it("of a function that returns nothing has no result", async () => {
    const nothing = createHandler(() => undefined, { name: "nothing", parameters: [] });

    expect(await nothing({ faasify: 1, args: [] })).toEqual({ faasify: 1 });
    expect(await nothing({})).toBeNull();
  });

  it("awaits an asynchronous function", async () => {
    const later = createHandler(async (x: number) => x * 2, { name: "later", parameters: [required("x")] });

    expect(await later({ faasify: 1, args: [4] })).toEqual({ faasify: 1, result: 8 });
  });
});

describe("any other event", () => {
  it.each<[string, readonly ReturnType<typeof required>[], unknown, unknown]>([
    ["gives parameters by name", [required("a"), required("b")], { b: 2, a: 1, c: 3 }, [1, 2]],
    ["leaves out what it does not name", [required("a"), optional("b")], { a: 1 }, [1]],
    ["fills a gap with undefined", [optional("a"), optional("b")], { b: 2 }, [undefined, 2]],
    ["spreads a rest parameter", [required("a"), rest("more")], { a: 1, more: [2, 3] }, [1, 2, 3]],
    ["is the only required parameter when it does not name it", [required("order")], { id: 7 }, [{ id: 7 }]],
    ["is an optional first parameter when it names none", [optional("options")], { id: 7 }, [{ id: 7 }]],
    ["is the first parameter when it is no object", [required("text")], "plain", ["plain"]],
    ["is the first parameter when it is an array", [required("items")], [1, 2], [[1, 2]]],
    ["names nothing when it is empty", [optional("a")], {}, []],
    ["is dropped by a function without parameters", [], { id: 7 }, []],
  ])("%s", async (_title, parameters, event, expected) => {
    const handler = createHandler((...args: unknown[]) => ({ args: args.map((arg) => arg ?? null) }), {
      name: "echo",
      parameters,
    });

    expect(await handler(event)).toEqual({ args: (expected as unknown[]).map((arg) => arg ?? null) });
  });

  it("that leaves out required parameters is refused, and says which", async () => {
    const handler = createHandler(echo, {
      name: "pay",
      parameters: [required("from"), required("to"), required("sum")],
    });

    await expect(handler({ to: "x" })).rejects.toMatchObject({
      name: "MissingParameters",
      message: expect.stringMatching(/`from`, `sum`: pay needs an object/),
    });
    await expect(handler(null)).rejects.toMatchObject({ name: "MissingParameters" });
  });

  it("does not reach inherited properties", async () => {
    const handler = createHandler(echo, { name: "f", parameters: [required("toString"), required("constructor")] });

    await expect(handler({})).rejects.toMatchObject({ name: "MissingParameters" });
  });
});

describe("what comes back", () => {
  it("is encoded where plain JSON would change it, and plain otherwise", async () => {
    const at = (value: unknown) => createHandler(() => value, { name: "report", parameters: [] });
    const row = { id: 1 };

    expect(decodeValue(await at({ at: new Date(0) })({}))).toEqual({ at: new Date(0) });
    expect(await at([row, row])({})).toEqual([row, row]);
    expect(await at([1, null])({ faasify: 1, args: [] })).toEqual({ faasify: 1, result: [1, null] });
    const call = (await at(new Set([1]))({ faasify: 1, args: [] })) as FaasifyAnswer;
    expect(decodeValue(call.result)).toEqual(new Set([1]));
  });

  it("is refused with its path when it cannot travel", async () => {
    const handler = createHandler(() => ({ rows: [{ run: () => 1 }] }), { name: "report", parameters: [] });

    await expect(handler({})).rejects.toMatchObject({
      name: "ValueNotPortable",
      message: "result.rows[0].run is a function, which cannot be sent",
    });
  });

  it("is the function's own error when it throws", async () => {
    class OutOfStock extends Error {
      override name = "OutOfStock";
    }
    const error = new OutOfStock("none left");
    const handler = createHandler(
      () => {
        throw error;
      },
      { name: "take", parameters: [] },
    );

    await expect(handler({})).rejects.toBe(error);
  });

  it("is an error at load time when the export is no function", () => {
    expect(() => createHandler(42, { name: "answer", parameters: [] })).toThrow("answer is not a function but number");
  });
});
