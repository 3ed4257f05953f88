import { expect, it } from "vitest";
import type { FunctionModel } from "../../../src/core/function-model.ts";
import type { Unit } from "../../../src/core/unit.ts";
import { formatBytes, summarizeUnit, type SummarySection } from "../../../src/ui/unit-summary.ts";

const range = { start: { line0: 26, column0: 0 }, end: { line0: 40, column0: 1 } };
const checkout: FunctionModel = {
  file: "/shop/src/cart.ts",
  name: "checkout",
  kind: "function",
  range,
  nameRange: range,
  exported: true,
  async: false,
  parameters: [{ name: "items", type: "Item[]", optional: false, rest: false }],
  returnType: "Receipt",
  convention: "plain",
  captures: [
    { name: "vatRate", kind: "const", from: "/shop/src/cart.ts", line: 4 },
    { name: "readFile", kind: "import", from: "node:fs" },
  ],
  calls: [],
  effects: ["arguments", "console", "state"],
  effectUses: [{ effect: "console", what: "console.log", line: 28, through: ["report"] }],
  state: [
    {
      name: "sold",
      file: "/shop/src/stock.ts",
      line: 9,
      treatment: "travelling",
      writes: false,
      reason: "is changed at stock.ts:12",
    },
  ],
  directive: { line: 25, memoryMb: 512, timeoutMs: 30_000, allow: ["files"] },
  cost: "unknown",
  verdict: "stateful",
  reasons: [{ message: "reads `sold`, which changes", line: 29 }],
};
const unit: Unit = {
  function: checkout,
  files: [
    { path: "/shop/src/cart.ts", text: "" },
    { path: "/shop/src/stock.ts", text: "" },
  ],
  exportName: "checkout",
  format: "esm",
  manifest: {
    effects: ["arguments", "console", "state"],
    environment: ["REGION"],
    assets: [],
    packages: ["lodash-es"],
    addons: [],
    state: [],
    classes: [],
  },
};
const size = { originalLines: 312, unitLines: 24, unitBytes: 1228 };
const relative = (file: string): string => file.replace("/shop/", "");

const sections = (model = checkout): readonly SummarySection[] => summarizeUnit(model, unit, size, relative);
const lines = (title: string, model = checkout): readonly string[] =>
  sections(model)
    .filter((section) => section.title.startsWith(title))
    .flatMap(({ items }) => items.map(({ text, detail }) => (detail === undefined ? text : `${text} | ${detail}`)));

it("begins with the verdict, the signature and the reasons with their lines", () => {
  const [first] = sections();

  expect(first?.title).toBe("checkout can move, but uses state");
  expect(first?.items.map(({ text, place }) => [text, place?.line1])).toEqual([
    ["(items: Item[]) → Receipt", 27],
    ["reads `sold`, which changes", 29],
  ]);
});

it("says how much of the files moves", () => {
  expect(lines("Size")).toEqual(["24 of 312 lines, 1.2 KiB | 2 files, before bundling"]);
  expect(formatBytes(812)).toBe("812 B");
});

it("says where captured values come from, and a click goes there", () => {
  expect(lines("Captured")).toEqual(["vatRate | const, src/cart.ts:4", "readFile | import from node:fs"]);
  expect(sections().find(({ title }) => title === "Captured values")?.items[0]?.place).toEqual({
    file: "/shop/src/cart.ts",
    line1: 4,
  });
});

it("says which files travel along, and which packages are shipped as they are", () => {
  const model: FunctionModel = { ...checkout, assets: [{ file: "/shop/data/rates.txt", line: 28 }] };

  expect(lines("Files that it reads", model)).toEqual(["data/rates.txt | travels along (line 28)"]);
  expect(lines("Packages")).toEqual(["lodash-es | bundled where possible"]);
});

it("says what becomes of state, of each effect, and of environment variables", () => {
  expect(lines("State")).toEqual(["sold: sent with each call | is changed at stock.ts:12 (src/stock.ts:9)"]);
  expect(lines("Side effects")).toEqual([
    "arguments: changes come back into the caller's own objects",
    "console: printed at the caller too, in order | console.log through report (line 28)",
    "state: see State",
  ]);
  expect(lines("Environment")).toEqual(["REGION | as set where it is deployed from; a secret only when given"]);
});

it("repeats what the function's author asks for", () => {
  expect(lines("Wishes")).toEqual(["512 MB of memory", "ends after 30 s", "may use files"]);
});

it("leaves out sections that have nothing to say", () => {
  const { directive: _, ...plain } = { ...checkout, effects: [], effectUses: [], state: [], captures: [] };

  expect(sections(plain).map(({ title }) => title)).toEqual([
    "checkout can move, but uses state",
    "Size",
    "Environment variables",
    "Packages",
    "Files that travel, in part",
  ]);
});
