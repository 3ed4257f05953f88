import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { zipFiles } from "../../../src/packager/zip.ts";
import { readBundleText } from "../../../src/debug-adapter/sources/bundle-text.ts";

function write(bytes: Uint8Array): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), "faasify-zip-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = path.join(folder, "a.zip");
  writeFileSync(file, bytes);
  return file;
}

it("reads the bundle out of a package", async () => {
  const text = `export const handler = () => "é";\n${"// filler\n".repeat(1000)}`;
  const bytes = new TextEncoder().encode(text);
  const zip = zipFiles({ "faasify.json": new Uint8Array(3), "index.mjs": bytes, "other.js": new Uint8Array(9) });

  expect(await readBundleText(write(zip))).toBe(text);
});

it("does without what is no package", async () => {
  expect(await readBundleText(write(new Uint8Array(10)))).toBeUndefined();
  expect(await readBundleText(write(new Uint8Array(100)))).toBeUndefined();
  expect(await readBundleText("/absent.zip")).toBeUndefined();
  expect(await readBundleText(write(zipFiles({ "faasify.json": new Uint8Array(3) })))).toBeUndefined();
});
