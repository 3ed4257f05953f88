/** Units do what their function does in its program, and nothing of the program: run by Node, as files on disk. */
import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, expect, it } from "vitest";
import { createAnalyzer } from "../../../src/analysis/analyzer.ts";
import { extractUnit } from "../../../src/transform/extract-unit.ts";

const run = promisify(execFile);
const fixtures = path.join(import.meta.dirname, "../../fixtures/analysis");
const folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), "faasify-units-")));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

it.each([
  ["program/main.ts", "price", [{ amount: 10 }], 3.5],
  ["program/helpers.ts", "twice", [4], 8],
  ["common-js/main.js", "total", [[1, 2]], 1],
  ["common-js/main.js", "internal", [5], 4],
  ["no-semicolons/main.js", "sum", [], 36],
  ["no-semicolons/main.js", "Totals.all", [], 37],
] as const)("%s#%s", async (file, name, args, result) => {
  const copy = mkdtempSync(path.join(folder, "unit-"));
  cpSync(fixtures, copy, { recursive: true });
  const main = path.join(copy, file);
  const unit = extractUnit(createAnalyzer(), { file: main, name });
  for (const { path: unitFile, text } of unit.files) writeFileSync(unitFile, text);

  const script = `
    import * as unit from ${JSON.stringify(pathToFileURL(main).href)};
    const exported = ${unit.format === "cjs"} ? unit.default : unit;
    console.log(JSON.stringify(exported[${JSON.stringify(unit.exportName)}](...${JSON.stringify(args)})));`;
  const { stdout } = await run(process.execPath, ["--no-warnings", "--input-type=module", "--eval", script]);

  // One line only: no top-level statement of the program has printed anything.
  expect(stdout).toBe(`${JSON.stringify(result)}\n`);
});
