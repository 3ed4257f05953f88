/**
 * A process that outlives this one if this one is killed, and puts back then what debug sessions have changed. It learns
 * of the end by its standard input, which every way of dying closes.
 */
import { type ChildProcess, spawn } from "node:child_process";
import type { Socket } from "node:net";
import { findNode } from "./providers/local/node-executable.ts";

export interface DebugGuardian {
  /** Something is changed that must be put back. */
  hold(name: string): void;
  /** It has been put back. */
  release(name: string): void;
}

export interface GuardianOptions {
  /** Absolute path of dist/cli.cjs. */
  readonly cliBundle: string;
  /** As FAASIFY_DATA. */
  readonly dataFolder: string;
  readonly nodePath: string | undefined;
}

/** Without a guardian the next start of a client puts things back: that none can be started is no failure. */
export function createDebugGuardian(options: GuardianOptions): DebugGuardian {
  const held = new Set<string>();
  let guardian: Promise<ChildProcess | undefined> | undefined;
  return {
    hold: (name) => {
      held.add(name);
      guardian ??= start(options).catch(() => undefined);
    },
    release: (name) => {
      held.delete(name);
      if (held.size > 0) return;
      void guardian?.then((child) => child?.stdin?.end());
      guardian = undefined;
    },
  };
}

async function start({ cliBundle, dataFolder, nodePath }: GuardianOptions): Promise<ChildProcess> {
  const node = await findNode(nodePath, AbortSignal.timeout(10_000));
  const { NODE_OPTIONS: _options, VSCODE_INSPECTOR_OPTIONS: _inspector, ...environment } = process.env;
  const child = spawn(node.path, [cliBundle, "restore", "--after", String(process.pid)], {
    // Not the user's folder: it would be held.
    cwd: dataFolder,
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
    windowsHide: true,
    env: { ...environment, ...node.environment, FAASIFY_DATA: dataFolder },
  });
  child.on("error", () => undefined);
  child.stdin.on("error", () => undefined);
  child.unref();
  // A pipe of a child process is a socket, which need not keep us alive.
  (child.stdin as Socket).unref();
  return child;
}
