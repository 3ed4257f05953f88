import { mkdtempSync, rmSync, writeFileSync, mkdirSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { callHandler, userModule } from "../../../src/shim/node/user-handler.ts";

it.each([
  ["an ES module", "index.mjs", "export const handler = async () => 'm';", "index.handler"],
  ["CommonJS", "index.cjs", "exports.handler = async () => 'm';", "index.handler"],
  ["CommonJS without a telling name", "index.js", "exports.handler = async () => 'm';", "index.handler"],
  ["a default export", "index.cjs", "module.exports.default = { handler: async () => 'm' };", "index.handler"],
  ["a nested export", "index.cjs", "exports.api = { get: async () => 'm' };", "index.api.get"],
  ["a folder", "lib/main.mjs", "export const run = async () => 'm';", "lib/main.run"],
])("loads a handler from %s, with and without waiting", async (_, file, text, specification) => {
  const module = userModule(folderWith(file, text), specification);

  const now = module.loadNow();
  const later = await module.load();

  expect(await later({}, {})).toBe("m");
  expect(await now?.({}, {})).toBe("m");
});

it("cannot load a module that awaits at its top level without waiting, and runs it once", async () => {
  globalThis.runs = 0;
  const text = "globalThis.runs += 1; await null; export const handler = async () => globalThis.runs;";
  const module = userModule(folderWith("index.mjs", text), "index.handler");

  expect(module.loadNow()).toBeUndefined();
  expect(await (await module.load())({}, {})).toBe(1);
});

it.each([
  ["no file", "other.mjs", "", /there is no .*index\.js, \.mjs or \.cjs/],
  ["no export", "index.cjs", "exports.other = 1;", /index\.handler is not a function/],
  ["null", "index.cjs", "module.exports = null;", /is not a function/],
  ["a value", "index.cjs", "exports.handler = 1;", /is not a function/],
  ["the module's own failure", "index.cjs", "throw new TypeError('mine');", /^mine$/],
])("says what is wrong: %s", async (_, file, text, message) => {
  const module = userModule(folderWith(file, text), "index.handler");

  expect(() => module.loadNow()).toThrow(message);
  await expect(module.load()).rejects.toThrow(message);
});

it("answers what a handler returns, throws, or calls back with", async () => {
  type Callback = (error: unknown, value?: unknown) => void;
  const failure = new Error("f");

  expect(await callHandler(async (event) => event, 1, {})).toBe(1);
  expect(await callHandler((_e, _c, callback) => (callback as Callback)(null, 2), 0, {})).toBe(2);
  await expect(callHandler((_e, _c, callback) => (callback as Callback)(failure), 0, {})).rejects.toBe(failure);
  await expect(callHandler(() => Promise.reject(failure), 0, {})).rejects.toBe(failure);
  await expect(
    callHandler(
      () => {
        throw failure;
      },
      0,
      {},
    ),
  ).rejects.toBe(failure);
});

declare global {
  // oxlint-disable-next-line no-var -- only `var` declares a property of globalThis
  var runs: number;
}

function folderWith(file: string, text: string): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), "faasify-user-handler-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
  writeFileSync(path.join(folder, file), text);
  return folder;
}
