import { readdir, rm, stat } from "node:fs/promises";
import path from "node:path";
import type { DeploymentStore } from "./deployment-store.ts";

/** An artifact that was not packaged for so long, and that nothing deployed came from, is not missed. */
const KEPT_MS = 14 * 24 * 60 * 60 * 1000;

const pruned = new Set<string>();

/**
 * Removes old artifacts, once per process and folder: every edit that is deployed leaves one. This is housekeeping: what
 * cannot be removed now is removed by a later process.
 *
 * @param artifactFolder - absolute path, `artifacts/` of the data folder
 */
export async function pruneArtifacts(artifactFolder: string, store: DeploymentStore): Promise<void> {
  if (pruned.has(artifactFolder)) return;
  pruned.add(artifactFolder);
  const used = new Set((await store.list()).map(({ sourceMapPath }) => path.dirname(sourceMapPath)));
  const folders = (await readdir(artifactFolder)).map((name) => path.join(artifactFolder, name));
  const now = Date.now();
  await Promise.allSettled(
    folders
      .filter((folder) => !used.has(folder))
      .map(async (folder) => {
        if (now - (await stat(folder)).mtimeMs > KEPT_MS) await rm(folder, { recursive: true, force: true });
      }),
  );
}
