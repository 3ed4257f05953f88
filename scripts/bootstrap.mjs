// Runs a TypeScript script of this folder on the project's own Node 24, installing everything first if need be.
// This one file must run on any Node >= 20 with nothing installed: built-ins only, plain JavaScript.
//   node scripts/bootstrap.mjs scripts/test.ts [argument]...
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const windows = process.platform === "win32";
const bin = path.join(root, "node_modules", ".bin");

installDependencies();
const [script, ...rest] = process.argv.slice(2);
if (script === undefined) {
  console.error("usage: node scripts/bootstrap.mjs SCRIPT [ARGUMENT]...");
  process.exit(2);
}
const child = spawn(node24(), [path.join(root, script), ...rest], {
  stdio: "inherit",
  env: { ...process.env, PATH: `${bin}${path.delimiter}${process.env.PATH ?? ""}` },
});
// The script cleans up after itself: wait for it. Ctrl-C reaches it directly, the others are passed on.
process.on("SIGINT", () => {});
for (const name of ["SIGTERM", "SIGHUP"]) process.on(name, () => child.kill(name));
child.on("error", (error) => {
  console.error(`${node24()} cannot be started (${error.message}). Delete node_modules and run the command again.`);
  process.exit(1);
});
child.on("close", (status) => process.exit(status ?? 1));

/**
 * Installs when package-lock.json is not what was installed last. `npm install --no-save` rather than `npm ci`: a
 * registry mirror without the binaries of every platform yields a lock file that `npm ci` refuses.
 */
function installDependencies() {
  const wanted = createHash("sha256")
    .update(readFileSync(path.join(root, "package-lock.json")))
    .digest("hex");
  const stamp = path.join(root, "node_modules", ".faasify-installed");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  console.log("Installing dependencies (npm install) …");
  const { status } = spawnSync("npm", ["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: "inherit",
    shell: windows,
  });
  if (status !== 0) {
    console.error("npm install failed. Check the network connection to the npm registry and run the command again.");
    process.exit(1);
  }
  mkdirSync(path.dirname(stamp), { recursive: true });
  writeFileSync(stamp, wanted);
}

function node24() {
  return path.join(root, "node_modules", "node", "bin", windows ? "node.exe" : "node");
}
