/** Types, lint, format, unused code and layers: all of it, then the verdict. */
import { spawnSync } from "node:child_process";

const steps: readonly (readonly [name: string, ...command: string[]])[] = [
  ["types", "tsc", "-p", "."],
  ["lint", "oxlint", "--type-aware", "--deny-warnings"],
  ["format", "oxfmt", "--check"],
  ["unused code", "knip"],
  ["layers", "vitest", "run", "--project", "unit", "test/unit/architecture.test.ts"],
];

const failed = steps.filter(([name, command = "", ...rest]) => {
  console.log(`── ${name}`);
  return spawnSync(command, rest, { stdio: "inherit", shell: process.platform === "win32" }).status !== 0;
});
console.log(failed.length === 0 ? "check passed" : `check failed: ${failed.map(([name]) => name).join(", ")}`);
process.exit(failed.length === 0 ? 0 : 1);
