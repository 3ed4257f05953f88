import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import { unzipSync } from "fflate";
import manifest from "../../package.json" with { type: "json" };
import { bundles } from "../build.ts";
import { repository, run, StepError } from "./run.ts";

export interface Vsix {
  readonly file: string;
  readonly bytes: number;
  /** Paths inside the archive, below `extension/`. */
  readonly contents: readonly string[];
}

/** As VS Code names platforms: `linux-x64`, `darwin-arm64`, `win32-x64`. */
export const vsixPlatform = `${process.platform}-${process.arch}`;

/** Without one of these the extension does not work; esbuild's binary is what makes the VSIX platform-specific. */
const required = [
  "package.json",
  ...Object.values(bundles).map(({ out }) => out),
  "node_modules/esbuild/lib/main.js",
  `node_modules/@esbuild/${vsixPlatform}/package.json`,
  `node_modules/@esbuild/${vsixPlatform}/${process.platform === "win32" ? "esbuild.exe" : "bin/esbuild"}`,
];

const unwanted = /^(src|test|scripts|docs|examples|out|\.cache|dist\/meta)\/|\.map$|\.ts$/;

/**
 * Packs what dist/ holds for this platform into out/.
 *
 * @param options.scan - looks for secrets, which takes a minute or more: for what is given away
 * @throws StepError when something is missing in the archive or does not belong there
 */
export async function packageVsix({ scan }: { readonly scan: boolean }): Promise<Vsix> {
  const folder = path.join(repository, "out");
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(folder)) if (name.endsWith(".vsix")) rmSync(path.join(folder, name));
  const file = path.join(folder, `${manifest.name}-${vsixPlatform}-${manifest.version}.vsix`);
  await run(
    process.execPath,
    [
      path.join(repository, "node_modules/@vscode/vsce/vsce"),
      "package",
      "--target",
      vsixPlatform,
      "--out",
      file,
      "--allow-missing-repository",
      // The README's pictures and links are in the archive; there is no repository to point to instead.
      "--no-rewrite-relative-links",
      ...(scan ? [] : ["--allow-package-all-secrets", "--allow-package-env-file"]),
    ],
    { logFile: path.join(folder, "vsce.log"), limitMs: 900_000 },
  );
  const contents = listArchive(readFileSync(file))
    .filter((name) => name.startsWith("extension/"))
    .map((name) => name.slice("extension/".length));
  const missing = required.filter((name) => !contents.includes(name));
  if (missing.length > 0) throw new StepError(`${file} lacks ${missing.join(", ")}`);
  const foreign = contents.filter((name) => unwanted.test(name));
  if (foreign.length > 0) throw new StepError(`${file} contains ${foreign.join(", ")}: see .vscodeignore`);
  return { file, bytes: statSync(file).size, contents };
}

function listArchive(archive: Uint8Array): readonly string[] {
  const names: string[] = [];
  unzipSync(archive, {
    filter: ({ name }) => {
      names.push(name);
      return false;
    },
  });
  return names;
}
