/**
 * The text of units. `expected/CASE.txt` shows line by line what stays of the files in test/fixtures/analysis;
 * `vitest run --project golden -u` writes them anew.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { createAnalyzer } from "../../../src/analysis/analyzer.ts";
import type { Unit } from "../../../src/core/unit.ts";
import { extractUnit } from "../../../src/transform/extract-unit.ts";

const fixtures = path.join(import.meta.dirname, "../../fixtures/analysis");

describe.each([
  ["program", "program/main.ts", "price"],
  ["overloaded-file", "program/helpers.ts", "twice"],
  ["common-js", "common-js/main.js", "total"],
  ["common-js-internal", "common-js/main.js", "internal"],
  ["no-semicolons", "no-semicolons/main.js", "sum"],
  ["static-method", "no-semicolons/main.js", "Totals.all"],
  ["default-export", "aliases/src/main.ts", "default"],
  ["object-method", "aliases/src/main.ts", "api.greet"],
])("the unit %s", (name, file, functionName) => {
  const unit = extractUnit(createAnalyzer(), { file: path.join(fixtures, file), name: functionName });

  it("has the expected text", async () => {
    await expect(render(unit)).toMatchFileSnapshot(`expected/${name}.txt`);
  });

  it("has every kept character where it was", () => {
    const moved = unit.files.flatMap(({ path: original, text }) => charactersMoved(original, text));

    expect(moved).toEqual([]);
  });
});

/** Where a unit's text differs from the original other than by a blank or a protecting semicolon. */
function charactersMoved(original: string, text: string): string[] {
  const before = withoutMark(readFileSync(original, "utf8"));
  return Array.from({ length: before.length }, (_, at) => at)
    .filter((at) => text[at] !== before[at] && !(/[ ;]/.test(text[at] ?? "") && before[at] !== "\n"))
    .map((at) => `${original}:${at}: ${JSON.stringify(before[at])} became ${JSON.stringify(text[at])}`);
}

function render({ exportName, format, manifest, files }: Unit): string {
  const head = `export ${exportName} · ${format} · ${JSON.stringify(manifest).replaceAll(fixtures, "…")}\n`;
  const texts = files.map(({ path: file, text }) => {
    const lines = text.split("\n").map((line) => line.trimEnd());
    return `\n=== ${path.relative(fixtures, file).split(path.sep).join("/")}\n${lines.join("\n")}`;
  });
  return head + texts.join("");
}

function withoutMark(text: string): string {
  return text.startsWith("\uFEFF") ? text.slice(1) : text;
}
