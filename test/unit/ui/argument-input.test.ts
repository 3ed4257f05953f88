import { describe, expect, it } from "vitest";
import type { FunctionModel, Parameter } from "../../../src/core/function-model.ts";
import { describeParameters, parseInput, sampleInput } from "../../../src/ui/argument-input.ts";

const english = {
  t: (message: string, ...values: (string | number)[]) =>
    message.replaceAll(/\{(\d)\}/g, (_, index: string) => String(values[Number(index)])),
};

const items = parameter("items", "Item[]");
const coupon = { ...parameter("coupon", "string"), optional: true };
const numbers = { ...parameter("numbers", "number[]"), rest: true };

describe("the prompt", () => {
  it("names the parameters with their types", () => {
    expect(describeParameters(model([items, coupon]))).toBe("items: Item[], coupon?: string");
    expect(describeParameters(model([numbers]))).toBe("...numbers: number[]");
    expect(describeParameters(model([]))).toBe("");
  });
});

describe("the sample", () => {
  it("has a value for each required parameter and can be read back", () => {
    const checkout = model([
      parameter("name", "string"),
      parameter("size", "{ width: number; tags: string[] }"),
      coupon,
    ]);

    expect(sampleInput(checkout)).toBe('["",{"width":0,"tags":[""]}]');
    expect(read(sampleInput(checkout), checkout)).toMatchObject({ ok: true });
  });

  it("is an event for a Lambda handler", () => {
    const handler = {
      ...model([parameter("event", "{ id: string }"), parameter("context", "Context")]),
      convention: "lambda",
    } as const;

    expect(sampleInput(handler)).toBe('{"id":""}');
    expect(read('{"id":"7"}', handler)).toEqual({ ok: true, input: { kind: "event", event: { id: "7" } } });
  });
});

describe("reading", () => {
  it("takes an array as the arguments", () => {
    expect(read('[[{"price":1}],"WELCOME"]', model([items, coupon]))).toEqual(given([{ price: 1 }], "WELCOME"));
    expect(read("[[]]", model([items, coupon]))).toEqual(given([]));
    expect(read("[1,2,3]", model([numbers]))).toEqual(given(1, 2, 3));
    expect(read("", model([]))).toEqual(given());
  });

  it("takes a single value for a function of one parameter", () => {
    expect(read('"Ada"', model([parameter("name", "string")]))).toEqual(given("Ada"));
    expect(read('{"a":1}', model([parameter("value", "object")]))).toEqual(given({ a: 1 }));
    expect(read("null", model([parameter("value", "unknown")]))).toEqual(given(null));
  });

  it("says what is wrong", () => {
    expect(read("[1,", model([numbers]))).toMatchObject({ ok: false, problem: expect.stringContaining("not JSON") });
    expect(read('"x"', model([items, coupon]))).toMatchObject({ problem: expect.stringContaining("JSON array") });
    expect(read("[]", model([items, coupon]))).toMatchObject({ problem: "The argument items (Item[]) is missing" });
    expect(read("[1]", model([]))).toMatchObject({ problem: expect.stringContaining("takes no arguments") });
    expect(read("[1,2]", model([items]))).toMatchObject({ problem: expect.stringContaining("[[…]]") });
    expect(read("", model([items]))).toMatchObject({ ok: false });
  });
});

function read(text: string, of: FunctionModel) {
  return parseInput(text, of, english);
}

function given(...values: readonly unknown[]) {
  return { ok: true, input: { kind: "arguments", arguments: values } };
}

function parameter(name: string, type: string): Parameter {
  return { name, type, optional: false, rest: false };
}

function model(parameters: readonly Parameter[]): FunctionModel {
  const range = { start: { line0: 0, column0: 0 }, end: { line0: 1, column0: 0 } };
  return {
    file: "/shop/cart.ts",
    name: "f",
    kind: "function",
    range,
    nameRange: range,
    exported: true,
    async: false,
    parameters,
    returnType: "void",
    convention: "plain",
    captures: [],
    calls: [],
    effects: [],
    effectUses: [],
    state: [],
    cost: "unknown",
    verdict: "pure",
    reasons: [],
  };
}
