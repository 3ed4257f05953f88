import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { build } from "esbuild";
import type { BrowserContext } from "playwright-core";
import { ensureEditorHost } from "../../../scripts/editor-host.ts";
import { startBrowser } from "../../../scripts/lib/browser.ts";
import { remoteUri, startEditorServer, workspaceUrl, type EditorServer } from "../../../scripts/lib/editor-server.ts";
import { stopPlatform } from "../../../scripts/lib/platform-process.ts";
import { repository, StepError } from "../../../scripts/lib/run.ts";
import type { ActivationTime, ActivationTimes } from "../activation/in-host.ts";
import type { Bench, Measured, Outcome } from "../lib/figure.ts";
import { measured, median } from "../lib/statistics.ts";

const ours = "faasify.faasify";
const rivals: Readonly<Record<string, string>> = {
  "faasify-bench.empty": "an empty extension",
  "vscode.typescript-language-features": "VS Code's own TypeScript extension",
};
const what = "extension activation, without waiting for the language server";
const limitMs = 120_000;

/** Activates the built extension in extension hosts of a real VS Code, a fresh one each time. */
export const activation: Bench = {
  name: "activation",
  run: async ({ quick }) => {
    let host;
    try {
      host = await ensureEditorHost();
    } catch (error) {
      if (error instanceof StepError) return [{ what, skipped: error.message }];
      throw error;
    }
    const folder = mkdtempSync(path.join(os.tmpdir(), "faasify-bench-activation-"));
    try {
      const empty = path.join(import.meta.dirname, "../activation/empty");
      cpSync(empty, path.join(folder, "extensions/faasify-bench.empty-0.0.0"), { recursive: true });
      const env = { ...process.env, FAASIFY_DATA: path.join(folder, "data") };
      await using server = await startEditorServer(host, { folder, env, testDriver: true });
      await using browser = await startBrowser();
      return await measureActivation({ folder, server, context: browser.context }, quick ? 2 : 9);
    } finally {
      await stopPlatform(path.join(folder, "data"));
      rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    }
  },
};

interface Scene {
  readonly folder: string;
  readonly server: EditorServer;
  readonly context: BrowserContext;
}

async function measureActivation(scene: Scene, rounds: number): Promise<readonly Outcome[]> {
  const suite = path.join(scene.folder, "in-host.cjs");
  await build({
    entryPoints: [path.join(import.meta.dirname, "../activation/in-host.ts")],
    outfile: suite,
    bundle: true,
    platform: "node",
    format: "cjs",
    external: ["vscode"],
  });
  const workspace = path.join(scene.folder, "workspace");
  mkdirSync(workspace);
  writeFileSync(path.join(workspace, "notes.txt"), "No TypeScript: nothing is active before it is asked for.\n");
  const rounded: ActivationTimes[] = [];
  for (let round = 0; round < rounds; round++) {
    // Whoever comes first pays for what all share: everybody does in turn.
    const ids = rotate([ours, ...Object.keys(rivals)], round);
    rounded.push(await activateInFreshHost(scene, { suite, workspace, ids }));
  }
  const baselines = Object.entries(rivals).flatMap(([id, name]): Measured[] => summarise(timesOf(rounded, id), name));
  const times = timesOf(rounded, ours);
  const [mine] = summarise(times, "FaaSify");
  if (!mine) return [{ what, skipped: "the extension was active before it was asked for" }];
  const [load, call] = [median(times.map(({ loadMs }) => loadMs)), median(times.map(({ activateMs }) => activateMs))];
  const note = `as VS Code counts it: loading the code ${load} ms, activate ${call} ms, each the median`;
  return [{ what, ours: mine, target: { atMost: 60 }, baselines, note }];
}

interface HostRun {
  readonly suite: string;
  readonly workspace: string;
  readonly ids: readonly string[];
}

async function activateInFreshHost(
  { folder, server, context }: Scene,
  { suite, workspace, ids }: HostRun,
): Promise<ActivationTimes> {
  const report = path.join(folder, "report.json");
  rmSync(report, { force: true });
  const page = await context.newPage();
  const ended = Promise.withResolvers<void>();
  const messages: unknown[] = [];
  const timer = setTimeout(() => ended.reject(new StepError("The extension host did not answer in time")), limitMs);
  try {
    // The names are VS Code's own: the page calls them when the extension host logs and when the suite ends.
    await page.exposeFunction("codeAutomationLog", (_type: string, args: readonly unknown[]) => messages.push(args));
    await page.exposeFunction("codeAutomationExit", () => ended.resolve());
    const payload: readonly (readonly [key: string, value: string])[] = [
      ["extensionDevelopmentPath", remoteUri(server, repository)],
      ["extensionTestsPath", remoteUri(server, suite)],
      [
        "extensionEnvironment",
        JSON.stringify({ FAASIFY_BENCH_REPORT: report, FAASIFY_BENCH_EXTENSIONS: ids.join(",") }),
      ],
    ];
    await page.goto(workspaceUrl(server, workspace, payload), { timeout: limitMs });
    await ended.promise;
  } finally {
    clearTimeout(timer);
    await page.close();
  }
  if (!existsSync(report)) throw new StepError(`The extension host measured nothing:\n${JSON.stringify(messages)}`);
  return JSON.parse(readFileSync(report, "utf8")) as ActivationTimes;
}

function timesOf(rounds: readonly ActivationTimes[], id: string): readonly ActivationTime[] {
  return rounds.flatMap((times) => times[id] ?? []);
}

function summarise(times: readonly ActivationTime[], name: string): Measured[] {
  const samples = times.map(({ loadMs, activateMs }) => loadMs + activateMs);
  return samples.length === 0 ? [] : [measured(name, "ms", samples)];
}

function rotate<T>(items: readonly T[], by: number): readonly T[] {
  const first = by % items.length;
  return [...items.slice(first), ...items.slice(0, first)];
}
