/** How much a folder takes on disk. */
import { lstat, readdir } from "node:fs/promises";
import path from "node:path";

/** What goes while it is counted does not count. */
export async function folderBytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const sizes = await Promise.all(
    entries.map((entry) => entryBytes(path.join(folder, entry.name), entry.isDirectory())),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function entryBytes(file: string, isFolder: boolean): Promise<number> {
  if (isFolder) return folderBytes(file);
  return lstat(file).then(
    ({ size }) => size,
    () => 0,
  );
}
