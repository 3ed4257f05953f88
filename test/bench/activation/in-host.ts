/** Runs inside the extension host of a real VS Code: activates extensions one after the other and reads VS Code's own times. */
import { writeFileSync } from "node:fs";
import * as vscode from "vscode";

/** In milliseconds, as "Developer: Startup Performance" counts them. */
export interface ActivationTime {
  readonly loadMs: number;
  /** `activate`, until what it returns has settled. */
  readonly activateMs: number;
}

/** By extension id. Extensions that were active before are left out. */
export type ActivationTimes = Readonly<Record<string, ActivationTime>>;

export async function run(): Promise<void> {
  const { FAASIFY_BENCH_REPORT: report, FAASIFY_BENCH_EXTENSIONS: ids = "" } = process.env;
  if (report === undefined) throw new Error("FAASIFY_BENCH_REPORT names no file");
  const activated: string[] = [];
  for (const id of ids.split(",")) {
    const extension = vscode.extensions.getExtension(id);
    if (!extension) throw new Error(`There is no extension ${id}`);
    if (extension.isActive) continue;
    await extension.activate();
    activated.push(id);
  }
  const rows = await performanceRows();
  const times = activated.map((id) => [id, timeIn(rows, id)] as const);
  writeFileSync(report, JSON.stringify(Object.fromEntries(times) satisfies ActivationTimes));
}

/** The lines of VS Code's report, each a row of a Markdown table. */
async function performanceRows(): Promise<readonly string[]> {
  await vscode.commands.executeCommand("perfview.show");
  const heading = "## Extension Activation Stats";
  for (;;) {
    const text = vscode.workspace.textDocuments.find(({ uri }) => uri.scheme === "perf")?.getText() ?? "";
    if (text.includes(heading)) return text.slice(text.indexOf(heading)).split("\n");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** `| id | eager | load code | call activate | finish activate | event | by |` */
function timeIn(rows: readonly string[], id: string): ActivationTime {
  const row = rows.find((line) => line.includes(`| ${id} `));
  if (row === undefined) throw new Error(`VS Code reports nothing of ${id}:\n${rows.join("\n")}`);
  const [, , load = Number.NaN, call = Number.NaN, finish = Number.NaN] = row.split("|").slice(1).map(Number);
  return { loadMs: load, activateMs: call + finish };
}
