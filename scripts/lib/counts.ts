import { existsSync, readFileSync } from "node:fs";
import path from "node:path";

/** Tests of one suite. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** What failed: file, name and message of each failed test, where the report tells. */
  readonly failures?: readonly string[];
  /** What passed at a second try only, in the same form. */
  readonly retried?: readonly string[];
}

export function addCounts(all: readonly Counts[]): Counts {
  const sum = (key: "passed" | "failed" | "skipped"): number => all.reduce((total, counts) => total + counts[key], 0);
  return {
    passed: sum("passed"),
    failed: sum("failed"),
    skipped: sum("skipped"),
    failures: all.flatMap(({ failures }) => failures ?? []),
    retried: all.flatMap(({ retried }) => retried ?? []),
  };
}

/** `12 passed, 0 failed` or `12 passed, 0 failed, 1 skipped`. */
export function formatCounts({ passed, failed, skipped }: Pick<Counts, "passed" | "failed" | "skipped">): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

/** A suite that did not get as far as counting is one failure: it must never look like success. */
export const brokenSuite: Counts = { passed: 0, failed: 1, skipped: 0 };

interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

/**
 * Reads the report of vitest's JSON reporter.
 *
 * @param status - vitest's exit status: a test file that cannot be loaded, or an unhandled error, has no failed test
 */
export function readVitestReport(file: string, status: number): Counts {
  if (!existsSync(file)) return brokenSuite;
  const report = JSON.parse(readFileSync(file, "utf8")) as VitestReport;
  const unaccounted = status !== 0 && report.numFailedTests === 0 ? 1 : 0;
  const counts = {
    passed: report.numPassedTests,
    failed: report.numFailedTests + unaccounted,
    skipped: report.numPendingTests + report.numTodoTests,
    failures: failuresOf(report),
    retried: retriedIn(report),
  };
  return counts.passed + counts.failed === 0 ? brokenSuite : counts;
}

function failuresOf({ testResults }: VitestReport): string[] {
  return testResults.flatMap(({ name, message, assertionResults }) => {
    const file = path.basename(name);
    const failed = assertionResults.filter(({ status }) => status === "failed");
    if (failed.length === 0) return message ? [`${file}: ${message}`] : [];
    return failed.map(({ fullName, failureMessages }) => `${file}: ${fullName}\n${failureMessages.join("\n")}`);
  });
}

function retriedIn({ testResults }: VitestReport): string[] {
  return testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status, failureMessages }) => status === "passed" && failureMessages.length > 0)
      .map(({ fullName, failureMessages }) => `${path.basename(name)}: ${fullName}\n${failureMessages.join("\n")}`),
  );
}
