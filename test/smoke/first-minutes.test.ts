/**
 * A user's first minutes, clicked in a real workbench with the packaged extension: lenses, deploy, invoke, breakpoint,
 * variables, step, hot deploy. The tests are one story and run in this order.
 */
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ensureEditorHost } from "../../scripts/editor-host.ts";
import { startBrowser } from "../../scripts/lib/browser.ts";
import {
  installExtension,
  keepLogs,
  remoteUri,
  startEditorServer,
  workspaceUrl,
  type EditorServer,
} from "../../scripts/lib/editor-server.ts";
import { stopPlatform } from "../../scripts/lib/platform-process.ts";
import { repository } from "../../scripts/lib/run.ts";
import { expectEventually, workbench, type Workbench } from "./workbench.ts";

const checkout = "export function checkout(";
const breakpointAt = "const vat =";
const cart = '[[{"name":"book","price":12.5,"quantity":2}],"WELCOME"]';

describe("a user's first minutes", () => {
  const cleanUp = new AsyncDisposableStack();
  const folder = mkdtempSync(path.join(os.tmpdir(), "faasify-smoke-"));
  const data = path.join(folder, "data");
  const workspace = path.join(folder, "shop");
  let server: EditorServer;
  let page: Page;
  let user: Workbench;

  beforeAll(async () => {
    cleanUp.defer(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }));
    cleanUp.defer(() => stopPlatform(data));
    cpSync(path.join(repository, "examples/shop"), workspace, { recursive: true });
    mkdirSync(data);
    const vsix = process.env["FAASIFY_VSIX"];
    if (vsix === undefined) throw new Error("FAASIFY_VSIX names no VSIX: run `npm run test:editor -- smoke`");
    const host = await ensureEditorHost();
    await installExtension(host, folder, vsix);
    server = cleanUp.use(await startEditorServer(host, { folder, env: { ...process.env, FAASIFY_DATA: data } }));
    const browser = cleanUp.use(await startBrowser());
    page = await browser.context.newPage();
    user = workbench(page);
    const file = remoteUri(server, path.join(workspace, "src/cart.ts"));
    await page.goto(workspaceUrl(server, workspace, [["openFile", file]]), { timeout: 120_000 });
  });

  afterAll(() => cleanUp.disposeAsync());

  // Each test starts where the one before ended.
  let broken = false;
  beforeEach(({ skip }) => skip(broken));

  afterEach(async ({ task }) => {
    if (task.result?.state !== "fail") return;
    broken = true;
    const kept = path.join(repository, "out/smoke-failure");
    const log = keepLogs(server, kept);
    cpSync(data, path.join(kept, "data"), { recursive: true });
    await page.screenshot({ path: path.join(kept, "page.png") });
    process.stderr.write(`--- FaaSify's log, last lines (screenshot and all logs: ${kept})\n${log}\n`);
  });

  it("shows FaaSify, Deploy and Invoke above a function that can move", async () => {
    await expectEventually(
      "lenses",
      () => user.lensesAbove(checkout),
      (titles) => titles.length >= 3,
    );

    expect(await user.lensesAbove(checkout)).toEqual(["FaaSify", "Deploy", "Invoke"]);
    expect(await user.lensesAbove("export const greet")).toEqual(["FaaSify", "Deploy", "Invoke"]);
    await user.screenshot("lenses");
  });

  it("deploys on a click", async () => {
    await user.clickLens(checkout, "Deploy", async () =>
      (await user.lensesAbove(checkout)).some((title) => /packaging|deploy(?:ed|ing)/.test(title)),
    );

    await expectEventually(
      "lenses",
      () => user.lensesAbove(checkout),
      (titles) => titles.includes("deployed to local"),
    );
    await user.screenshot("deployed");
  });

  it("asks for the arguments on Invoke and shows the result above the function", async () => {
    await user.clickLens(checkout, "Invoke", user.asksForInput);
    await page.locator(".quick-input-widget .quick-input-box input").waitFor({ timeout: 120_000 });
    await user.screenshot("arguments");
    await user.answer(cart);

    await expectEventually(
      "lenses",
      () => user.lensesAbove(checkout),
      (titles) => titles.some((title) => /s → .*"total":27/.test(title)),
    );
    await user.screenshot("result");
  });

  it("lists the deployed function in the FaaSify view", async () => {
    await user.openView("FaaSify");

    await expectEventually("view", user.viewRows, (rows) => rows.some((row) => row.includes("checkout")));
    await user.screenshot("view");
  });

  it("sets a breakpoint by a click into the gutter", async () => {
    await user.clickGutter(breakpointAt);

    const line = await user.lineNumberOf(breakpointAt);
    await expectEventually("breakpoints", user.breakpointLines, (lines) => lines.join() === String(line));
    await user.screenshot("breakpoint");
  });

  it("stops the deployed function there and shows its variables", async () => {
    await user.clickLens(checkout, "Invoke", user.asksForInput);
    expect(await user.answer()).toBe(cart);

    const line = await user.lineNumberOf(breakpointAt);
    await expectEventually("stopped line", user.stoppedLine, (stopped) => stopped === line);
    await expectEventually(
      "net",
      () => user.variable("net"),
      (value) => value === "22.5",
    );
    await user.screenshot("stopped");
  });

  it("steps over the line with F10", async () => {
    const line = await user.lineNumberOf(breakpointAt);
    await page.keyboard.press("F10");

    await expectEventually("stopped line", user.stoppedLine, (stopped) => stopped === line + 1);
    await expectEventually(
      "vat",
      () => user.variable("vat"),
      (value) => value === "4.5",
    );
    await user.screenshot("stepped");
  });

  it("continues with F5 to the same result", async () => {
    await page.keyboard.press("F5");

    await expectEventually("stopped line", user.stoppedLine, (stopped) => stopped === undefined);
    await expectEventually(
      "lenses",
      () => user.lensesAbove(checkout),
      (titles) => titles.some((title) => /"total":27/.test(title)),
    );
    await user.screenshot("continued");
  });

  it("hot-deploys an edit while the debug session goes on", async () => {
    await user.goToLine(4);
    await user.line("const vatRate = 0.2;").waitFor({ timeout: 120_000 });
    await page.keyboard.press("End");
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("Backspace");
    await page.keyboard.type("4");
    await user.line("const vatRate = 0.4;").waitFor({ timeout: 120_000 });
    await user.screenshot("edited");
    await user.runCommand("FaaSify: Hot deploy current file");

    await expectEventually(
      "status bar",
      () => page.locator(".statusbar").innerText(),
      (text) => text.includes("Hot deployed"),
    );
    await user.screenshot("hot-deployed");
  });

  it("runs the new code at the next invocation, with the breakpoint still in place", async () => {
    await user.goToLine(24);
    await user.clickLens(checkout, "Invoke", user.asksForInput);
    await user.answer();

    const line = await user.lineNumberOf(breakpointAt);
    await expectEventually("stopped line", user.stoppedLine, (stopped) => stopped === line);
    expect(await user.breakpointLines()).toEqual([line]);
    await page.keyboard.press("F10");
    await expectEventually(
      "vat",
      () => user.variable("vat"),
      (value) => value === "9",
    );
    await user.screenshot("stopped-in-new-code");
    await page.keyboard.press("F5");
    await expectEventually(
      "lenses",
      () => user.lensesAbove(checkout),
      (titles) => titles.some((title) => /"total":31.5/.test(title)),
    );
    await user.screenshot("new-result");
  });

  it("leaves the function deployed when debugging ends", async () => {
    await page.keyboard.press("Shift+F5");

    await page.locator(".debug-toolbar").waitFor({ state: "hidden", timeout: 120_000 });
    await expectEventually(
      "lenses",
      () => user.lensesAbove(checkout),
      (titles) => titles.includes("deployed to local") && !titles.some((title) => title.includes("debug session")),
    );
    await user.screenshot("ended");
  });
});
