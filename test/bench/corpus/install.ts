/** Installs the corpus, and copies its sources to where they are a project's own rather than a package's. */
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { repository, run } from "../../../scripts/lib/run.ts";

const manifestFile = path.join(import.meta.dirname, "packages.json");
const home = path.join(repository, ".cache/bench-corpus");

interface Library {
  readonly name: string;
  /** Folder of the ES modules in the package. */
  readonly sources: string;
  /** Relative to {@link sources}. */
  readonly entry: string;
  /** What of `sources` is copied: the same folder often holds CommonJS and declarations as well. */
  readonly files: RegExp;
  /** Folders of `sources` that the entry does not need. */
  readonly without?: RegExp;
  /** Entry of the declarations, relative to node_modules. */
  readonly types: string;
}

const libraries: readonly Library[] = [
  {
    name: "lodash-es",
    sources: "",
    entry: "lodash.js",
    files: /\.js$/,
    types: "@types/lodash-es/index.d.ts",
  },
  {
    name: "date-fns",
    sources: "",
    entry: "index.js",
    files: /\.js$/,
    without: /^(?:docs|fp)$|cdn/,
    types: "date-fns/index.d.ts",
  },
  { name: "ramda", sources: "es", entry: "index.js", files: /\.js$/, types: "@types/ramda/index.d.ts" },
  { name: "remeda", sources: "dist", entry: "index.js", files: /\.js$/, types: "remeda/dist/index.d.ts" },
  { name: "radash", sources: "dist/esm", entry: "index.mjs", files: /\.mjs$/, types: "radash/dist/index.d.ts" },
  { name: "validator", sources: "es", entry: "index.js", files: /\.js$/, types: "@types/validator/index.d.ts" },
  {
    name: "es-toolkit",
    sources: "dist",
    entry: "index.mjs",
    files: /\.mjs$/,
    types: "es-toolkit/dist/index.d.mts",
  },
];

/** One library as a project of its own. All paths are absolute. */
export interface CorpusProject {
  readonly name: string;
  readonly version: string;
  readonly folder: string;
  /** The ES module that exports the library's functions. */
  readonly entry: string;
  /** Its declarations, as published. */
  readonly types: string;
}

/**
 * Installs the libraries into .cache/bench-corpus, unless they are there already.
 *
 * @throws StepError when npm cannot install them
 */
export async function ensureCorpus(): Promise<readonly CorpusProject[]> {
  const stampFile = path.join(home, "stamp");
  const stamp = stampOf();
  if (!existsSync(stampFile) || readFileSync(stampFile, "utf8") !== stamp) await install(stamp);
  return libraries.map(({ name, entry, types }) => {
    const folder = path.join(home, "projects", name);
    const { version } = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8")) as { version: string };
    const source = path.join(folder, "src", entry);
    return { name, version, folder, entry: source, types: path.join(home, "node_modules", types) };
  });
}

/** Builds beside the final place and moves at the end: an interrupted installation leaves nothing half done. */
async function install(stamp: string): Promise<void> {
  console.log("Installing the corpus (a minute, once) …");
  const folder = `${home}-${process.pid}`;
  try {
    mkdirSync(folder, { recursive: true });
    cpSync(manifestFile, path.join(folder, "package.json"));
    const quiet = ["--no-audit", "--no-fund", "--loglevel=error"];
    const logFile = path.join(repository, ".cache/bench-corpus.log");
    await run("npm", ["install", "--ignore-scripts", ...quiet], { cwd: folder, logFile, limitMs: 600_000 });
    for (const library of libraries) copyProject(folder, library);
    rmSync(home, { recursive: true, force: true });
    renameSync(folder, home);
    writeFileSync(path.join(home, "stamp"), stamp);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function copyProject(root: string, { name, sources, files, without }: Library): void {
  const from = path.join(root, "node_modules", name);
  const project = path.join(root, "projects", name);
  const { version } = JSON.parse(readFileSync(path.join(from, "package.json"), "utf8")) as { version: string };
  cpSync(path.join(from, sources), path.join(project, "src"), {
    recursive: true,
    filter: (source) => isWanted(path.basename(source), { files, without }),
  });
  writeFileSync(path.join(project, "package.json"), JSON.stringify({ name, version, type: "module", private: true }));
}

function isWanted(name: string, { files, without }: { files: RegExp; without: RegExp | undefined }): boolean {
  if (without?.test(name) === true) return false;
  return files.test(name) || !/\.\w+$/.test(name);
}

function stampOf(): string {
  return createHash("sha256")
    .update(readFileSync(manifestFile))
    .update(JSON.stringify(libraries.map((library) => [library.name, library.sources, String(library.files)])))
    .digest("hex");
}

if (process.argv[1] === import.meta.filename) console.log(await ensureCorpus());
