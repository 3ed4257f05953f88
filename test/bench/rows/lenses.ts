import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { ts } from "ts-morph";
import { repository } from "../../../scripts/lib/run.ts";
import { lensesFor } from "../../../src/codelens/lenses.ts";
import type { Bench, Outcome } from "../lib/figure.ts";
import { startLanguageServer } from "../lib/language-server.ts";
import { editableLines, longFile } from "../lib/long-file.ts";
import { measured, timed } from "../lib/statistics.ts";

const LINES = 1000;
const warmUp = 10;

/** ts-morph brings the compiler without lib.es2022.d.ts and the like; they lie beside the native compiler. */
const libraryFolder = path.join(
  repository,
  `node_modules/@typescript/typescript-${process.platform}-${process.arch}/lib`,
);

/** What the editor waits for after each edit of an open file: the change, the analysis, the lenses made of it. */
export const lenses: Bench = {
  name: "lenses",
  run: async ({ quick }) => {
    const folder = mkdtempSync(path.join(os.tmpdir(), "faasify-bench-lenses-"));
    try {
      return await measureLenses(folder, quick ? 5 : 50);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

interface Edit {
  readonly line0: number;
  readonly text: string;
}

async function measureLenses(folder: string, rounds: number): Promise<readonly Outcome[]> {
  const file = path.join(folder, "long.ts");
  const text = longFile(LINES);
  writeFileSync(file, text);
  await using server = await startLanguageServer(folder, path.join(folder, "artifacts"));
  const typescript = openInTypeScript(file, text);
  await server.open(file, text);
  const before = await lensCount(() => server.analyze(file));
  const problems = typescript.check();
  if (problems > 0) throw new Error(`TypeScript finds ${problems} problems in a file that has none`);
  const times = { ours: [] as number[], typescript: [] as number[] };
  for (const [index, edit] of edits(text, warmUp + rounds).entries()) {
    const ours = await timed(async () => {
      await server.replaceLine(file, edit.line0, edit.text);
      const after = await lensCount(() => server.analyze(file));
      if (after !== before) throw new Error(`${before} lenses became ${after} by an edit inside a function`);
    });
    const other = await timed(() => {
      typescript.replaceLine(edit);
      typescript.check();
    });
    // Both have to be warm: who edits a file has edited before.
    if (index < warmUp) continue;
    times.ours.push(ours);
    times.typescript.push(other);
  }
  return [
    {
      what: `lenses of an open ${LINES}-line file (${before} of them) after an edit, server warm`,
      ours: measured("FaaSify", "ms", times.ours, "p95"),
      target: { atMost: 150 },
      baselines: [
        measured("FaaSify, median", "ms", times.ours),
        measured("TypeScript's language service, diagnostics", "ms", times.typescript, "p95"),
        measured("TypeScript's language service, median", "ms", times.typescript),
      ],
    },
  ];
}

async function lensCount(analyze: () => Promise<Parameters<typeof lensesFor>[0]>): Promise<number> {
  const analysis = await analyze();
  const { length } = lensesFor(analysis, () => ({ deployments: [] }), { t: (message) => message });
  if (length === 0) throw new Error("there is not one lens");
  return length;
}

/** Each edit is somewhere else and makes another text, so that nothing can be remembered. */
function edits(text: string, rounds: number): readonly Edit[] {
  const lines = text.split("\n");
  const editable = editableLines(text);
  return Array.from({ length: rounds }, (_, round) => {
    const line0 = editable[(round * 7) % editable.length] ?? 0;
    return { line0, text: `${lines[line0]} void 1${round};` };
  });
}

/** The check that the editor's own TypeScript makes after the same edit, by the TypeScript that ts-morph brings. */
function openInTypeScript(file: string, initial: string): { replaceLine(edit: Edit): void; check(): number } {
  const lines = initial.split("\n");
  let version = 1;
  const service = ts.createLanguageService({
    getScriptFileNames: () => [file],
    getScriptVersion: (name) => (name === file ? String(version) : "1"),
    getScriptSnapshot: (name) => {
      const text = name === file ? lines.join("\n") : ts.sys.readFile(name);
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
    },
    getCurrentDirectory: () => path.dirname(file),
    getCompilationSettings: () => ({
      strict: true,
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.NodeNext,
      types: ["node"],
      typeRoots: [path.join(repository, "node_modules/@types")],
    }),
    getDefaultLibFileName: (options) => path.join(libraryFolder, ts.getDefaultLibFileName(options)),
    fileExists: (name) => ts.sys.fileExists(name),
    readFile: (name) => ts.sys.readFile(name),
  });
  return {
    replaceLine: ({ line0, text }) => {
      lines[line0] = text;
      version += 1;
    },
    check: () => service.getSyntacticDiagnostics(file).length + service.getSemanticDiagnostics(file).length,
  };
}
