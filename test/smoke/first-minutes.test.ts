/**
 * A user's first minutes, clicked in a real workbench with the packaged extension: lenses, deploy, invoke, breakpoint,
 * variables, step, hot deploy. The tests are one story and run in this order.
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { InvokeCommand, LambdaClient, ListFunctionsCommand } from "@aws-sdk/client-lambda";
import type { Page } from "playwright-core";
import * as v from "valibot";
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
import { PLATFORM_INFO_FILE, platformInfoSchema } from "../../src/protocol/platform-info.ts";
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

  it("starts a canary of an edit, and shows both versions side by side", async () => {
    await user.openView("FaaSify");
    await user.goToLine(4);
    await user.line("const vatRate = 0.4;").waitFor({ timeout: 120_000 });
    await page.keyboard.press("End");
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("Backspace");
    await page.keyboard.type("5");
    await user.line("const vatRate = 0.5;").waitFor({ timeout: 120_000 });
    await user.runCommandChoosing("FaaSify: Start canary", ["checkout", "Canary10Percent5Minutes"]);
    await expectEventually(
      "status bar",
      () => page.locator(".statusbar").innerText(),
      (text) => text.includes("version 2 has 10 % of live"),
    );

    await invokeLive(data, 200);
    await page.locator(".sidebar .monaco-list-row", { hasText: "checkout" }).locator(".monaco-tl-twistie").click();
    // The lines of both versions, and how they do side by side.
    const wanted = [
      /^Version 1\s*live 90 % · 1[78]\d invocations/,
      /^Version 2\s*live 10 % · canary · (?:19|20|21) invocations/,
      /^Canary\s*\d+ \w+ left of Canary10Percent5Minutes/,
      /^Failed\s*stable 0\.0 % · canary 0\.0 %/,
      /^Median\s*stable \S+ m?s · canary \S+ m?s/,
      /^p95\s*stable \S+ m?s · canary \S+ m?s/,
    ];
    await expectEventually("view", user.viewRows, (rows) =>
      wanted.every((pattern) => rows.some((row) => pattern.test(row))),
    );
    await user.screenshot("canary");
  });

  it("promotes it on a click", async () => {
    await versionRow("Version 2").hover();
    await versionRow("Version 2").locator('a.action-label[aria-label*="Promote canary"]').click();

    await expectEventually("view", user.viewRows, (all) => all.some((row) => /^Version 2.*live 100 %/.test(row)));
    await user.screenshot("canary-promoted");
  });

  it("rolls it back in one go", async () => {
    await user.runCommandChoosing("FaaSify: Roll back", ["checkout"]);

    await expectEventually("view", user.viewRows, (all) => all.some((row) => /^Version 1.*live 100 %/.test(row)));
    await user.screenshot("rolled-back");
  });

  const versionRow = (text: string) => page.locator(".sidebar .monaco-list-row", { hasText: text }).first();
});

/** As callers do: by the alias. */
async function invokeLive(data: string, count: number): Promise<void> {
  const text = readFileSync(path.join(data, "platform", PLATFORM_INFO_FILE), "utf8");
  const { endpoint, region, accessKeyId, secretAccessKey } = v.parse(platformInfoSchema, JSON.parse(text));
  const client = new LambdaClient({ endpoint, region, credentials: { accessKeyId, secretAccessKey } });
  const { Functions = [] } = await client.send(new ListFunctionsCommand());
  const FunctionName = Functions.find(({ Description }) => Description?.endsWith("checkout"))?.FunctionName;
  const Payload = JSON.stringify({ faasify: 1, args: JSON.parse(cart) as unknown });
  for (let sent = 0; sent < count; sent += 1) {
    await client.send(new InvokeCommand({ FunctionName, Qualifier: "live", Payload }));
  }
  client.destroy();
}
