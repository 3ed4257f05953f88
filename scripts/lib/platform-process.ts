import { existsSync, readFileSync } from "node:fs";
import path from "node:path";

/**
 * Ends the local platform that serves a data folder, if one runs, and waits until it is gone. For the end of tests: also
 * works when the platform no longer answers.
 */
export async function stopPlatform(dataFolder: string): Promise<void> {
  const file = path.join(dataFolder, "platform/platform.json");
  if (!existsSync(file)) return;
  const { pid } = JSON.parse(readFileSync(file, "utf8")) as { readonly pid: number };
  if (!isOurPlatform(pid)) return;
  signal(pid, "SIGTERM");
  const killAt = Date.now() + 10_000;
  while (signal(pid, 0)) {
    if (Date.now() > killAt) signal(pid, "SIGKILL");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** The number in a file left behind may belong to somebody else's process by now. */
function isOurPlatform(pid: number): boolean {
  const commandLine = `/proc/${pid}/cmdline`;
  if (process.platform !== "linux") return true;
  return existsSync(commandLine) && readFileSync(commandLine, "utf8").includes("platform");
}

function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false;
  }
}
