/**
 * The editor suite: mocha inside the extension host of a real VS Code. `run` is what VS Code calls.
 *
 * Not tested here, because the editor that comes from npm cannot do it: Restricted Mode (the page of a test run always
 * trusts its workspace) and modal dialogs (refused while tests run). The smoke test covers what a user sees.
 */
import { writeFileSync } from "node:fs";
import Mocha from "mocha";
import type { SuiteReport } from "./report.ts";
import { waitMs } from "./support.ts";

const suites = [
  () => import("./activation.test.ts"),
  () => import("./lenses.test.ts"),
  () => import("./deploy-and-invoke.test.ts"),
  () => import("./deploy-on-save.test.ts"),
  () => import("./canary.test.ts"),
  () => import("./debug.test.ts"),
  () => import("./js-debug.test.ts"),
  () => import("./diagnostics.test.ts"),
  () => import("./preview.test.ts"),
];

/** As in vitest.config.ts. */
const retries = process.env["CI"] === "true" ? 1 : 0;

export async function run(): Promise<void> {
  const mocha = new Mocha({ ui: "tdd", timeout: 2 * waitMs, reporter: NoReporter, retries });
  // The test files are in this bundle: mocha is told to define suite() and test() without loading files.
  mocha.suite.emit("pre-require", globalThis, "test/editor", mocha);
  for (const load of suites) await load();

  const { failed } = await runAll(mocha, process.env["FAASIFY_TEST_REPORT"]);
  if (failed > 0) throw new Error(`${failed} editor tests failed`);
}

/** Mocha's own reporters write to the standard output, which belongs to the editor here. */
class NoReporter extends Mocha.reporters.Base {
  override epilogue(): void {}
}

/** @param reportFile - written after every test, so that a suite that hangs has counted what it did */
function runAll(mocha: Mocha, reportFile: string | undefined): Promise<SuiteReport> {
  const counts = { passed: 0, failed: 0, skipped: 0, failures: [] as string[], retried: [] as string[] };
  const count = (outcome: "passed" | "failed" | "skipped", text: string): void => {
    counts[outcome] += 1;
    print(text);
    if (reportFile !== undefined) writeFileSync(reportFile, JSON.stringify(counts));
  };
  return new Promise((resolve) => {
    mocha
      .run(() => resolve(counts))
      .on("pass", (test: Mocha.Test) => count("passed", `  ✓ ${test.fullTitle()} (${test.duration ?? 0} ms)`))
      .on("retry", (test: Mocha.Test, error: Error) => {
        const what = told(test, error);
        counts.retried.push(what);
        print(`  ~ once more: ${what}`);
      })
      .on("pending", (test: Mocha.Test) => count("skipped", `  - ${test.fullTitle()}`))
      .on("fail", (test: Mocha.Test, error: Error) => {
        counts.failures.push(told(test, error));
        count("failed", `  ✗ ${told(test, error)}`);
      });
  });
}

function told(test: Mocha.Test, error: Error): string {
  return `${test.fullTitle()}\n${error.stack ?? error.message}`;
}

/** scripts/lib/editor-suite.ts shows the lines that start with the mark, and only those. */
function print(text: string): void {
  // oxlint-disable-next-line no-console -- the only way out of the extension host
  console.log(`[suite] ${text}`);
}
