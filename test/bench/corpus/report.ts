/** What the corpus run found, in words and numbers. */
import type { CaseOutcome } from "./compare.ts";
import type { FunctionReport } from "./corpus.ts";

export interface LibraryReport {
  readonly library: string;
  readonly version: string;
  readonly functions: readonly FunctionReport[];
}

/** Numbers of functions. */
export interface Totals {
  /** Without classes, which are no functions to call. */
  readonly functions: number;
  readonly judged: number;
  readonly refused: number;
  readonly extracted: number;
  readonly loaded: number;
  /** Not refused by the verdict: extracted, or tried in vain. */
  readonly compared: number;
  /** Every call gave what the original gives. */
  readonly equal: number;
  /** Some calls were refused with a reason, and all others gave what the original gives. */
  readonly partly: number;
  readonly silent: number;
}

export function totalsOf(reports: readonly LibraryReport[]): Totals {
  const all = reports.flatMap(({ functions }) => functions).filter(({ isClass }) => !isClass);
  const count = (test: (report: FunctionReport) => boolean): number => all.filter(test).length;
  return {
    functions: all.length,
    judged: count(({ judged }) => judged.kind !== "unknown"),
    refused: count(({ judged }) => judged.kind === "refused"),
    extracted: count(({ judged }) => judged.kind === "extracted"),
    loaded: count(({ comparison }) => comparison !== undefined && comparison.notLoaded === undefined),
    compared: count(({ judged }) => judged.kind !== "unknown" && judged.kind !== "refused"),
    equal: count((report) => verdictOn(report) === "equal"),
    partly: count(isPartly),
    silent: count((report) => verdictOn(report) === "different"),
  };
}

/** The worst that happened to a function; `nothing` when no call could be compared. */
export function verdictOn(
  report: FunctionReport,
): Exclude<CaseOutcome, "late" | "large"> | "nothing" | "not-bundled" | "not-loaded" | "not-extracted" {
  if (report.judged.kind !== "extracted") return "not-extracted";
  if (report.notBundled !== undefined) return "not-bundled";
  if (!report.comparison || report.comparison.notLoaded !== undefined) return "not-loaded";
  const outcomes = new Set(report.comparison.cases.map(({ outcome }) => outcome));
  const worst = (["different", "hangs", "failed", "refused", "equal"] as const).find((outcome) =>
    outcomes.has(outcome),
  );
  return worst ?? "nothing";
}

function isPartly(report: FunctionReport): boolean {
  return (
    verdictOn(report) === "refused" && report.comparison?.cases.some(({ outcome }) => outcome === "equal") === true
  );
}

/** What must not happen in any run. */
export function problemsOf(reports: readonly LibraryReport[]): readonly string[] {
  return reports.flatMap(({ library, functions }) =>
    functions.flatMap((report) => {
      const place = `${library} ${report.name}`;
      if (report.judged.kind === "crashed") return [`${place}: the analyzer failed: ${report.judged.message}`];
      const outcome = verdictOn(report);
      return outcome === "different" || outcome === "hangs"
        ? [`${place}: ${outcome} without an error (${firstOf(report, outcome)})`]
        : [];
    }),
  );
}

function firstOf({ comparison }: FunctionReport, outcome: CaseOutcome): string {
  const found = comparison?.cases.find((candidate) => candidate.outcome === outcome);
  return found ? `case ${found.index}: ${found.detail ?? outcome}` : "";
}

/** A table of the libraries, then what is not equal, then why functions were refused. */
export function reportText(reports: readonly LibraryReport[]): string {
  const head = "library".padEnd(22) + columns.map(([title]) => title.padStart(11)).join("");
  const rows = [...reports.map((report) => [report]), ...(reports.length > 1 ? [reports] : [])].map((group) => {
    const [first] = group;
    const title = group.length === 1 && first ? `${first.library} ${first.version}` : "all";
    const totals = totalsOf(group);
    return title.padEnd(22) + columns.map(([, key]) => String(totals[key]).padStart(11)).join("");
  });
  return [head, ...rows, "", ...reports.flatMap(detailsOf)].join("\n");
}

const columns = [
  ["functions", "functions"],
  ["judged", "judged"],
  ["refused", "refused"],
  ["extracted", "extracted"],
  ["loaded", "loaded"],
  ["equal", "equal"],
  ["in part", "partly"],
  ["differ", "silent"],
] as const satisfies readonly (readonly [string, keyof Totals])[];

function detailsOf({ library, functions }: LibraryReport): string[] {
  const callable = functions.filter(({ isClass }) => !isClass);
  const classes = functions.length - callable.length;
  const cases = callable.flatMap(({ comparison }) => comparison?.cases ?? []);
  const outcomes = grouped(cases, ({ outcome }) => outcome).map(([outcome, { length }]) => `${outcome} ${length}`);
  const lines = [`${library}: calls ${outcomes.join(", ")}${classes > 0 ? `; ${classes} classes` : ""}`];
  const odd = callable.filter(
    (report) => report.judged.kind === "extracted" && verdictOn(report) !== "equal" && !isPartly(report),
  );
  for (const report of odd) lines.push(`    ${report.name}: ${oddity(report)}`);
  for (const [reason, { length }] of grouped(callable, refusalOf).slice(0, 12)) {
    if (reason !== "") lines.push(`    ${String(length).padStart(4)} × ${reason}`);
  }
  return [...lines, ""];
}

function oddity(report: FunctionReport): string {
  const outcome = verdictOn(report);
  if (outcome === "not-bundled") return `not bundled: ${report.notBundled ?? ""}`;
  if (outcome === "not-loaded") return `not loaded: ${report.comparison?.notLoaded ?? ""}`;
  if (outcome === "nothing" || outcome === "not-extracted") return outcome;
  return `${outcome}: ${firstOf(report, outcome)}`;
}

/** The first reason without names, so that equal ones meet; empty for a function that was not refused. */
function refusalOf({ judged }: FunctionReport): string {
  if (judged.kind === "unknown") return `no verdict: is the ${judged.definition}`;
  if (judged.kind === "crashed" || judged.kind === "failed") return `${judged.kind}: ${judged.message}`;
  if (judged.kind !== "refused") return "";
  const message = judged.model.reasons[0]?.message ?? "no reason";
  return `${judged.model.verdict}: ${message.replace(/^through .*?` (?=\w)/, "").replaceAll(/`[^`]*`/g, "`…`")}`;
}

function grouped<T>(items: readonly T[], keyOf: (item: T) => string): [string, T[]][] {
  return Array.from(Map.groupBy(items, keyOf)).toSorted(([, a], [, b]) => b.length - a.length);
}
