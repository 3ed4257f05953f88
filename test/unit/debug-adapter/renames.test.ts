import { expect, it } from "vitest";
import { findNames, inBundleNames, inSourceNames } from "../../../src/debug-adapter/sources/renames.ts";

const pairs = (...texts: [string, string][]) =>
  findNames(texts.map(([original, generated]) => ({ original, generated }))).renames;

it("finds renamed variables, imports under another name, and defaults of CommonJS", () => {
  const renames = pairs(
    ["scale + 1", "scale2 + 1"],
    ["r(x)", "round(x)"],
    ["legacy.scale(2)", "import_legacy.default.scale(2)"],
    ["x * 2", "x * 2"],
    ["helpers.round(x)", "round(x)"],
    ["export function total", "function total"],
    ["5", "scale2"],
  );
  expect([...renames]).toEqual([
    ["scale", "scale2"],
    ["r", "round"],
    ["legacy", "import_legacy.default"],
  ]);
});

it("tells which names it kept as well", () => {
  const { kept } = findNames([
    { original: "scale", generated: "scale2" },
    { original: "scale.x", generated: "scale.x" },
  ]);
  expect(kept).toEqual(new Set(["scale"]));
});

it("leaves out what stands for several names", () => {
  expect(pairs(["a", "a2"], ["a", "a3"], ["b", "b2"])).toEqual(new Map([["b", "b2"]]));
});

it("replaces names where they are variables of the file, nowhere else", () => {
  const renames = new Map([["scale", "scale2"]]);
  const translate = (text: string, ...locals: string[]) =>
    inBundleNames(text, renames, (name) => locals.includes(name));

  expect(translate("scale * a.scale + f(scale)")).toBe("scale2 * a.scale + f(scale2)");
  expect(translate("{ scale: scale, b: 'scale' }")).toBe("{ scale: scale2, b: 'scale' }");
  expect(translate("x ? scale : 1")).toBe("x ? scale2 : 1");
  expect(translate("[...scale, scales, a?.scale]")).toBe("[...scale2, scales, a?.scale]");
  expect(translate("scale + 1", "scale")).toBe("scale + 1");
});

it("names variables as the source does", () => {
  expect(
    inSourceNames(
      new Map([
        ["scale", "scale2"],
        ["legacy", "import_legacy.default"],
      ]),
    ),
  ).toEqual(new Map([["scale2", "scale"]]));
});
