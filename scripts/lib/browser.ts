import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { chromium, type BrowserContext } from "playwright-core";
import { ensureChromium } from "./debian.ts";

export interface Browser extends AsyncDisposable {
  readonly context: BrowserContext;
}

/** Starts the machine's Chromium without a window and with a profile of its own. */
export async function startBrowser(): Promise<Browser> {
  const executablePath = await ensureChromium();
  const profile = mkdtempSync(path.join(os.tmpdir(), "faasify-chromium-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    headless: true,
    // Chromium's own sandbox does not start as root or in a container. Only pages of our own server are opened.
    chromiumSandbox: false,
    viewport: { width: 1400, height: 900 },
    timeout: 60_000,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--disable-dev-shm-usage",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  return {
    context,
    [Symbol.asyncDispose]: async () => {
      await context.close();
      rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
  };
}
