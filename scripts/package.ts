/** Builds and packs the extension for this platform: out/faasify-PLATFORM-VERSION.vsix. */
import path from "node:path";
import { buildAll } from "./build.ts";
import { repository, runScript } from "./lib/run.ts";
import { packageVsix } from "./lib/vsix.ts";

await runScript(async () => {
  await buildAll();
  const { file, bytes, contents } = await packageVsix({ scan: true });
  for (const name of contents) console.log(`  ${name}`);
  const mebibytes = (bytes / (1024 * 1024)).toFixed(1);
  console.log(`${path.relative(repository, file)}: ${contents.length} files, ${mebibytes} MiB`);
  return 0;
});
