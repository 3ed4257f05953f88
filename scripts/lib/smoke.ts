import { rmSync } from "node:fs";
import path from "node:path";
import { ensureEditorHost } from "../editor-host.ts";
import type { Counts } from "./counts.ts";
import { ensureChromium } from "./debian.ts";
import { runVitestProject } from "./run-vitest.ts";
import { repository } from "./run.ts";
import { packageVsix } from "./vsix.ts";

/** Packs the extension as users get it, then runs test/smoke: a user's first minutes, clicked in a browser. */
export async function runSmoke(): Promise<Counts> {
  const { vscodeFolder } = await ensureEditorHost();
  await ensureChromium();
  const { file } = await packageVsix({ scan: false });
  for (const name of ["screenshots", "smoke-failure"]) {
    rmSync(path.join(repository, "out", name), { recursive: true, force: true });
  }
  return runVitestProject("smoke", 1_200_000, { ...process.env, FAASIFY_VSIX: file, FAASIFY_EDITOR: vscodeFolder });
}
