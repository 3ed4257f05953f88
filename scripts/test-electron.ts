/** The editor suite in a desktop VS Code, which is downloaded: for machines that have a display and may do that. */
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { runTests } from "@vscode/test-electron";
import { buildAll } from "./build.ts";
import { buildEditorSuite, suiteBundle, suiteEnvironment, suiteWorkspace } from "./lib/editor-suite.ts";
import { stopPlatform } from "./lib/platform-process.ts";
import { repository, runScript } from "./lib/run.ts";

await runScript(async () => {
  await Promise.all([buildAll(), buildEditorSuite()]);
  const folder = mkdtempSync(path.join(os.tmpdir(), "faasify-electron-"));
  const workspace = path.join(folder, "workspace");
  const data = path.join(folder, "data");
  cpSync(suiteWorkspace, workspace, { recursive: true });
  try {
    return await runTests({
      extensionDevelopmentPath: repository,
      extensionTestsPath: suiteBundle,
      extensionTestsEnv: { FAASIFY_DATA: data, ...suiteEnvironment },
      launchArgs: [workspace, "--disable-extensions", "--disable-workspace-trust"],
    });
  } finally {
    await stopPlatform(data);
    rmSync(folder, { recursive: true, force: true });
  }
});
