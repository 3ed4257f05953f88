/** The files that a unit reads: where they are, and where they go in its artifact. */
import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import { FaasifyError } from "../core/errors.ts";
import type { Unit } from "../core/unit.ts";
import { ASSET_FOLDER, asksForPlace } from "./rewrite-text.ts";

export interface AssetList {
  /** Path in the artifact, with `/` → absolute path. */
  readonly files: ReadonlyMap<string, string>;
  /** Absolute paths: a change of one of them makes the artifact stale. Folders change when a file comes or goes. */
  readonly inputs: readonly string[];
  /** Of a source file: the place in the artifact from which it sees its assets as in the project. */
  readonly placeOf: (file: string) => string;
}

/** @throws FaasifyError `asset-missing` */
export async function listAssets(unit: Unit, project: string): Promise<AssetList> {
  const { assets } = unit.manifest;
  const asking = unit.files.filter(asksForPlace).map((file) => file.path);
  const root = commonFolder(project, [...assets, ...asking]);
  const placeOf = (file: string): string => path.join(ASSET_FOLDER, path.relative(root, file));
  const files = new Map<string, string>();
  const inputs: string[] = [];
  for (const asset of assets) {
    for (const file of await listAsset(unit, asset)) {
      inputs.push(file);
      if (await isFile(file)) files.set(placeOf(file).split(path.sep).join("/"), file);
    }
  }
  return { files, inputs, placeOf };
}

/** The file, or the folder with all folders and files in it. */
async function listAsset(unit: Unit, asset: string): Promise<readonly string[]> {
  const about = await stat(asset).catch(() => undefined);
  if (!about) throw missing(unit, asset, "does not exist");
  if (!about.isDirectory()) return [asset];
  const names = (await readdir(asset)).toSorted();
  // A zip has files, and folders only by them.
  if (names.length === 0) throw missing(unit, asset, "is an empty folder, which cannot be packed");
  const inner = await Promise.all(names.map((name) => listAsset(unit, path.join(asset, name))));
  return [asset, ...inner.flat()];
}

async function isFile(file: string): Promise<boolean> {
  return (await stat(file)).isFile();
}

function commonFolder(start: string, files: readonly string[]): string {
  return files.reduce((folder, file) => {
    let common = folder;
    while (isOutside(common, file)) common = path.dirname(common);
    return common;
  }, start);
}

function isOutside(folder: string, file: string): boolean {
  const relative = path.relative(folder, file);
  return folder !== path.dirname(folder) && (/^\.\.(?:[\\/]|$)/.test(relative) || path.isAbsolute(relative));
}

function missing({ function: { name } }: Unit, asset: string, what: string): FaasifyError {
  return new FaasifyError("asset-missing", `${asset}, which \`${name}\` reads, ${what}`, {
    remedy: "Create the file, or correct the path in the code",
  });
}
