import { describe, expect, it } from "vitest";
import { fromPayload, toPayload } from "../../../src/deploy/lambda/invocation-payload.ts";
import { decodeCall, encodeValue } from "../../../src/protocol/values/codec.ts";
import type { ClassTable } from "../../../src/protocol/values/contract.ts";

class Account {
  owner: string;
  constructor(owner: string) {
    this.owner = owner;
  }
}

class OutOfStock extends Error {
  readonly code = 7;
}

const prototypes: Readonly<Record<string, object>> = {
  "src/bank.mjs#Account": Account.prototype,
  "src/stock.mjs#OutOfStock": OutOfStock.prototype,
};
/** As the function's side has them. */
const classes: ClassTable = {
  idOf: (prototype) => Object.entries(prototypes).find(([, known]) => known === prototype)?.[0],
  find: () => undefined,
};

const calling = { name: "f", input: { kind: "arguments", arguments: [] }, failed: false } as const;

function answerWith(result: unknown): ReturnType<typeof fromPayload> {
  return fromPayload(JSON.stringify({ faasify: 1, result }), calling);
}

describe("arguments", () => {
  it("that are plain stay plain, others are encoded", () => {
    const at = new Date(0);

    expect(JSON.parse(toPayload({ kind: "arguments", arguments: [1, { a: [] }] }))).toEqual({
      faasify: 1,
      args: [1, { a: [] }],
    });
    const { args } = JSON.parse(toPayload({ kind: "arguments", arguments: [at, undefined] })) as { args: unknown };
    expect(decodeCall(args).args).toEqual([at, undefined]);
  });

  it("that cannot travel are refused with their path", () => {
    expect(() => toPayload({ kind: "arguments", arguments: [{ each: () => 1 }] })).toThrow(
      expect.objectContaining({ code: "value-not-portable", message: expect.stringContaining("args[0].each") }),
    );
  });
});

describe("a result", () => {
  it("that is plain has no other form", () => {
    expect(answerWith({ a: [1] })).toEqual({ result: { a: [1] } });
    expect(answerWith(undefined)).toEqual({ result: null });
  });

  it("that plain JSON would change is what the function returned, and can be read by people", () => {
    const encoded = encodeValue({ at: new Date(0), ids: new Set([1n]) });

    const { result, notPlain } = answerWith(encoded);

    expect(result).toEqual({ at: new Date(0), ids: new Set([1n]) });
    expect(notPlain).toEqual({ encoded, text: "{ at: 1970-01-01T00:00:00.000Z, ids: Set(1) { 1n } }" });
  });

  it("of an event is decoded as well", () => {
    const encoded = encodeValue(new Map([[1, 2]]));

    const answer = fromPayload(JSON.stringify(encoded), { ...calling, input: { kind: "event", event: {} } });

    expect(answer.result).toEqual(new Map([[1, 2]]));
  });

  it("with instances of the function's own classes shows their names", () => {
    const { notPlain } = answerWith(encodeValue([new Account("Ada"), new OutOfStock("none left")], { classes }));

    expect(notPlain?.text).toMatch(/^\[\n {2}Account \{ owner: 'Ada' \},/);
    expect(notPlain?.text).toContain("none left");
    expect(notPlain?.text).toContain("code: 7");
  });

  it("with private fields shows the others", () => {
    const hidden = { read: () => ({ "#balance": 40 }), write: () => undefined, create: () => ({}) };
    const table: ClassTable = {
      idOf: classes.idOf.bind(classes),
      find: () => ({ prototype: Account.prototype, hidden }),
    };

    const { notPlain } = answerWith(encodeValue(new Account("Ada"), { classes: table }));

    expect(notPlain?.text).toBe("Account { owner: 'Ada' }");
  });

  it("that was refused in the function is refused here, by its path", () => {
    const refusal = { errorType: "ValueNotPortable", errorMessage: "result.next is a function, which cannot be sent" };

    expect(() => fromPayload(JSON.stringify(refusal), { ...calling, failed: true })).toThrow(
      expect.objectContaining({ code: "value-not-portable", message: refusal.errorMessage }),
    );
  });

  it("that is broken is a foreseen failure", () => {
    expect(() => answerWith({ $faasify: { objects: 1 } })).toThrow(
      expect.objectContaining({ code: "invocation-failed" }),
    );
  });
});
