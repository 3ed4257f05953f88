/**
 * The bytes of each unit of the corpus beside what esbuild's tree shaking leaves of the original module.
 *
 *     node test/bench/corpus/unit-size.ts [LIBRARY...]
 *
 * Both are bundled alike, with the function as the only export and without the calling convention.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { build, type Plugin } from "esbuild";
import { runScript } from "../../../scripts/lib/run.ts";
import { createAnalyzer } from "../../../src/analysis/analyzer.ts";
import type { Unit } from "../../../src/core/unit.ts";
import type { Bench, Figure } from "../lib/figure.ts";
import { formatOutcome } from "../lib/table.ts";
import { exportedNames } from "./exports.ts";
import { ensureCorpus } from "./install.ts";
import { judge } from "./judged.ts";

export interface UnitSize {
  /** `ramda add` */
  readonly name: string;
  readonly oursBytes: number;
  readonly originalBytes: number;
}

export const unitSize: Bench = {
  name: "unit-size",
  run: async ({ quick }) => [figureOf(await measureSizes({ every: quick ? 10 : 1 }))],
};

/** @param options.every - takes each n-th function only */
async function measureSizes(options: {
  readonly libraries?: readonly string[];
  readonly every: number;
}): Promise<readonly UnitSize[]> {
  const sizes: UnitSize[] = [];
  for (const project of await ensureCorpus()) {
    if (options.libraries && options.libraries.length > 0 && !options.libraries.includes(project.name)) continue;
    const analyzer = createAnalyzer();
    for (const [index, exported] of exportedNames(project).entries()) {
      if (index % options.every !== 0) continue;
      const judged = judge(analyzer, exported);
      if (judged.kind !== "extracted") continue;
      const { unit } = judged;
      sizes.push({
        name: `${project.name} ${exported.name}`,
        oursBytes: await bundledBytes(unit, new Map(unit.files.map(({ path, text }) => [path, withoutNames(text)]))),
        originalBytes: await bundledBytes(unit, addedExport(unit)),
      });
    }
  }
  return sizes;
}

/** What tells the handler of state and classes is part of the calling convention. */
function withoutNames(text: string): string {
  return text.replace(/\n;\(globalThis\[Symbol\.for\("faasify\.names"\)\].*\n$/, "");
}

/** A function that its file does not export is exported from the original just as from the unit. */
function addedExport({ function: model, files, exportName }: Unit): ReadonlyMap<string, string> {
  const own = files.find(({ path }) => path === model.file);
  const added = own && /\n;export [^\n]*__faasify[^\n]*\n/.exec(own.text)?.[0];
  return exportName === "__faasify" && added !== undefined ? new Map([[model.file, `\0${added}`]]) : new Map();
}

/** @param texts - instead of what is on disk; behind what is on disk, when it begins with `\0` */
async function bundledBytes(
  { function: model, exportName }: Unit,
  texts: ReadonlyMap<string, string>,
): Promise<number> {
  const { outputFiles } = await build({
    stdin: {
      contents: `export { ${JSON.stringify(exportName)} as f } from ${JSON.stringify(model.file)};`,
      resolveDir: path.dirname(model.file),
    },
    absWorkingDir: path.dirname(model.file),
    bundle: true,
    write: false,
    platform: "node",
    target: "node22",
    format: "esm",
    treeShaking: true,
    legalComments: "none",
    logLevel: "silent",
    plugins: [servedTexts(texts)],
  });
  return outputFiles[0]?.contents.byteLength ?? 0;
}

function servedTexts(texts: ReadonlyMap<string, string>): Plugin {
  return {
    name: "served-texts",
    setup(build) {
      build.onLoad({ filter: /\.m?js$/ }, async ({ path: file }) => {
        const text = texts.get(path.normalize(file));
        if (text === undefined) return undefined;
        if (!text.startsWith("\0")) return { contents: text, loader: "js" };
        return { contents: readFileSync(file, "utf8") + text.slice(1), loader: "js" };
      });
    },
  };
}

function figureOf(sizes: readonly UnitSize[]): Figure {
  const sum = (key: "oursBytes" | "originalBytes"): number => sizes.reduce((bytes, size) => bytes + size[key], 0);
  const larger = sizes.filter(({ oursBytes, originalBytes }) => oursBytes > originalBytes);
  const smaller = sizes.filter(({ oursBytes, originalBytes }) => oursBytes < originalBytes);
  const share = (part: number): number => (100 * part) / Math.max(1, sizes.length);
  return {
    what: `units of ${sizes.length} functions that are larger than esbuild's tree shaking of the original`,
    ours: { name: "larger", unit: "%", value: share(larger.length) },
    target: { atMost: 0 },
    baselines: [
      { name: "smaller", unit: "%", value: share(smaller.length) },
      { name: "bytes of all units, of esbuild's", unit: "%", value: (100 * sum("oursBytes")) / sum("originalBytes") },
    ],
    note:
      `${larger.length} larger, ${sizes.length - larger.length - smaller.length} equal, ${smaller.length} smaller; ` +
      `${sum("oursBytes")} and ${sum("originalBytes")} bytes`,
  };
}

if (process.argv[1] === import.meta.filename) {
  await runScript(async () => {
    const sizes = await measureSizes({ libraries: process.argv.slice(2), every: 1 });
    for (const { name, oursBytes, originalBytes } of sizes) {
      if (oursBytes > originalBytes) console.log(`larger: ${name}: ${oursBytes} bytes, esbuild ${originalBytes}`);
    }
    console.log(formatOutcome(figureOf(sizes)));
    return sizes.some(({ oursBytes, originalBytes }) => oursBytes > originalBytes) ? 1 : 0;
  });
}
