import path from "node:path";
import { zipSync } from "fflate";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import { expect, it, onTestFinished } from "vitest";
import { createSourceMaps } from "../../../src/debug-adapter/sources/source-maps.ts";

it("forgets old builds, but none that a sandbox still runs", async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "faasify-maps-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const [zipPath, sourceMapPath] = [path.join(folder, "a.zip"), path.join(folder, "a.map")];
  writeFileSync(zipPath, zipSync({ "index.mjs": Buffer.from("export const handler = 1;\n") }));
  writeFileSync(sourceMapPath, JSON.stringify({ version: 3, sources: [], names: [], mappings: "" }));
  const maps = createSourceMaps();
  const build = (number: number) =>
    maps.add({ buildId: `b${number}`, zipPath, sourceMapPath } as Parameters<typeof maps.add>[0], "a.ts#a");
  for (let number = 0; number < 30; number++) await build(number);

  maps.keep(new Set(["b3"]));

  expect(maps.all()).toHaveLength(21);
  expect(maps.get("b3")).toBeDefined();
  expect(maps.get("b4")).toBeUndefined();
  expect(maps.latest("a.ts#a")).toBe(maps.get("b29"));
});
