/** What the smoke test does and sees in the workbench, in a user's words. VS Code's class names are only here. */
import { mkdirSync } from "node:fs";
import path from "node:path";
import type { Locator, Page } from "playwright-core";
import { expect } from "vitest";
import { repository } from "../../scripts/lib/run.ts";

const screenshots = path.join(repository, "out/screenshots");

/** Of one wait; the test's own limit is above it. */
const timeout = 180_000;

/** How long a click may take to show an effect before it is repeated, in milliseconds. */
const effectMs = 20_000;

export interface Workbench {
  /** The titles of the lenses above the line that contains `text`, left to right. */
  readonly lensesAbove: (text: string) => Promise<readonly string[]>;
  /** Until `hasEffect`: a click on a lens that is being rendered again at that moment goes nowhere. */
  readonly clickLens: (text: string, title: string, hasEffect: () => Promise<boolean>) => Promise<void>;
  readonly asksForInput: () => Promise<boolean>;
  /** Answers the input box; `undefined` takes what it proposes. Returns what was proposed. */
  readonly answer: (text?: string) => Promise<string>;
  readonly runCommand: (title: string) => Promise<void>;
  /** A command that lets choose from lists, one after the other: what is chosen has these texts. */
  readonly runCommandChoosing: (title: string, choices: readonly string[]) => Promise<void>;
  /** Clicks an icon of the activity bar. */
  readonly openView: (title: string) => Promise<void>;
  /** The texts of the rows in the side bar. */
  readonly viewRows: () => Promise<readonly string[]>;
  /** Clicks into the glyph margin beside the line that contains `text`. */
  readonly clickGutter: (text: string) => Promise<void>;
  readonly breakpointLines: () => Promise<readonly number[]>;
  /** The line that the debugger highlights as the top of the stack; undefined while it runs. */
  readonly stoppedLine: () => Promise<number | undefined>;
  /** The value shown in the Variables view; scopes that are folded are opened first. */
  readonly variable: (name: string) => Promise<string | undefined>;
  readonly lineNumberOf: (text: string) => Promise<number>;
  /** Puts the cursor there, and so brings the line into view. */
  readonly goToLine: (line: number) => Promise<void>;
  readonly line: (text: string) => Locator;
  /** Saves out/screenshots/NN-name.png. */
  readonly screenshot: (name: string) => Promise<void>;
}

/** Where something is on the page, in CSS pixels. */
interface Place {
  readonly text: string;
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly width: number;
}

export function workbench(page: Page): Workbench {
  let taken = 0;
  const editor = page.locator(".editor-instance .monaco-editor").first();

  /** All elements at once: the editor renders again at any moment, so nothing is kept between two calls. */
  const places = (selector: string): Promise<Place[]> =>
    page.locator(selector).evaluateAll((elements) =>
      elements.map((element) => {
        const { top, bottom, left, width } = element.getBoundingClientRect();
        const text = (element.textContent ?? "").replaceAll("\u00a0", " ");
        return { text, top, bottom, left, width };
      }),
    );

  const linePlace = async (text: string): Promise<Place> => {
    const found = (await places(".editor-instance .view-lines .view-line")).find((place) => place.text.includes(text));
    if (!found) throw new Error(`no visible line contains: ${text}`);
    return found;
  };

  /** A row of lenses ends where its line begins. */
  const lensPlaces = async (text: string): Promise<Place[]> => {
    const { top } = await linePlace(text);
    const all = await places(".codelens-decoration a, .codelens-decoration span");
    return all
      .filter((place) => place.width > 0 && place.bottom <= top + 4 && place.top > top - 30)
      .toSorted((a, b) => a.left - b.left);
  };

  const lineNumberAt = async (top: number): Promise<number | undefined> => {
    const numbers = await places(".editor-instance .margin-view-overlays .line-numbers");
    const number = numbers.find((place) => Math.abs(place.top - top) < 6);
    return number === undefined ? undefined : Number(number.text);
  };

  const lineNumbersOf = async (selector: string): Promise<number[]> => {
    const found = await Promise.all((await places(selector)).map(({ top }) => lineNumberAt(top)));
    return found.filter((line) => line !== undefined);
  };

  return {
    lensesAbove: async (text) => (await lensPlaces(text)).map((place) => place.text.trim()).filter((t) => t !== "|"),
    async clickLens(text, title, hasEffect) {
      await expectEventually(
        `effect of ${title}`,
        async () => {
          const lens = (await lensPlaces(text)).find((place) => place.text === title);
          if (!lens) return false;
          await page.mouse.click(lens.left + lens.width / 2, (lens.top + lens.bottom) / 2);
          // Off the lens, so that no hover covers what comes next.
          await page.mouse.move(700, 5);
          const until = performance.now() + effectMs;
          while (performance.now() < until) {
            if (await hasEffect()) return true;
            await page.waitForTimeout(100);
          }
          return false;
        },
        (isDone) => isDone,
      );
    },
    asksForInput: () => page.locator(".quick-input-widget .quick-input-box input").isVisible(),
    async answer(text) {
      const input = page.locator(".quick-input-widget .quick-input-box input");
      await input.waitFor({ timeout });
      const proposed = await input.inputValue();
      if (text !== undefined) await input.fill(text);
      await page.keyboard.press("Enter");
      await input.waitFor({ state: "hidden", timeout });
      return proposed;
    },
    async runCommand(title) {
      await page.keyboard.press("F1");
      const input = page.locator(".quick-input-widget .quick-input-box input");
      await input.waitFor({ timeout });
      await input.fill(`>${title}`);
      await page.locator(".quick-input-list .monaco-list-row", { hasText: title }).first().waitFor({ timeout });
      await page.keyboard.press("Enter");
      await input.waitFor({ state: "hidden", timeout });
    },
    async runCommandChoosing(title, choices) {
      const input = page.locator(".quick-input-widget .quick-input-box input");
      await page.keyboard.press("F1");
      // The next list may be there before this one was seen to go.
      for (const text of [`>${title}`, ...choices]) {
        const row = page.locator(".quick-input-list .monaco-list-row", { hasText: text.replace(/^>/, "") }).first();
        if (!text.startsWith(">")) await row.waitFor({ timeout });
        await input.fill(text);
        await row.waitFor({ timeout });
        await page.keyboard.press("Enter");
      }
      await input.waitFor({ state: "hidden", timeout });
    },
    async openView(title) {
      await page.locator(`.activitybar .action-label[aria-label^="${title}"]`).first().click({ timeout });
    },
    viewRows: async () => (await places(".sidebar .monaco-list-row")).map(({ text }) => text.trim()),
    async clickGutter(text) {
      const { top, bottom } = await linePlace(text);
      const margin = await editor.locator(".margin").first().boundingBox();
      if (!margin) throw new Error("the editor has no margin");
      await page.mouse.click(margin.x + 9, (top + bottom) / 2);
      await page.mouse.move(700, 5);
    },
    breakpointLines: () => lineNumbersOf(".editor-instance .codicon-debug-breakpoint"),
    stoppedLine: async () => (await lineNumbersOf(".editor-instance .view-overlays .debug-top-stack-frame-line"))[0],
    async variable(name) {
      const folded = page
        .locator('.debug-variables .monaco-list-row[aria-level="1"][aria-expanded="false"]')
        .filter({ hasNotText: /Global|Module/ });
      if ((await folded.count()) > 0) await folded.first().click();
      const rows = await places(".debug-variables .monaco-list-row");
      const row = rows
        .map(({ text }) => text.trim())
        .find((text) => text.startsWith(`${name}:`) || text.startsWith(`${name} =`));
      return row?.slice(name.length).replace(/^[:=\s]+/, "");
    },
    async lineNumberOf(text) {
      const number = await lineNumberAt((await linePlace(text)).top);
      if (number === undefined) throw new Error(`no line number beside: ${text}`);
      return number;
    },
    async goToLine(line) {
      await page.keyboard.press("Control+G");
      const input = page.locator(".quick-input-widget .quick-input-box input");
      await input.waitFor({ timeout });
      await input.fill(`:${line}`);
      await page.keyboard.press("Enter");
      await input.waitFor({ state: "hidden", timeout });
    },
    line: (text) => editor.locator(".view-line", { hasText: text }).first(),
    async screenshot(name) {
      taken += 1;
      mkdirSync(screenshots, { recursive: true });
      await page.screenshot({ path: path.join(screenshots, `${String(taken).padStart(2, "0")}-${name}.png`) });
    },
  };
}

/** Reads until `accept` is content, and returns what was read last. The error says what that was. */
export async function expectEventually<T>(
  what: string,
  read: () => Promise<T>,
  accept: (value: T) => boolean,
): Promise<T> {
  let last: T | undefined;
  await expect
    .poll(
      async () => {
        try {
          last = await read();
        } catch (error) {
          return `${what}: ${String(error)}`;
        }
        return accept(last) ? "yes" : `${what}: ${JSON.stringify(last)}`;
      },
      { timeout, interval: 100 },
    )
    .toBe("yes");
  return last as T;
}
