import { expect, it } from "vitest";
import { type CallFrame, prefetchScopes } from "../../../src/shim/node/prefetch.ts";

it("fetches every scope but the global one, with previews", async () => {
  const asked: object[] = [];
  const frame = frameOf(["local", "closure", "global"], 1);

  const prefetched = await prefetchScopes(frame, (method, params, done) => {
    asked.push({ method, ...params });
    done(null, { result: [{ name: "x" }] });
  });

  expect(prefetched).toEqual({ "local-1": { result: [{ name: "x" }] }, "closure-1": { result: [{ name: "x" }] } });
  expect(asked[0]).toEqual({
    method: "Runtime.getProperties",
    objectId: "local-1",
    ownProperties: true,
    generatePreview: true,
  });
});

it("leaves a large scope out, and does not ask for it again", async () => {
  let asked = 0;
  const fetch = (line: number) =>
    prefetchScopes(frameOf(["module"], line), (_method, _params, done) => {
      asked += 1;
      done(null, { result: Array.from({ length: 201 }, () => ({})) });
    });

  expect(await fetch(100)).toEqual({});
  expect(await fetch(100)).toEqual({});
  expect(asked).toBe(1);
  await fetch(101);
  expect(asked).toBe(2);
});

it("leaves out what fails, and survives a pause without frames", async () => {
  expect(await prefetchScopes(frameOf(["local"], 7), (_m, _p, done) => done(new Error("gone")))).toEqual({});
  expect(await prefetchScopes(undefined, () => {})).toEqual({});
});

it("asks for no more than 60 objects", async () => {
  let asked = 0;
  const types = Array.from({ length: 100 }, () => "block");

  await prefetchScopes(frameOf(types, 8), (_method, _params, done) => {
    asked += 1;
    done(null, { result: [] });
  });

  expect(asked).toBe(60);
});

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
