import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { build } from "esbuild";
import { onTestFinished } from "vitest";
import { createAnalyzer } from "../../../src/analysis/analyzer.ts";
import type { Unit } from "../../../src/core/unit.ts";
import { extractUnit } from "../../../src/transform/extract-unit.ts";

/** A folder with these files, gone after the test. */
export function temporaryFolder(files: Readonly<Record<string, string>> = {}): string {
  const folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), "faasify-test-")));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFiles(folder, files);
  return folder;
}

export function writeFiles(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
}

export function unitOf(file: string, name: string): Unit {
  return extractUnit(createAnalyzer(), { file, name });
}

/** Builds what `dist/shim` has, as far as the packager reads it. */
export async function buildShimFolder(folder: string): Promise<void> {
  await build({
    entryPoints: ["src/shim/node/unit-handler.ts"],
    outfile: path.join(folder, "unit-handler.mjs"),
    bundle: true,
    format: "esm",
    platform: "node",
    sourcemap: "linked",
  });
  writeFiles(folder, {
    "debug/faasify-shim.cjs": "exports.handler = () => 'shim';\n",
    "debug/faasify-shim-worker.cjs": "// worker\n",
    "debug/faasify-shim.cjs.map": "{}",
  });
}
