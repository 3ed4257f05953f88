import { expect, it } from "vitest";
import type { Ask, Inspected } from "../../../src/shim/node/properties.ts";
import { type CallFrame, prefetchScopes } from "../../../src/shim/node/prefetch.ts";

it("fetches every scope but the global one, with previews", async () => {
  const asked: object[] = [];
  const frame = frameOf(["local", "closure", "global"], 1);

  const prefetched = await prefetchScopes(
    frame,
    thread(async (method, params) => {
      asked.push({ method, ...params });
      return { result: [{ name: "x" }] };
    }),
  );

  expect(prefetched).toEqual({ "local-1": { result: [{ name: "x" }] }, "closure-1": { result: [{ name: "x" }] } });
  expect(asked[0]).toEqual({
    method: "Runtime.getProperties",
    objectId: "local-1",
    ownProperties: true,
    generatePreview: true,
    nonIndexedPropertiesOnly: false,
  });
});

it("leaves a large scope out, and does not ask for it again", async () => {
  let asked = 0;
  const fetch = (line: number) =>
    prefetchScopes(
      frameOf(["module"], line),
      thread(async () => {
        asked += 1;
        return { result: Array.from({ length: 201 }, () => ({})) };
      }),
    );

  expect(await fetch(100)).toEqual({});
  expect(await fetch(100)).toEqual({});
  expect(asked).toBe(1);
  await fetch(101);
  expect(asked).toBe(2);
});

it("leaves out what fails, and survives a pause without frames", async () => {
  expect(
    await prefetchScopes(
      frameOf(["local"], 7),
      thread(() => Promise.reject(new Error("gone"))),
    ),
  ).toEqual({});
  expect(
    await prefetchScopes(
      undefined,
      thread(async () => ({})),
    ),
  ).toEqual({});
});

it("asks for no more than 60 objects", async () => {
  let asked = 0;
  const types = Array.from({ length: 100 }, () => "block");

  await prefetchScopes(
    frameOf(types, 8),
    thread(async () => {
      asked += 1;
      return { result: [] };
    }),
  );

  expect(asked).toBe(60);
});

function thread(ask: Ask): Inspected {
  return { ask, frame: "f1" };
}

function frameOf(types: readonly string[], lineNumber: number): CallFrame {
  return {
    url: "",
    location: { scriptId: "1" },
    scopeChain: types.map((type) => ({
      type,
      object: { objectId: `${type}-${lineNumber}` },
      startLocation: { scriptId: "1", lineNumber },
    })),
  };
}
