/** A project of more than 100,000 lines of TypeScript that anybody can have: a library that is published with its sources. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { repository, run } from "../../scripts/lib/run.ts";

const home = path.join(repository, ".cache/bench-speed");

/** viem brings TypeScript beside what it was compiled to. TypeScript 6 is the last one that is written in itself. */
const dependencies = { typescript: "6.0.3", viem: "2.57.20" };

/** All paths are absolute. */
export interface SpeedProject {
  readonly folder: string;
  readonly files: readonly string[];
  readonly lines: number;
  /** TypeScript's compiler, to be run by Node. */
  readonly tsc: string;
  readonly typescriptVersion: string;
  readonly logFile: string;
}

/** @throws StepError when npm cannot install it */
export async function ensureSpeedProject(): Promise<SpeedProject> {
  const stampFile = path.join(home, "stamp");
  const stamp = JSON.stringify(dependencies);
  if (!existsSync(stampFile) || readFileSync(stampFile, "utf8") !== stamp) await install(stamp);
  const folder = path.join(home, "project");
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.startsWith("node_modules") && !name.startsWith("faasify-"))
    .map((name) => path.join(folder, name))
    .toSorted();
  const lines = files.reduce((sum, file) => sum + readFileSync(file, "utf8").split("\n").length, 0);
  return {
    folder,
    files,
    lines,
    tsc: path.join(home, "node_modules/typescript/lib/tsc.js"),
    typescriptVersion: dependencies.typescript,
    logFile: path.join(repository, ".cache/bench-speed.log"),
  };
}

/** Builds beside the final place and moves at the end: an interrupted installation leaves nothing half done. */
async function install(stamp: string): Promise<void> {
  console.log("Installing a large project (a minute, once) …");
  const folder = `${home}-${process.pid}`;
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, "package.json"), JSON.stringify({ private: true, dependencies }));
    const quiet = ["--no-audit", "--no-fund", "--loglevel=error"];
    const logFile = path.join(repository, ".cache/bench-speed-install.log");
    await run("npm", ["install", "--ignore-scripts", ...quiet], { cwd: folder, logFile, limitMs: 900_000 });
    copySources(folder);
    rmSync(home, { recursive: true, force: true });
    renameSync(folder, home);
    writeFileSync(path.join(home, "stamp"), stamp);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function copySources(folder: string): void {
  const project = path.join(folder, "project");
  cpSync(path.join(folder, "node_modules/viem"), project, {
    recursive: true,
    filter: (source) => {
      const name = path.basename(source);
      if (/^_(?:cjs|esm|types)$|^node_modules$|\.d\.ts$/.test(name)) return false;
      return name.endsWith(".ts") || !/\.\w+$/.test(name);
    },
  });
  writeFileSync(path.join(project, "package.json"), JSON.stringify({ name: "large", private: true, type: "module" }));
  const compilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: "es2022",
    lib: ["es2023", "dom"],
    module: "esnext",
    moduleResolution: "bundler",
    types: [],
  };
  writeFileSync(path.join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["**/*.ts"] }));
  symlinkSync("../node_modules", path.join(project, "node_modules"), "dir");
}
