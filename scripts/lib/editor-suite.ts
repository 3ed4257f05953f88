/** Runs the mocha suite of test/editor inside a real extension host, which a page in Chromium opens. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { format } from "node:util";
import { build } from "esbuild";
import type { Page } from "playwright-core";
import type { SuiteReport } from "../../test/editor/report.ts";
import { ensureEditorHost } from "../editor-host.ts";
import { startBrowser } from "./browser.ts";
import { brokenSuite, type Counts } from "./counts.ts";
import { keepLogs, remoteUri, startEditorServer, workspaceUrl, type EditorServer } from "./editor-server.ts";
import { stopPlatform } from "./platform-process.ts";
import { repository } from "./run.ts";

/** Also what scripts/test-electron.ts runs. */
export const suiteBundle = path.join(repository, "out/test-editor/index.cjs");
export const suiteWorkspace = path.join(repository, "test/fixtures/editor-workspace");

/** Where the suite finds what it compares with, and the Node that runs it. */
export const suiteEnvironment = { FAASIFY_TEST_REPOSITORY: repository, FAASIFY_TEST_NODE: process.execPath };

const limitMs = 1_200_000;

export async function buildEditorSuite(): Promise<void> {
  await build({
    entryPoints: [path.join(repository, "test/editor/index.ts")],
    outfile: suiteBundle,
    bundle: true,
    platform: "node",
    target: "node22",
    format: "cjs",
    sourcemap: "inline",
    external: ["vscode", "mocha"],
    logLevel: "warning",
  });
}

export async function runEditorSuite(): Promise<Counts> {
  await buildEditorSuite();
  const host = await ensureEditorHost();
  const folder = mkdtempSync(path.join(os.tmpdir(), "faasify-editor-"));
  const workspace = path.join(folder, "workspace");
  const data = path.join(folder, "data");
  const reportFile = path.join(folder, "report.json");
  cpSync(suiteWorkspace, workspace, { recursive: true });
  mkdirSync(data);
  try {
    await using server = await startEditorServer(host, {
      folder,
      env: { ...process.env, FAASIFY_DATA: data, ...suiteEnvironment },
      testDriver: true,
    });
    await using browser = await startBrowser();
    const page = await browser.context.newPage();
    const status = await runInPage(page, server, { workspace, reportFile, data });
    const counts = readReport(reportFile, status);
    if (counts.failed > 0) await keepEvidence(page, server);
    return counts;
  } finally {
    await stopPlatform(data);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

interface SuiteFolders {
  readonly workspace: string;
  readonly reportFile: string;
  readonly data: string;
}

/** Resolves with the suite's exit status: 0, 1, or 124 when it did not end in time. */
async function runInPage(page: Page, server: EditorServer, folders: SuiteFolders): Promise<number> {
  const ended = Promise.withResolvers<number>();
  const timer = setTimeout(() => ended.resolve(124), limitMs);
  try {
    // The names are VS Code's own: the page calls them when the extension host logs and when the suite ends.
    await page.exposeFunction("codeAutomationLog", (_type: string, args: readonly unknown[]) =>
      printSuiteOutput(format(...args)),
    );
    await page.exposeFunction("codeAutomationExit", (code: number) => ended.resolve(code));
    await page.goto(
      workspaceUrl(server, folders.workspace, [
        ["extensionDevelopmentPath", remoteUri(server, repository)],
        ["extensionTestsPath", remoteUri(server, suiteBundle)],
        [
          "extensionEnvironment",
          JSON.stringify({ FAASIFY_TEST_REPORT: folders.reportFile, FAASIFY_DATA: folders.data }),
        ],
      ]),
      { timeout: 60_000 },
    );
    return await ended.promise;
  } finally {
    clearTimeout(timer);
  }
}

/** The suite marks its own lines: the page also logs what built-in extensions complain about. */
function printSuiteOutput(text: string): void {
  const line = /^\[suite\] (.*)$/s.exec(text)?.[1];
  if (line !== undefined) console.log(line);
}

function readReport(file: string, status: number): Counts {
  if (!existsSync(file)) {
    console.error(`The editor suite ended with status ${status} and without a report`);
    return brokenSuite;
  }
  const { passed, failed, skipped, failures, retried } = JSON.parse(readFileSync(file, "utf8")) as SuiteReport;
  const isTooLate = status === 124;
  const unaccounted = isTooLate || (failed === 0 && (status !== 0 || passed === 0)) ? 1 : 0;
  const what = isTooLate ? `did not end within ${limitMs / 1000} s` : `ended with status ${status}`;
  return {
    passed,
    failed: failed + unaccounted,
    skipped,
    failures: unaccounted > 0 ? [...failures, `The editor suite ${what}`] : failures,
    retried,
  };
}

async function keepEvidence(page: Page, server: EditorServer): Promise<void> {
  const kept = path.join(repository, "out/editor-suite-failure");
  rmSync(kept, { recursive: true, force: true });
  const log = keepLogs(server, kept);
  await page.screenshot({ path: path.join(kept, "page.png") }).catch((error: unknown) => {
    writeFileSync(path.join(kept, "page.txt"), String(error));
  });
  console.error(`--- FaaSify's log, last lines (screenshot and all logs: ${kept})\n${log}`);
}
