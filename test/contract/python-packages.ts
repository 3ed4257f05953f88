/** Packages of PyPI that tests use: installed once into the project's cache. Tests are skipped, visibly, where that is not possible. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import path from "node:path";

const cache = path.resolve(".cache/python");
const INSTALL_LIMIT_MS = 300_000;

/** What Python needs in its environment to find them, or why they are not there. */
export type PythonPackages = { readonly environment: { readonly PYTHONPATH: string } } | { readonly problem: string };

/** @param packages - with exact versions: `boto3==1.44.8` */
export function installPythonPackages(packages: readonly string[]): PythonPackages {
  try {
    const python = execFileSync("python3", ["--version"], { encoding: "utf8" }).trim();
    const hash = createHash("sha256")
      .update(JSON.stringify([python, packages]))
      .digest("hex")
      .slice(0, 16);
    const folder = path.join(cache, hash);
    if (!existsSync(folder)) install(packages, folder);
    return { environment: { PYTHONPATH: folder } };
  } catch (error) {
    return { problem: `${packages.join(" and ")} cannot be installed: ${String(error).slice(0, 200)}` };
  }
}

/** Another process may be doing the same: the folder appears whole. */
function install(packages: readonly string[], folder: string): void {
  mkdirSync(cache, { recursive: true });
  const unfinished = mkdtempSync(path.join(cache, "unfinished-"));
  try {
    const command = ["-m", "pip", "install", "--quiet", "--only-binary=:all:", "--target", unfinished, ...packages];
    execFileSync("python3", command, { stdio: "pipe", timeout: INSTALL_LIMIT_MS });
    renameSync(unfinished, folder);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
}

/** The clients of AWS that are written in Python. */
export const pythonClients = installPythonPackages(["boto3==1.44.8", "awscli==1.46.3"]);
