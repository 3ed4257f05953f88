/** `platform.json`, by which clients find this platform: see protocol/platform-info.ts. */
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { PLATFORM_INFO_FILE, type PlatformInfo } from "../../protocol/platform-info.ts";

/** Whoever sees the file sees all of it. */
export function writeInfo(folder: string, info: PlatformInfo): void {
  const file = path.join(folder, PLATFORM_INFO_FILE);
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(info), { mode: 0o600 });
  renameSync(draft, file);
}

/** Is it the one that this process wrote? A folder that was deleted may be another platform's by now. */
export function hasOwnInfo(folder: string): boolean {
  try {
    const info = JSON.parse(readFileSync(path.join(folder, PLATFORM_INFO_FILE), "utf8")) as { pid?: unknown } | null;
    return info?.pid === process.pid;
  } catch (error) {
    // Only what is certainly gone or damaged counts: a lack of file descriptors passes.
    return !(error instanceof SyntaxError) && (error as NodeJS.ErrnoException).code !== "ENOENT";
  }
}

export function removeOwnInfo(folder: string): void {
  if (hasOwnInfo(folder)) rmSync(path.join(folder, PLATFORM_INFO_FILE), { force: true });
}
