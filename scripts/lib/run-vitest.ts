import { rmSync } from "node:fs";
import path from "node:path";
import { readVitestReport, type Counts } from "./counts.ts";
import { exitStatus, repository } from "./run.ts";

/** Runs one project of vitest.config.ts and counts its tests. */
export async function runVitestProject(project: string, limitMs: number, env = process.env): Promise<Counts> {
  const report = path.join(repository, `out/test-results/${project}.json`);
  rmSync(report, { force: true });
  const status = await exitStatus(
    process.execPath,
    [
      path.join(repository, "node_modules/vitest/vitest.mjs"),
      "run",
      "--project",
      project,
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${report}`,
    ],
    { limitMs, env },
  );
  if (status === 124) console.error(`${project}: ended after ${limitMs / 1000} s`);
  return readVitestReport(report, status);
}
