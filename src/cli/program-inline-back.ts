/** Makes the copy of a decomposed program the original again. */
import { createHash } from "node:crypto";
import { existsSync, lstatSync, readdirSync, readFileSync } from "node:fs";
import { copyFile, cp, mkdir, rm } from "node:fs/promises";
import path from "node:path";
import { FaasifyError } from "../core/errors.ts";
import { MANIFEST_FILE, parseManifest } from "../stub/manifest.ts";
import { ORIGINALS, OWN_FOLDER } from "./program-copy.ts";
import { isWithin } from "./program-layout.ts";

export interface InlinedBack {
  /** Absolute path of the folder that now has the original program. */
  readonly folder: string;
  /** Files that have got their original text, relative to it, with `/`. */
  readonly restored: readonly string[];
}

/**
 * Puts back the original bytes of every file that was rewritten. Everything else in a copy is as it was.
 *
 * @param copy - absolute path of the copy's root
 * @param out - absolute path to write to; without it the copy itself is changed
 * @throws FaasifyError `wrong-usage` for a folder that is no copy, or that does not stay empty until then, and
 * `copy-changed` when a rewritten file was edited: its edits would be lost
 */
export async function inlineBack(copy: string, out: string | undefined): Promise<InlinedBack> {
  const own = path.join(copy, OWN_FOLDER);
  const file = path.join(own, MANIFEST_FILE);
  const manifest = existsSync(file) ? parseManifest(readFileSync(file, "utf8")) : undefined;
  if (!manifest?.report) {
    throw new FaasifyError("wrong-usage", `${copy} was not written by faasify decompose`, {
      remedy: "Name a folder that has .faasify/manifest.json in it",
    });
  }
  const rewritten = Object.entries(manifest.report.rewritten);
  const changed = rewritten.find(([place, { sha256 }]) => hashOf(path.join(copy, place)) !== sha256);
  if (changed) {
    throw new FaasifyError("copy-changed", `${path.join(copy, changed[0])} is not as faasify decompose wrote it`, {
      remedy: `Move what was edited into the original, which is ${path.join(own, ORIGINALS, changed[0])}`,
    });
  }
  const folder = out ?? copy;
  if (out !== undefined) await copyRest(copy, out, manifest.written);
  for (const [place] of rewritten) await copyFile(path.join(own, ORIGINALS, place), path.join(folder, place));
  // Last: until then the copy can be restored again.
  if (out === undefined) await rm(own, { recursive: true });
  return { folder, restored: rewritten.map(([place]) => place) };
}

function hashOf(file: string): string | undefined {
  return existsSync(file) ? createHash("sha256").update(readFileSync(file)).digest("hex") : undefined;
}

async function copyRest(copy: string, out: string, written: readonly string[]): Promise<void> {
  if (isWithin(copy, out)) {
    throw new FaasifyError("wrong-usage", `--out ${out} lies in the copy itself`, { remedy: "Name another folder" });
  }
  if (existsSync(out) && readdirSync(out).length > 0) {
    throw new FaasifyError("wrong-usage", `${out} is not empty`, { remedy: "Name another folder, or empty that one" });
  }
  for (const place of written) {
    const file = path.join(copy, place);
    if (!isWithin(copy, file) || !lstatSync(file, { throwIfNoEntry: false })) continue;
    await mkdir(path.dirname(path.join(out, place)), { recursive: true });
    await cp(file, path.join(out, place), { recursive: true, verbatimSymlinks: true });
  }
}
