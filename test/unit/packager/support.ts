import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { strFromU8, unzipSync } from "fflate";
import { onTestFinished } from "vitest";
import { createAnalyzer } from "../../../src/analysis/analyzer.ts";
import type { Artifact } from "../../../src/core/artifact.ts";
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

/** What the zip holds, as text. */
export function filesOf({ zipPath }: Artifact): Record<string, string> {
  return Object.fromEntries(
    Object.entries(unzipSync(readFileSync(zipPath))).map(([name, data]) => [name, strFromU8(data)]),
  );
}

/** Runs the bundle where nothing else is than what came with it. */
export async function load({ zipPath }: Artifact): Promise<(...args: readonly unknown[]) => Promise<unknown>> {
  const folder = temporaryFolder();
  for (const [name, data] of Object.entries(unzipSync(readFileSync(zipPath)))) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), data);
  }
  const name = readdirSync(folder).find((file) => file.startsWith("index.")) ?? "";
  const module = (await import(/* @vite-ignore */ pathToFileURL(path.join(folder, name)).href)) as {
    handler: (...args: readonly unknown[]) => Promise<unknown>;
  };
  return module.handler;
}
