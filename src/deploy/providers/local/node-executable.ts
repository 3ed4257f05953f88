import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { FaasifyError } from "../../../core/errors.ts";

export interface NodeExecutable {
  /** Absolute path, or a name on the PATH. */
  readonly path: string;
  /** What it needs in its environment: an Electron acts as Node only when told to. */
  readonly environment: Readonly<Record<string, string>>;
}

/** The first version with `node:sqlite` and without a flag for it. */
const OLDEST = [22, 13] as const;
const AS_NODE = { ELECTRON_RUN_AS_NODE: "1" };

/**
 * Finds a Node for the platform and its functions: the one that is configured, else this process's own, else one on
 * the PATH. Inside an editor the PATH comes first, because its own Node is Electron's.
 *
 * @param configured - from the settings or FAASIFY_NODE; must do when given
 * @throws FaasifyError `node-missing`
 */
export async function findNode(configured: string | undefined, signal: AbortSignal): Promise<NodeExecutable> {
  if (configured) {
    const version = await versionOf(configured, signal);
    if (version && isRecent(version)) return { path: configured, environment: AS_NODE };
    throw nodeMissing(version ? `${configured} is Node ${version}` : `${configured} does not run`);
  }
  const own = isRecent(process.versions.node) ? { path: process.execPath, environment: AS_NODE } : undefined;
  if (own && !process.versions["electron"]) return own;
  const onPath = await versionOf("node", signal);
  if (onPath && isRecent(onPath)) return { path: "node", environment: {} };
  if (own) return own;
  throw nodeMissing(
    `${path.basename(process.execPath)} is Node ${process.versions.node}, and no newer one is on the PATH`,
  );
}

export function isRecent(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
}

async function versionOf(executable: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)(executable, ["-p", "process.versions.node"], {
      env: { ...process.env, ...AS_NODE, NODE_OPTIONS: "" },
      timeout: 10_000,
      windowsHide: true,
      signal,
    });
    return /^\d+\.\d+\.\d+/.exec(stdout.trim())?.[0];
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

function nodeMissing(what: string): FaasifyError {
  return new FaasifyError("node-missing", `The local platform needs Node ${OLDEST.join(".")} or newer, but ${what}`, {
    remedy: "Install Node 22.13 or newer, and name it in FAASIFY_NODE or the setting faasify.node",
  });
}
