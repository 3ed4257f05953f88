/**
 * Builds what the tests run, then runs vitest on some projects.
 *
 *     node scripts/bootstrap.mjs scripts/vitest.ts PROJECT... [-- VITEST-ARGUMENT...]
 */
import { spawnSync } from "node:child_process";
import { buildAll } from "./build.ts";

const divider = process.argv.indexOf("--");
const projects = process.argv.slice(2, divider === -1 ? undefined : divider);
const rest = divider === -1 ? [] : process.argv.slice(divider + 1);
await buildAll();
const { status } = spawnSync(
  process.execPath,
  ["node_modules/vitest/vitest.mjs", "run", ...projects.flatMap((project) => ["--project", project]), ...rest],
  { stdio: "inherit", cwd: `${import.meta.dirname}/..` },
);
process.exit(status ?? 1);
