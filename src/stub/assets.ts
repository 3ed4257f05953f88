/** The files that travelled with a function when the program was decomposed: are they still the program's? */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { FaasifyError } from "../core/errors.ts";

export interface PackedAsset {
  /** A file, or a folder of which the names are read; relative to the copy's root, with `/`. */
  readonly place: string;
  readonly sha256: string;
}

/** Of a file's content, or of the names in a folder. Throws what Node throws when it is not there. */
export function assetHash(file: string): string {
  const isFolder = statSync(file).isDirectory();
  const content = isFolder ? readdirSync(file).toSorted().join("\n") : readFileSync(file);
  return createHash("sha256").update(content).digest("base64");
}

/** Place → what it looked like when it was last compared. */
const compared = new Map<string, string>();

/**
 * Makes sure that a function which reads files would find there what it would find here. Reads only what has another
 * time stamp than at the last call.
 *
 * @throws FaasifyError `asset-changed`
 */
export function checkAssets(root: string, key: string, assets: readonly PackedAsset[]): void {
  for (const { place, sha256 } of assets) {
    const file = path.join(root, ...place.split("/"));
    const stamp = stampOf(file);
    if (stamp !== undefined && compared.get(file) === stamp) continue;
    if (stamp === undefined || assetHash(file) !== sha256) throw changed(key, file);
    compared.set(file, stamp);
  }
}

function stampOf(file: string): string | undefined {
  const about = statSync(file, { bigint: true, throwIfNoEntry: false });
  return about && `${about.mtimeNs} ${about.size} ${about.ino}`;
}

function changed(key: string, file: string): FaasifyError {
  return new FaasifyError(
    "asset-changed",
    `${key} reads ${file}, which has changed since the program was decomposed: the function would read what it was`,
    { remedy: "Run faasify decompose again, or keep the function here: faasify decompose --functions" },
  );
}
