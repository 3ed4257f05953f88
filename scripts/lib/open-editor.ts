import { mkdirSync } from "node:fs";
import path from "node:path";
import { ensureEditorHost } from "../editor-host.ts";
import { findOnPath } from "./debian.ts";
import { installExtension, remoteUri, startEditorServer, workspaceUrl } from "./editor-server.ts";
import { stopPlatform } from "./platform-process.ts";
import { repository, run } from "./run.ts";
import { packageVsix } from "./vsix.ts";

const workspace = path.join(repository, "examples/shop");

/** Opens examples/shop with the extension in it: in the user's own VS Code, else in one that is served to a browser. */
export async function openEditor(): Promise<void> {
  const code = findOnPath("code");
  if (code === undefined) return serveEditor();
  // A development window: nothing is installed into the user's editor.
  const file = path.join(workspace, "src/cart.ts");
  await run(code, ["--new-window", `--extensionDevelopmentPath=${repository}`, workspace, file]);
  console.log("\nVS Code opens examples/shop with FaaSify in it.");
}

/** Serves until Ctrl-C; then the server with all that it started, and the platform, are gone. */
async function serveEditor(): Promise<void> {
  console.log("\n`code` is not on the PATH: a VS Code is served to the browser.");
  const host = await ensureEditorHost();
  const { file: vsix } = await packageVsix({ scan: false });
  const folder = path.join(repository, ".cache/editor");
  const data = process.env["FAASIFY_DATA"] ?? path.join(folder, "data");
  mkdirSync(data, { recursive: true });
  await installExtension(host, folder, vsix);
  try {
    await using server = await startEditorServer(host, { folder, env: { ...process.env, FAASIFY_DATA: data } });
    const file = remoteUri(server, path.join(workspace, "src/cart.ts"));
    console.log(`\nVS Code ${host.version} with FaaSify in it, on this machine only:\n`);
    console.log(`  ${workspaceUrl(server, workspace, [["openFile", file]])}\n`);
    console.log("The address contains the key to this editor. Ctrl-C ends it.");
    await new Promise<void>((resolve) => {
      process.once("SIGINT", resolve).once("SIGTERM", resolve);
      void server.ended.then(resolve);
    });
  } finally {
    await stopPlatform(data);
  }
}
