/**
 * Only the tests in the real editor: the suite in the extension host, then the smoke test in the browser.
 *
 *     npm run test:editor [-- suite|smoke]
 */
import { buildAll } from "./build.ts";
import { addCounts, formatCounts, type Counts } from "./lib/counts.ts";
import { runEditorSuite } from "./lib/editor-suite.ts";
import { runScript } from "./lib/run.ts";
import { runSmoke } from "./lib/smoke.ts";

const suites: Readonly<Record<string, () => Promise<Counts>>> = { suite: runEditorSuite, smoke: runSmoke };

await runScript(async () => {
  await buildAll();
  const wanted = process.argv.slice(2);
  const all: Counts[] = [];
  for (const [name, runSuite] of Object.entries(suites)) {
    if (wanted.length === 0 || wanted.includes(name)) all.push(await runSuite());
  }
  const counts = addCounts(all);
  console.log(formatCounts(counts));
  return counts.failed === 0 && counts.passed > 0 ? 0 : 1;
});
