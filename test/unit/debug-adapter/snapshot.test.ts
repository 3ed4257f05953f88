import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { installSnapshots, namesAround, snapshotExpression } from "../../../src/debug-adapter/breakpoints/snapshot.ts";
import { renderSnapshot } from "../../../src/debug-adapter/variables/snapshots.ts";
import type { SnapshotVariable } from "../../../src/protocol/launch-configuration.ts";

interface Sent {
  readonly id: number;
  readonly variables: SnapshotVariable[];
  readonly dropped: number;
}

/** A process of its own with the helper in it; `code` is evaluated where a breakpoint would be. */
function inFunction(words: readonly string[] = []) {
  const sent: Sent[] = [];
  const context = { process, faasifySnapshot: (text: string) => void sent.push(JSON.parse(text) as Sent), marks: [] };
  runInNewContext(installSnapshots(words), context);
  const pass = (code: string, names: readonly string[]) =>
    runInNewContext(`(() => { ${code}; ${snapshotExpression(1, names)} })()`, context);
  return { context, sent, pass };
}

const shown = ({ variables }: Sent): string[] => variables.map(renderSnapshot);

it("takes what is visible, as it looks, three levels deep", () => {
  const { sent, pass, context } = inFunction();

  pass(
    "const text = 'it'; const list = [1, 2]; const map = new Map([['a', 1]]); const deep = { a: { b: { c: { d: 1 } } } }; class P { x = 1 } const p = new P(); const big = 10n; const f = () => 1",
    ["text", "list", "map", "deep", "p", "big", "f", "missing", "JSON"],
  );

  expect(sent.flatMap(shown)).toEqual([
    "text = 'it'",
    "list = (2) [1, 2]",
    "map = Map(1) {a: 1}",
    "deep = {a: {…}}",
    "p = P {x: 1}",
    "big = 10n",
  ]);
  const deep = sent[0]?.variables[3];
  expect(deep?.children?.[0]?.children?.[0]?.children?.[0]).toEqual({ name: "c", type: "Object", value: "Object" });
  expect(Object.keys(context)).toEqual(["process", "marks"]);
});

it("runs nothing of the user's: no getter, no trap, no conversion to text", () => {
  const { sent, pass, context } = inFunction();

  pass(
    `const mark = (what) => marks.push(what);
     const trap = new Proxy({}, { get: () => mark("get"), ownKeys: () => (mark("keys"), []), getPrototypeOf: () => mark("prototype") });
     const odd = { get a() { return mark("getter") }, toString() { mark("text") }, trap }`,
    ["trap", "odd"],
  );

  expect(sent.flatMap(shown)).toEqual(["trap = Proxy", "odd = {a: (...), toString: ƒ, trap: Proxy}"]);
  expect(context.marks).toEqual([]);
});

it("leaves secrets where they are", () => {
  const { sent, pass } = inFunction(["password"]);

  pass("const password = 'a'; const user = { password: 'b', hasPassword: true, line: 'password=c d' }", [
    "password",
    "user",
  ]);

  expect(sent.flatMap(shown)).toEqual([
    "password = '[redacted]'",
    "user = {password: '[redacted]', hasPassword: true, line: 'password=[redacted] d'}",
  ]);
});

it("never throws, and sends no more than 20 in a second", () => {
  const { sent, pass } = inFunction();
  for (let pass1 = 0; pass1 < 100; pass1++) pass("const n = 1", ["n"]);
  expect(sent.length).toBeGreaterThanOrEqual(20);
  expect(sent.length).toBeLessThanOrEqual(40);

  const broken = inFunction();
  Object.defineProperty(broken.context, "JSON", { value: undefined });
  expect(() => broken.pass("const n = 1", ["n"])).not.toThrow();
});

it("knows the names of the function around a line", () => {
  const code = [
    "const limit = 3;",
    "export function total(items: Item[], note) {",
    "  let sum = 0;",
    "  for (const item of items) { sum += item.price; }",
    "  return sum;",
    "}",
    "function other(elsewhere) { return elsewhere; }",
  ].join("\n");

  expect(namesAround(code, 4)).toEqual(["total", "items", "Item", "note", "sum", "item"]);
  expect(namesAround(code, 7)).toEqual(["other", "elsewhere"]);
});
