import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { repository, run } from "../../../scripts/lib/run.ts";

const manifestFile = path.join(import.meta.dirname, "package.json");
const home = path.join(repository, ".cache/bench-peers");
const nodePackage = `node-linux-${process.arch}`;

export interface Peers {
  /** Absolute path of the folder with `node_modules`. */
  readonly folder: string;
  /** Of the service with the trivial function. It lies beside `node_modules`, where its plug-ins are looked for. */
  readonly service: string;
  /** Absent when the official Node runtime client could not be compiled here; `problem` says why. */
  readonly runtimeClient?: string;
  readonly problem?: string;
}

/**
 * Installs the peers into .cache/bench-peers, unless they are there already.
 *
 * All but aws-lambda-ric install without scripts; that one compiles libcurl, which takes three minutes and needs
 * autoconf, automake, libtool, cmake, make and a C++ compiler. A failure of it is reported, not thrown.
 *
 * @throws StepError when npm cannot install the packages
 */
export async function ensurePeers(): Promise<Peers> {
  const stampFile = path.join(home, "stamp");
  const stamp = stampOf();
  if (!existsSync(stampFile) || readFileSync(stampFile, "utf8") !== stamp) await install(stamp);
  const service = path.join(home, "service");
  rmSync(service, { recursive: true, force: true });
  cpSync(path.join(import.meta.dirname, "service"), service, { recursive: true });
  const runtimeClient = path.join(home, "node_modules/aws-lambda-ric");
  if (hasNativeModule(runtimeClient)) return { folder: home, service, runtimeClient };
  return { folder: home, service, problem: "aws-lambda-ric could not be compiled (see .cache/bench-peers.log)" };
}

/** Builds beside the final place and moves at the end: an interrupted installation leaves nothing half done. */
async function install(stamp: string): Promise<void> {
  console.log("Installing the peers to measure against (three to four minutes, once) …");
  const folder = `${home}-${process.pid}`;
  const logFile = path.join(repository, ".cache/bench-peers.log");
  try {
    mkdirSync(folder, { recursive: true });
    const manifest = JSON.parse(readFileSync(manifestFile, "utf8")) as { dependencies: Record<string, string> };
    // Only for its headers: with them at hand node-gyp downloads nothing.
    if (process.platform === "linux") manifest.dependencies[nodePackage] = process.versions.node;
    writeFileSync(path.join(folder, "package.json"), JSON.stringify(manifest, null, 2));
    const quiet = ["--no-audit", "--no-fund", "--loglevel=error"];
    await run("npm", ["install", "--ignore-scripts", ...quiet], { cwd: folder, logFile, limitMs: 600_000 });
    await compileRuntimeClient(folder, `${logFile}.compile`);
    rmSync(path.join(folder, "node_modules", nodePackage, "bin"), { recursive: true, force: true });
    rmSync(home, { recursive: true, force: true });
    renameSync(folder, home);
    writeFileSync(path.join(home, "stamp"), stamp);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function compileRuntimeClient(folder: string, logFile: string): Promise<void> {
  const env = { ...process.env, JOBS: "max", npm_config_nodedir: path.join(folder, "node_modules", nodePackage) };
  const args = ["rebuild", "--foreground-scripts", "--loglevel=error", "aws-lambda-ric"];
  await run("npm", args, { cwd: folder, env, logFile, limitMs: 900_000 }).catch((error: unknown) => {
    console.log(`  aws-lambda-ric cannot be measured: ${String(error)}`);
  });
}

function hasNativeModule(folder: string): boolean {
  return existsSync(folder) && readdirSync(folder, { recursive: true }).some((name) => String(name).endsWith(".node"));
}

function stampOf(): string {
  const { dependencies } = JSON.parse(readFileSync(manifestFile, "utf8")) as { dependencies: unknown };
  return createHash("sha256")
    .update(JSON.stringify([dependencies, process.version, process.platform, process.arch]))
    .digest("hex");
}

if (process.argv[1] === import.meta.filename) console.log(await ensurePeers());
