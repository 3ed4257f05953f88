/** What the stub runtime must know of a function that moved. */
import { readdirSync, statSync } from "node:fs";
import path from "node:path";
import type { Artifact } from "../core/artifact.ts";
import { assetHash, type PackedAsset } from "../stub/assets.ts";
import type { RemoteFunction } from "../stub/manifest.ts";
import type { MovedFunction } from "../transform/decompose.ts";

/**
 * @param place - of an original, its path in the copy, relative to the copy's root, with `/`
 * @param own - absolute path of the folder that artifacts are named relative to
 */
export function describeRemote(
  { ref, unit, mode, isAsync, runsHere, maxArguments }: MovedFunction,
  { zipPath, sourceMapPath, handler, bytes, sha256, buildId, inputs }: Artifact,
  { place, own }: { readonly place: (file: string) => string; readonly own: string },
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
    ...(maxArguments !== undefined && { maxArguments }),
    ...(unit.manifest.assets.length > 0 && { assets: assetsOf(unit.manifest.assets, place) }),
    environment: [...unit.manifest.environment],
    state: unit.manifest.state.map(({ id }) => id),
    ...(unit.manifest.captured && { captured: unit.manifest.captured.map(({ id, name }) => ({ id, name })) }),
    classes: unit.manifest.classes.map(({ id }) => id),
  };
}

/** With all that is in folders. */
function assetsOf(assets: readonly string[], place: (file: string) => string): PackedAsset[] {
  const all = new Set(assets.flatMap((asset) => [asset, ...(statSync(asset).isDirectory() ? entriesOf(asset) : [])]));
  return Array.from(all, (asset) => ({ place: place(asset), sha256: assetHash(asset) }));
}

function entriesOf(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true }).map((name) => path.join(folder, String(name)));
}

export function slashes(file: string): string {
  return file.split(path.sep).join("/");
}
