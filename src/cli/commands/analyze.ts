import { stat, readdir } from "node:fs/promises";
import path from "node:path";
import { FaasifyError } from "../../core/errors.ts";
import type { Capture, FunctionModel, Problem } from "../../core/function-model.ts";
import { verdictSummary } from "../../core/verdict-text.ts";
import { EXIT, wrongUsage, type Command } from "../command.ts";
import type { CliContext } from "../context.ts";

export const analyze: Command = {
  name: "analyze",
  summary: "Say of every function whether it can move to the cloud, and why not",
  usage: "<file or folder>... [--json]",
  help: [
    "Folders are searched for TypeScript and JavaScript, without node_modules and hidden folders.",
    "A file that does not parse yields fewer functions and a problem; the exit status stays 0.",
  ].join("\n"),
  options: {},
  run: async ({ positionals, json }, context) => {
    if (positionals.length === 0) throw wrongUsage(analyze, "Name at least one file or folder");
    const { handles, analyzeFile } = await context.analysis();
    const found = await Promise.all(positionals.map((name) => findSources(path.resolve(context.cwd, name), handles)));
    const files = [...new Set(found.flat())];
    const analyses = files.map((file) => analyzeFile(file));
    const functions = analyses.flatMap((analysis) => analysis.functions);
    const problems = analyses.flatMap((analysis) => analysis.problems);
    if (json) {
      const problemsOut = problems.map((problem) => ({ ...problem, file: context.relative(problem.file) }));
      context.print(
        JSON.stringify({ functions: functions.map((model) => describe(context, model)), problems: problemsOut }),
      );
    } else printForPeople(context, functions, problems);
    return EXIT.done;
  },
};

function describe(context: CliContext, model: FunctionModel) {
  const { file, name, kind, range, verdict, effects, reasons, captures, calls } = model;
  const { exported, async, parameters, returnType, convention, environment = [], assets = [] } = model;
  return {
    id: context.idOf(model),
    file: context.relative(file),
    name,
    line: range.start.line0 + 1,
    kind,
    verdict,
    effects,
    reasons,
    captures: captures.map((capture) => ({ ...capture, from: captureSource(context, capture) })),
    calls,
    exported,
    async,
    parameters,
    returnType,
    convention,
    environment,
    assets: assets.map((asset) => ({ ...asset, file: context.relative(asset.file) })),
  };
}

function captureSource(context: CliContext, { from }: Capture): string {
  return path.isAbsolute(from) ? context.relative(from) : from;
}

function printForPeople(context: CliContext, functions: readonly FunctionModel[], problems: readonly Problem[]): void {
  for (const model of functions) {
    context.print(`${context.idOf(model)}:${model.range.start.line0 + 1}  ${model.verdict}`);
    context.print(`    ${verdictSummary(model)}`);
    const { environment = [], assets = [] } = model;
    if (environment.length > 0) context.print(`    reads the environment variables ${environment.join(", ")}`);
    if (assets.length > 0) {
      context.print(
        `    reads files that travel along: ${assets.map(({ file }) => context.relative(file)).join(", ")}`,
      );
    }
  }
  if (functions.length === 0) context.print("No functions found.");
  for (const { file, line, message } of problems) context.note(`${context.relative(file)}:${line}: ${message}`);
}

async function findSources(name: string, handles: (file: string) => boolean): Promise<readonly string[]> {
  const found = await stat(name).catch(() => undefined);
  if (!found) {
    throw new FaasifyError("file-not-found", `${name} does not exist`, { remedy: "Correct the path" });
  }
  if (found.isDirectory()) return searchFolder(name, handles);
  if (handles(name)) return [name];
  throw new FaasifyError("file-not-parsed", `${name} is neither TypeScript nor JavaScript`, {
    remedy: "Name a .ts, .tsx, .mts, .cts, .js, .jsx, .mjs or .cjs file",
  });
}

async function searchFolder(folder: string, handles: (file: string) => boolean): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const wanted = entries
    .filter(({ name }) => name !== "node_modules" && !name.startsWith("."))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const found = await Promise.all(
    wanted.map(async (entry) => {
      const file = path.join(folder, entry.name);
      if (entry.isDirectory()) return searchFolder(file, handles);
      return entry.isFile() && handles(file) ? [file] : [];
    }),
  );
  return found.flat();
}
