/**
 * Every test there is: units, golden files, contracts, end to end, the real editor. Goes on after a failure, and ends with
 * the line `N passed, N failed`. Status 0 only if something passed and nothing failed.
 */
import { buildAll } from "./build.ts";
import { addCounts, brokenSuite, formatCounts, type Counts } from "./lib/counts.ts";
import { runEditorSuite } from "./lib/editor-suite.ts";
import { runVitestProject } from "./lib/run-vitest.ts";
import { runScript } from "./lib/run.ts";
import { runSmoke } from "./lib/smoke.ts";

interface Suite {
  readonly name: string;
  readonly run: () => Promise<Counts>;
}

const minute = 60_000;

const suites: readonly Suite[] = [
  { name: "unit", run: () => runVitestProject("unit", 10 * minute) },
  { name: "golden", run: () => runVitestProject("golden", 10 * minute) },
  { name: "contract", run: () => runVitestProject("contract", 20 * minute) },
  { name: "e2e", run: () => runVitestProject("e2e", 35 * minute) },
  { name: "programs", run: () => runVitestProject("programs", 20 * minute) },
  { name: "editor", run: runEditorSuite },
  { name: "smoke", run: runSmoke },
];

await runScript(async () => {
  const started = performance.now();
  await buildAll();
  process.env["FAASIFY_BUILT"] = "true";
  const results: { readonly name: string; readonly counts: Counts; readonly seconds: number }[] = [];
  for (const { name, run } of suites) {
    console.log(`\n── ${name}`);
    const begun = performance.now();
    const counts = await run().catch((error: unknown) => {
      console.error(error);
      return brokenSuite;
    });
    results.push({ name, counts, seconds: (performance.now() - begun) / 1000 });
  }
  const total = addCounts(results.map(({ counts }) => counts));
  for (const retried of total.retried ?? []) console.log(`\nPASSED AT THE SECOND TRY ${retried}`);
  // Once more at the end: of a long log, often only the end is kept.
  for (const failure of total.failures ?? []) console.log(`\nFAILED ${failure}`);
  console.log("");
  for (const { name, counts, seconds } of results) {
    console.log(`${name.padEnd(10)} ${seconds.toFixed(0).padStart(4)} s   ${formatCounts(counts)}`);
  }
  console.log(`${"together".padEnd(10)} ${((performance.now() - started) / 1000).toFixed(0).padStart(4)} s`);
  console.log(formatCounts(total));
  return total.failed === 0 && total.passed > 0 ? 0 : 1;
});
