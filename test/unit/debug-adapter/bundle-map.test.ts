import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { build } from "esbuild";
import { expect, it, onTestFinished } from "vitest";
import { placeBreakpoint } from "../../../src/debug-adapter/breakpoints/placement.ts";
import { createBundleMap, loadBundleMap } from "../../../src/debug-adapter/sources/bundle-map.ts";
import { mapStackText } from "../../../src/debug-adapter/sources/locate.ts";

const file = path.resolve("/project/src/sum.ts");
const source = [
  "// Sums up.",
  "",
  "export function sum(values: number[]): number {",
  "  let total = 0;",
  "  // a comment",
  "",
  "  for (const value of values) total += value;",
  "  return total;",
  "}",
  "",
  "interface Unused {",
  "  a: string;",
  "}",
].join("\n");

async function bundle(minify: boolean) {
  const { outputFiles } = await build({
    stdin: { contents: source, loader: "ts", sourcefile: file, resolveDir: path.dirname(file) },
    bundle: true,
    format: "esm",
    sourcemap: "external",
    outfile: path.resolve("/project/index.mjs"),
    minifyWhitespace: minify,
    minifySyntax: minify,
    write: false,
  });
  const [map, code] = outputFiles.toSorted((a, b) => b.path.length - a.path.length);
  if (!map || !code) throw new Error("esbuild gave no map");
  return { code: code.text, map: createBundleMap("b1", map.text, path.resolve("/project/b1.map")) };
}

it.each([false, true])("finds lines in the bundle and back (minified: %s)", async (minify) => {
  const { code, map } = await bundle(minify);

  const generated = map.toGenerated({ path: file, line1: 8, column1: 1 });

  if (!generated) throw new Error("line 8 has no code");
  expect(code.split("\n")[generated.line0]?.slice(generated.column0)).toMatch(/^\s*return/);
  expect(map.toOriginal(generated)).toEqual({ path: file, line1: 8, column1: 3 });
  expect(map.sources).toEqual([file]);
});

it("finds the first generated place of a line that has several", async () => {
  const { code, map } = await bundle(true);

  const generated = map.toGenerated({ path: file, line1: 7, column1: 1 });

  expect(code.split("\n")[generated?.line0 ?? -1]?.slice(generated?.column0)).toMatch(/^for/);
});

it("slides a breakpoint over empty lines and comments, but not over code that is not there", async () => {
  const { map } = await bundle(false);
  const place = (line1: number, file_ = file) =>
    placeBreakpoint(map, { path: file_, line1, column1: 1 }, () => source.split("\n"));

  expect(place(5)).toEqual(place(7));
  expect(place(5).ok).toBe(true);
  expect(place(11)).toEqual({ ok: false, message: "No code of the deployed function is on this line" });
  expect(place(1, path.resolve("/project/src/other.ts"))).toEqual({
    ok: false,
    message: "other.ts is not part of the deployed function",
  });
});

it("leaves generated code without a file and tells the ranges of skipped files", () => {
  const [a, b] = ["faasify:unit-handler", file];
  // Generated line 0 from the first source, line 1 from the second, line 2 from the first again.
  const text = JSON.stringify({ version: 3, sources: [a, b], names: [], mappings: "AAAA;ACAA;ADCA" });
  const map = createBundleMap("b1", text, "/project/b1.map");

  expect(map.sources).toEqual([a, b]);
  expect(map.rangesOf((name) => name === a)).toEqual([
    { line0: 0, column0: 0 },
    { line0: 1, column0: 0 },
    { line0: 2, column0: 0 },
    { line0: 3, column0: 0 },
  ]);
  expect(map.rangesOf(() => false)).toEqual([]);
});

it("puts the user's lines into stack traces", async () => {
  const { code, map } = await bundle(false);
  const line = code.split("\n").findIndex((text) => text.includes("return total")) + 1;

  const text = mapStackText(
    map,
    `Error: no\n    at sum (file:///var/task/index.mjs:${line}:3)\n    at node:internal/x:1:1`,
  );

  expect(text).toBe(`Error: no\n    at sum (${file}:8:3)\n    at node:internal/x:1:1`);
  expect(mapStackText(undefined, "at /var/task/index.mjs:1:1")).toBe("at /var/task/index.mjs:1:1");
});

it("says what is wrong with a map that is missing or damaged", async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "faasify-map-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const damaged = path.join(folder, "index.map");
  writeFileSync(damaged, "{");

  await expect(loadBundleMap("b1", path.join(folder, "absent"))).rejects.toMatchObject({ code: "file-not-found" });
  await expect(loadBundleMap("b1", damaged)).rejects.toMatchObject({ code: "debug-session-failed" });
});
