/**
 * `npm start [-- --no-editor]`: builds, shows the main job in the terminal, then opens the editor. Status 0 only if every
 * step did what it should.
 */
import { buildAll } from "./build.ts";
import { openEditor } from "./lib/open-editor.ts";
import { runScript } from "./lib/run.ts";
import { terminalTour } from "./lib/terminal-tour.ts";

await runScript(async () => {
  const unknown = process.argv.slice(2).filter((argument) => argument !== "--no-editor");
  if (unknown.length > 0) {
    console.error(`unknown: ${unknown.join(" ")}\nusage: npm start [-- --no-editor]`);
    return 2;
  }
  const started = performance.now();
  await buildAll();
  console.log(`Built in ${(performance.now() - started).toFixed(0)} ms`);
  await terminalTour();
  if (!process.argv.includes("--no-editor")) await openEditor();
  return 0;
});
