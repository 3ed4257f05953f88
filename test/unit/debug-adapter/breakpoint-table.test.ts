import { expect, it } from "vitest";
import { createBreakpointTable } from "../../../src/debug-adapter/breakpoints/breakpoint-table.ts";

const at = (line1: number, condition?: string) => ({
  wanted: { path: "/a.ts", line1, column1: 1 },
  ...(condition === undefined ? {} : { condition }),
});

it("keeps id and state of what stays, and tells what came and went", () => {
  const table = createBreakpointTable();
  const [first] = table.replace("/a.ts", [at(1), at(2)]).current;
  if (first) first.bound = { path: "/a.ts", line1: 3, column1: 1 };

  const { current, added, removed } = table.replace("/a.ts", [at(1), at(2, "x > 1")]);

  expect(current.map(({ id }) => id)).toEqual([1, 3]);
  expect(current[0]?.bound?.line1).toBe(3);
  expect(added.map(({ id }) => id)).toEqual([3]);
  expect(removed.map(({ id }) => id)).toEqual([2]);
});

it("knows files apart and finds breakpoints by id", () => {
  const table = createBreakpointTable();
  table.replace("/a.ts", [at(1)]);
  table.replace("/b.ts", [{ wanted: { path: "/b.ts", line1: 1, column1: 1 } }]);
  table.replace("/a.ts", []);

  expect(table.all().map(({ wanted }) => wanted.path)).toEqual(["/b.ts"]);
  expect(table.byId(2)?.wanted.path).toBe("/b.ts");
  expect(table.byId(1)).toBeUndefined();
});

it("gives two equal breakpoints an id each", () => {
  const { current } = createBreakpointTable().replace("/a.ts", [at(1), at(1)]);

  expect(current.map(({ id }) => id)).toEqual([1, 2]);
});
