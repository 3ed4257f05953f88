/** What the stub runtime must know of a function that moved. */
import { existsSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import type { Artifact } from "../core/artifact.ts";
import { assetHash, type PackedAsset } from "../stub/assets.ts";
import type { RemoteFunction } from "../stub/manifest.ts";
import type { MovedFunction } from "../transform/decompose.ts";

interface CopyPlaces {
  /** Of an original: its path in the copy, relative to the copy's root, with `/`. */
  readonly place: (file: string) => string;
  /** Absolute path of the folder that artifacts are named relative to. */
  readonly own: string;
  /** Absolute path of the copy, whose files are written; undefined where the program runs from the originals. */
  readonly root?: string;
}

export function describeRemote(
  { ref, unit, mode, isAsync, runsHere, channel, isLate, maxArguments }: MovedFunction,
  { zipPath, sourceMapPath, handler, bytes, sha256, buildId, inputs }: Artifact,
  { place, own, root }: CopyPlaces,
): RemoteFunction {
  const inOwn = (file: string): string => slashes(path.relative(own, file));
  return {
    file: place(ref.file),
    name: ref.name,
    artifact: {
      zipPath: inOwn(zipPath),
      sourceMapPath: inOwn(sourceMapPath),
      handler,
      bytes,
      sha256,
      buildId,
      inputs: [...inputs],
    },
    mode,
    isAsync,
    runsHere,
    channel,
    isLate,
    ...(maxArguments !== undefined && { maxArguments }),
    ...(unit.manifest.assets.length > 0 && { assets: assetsOf(unit.manifest.assets, place, root) }),
    environment: [...unit.manifest.environment],
    state: unit.manifest.state.map(({ id }) => id),
    ...(unit.manifest.captured && { captured: unit.manifest.captured.map(({ id, name }) => ({ id, name })) }),
    classes: unit.manifest.classes.map(({ id }) => id),
  };
}

/** With all that is in folders. */
function assetsOf(assets: readonly string[], place: CopyPlaces["place"], root: CopyPlaces["root"]): PackedAsset[] {
  const all = new Set(assets.flatMap((asset) => [asset, ...(statSync(asset).isDirectory() ? entriesOf(asset) : [])]));
  // A source file that travels along may have another text in the copy, which is no change of what was packed.
  const written = (asset: string): string | undefined => root && path.join(root, place(asset));
  const hashOf = (asset: string): string => {
    const copied = written(asset);
    return assetHash(copied !== undefined && existsSync(copied) ? copied : asset);
  };
  return Array.from(all, (asset) => ({ place: place(asset), sha256: hashOf(asset) }));
}

function entriesOf(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true }).map((name) => path.join(folder, String(name)));
}

export function slashes(file: string): string {
  return file.split(path.sep).join("/");
}
