import { copyFile } from "node:fs/promises";
import path from "node:path";

/** What a decomposed program brings along of FaaSify. */
const runtimeFiles = ["runtime.cjs", "runtime.d.cts", "stub-main.cjs", "stub-worker.cjs"];

/**
 * @param dist - absolute path of the folder with FaaSify's bundles
 * @param folder - absolute path of the folder that the stubs are called from
 */
export async function copyRuntime(dist: string, folder: string): Promise<void> {
  for (const name of runtimeFiles) await copyFile(path.join(dist, "stub", name), path.join(folder, name));
}
