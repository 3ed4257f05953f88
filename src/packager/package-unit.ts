import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Artifact } from "../core/artifact.ts";
import { FaasifyError } from "../core/errors.ts";
import type { Unit } from "../core/unit.ts";
import { keepArtifact } from "./artifact-folder.ts";
import { bundleUnit, type Bundle } from "./bundle-unit.ts";
import type { Machine } from "./native-binary.ts";
import { readDebugShim } from "./shim-files.ts";
import { zipFiles } from "./zip.ts";

export interface PackageOptions {
  /** Include the debug shim; the handler is then the shim's. */
  readonly debug: boolean;
  /** Absolute path of the folder where artifacts are kept, one subfolder each. */
  readonly artifactFolder: string;
  /** Absolute path of `dist/shim`. */
  readonly shimFolder: string;
  /** Of the zip; {@link MAX_ARTIFACT_BYTES} unless the target takes less. */
  readonly maxBytes?: number;
  /** That the function will run on; this one unless the target has others. */
  readonly machine?: Machine;
}

/** What AWS Lambda takes in one request; the local platform keeps to it. Of the zip, in bytes. */
export const MAX_ARTIFACT_BYTES = 52_428_800;

/**
 * Bundles a unit with its packages and puts it on disk: same unit, same bytes.
 *
 * @throws FaasifyError `dependency-missing`, `build-failed`, `artifact-too-large`, `asset-missing`, `native-addon-unfit`,
 * `platform-state-not-writable`
 */
export async function packageUnit(unit: Unit, options: PackageOptions): Promise<Artifact> {
  const { debug, artifactFolder, shimFolder, maxBytes = MAX_ARTIFACT_BYTES } = options;
  const bundle = await bundleUnit(unit, shimFolder, options.machine);
  const buildId = createHash("sha256").update(bundle.code).digest("hex").slice(0, 16);
  const description = { buildId, function: bundle.label, handler: "index.handler" };
  const { packages, files, executable } = bundle.shipment;
  const contents = {
    ...files,
    ...(await readAssets(bundle)),
    [bundle.fileName]: bundle.code,
    "faasify.json": Buffer.from(JSON.stringify(description)),
    ...(debug && (await readDebugShim(shimFolder))),
  };
  const zip = zipFiles(contents, executable);
  if (zip.byteLength > maxBytes) throw tooLarge(bundle.label, zip.byteLength, maxBytes);
  return keepArtifact(artifactFolder, {
    zip,
    sourceMap: bundle.sourceMap,
    facts: {
      handler: debug ? "faasify-shim.handler" : "index.handler",
      bytes: zip.byteLength,
      sha256: createHash("sha256").update(zip).digest("base64"),
      buildId,
      debug,
      inputs: bundle.inputs,
      convention: unit.function.convention,
      ...(packages.length > 0 && { packages }),
      ...(bundle.assets.size > 0 && { assets: Array.from(bundle.assets.keys()).toSorted() }),
      ...(unit.manifest.environment.length > 0 && { environment: unit.manifest.environment }),
    },
  });
}

async function readAssets({ assets }: Bundle): Promise<Record<string, Uint8Array>> {
  const read = Array.from(assets, async ([place, file]) => [place, await readFile(file)] as const);
  return Object.fromEntries(await Promise.all(read));
}

function tooLarge(label: string, bytes: number, maxBytes: number): FaasifyError {
  const [actual, limit] = [bytes, maxBytes].map((size) => `${(size / 1024 / 1024).toFixed(2)} MiB`);
  return new FaasifyError(
    "artifact-too-large",
    `The package of ${label} is ${actual}; a platform takes at most ${limit}`,
    {
      remedy: "Import smaller packages or parts of packages, and keep data files out of the code",
    },
  );
}
