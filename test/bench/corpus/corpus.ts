/**
 * Every exported function of seven libraries: judged, extracted, and compared with what it was.
 *
 *     node test/bench/corpus/corpus.ts [LIBRARY...] [--function NAME] [--cases N] [--report FILE] [--verbose]
 *
 * As part of `npm run bench` it fails when the analyzer crashed, or when a unit gave another result without an error.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { repository, runScript, StepError } from "../../../scripts/lib/run.ts";
import { createAnalyzer } from "../../../src/analysis/analyzer.ts";
import { bundleUnit } from "../../../src/packager/bundle-unit.ts";
import type { Bench, Figure } from "../lib/figure.ts";
import { formatOutcome } from "../lib/table.ts";
import { startComparer, type Comparer, type Comparison } from "./compare.ts";
import { exportedNames, type ExportedName } from "./exports.ts";
import { ensureCorpus, type CorpusProject } from "./install.ts";
import { judge, type Judged } from "./judged.ts";
import { problemsOf, reportText, totalsOf, verdictOn, type LibraryReport } from "./report.ts";

const SEED = 20_261_125;
const builtShim = path.join(repository, "dist/shim");

/** What became of one exported function. */
export interface FunctionReport {
  readonly name: string;
  readonly isClass: boolean;
  readonly judged: Judged;
  /** Why esbuild made no bundle of the unit. */
  readonly notBundled?: string;
  readonly comparison?: Comparison;
}

interface CorpusOptions {
  readonly cases: number;
  /** All when empty. */
  readonly libraries?: readonly string[];
  readonly only?: string | undefined;
  /** One line per function, as it goes on. */
  readonly verbose?: boolean;
}

export const corpus: Bench = {
  name: "corpus",
  run: async ({ quick }) => {
    const reports = await measureCorpus({ cases: quick ? 8 : 40 });
    console.log(reportText(reports));
    const problems = problemsOf(reports);
    if (problems.length > 0) throw new StepError(`The corpus found what must not be:\n${problems.join("\n")}`);
    return figuresOf(reports);
  },
};

async function measureCorpus({ libraries = [], ...options }: CorpusOptions): Promise<readonly LibraryReport[]> {
  if (!existsSync(path.join(builtShim, "unit-handler.mjs"))) throw new StepError("Build first: npm run build");
  const projects = await ensureCorpus();
  const chosen = projects.filter(({ name }) => libraries.length === 0 || libraries.includes(name));
  const reports: LibraryReport[] = [];
  const folder = mkdtempSync(path.join(os.tmpdir(), "faasify-bench-corpus-"));
  // Of its own: a build in the meantime would empty the handler while it is read.
  const shimFolder = path.join(folder, "shim");
  cpSync(builtShim, shimFolder, { recursive: true });
  try {
    for (const project of chosen)
      reports.push(await measureLibrary(project, { folder: path.join(folder, project.name), shimFolder, options }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return reports;
}

interface Place {
  /** For the bundles of one library. */
  readonly folder: string;
  readonly shimFolder: string;
  readonly options: CorpusOptions;
}

async function measureLibrary(project: CorpusProject, place: Place): Promise<LibraryReport> {
  const { options } = place;
  await using comparer = await startComparer(project.entry);
  const analyzer = createAnalyzer();
  const names = new Map(exportedNames(project).map((exported) => [exported.name, exported]));
  const functions: FunctionReport[] = [];
  for (const { name, isClass } of comparer.functions) {
    const exported = names.get(name);
    if (!exported || (options.only !== undefined && options.only !== name)) continue;
    const judged = judge(analyzer, exported);
    const outcome = judged.kind === "extracted" ? await tryUnit(comparer, { exported, judged, ...place }) : {};
    functions.push({ name, isClass, judged, ...outcome });
    if (options.verbose === true)
      console.error(`${project.name} ${name}: ${verdictOn({ name, isClass, judged, ...outcome })}`);
  }
  return { library: project.name, version: project.version, functions };
}

interface Trial extends Place {
  readonly exported: ExportedName;
  readonly judged: Extract<Judged, { kind: "extracted" }>;
}

async function tryUnit(
  comparer: Comparer,
  { exported: { name, overloads }, judged, folder, shimFolder, options }: Trial,
): Promise<Pick<FunctionReport, "notBundled" | "comparison">> {
  const place = path.join(folder, name);
  mkdirSync(place, { recursive: true });
  try {
    const { fileName, code } = await bundleUnit(judged.unit, shimFolder);
    const file = path.join(place, fileName);
    writeFileSync(file, code);
    const comparison = await comparer.compare({ name, file, overloads, cases: options.cases, seed: SEED });
    if (judged.unit.function.state.some(({ writes }) => writes)) await comparer.renew();
    return { comparison };
  } catch (error) {
    return { notBundled: String(error) };
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

function figuresOf(reports: readonly LibraryReport[]): readonly Figure[] {
  const { functions, judged, compared, equal, partly } = totalsOf(reports);
  const share = (part: number, whole: number): number => (whole === 0 ? 100 : (100 * part) / whole);
  return [
    {
      what: `functions of ${reports.length} libraries that get a verdict (${judged} of ${functions})`,
      ours: { name: "FaaSify", unit: "%", value: share(judged, functions) },
      target: { atLeast: 100 },
      baselines: [],
    },
    {
      what: `functions not refused that equal the original in each call that was not refused (${equal + partly} of ${compared})`,
      ours: { name: "FaaSify", unit: "%", value: share(equal + partly, compared) },
      target: { atLeast: 98 },
      baselines: [],
      note: `${equal} in every call; ${partly} had calls refused with the path of what cannot travel, mostly a function that a call with too few arguments returns`,
    },
  ];
}

if (process.argv[1] === import.meta.filename) {
  await runScript(async () => {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        function: { type: "string" },
        cases: { type: "string", default: "40" },
        verbose: { type: "boolean", default: false },
        report: { type: "string" },
      },
    });
    const cases = Number(values.cases);
    const reports = await measureCorpus({
      libraries: positionals,
      only: values.function,
      cases,
      verbose: values.verbose,
    });
    console.log(reportText(reports));
    for (const figure of figuresOf(reports)) console.log(formatOutcome(figure));
    if (values.report !== undefined) writeFileSync(values.report, JSON.stringify(reports, withoutUnits, 1));
    const problems = problemsOf(reports);
    for (const problem of problems) console.error(problem);
    return problems.length > 0 ? 1 : 0;
  });
}

function withoutUnits(key: string, value: unknown): unknown {
  return key === "unit" ? undefined : value;
}
