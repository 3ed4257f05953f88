/**
 * How long analysis and extraction take: one function, a whole project, a file after an edit.
 *
 *     node test/bench/analysis-speed.ts [--quick]
 *
 * The project is viem's TypeScript sources, as published; TypeScript's own check of it runs in the same run.
 */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { exitStatus, runScript } from "../../scripts/lib/run.ts";
import { createAnalyzer } from "../../src/analysis/analyzer.ts";
import { ensureSpeedProject, type SpeedProject } from "./analysis-speed-project.ts";
import { exportedNames } from "./corpus/exports.ts";
import { ensureCorpus } from "./corpus/install.ts";
import { judge } from "./corpus/judged.ts";
import type { Bench, Figure } from "./lib/figure.ts";
import { startLanguageServer, type LanguageServer } from "./lib/language-server.ts";
import { editableLines, longFile } from "./lib/long-file.ts";
import { measured, timed } from "./lib/statistics.ts";
import { formatOutcome } from "./lib/table.ts";

const LINES = 2000;

export const analysisSpeed: Bench = {
  name: "analysis",
  run: async ({ quick }) => {
    const perFunction = await measureFunctions(quick ? 20 : 1);
    const project = await ensureSpeedProject();
    return [perFunction, ...(await measureProject(project, quick ? 10 : 60))];
  },
};

/** Verdict and unit of each function of the corpus, the second time that it is asked for. */
async function measureFunctions(every: number): Promise<Figure> {
  const times: number[] = [];
  for (const project of await ensureCorpus()) {
    const analyzer = createAnalyzer();
    const chosen = exportedNames(project).filter((_, index) => index % every === 0);
    for (const exported of chosen) judge(analyzer, exported);
    for (const exported of chosen) {
      const judged = judge(analyzer, exported);
      if (judged.kind === "extracted") times.push(judged.analysisMs);
    }
  }
  return {
    what: `analysis and extraction of one function of the corpus (${times.length} of them), analyzer warm`,
    ours: measured("FaaSify", "ms", times),
    target: { atMost: 15 },
    baselines: [measured("FaaSify", "ms", times, "p95")],
  };
}

async function measureProject(project: SpeedProject, edits: number): Promise<readonly Figure[]> {
  const { folder, files, lines } = project;
  const typescriptMs = await timed(() => checkTypes(project));
  await using server = await startLanguageServer(folder, path.join(folder, "..", "artifacts"));
  const [first = ""] = files;
  const firstMs = await timed(async () => {
    await server.open(first, readFileSync(first, "utf8"));
    expectFunctions((await server.analyze(first)).functions.length, first);
  });
  let functions = 0;
  const allMs = await timed(async () => {
    for (const file of files) functions += (await server.analyze(file)).functions.length;
  });
  expectFunctions(functions, folder);
  const analysedMib = server.residentMib();
  const editTimes = await measureEdits(server, path.join(folder, "faasify-long.ts"), edits);
  const one = (name: string, value: number) => ({ name, unit: "ms" as const, value });
  return [
    {
      what: `first analysis of ${files.length} files, ${lines} lines, ${functions} functions, one by one`,
      ours: one("FaaSify's language server", firstMs + allMs),
      target: { atMost: typescriptMs },
      baselines: [one(`tsc --noEmit, TypeScript ${project.typescriptVersion}`, typescriptMs)],
    },
    {
      what: "first verdicts of the open file, server just started",
      ours: one("FaaSify's language server", firstMs),
      target: { atMost: 1500 },
      baselines: [],
    },
    {
      what: `analysis of a ${LINES}-line file after an edit, all of the project analysed before`,
      ours: measured("FaaSify's language server", "ms", editTimes),
      target: { atMost: 100 },
      baselines: [measured("FaaSify's language server", "ms", editTimes, "p95")],
      note: `memory of the server: ${analysedMib} MiB after the project, ${server.residentMib()} MiB after the edits`,
    },
  ];
}

async function checkTypes({ folder, tsc, logFile }: SpeedProject): Promise<void> {
  const status = await exitStatus(process.execPath, [tsc, "--noEmit", "-p", folder], { cwd: folder, logFile });
  // 1 and 2: it found errors, which is a full check all the same.
  if (status > 2) throw new Error(`tsc ended with status ${status} (${logFile})`);
}

/** Each edit is somewhere else and makes another text, so that nothing can be remembered. */
async function measureEdits(server: LanguageServer, file: string, rounds: number): Promise<readonly number[]> {
  const text = longFile(LINES);
  writeFileSync(file, text);
  await server.open(file, text);
  const { functions } = await server.analyze(file);
  const lines = text.split("\n");
  const editable = editableLines(text);
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const line0 = editable[(round * 7) % editable.length] ?? 0;
    times.push(
      await timed(async () => {
        await server.replaceLine(file, line0, `${lines[line0]} void 1${round};`);
        const after = await server.analyze(file);
        if (after.functions.length !== functions.length)
          throw new Error("an edit inside a function changed their number");
      }),
    );
  }
  return times;
}

function expectFunctions(count: number, where: string): void {
  if (count === 0) throw new Error(`not one function was found in ${where}`);
}

if (process.argv[1] === import.meta.filename) {
  await runScript(async () => {
    for (const outcome of await analysisSpeed.run({ quick: process.argv.includes("--quick") })) {
      console.log(formatOutcome(outcome));
    }
    return 0;
  });
}
