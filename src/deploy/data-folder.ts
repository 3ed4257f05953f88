import { mkdirSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { FaasifyError } from "../core/errors.ts";

/** Where FaaSify keeps what outlives a process; see "Data folder" in ARCHITECTURE.md. All paths are absolute. */
export interface DataFolder {
  readonly root: string;
  readonly platform: string;
  readonly artifacts: string;
  readonly deployments: string;
  readonly journal: string;
}

/** Names the folders; makes nothing. */
export function dataFolder(environment: NodeJS.ProcessEnv = process.env): DataFolder {
  const root = path.resolve(environment["FAASIFY_DATA"] || defaultRoot(environment));
  return {
    root,
    platform: path.join(root, "platform"),
    artifacts: path.join(root, "artifacts"),
    deployments: path.join(root, "deployments"),
    journal: path.join(root, "journal"),
  };
}

/**
 * Makes a folder that only this user can read.
 *
 * @throws FaasifyError `platform-state-not-writable`
 */
export function ensurePrivateFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new FaasifyError("platform-state-not-writable", `${folder} cannot be created (${String(cause)})`, {
      remedy: "Make the folder writable, or name another one in FAASIFY_DATA",
      cause,
    });
  }
}

function defaultRoot(environment: NodeJS.ProcessEnv): string {
  if (process.platform === "win32") {
    return path.join(environment["LOCALAPPDATA"] ?? path.join(os.homedir(), "AppData", "Local"), "faasify");
  }
  return path.join(environment["XDG_DATA_HOME"] || path.join(os.homedir(), ".local", "share"), "faasify");
}
