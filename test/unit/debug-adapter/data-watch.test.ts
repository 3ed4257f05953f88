import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import {
  type AccessType,
  CHECK_WATCHABLE,
  hitWatch,
  unwatchExpression,
  watchFunction,
  withoutWatchFrames,
} from "../../../src/debug-adapter/breakpoints/data-watch.ts";

/** Watches `target.n` in a process of its own, with a call of `hit` in place of the pause. */
function watching(setUp: string, accessType: AccessType, condition = "") {
  const hits: number[] = [];
  const context = { hits };
  const code = watchFunction({ id: 7, accessType, condition, hits: "" }).replace("debugger;", "hits.push(target.n);");
  runInNewContext(`${setUp}; globalThis.target = target;`, context);
  const run = (text: string): unknown => runInNewContext(text, context);
  const watched = run(`(${code.replace("hits.push(target.n)", "hits.push(current)")}).call(target, "n")`);
  return { watched, hits, run, unwatch: () => run(unwatchExpression(7)) };
}

const descriptor = "JSON.stringify(Object.getOwnPropertyDescriptor(target, 'n'))";

it("tells writes, reads or both, and puts the property back with its value of now", () => {
  const writes = watching("const target = { n: 1, m: 2 }", "write");
  writes.run("target.n = 5; target.n; target.n += 1");
  expect(writes.hits).toEqual([5, 6]);
  writes.unwatch();
  expect(writes.run(descriptor)).toBe('{"value":6,"writable":true,"enumerable":true,"configurable":true}');
  expect(writes.run("JSON.stringify([target, Object.getOwnPropertySymbols(target).length])")).toBe('[{"n":6,"m":2},0]');

  const reads = watching("const target = { n: 1 }", "read");
  reads.run("target.n = 5; target.n; JSON.stringify(target)");
  expect(reads.hits).toEqual([5, 5]);
  const both = watching("const target = { n: 1 }", "readWrite");
  both.run("target.n += 1");
  expect(both.hits).toEqual([1, 2]);
});

it("heeds a condition on the old and the new value", () => {
  const { run, hits } = watching("const target = { n: 1 }", "write", "value > oldValue && value < 10");
  run("target.n = 3; target.n = 2; target.n = 50; target.n = 9");
  expect(hits).toEqual([3]);
});

it("keeps what the language promises: inheritors, getters, read-only properties", () => {
  const inherited = watching("const target = { n: 1 }", "write");
  expect(
    inherited.run("const child = Object.create(target); child.n = 4; [child.n, target.n, Object.keys(child)].join()"),
  ).toBe("4,1,n");
  expect(inherited.hits).toEqual([]);

  const accessor = watching(
    "let inner = 1; const target = { get n() { return inner; }, set n(v) { inner = v * 2; } }",
    "write",
  );
  expect(accessor.run("target.n = 4; target.n")).toBe(8);
  accessor.unwatch();
  expect(accessor.run("Object.getOwnPropertyDescriptor(target, 'n').get.name")).toBe("get n");

  const readOnly = watching("const target = Object.defineProperty({}, 'n', { value: 1, configurable: true })", "read");
  expect(() => readOnly.run("'use strict'; target.n = 2")).toThrow("getter");
  readOnly.unwatch();
  expect(readOnly.run(descriptor)).toBe('{"value":1,"writable":false,"enumerable":false,"configurable":true}');
});

it("refuses what cannot be redefined or is not there", () => {
  expect(watching("const target = Object.freeze({ n: 1 })", "write").watched).toBe(false);
  const check = (code: string): unknown => runInNewContext(`(${CHECK_WATCHABLE}).call(${code}, "n")`);
  expect(check("Object.freeze({ n: 1 })")).toBe("it cannot be redefined");
  expect(check("({})")).toBe("it is no property of the object itself");
});

it("knows its own frames", () => {
  const frames = ["faasifyWatchHit7", "faasifyWatch7", "deposit"].map((functionName) => ({ functionName }));
  expect(hitWatch(frames)).toBe(7);
  expect(hitWatch(frames.slice(1))).toBeUndefined();
  expect(withoutWatchFrames(frames)).toEqual([{ functionName: "deposit" }]);
});
