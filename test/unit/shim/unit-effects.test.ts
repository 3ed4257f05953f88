/* oxlint-disable no-console -- what is tested is what a function prints */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { FaasifyAnswer, FaasifyCall } from "../../../src/protocol/invocation-event.ts";
import { REGISTRY, type RegisteredNames } from "../../../src/protocol/registered-names.ts";
import { decodeAnswer, encodeCall } from "../../../src/protocol/values/codec.ts";
import type { AnswerValues, CallValues } from "../../../src/protocol/values/contract.ts";
import { unitNames } from "../../../src/shim/node/unit/names.ts";
import { createHandler } from "../../../src/shim/node/unit-handler.ts";

class Point {
  x: number;
  constructor(x: number) {
    this.x = x;
  }
  double() {
    this.x *= 2;
    return this;
  }
}

let count = 0;
const seen: unknown[] = [];
const names: RegisteredNames = {
  state: {
    "a.js#count": { get: () => count, set: (value) => (count = value as number) },
    "a.js#seen": { get: () => seen },
  },
  classes: { "a.js#Point": { get: () => Point } },
};
((globalThis as { [REGISTRY]?: RegisteredNames[] })[REGISTRY] ??= []).push(names);

/** What reaches the platform's log, as it replaces `console` and the streams. */
const log: string[] = [];

beforeEach(() => {
  log.length = 0;
  count = 0;
  seen.length = 0;
  for (const method of ["log", "warn", "error", "info", "debug"] as const) {
    vi.spyOn(console, method).mockImplementation((text: unknown) => void log.push(`${method}: ${String(text)}`));
  }
  vi.spyOn(process.stdout, "write").mockImplementation((text) => log.push(`stdout: ${String(text)}`) > 0);
  vi.spyOn(process.stderr, "write").mockImplementation((text) => log.push(`stderr: ${String(text)}`) > 0);
});

afterEach(() => vi.restoreAllMocks());

interface Answered extends Omit<FaasifyAnswer, "result" | "error">, Partial<AnswerValues> {
  readonly failed: boolean;
}

/** Over JSON, as between processes; changes are applied to the values given. */
async function call(
  run: (...args: never[]) => unknown,
  values: CallValues,
  more: Partial<FaasifyCall> = {},
): Promise<Answered> {
  const { classes } = unitNames();
  const sent = encodeCall(values, { classes });
  const event: FaasifyCall = { faasify: 1, args: sent.encoded, effects: true, ...more };
  const handler = createHandler(run, { name: "f", parameters: [] });
  const answer = JSON.parse(JSON.stringify(await handler(JSON.parse(JSON.stringify(event))))) as FaasifyAnswer;
  const { result, error, ...rest } = answer;
  return {
    ...rest,
    failed: error !== undefined,
    ...decodeAnswer(error === undefined ? result : error, sent, { classes }),
  };
}

describe("a call for a stub", () => {
  it("takes and gives instances, and changes the caller's very objects", async () => {
    const point = new Point(2);
    const list: unknown[] = [];

    const { value } = await call((p: Point, to: unknown[]) => [p.double(), to.push(p)], { args: [point, list] });

    expect(value).toEqual([point, 1]);
    expect((value as unknown[])[0]).toBe(point);
    expect(point.x).toBe(4);
    expect(list[0]).toBe(point);
  });

  it("gives a method its `this`", async () => {
    const self = new Point(5);
    function method(this: Point) {
      return this.double();
    }

    const { value } = await call(method, { args: [], self });

    expect(value).toBe(self);
    expect(self.x).toBe(10);
  });

  it("sets the variables given, constants in place, and answers with those that changed", async () => {
    const callerSeen = ["a"];
    const bump = () => {
      count += 1;
      seen.push(count);
      return seen.length;
    };

    const { value, state } = await call(bump, { args: [], state: { "a.js#count": 41, "a.js#seen": callerSeen } });

    expect(value).toBe(2);
    expect(state).toEqual({ "a.js#count": 42 });
    expect(callerSeen).toEqual(["a", 42]);
    expect(seen).toEqual(["a", 42]);
  });

  it("refuses a variable that the function does not have", async () => {
    await expect(call(() => 1, { args: [], state: { "b.js#other": 1 } })).rejects.toThrow(
      "the function has no variable b.js#other: deploy it again",
    );
  });

  it("sees the caller's environment and leaves its own as it was, also when it throws", async () => {
    vi.stubEnv("FAASIFY_TEST_A", "own");
    const read = () => {
      throw new Error([process.env["FAASIFY_TEST_A"], process.env["FAASIFY_TEST_B"]].join());
    };

    const { value } = await call(
      read,
      { args: [] },
      { environment: { FAASIFY_TEST_A: null, FAASIFY_TEST_B: "caller's" } },
    );

    expect((value as Error).message).toBe(",caller's");
    expect(process.env["FAASIFY_TEST_A"]).toBe("own");
    expect(process.env["FAASIFY_TEST_B"]).toBeUndefined();
  });

  it("tells a promise from a value, and what was thrown from what was rejected", async () => {
    const thrown = () => {
      throw new RangeError("no");
    };

    expect(await call(() => 1, { args: [] })).toEqual({ faasify: 1, failed: false, value: 1 });
    expect(await call(async () => 1, { args: [] })).toEqual({ faasify: 1, failed: false, value: 1, promise: true });
    // One of the language's own errors: another version of Node may word it in another way.
    const engine = process.versions.node;
    expect(await call(thrown, { args: [] })).toEqual({ faasify: 1, failed: true, engine, value: new RangeError("no") });
    const rejected = await call(() => Promise.reject(undefined), { args: [] });
    expect(rejected).toEqual({ faasify: 1, failed: true, value: undefined, promise: true });
  });

  it("keeps a thrown null, and refuses a promise that is more than one", async () => {
    const none = () => Promise.reject(null);
    class Mine extends Promise<number> {}

    expect(await call(none, { args: [] })).toEqual({ faasify: 1, failed: true, value: null, promise: true });
    await expect(call(() => Mine.resolve(1), { args: [] })).rejects.toThrow("a promise with a class");
  });

  it("refuses a result that cannot travel by its path", async () => {
    await expect(call(() => ({ next: () => 1 }), { args: [] })).rejects.toMatchObject({
      name: "ValueNotPortable",
      path: "result.next",
    });
  });
});

describe("output", () => {
  it("is kept in order, formatted by Node, and still reaches the platform's log", async () => {
    const print = () => {
      console.log("%s is %d", "x", 3, { a: [1] });
      console.group("group");
      console.warn("inside\nit");
      console.groupEnd();
      console.count("x");
      process.stdout.write("raw");
      process.stderr.write(Buffer.from("bytes"));
      console.table([{ a: 1 }]);
    };

    const { output } = await call(print, { args: [] });

    expect(output).toEqual([
      ["log", "x is 3 { a: [ 1 ] }\n"],
      ["call", "group", "group"],
      ["error", "inside\nit\n"],
      ["call", "groupEnd"],
      ["call", "count", "x"],
      ["stdout", "raw"],
      ["stderr", "bytes"],
      ["log", expect.stringMatching(/^┌[─┬]+┐\n│ \(index\) │ a │\n/)],
    ]);
    expect(log.slice(0, 6)).toEqual([
      "log: x is 3 { a: [ 1 ] }",
      "log: group",
      "warn:   inside\n  it",
      "log: x: 1",
      "stdout: raw",
      "stderr: bytes",
    ]);
  });

  it("of a character in two pieces is whole", async () => {
    const bytes = Buffer.from("é");
    const print = () => {
      process.stdout.write(bytes.subarray(0, 1));
      process.stdout.write(bytes.subarray(1));
    };

    const { output } = await call(print, { args: [] });

    expect(output?.map(([, text]) => text).join("")).toBe("é");
  });

  it("is no longer kept afterwards, also when the function throws", async () => {
    const methods = Object.entries(console);
    const write = Object.getOwnPropertyDescriptor(process.stdout, "write");

    const { output } = await call(
      () => {
        console.log("before");
        throw new Error("no");
      },
      { args: [] },
    );

    expect(output).toEqual([["log", "before\n"]]);
    expect(Object.entries(console)).toEqual(methods);
    expect(Object.getOwnPropertyDescriptor(process.stdout, "write")).toEqual(write);
  });

  it("is left alone for callers that do not replay it", async () => {
    const handler = createHandler(() => console.log("plain", 1), { name: "f", parameters: [] });

    expect(await handler({ faasify: 1, args: [] })).toEqual({ faasify: 1 });
    expect(log).toEqual(["log: plain"]);
  });
});
