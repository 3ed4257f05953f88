import { createHash, randomUUID } from "node:crypto";
import { mkdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Artifact } from "../core/artifact.ts";
import { FaasifyError } from "../core/errors.ts";

export interface NewArtifact {
  readonly zip: Uint8Array;
  readonly sourceMap: string;
  /** Everything but the paths. */
  readonly facts: Omit<Artifact, "zipPath" | "sourceMapPath">;
}

/**
 * Writes an artifact into a folder of its own below `artifactFolder`, whole or not at all. An equal one that is
 * already there is used again.
 *
 * @throws FaasifyError `platform-state-not-writable`
 */
export async function keepArtifact(artifactFolder: string, { zip, sourceMap, facts }: NewArtifact): Promise<Artifact> {
  // Two copies of one project give the same zip, but not the same source map.
  const key = createHash("sha256").update(facts.sha256).update(sourceMap).update(JSON.stringify(facts)).digest("hex");
  const folder = path.join(artifactFolder, key.slice(0, 32));
  const artifact: Artifact = {
    zipPath: path.join(folder, "function.zip"),
    sourceMapPath: path.join(folder, "index.map"),
    ...facts,
  };
  if (await isComplete(folder, zip.byteLength)) {
    // Unused artifacts are removed by age.
    await utimes(folder, new Date(), new Date()).catch(() => undefined);
    return artifact;
  }
  try {
    const files = { "function.zip": zip, "index.map": sourceMap, "artifact.json": JSON.stringify(artifact) };
    await write(folder, files, () => isComplete(folder, zip.byteLength));
  } catch (cause) {
    if (await isComplete(folder, zip.byteLength)) return artifact;
    throw new FaasifyError(
      "platform-state-not-writable",
      `The package cannot be stored in ${folder} (${String(cause)})`,
      {
        remedy: "Make the folder writable and the disk not full, or name another folder in FAASIFY_DATA",
        cause,
      },
    );
  }
  return artifact;
}

async function isComplete(folder: string, zipBytes: number): Promise<boolean> {
  try {
    const { size } = await stat(path.join(folder, "function.zip"));
    JSON.parse(await readFile(path.join(folder, "artifact.json"), "utf8"));
    return size === zipBytes;
  } catch {
    return false;
  }
}

/** A rename makes the folder appear whole: a crash or a full disk leaves at most a folder that nobody reads. */
async function write(
  folder: string,
  files: Readonly<Record<string, string | Uint8Array>>,
  isThere: () => Promise<boolean>,
): Promise<void> {
  const unfinished = `${folder}.${randomUUID()}.tmp`;
  try {
    await mkdir(unfinished, { recursive: true, mode: 0o700 });
    await Promise.all(Object.entries(files).map(([name, content]) => writeFile(path.join(unfinished, name), content)));
    try {
      await rename(unfinished, folder);
    } catch {
      // Another process was faster: its folder may be in use already.
      if (await isThere()) return;
      // Something incomplete is in the way.
      await rm(folder, { recursive: true, force: true });
      await rename(unfinished, folder);
    }
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}
