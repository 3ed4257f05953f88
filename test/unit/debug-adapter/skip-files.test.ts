import { expect, it } from "vitest";
import { blackboxPatterns, skipsFile } from "../../../src/debug-adapter/sources/skip-files.ts";

it("passes over what a glob matches, except what a later one takes out", () => {
  const globs = ["**/node_modules/**", "!**/node_modules/mine/**", "/project/{gen,out}/*.ts", "**/a?.ts"];

  const skipped = (file: string) => skipsFile(globs, file);
  expect(skipped("/project/node_modules/left-pad/index.js")).toBe(true);
  expect(skipped("/project/node_modules/mine/index.js")).toBe(false);
  expect(skipped("/project/gen/api.ts")).toBe(true);
  expect(skipped("/project/gen/deep/api.ts")).toBe(false);
  expect(skipped("/project/src/ab.ts")).toBe(true);
  expect(skipped("/project/src/abc.ts")).toBe(false);
  expect(skipped("/project/src/a.ts")).toBe(false);
});

it("always passes over generated code", () => {
  expect(skipsFile([], "faasify:unit-handler")).toBe(true);
  expect(skipsFile(["<node_internals>/**"], "/project/src/cart.ts")).toBe(false);
});

it("tells V8 to pass over everything outside the function's folder", () => {
  const patterns = blackboxPatterns("/var/my task").map((pattern) => new RegExp(pattern));
  const passesOver = (url: string) => patterns.some((pattern) => pattern.test(url));

  expect(passesOver("node:internal/timers")).toBe(true);
  expect(passesOver("file:///var/my%20task/faasify-shim.cjs")).toBe(true);
  expect(passesOver("file:///opt/platform/sandbox.cjs")).toBe(true);
  expect(passesOver("/opt/platform/sandbox.cjs")).toBe(true);
  expect(passesOver("file:///var/my%20task/index.mjs")).toBe(false);
  expect(passesOver("/var/my task/index.cjs")).toBe(false);
});
