import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import manifest from "../../package.json" with { type: "json" };
import { findPlatform, stopPlatform, type LocalOptions } from "../../src/deploy/providers/local/platform-process.ts";

/** A data folder of its own, and how to reach the built platform in it. Disposing ends that platform. */
export interface LocalPlace extends AsyncDisposable {
  readonly root: string;
  readonly options: LocalOptions;
}

const never = new AbortController().signal;

export function openLocalPlace(changes: Partial<LocalOptions> = {}): LocalPlace {
  const root = realpathSync(mkdtempSync(path.join(os.tmpdir(), "faasify-place-")));
  const options: LocalOptions = {
    folder: path.join(root, "platform"),
    platformBundle: path.resolve("dist/platform.cjs"),
    version: manifest.version,
    ...changes,
  };
  return {
    root,
    options,
    [Symbol.asyncDispose]: async () => {
      await endPlatform(options.folder);
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** By its own request; if an invocation in flight keeps it, by its process id. */
async function endPlatform(folder: string): Promise<void> {
  const running = await findPlatform(folder, never);
  if (!running) return;
  await stopPlatform(folder, AbortSignal.timeout(3000)).catch(() => process.kill(running.info.pid, "SIGKILL"));
}
