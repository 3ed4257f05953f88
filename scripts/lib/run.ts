import { spawn, type SpawnOptions } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import path from "node:path";

/** A step of a script failed in a way that was foreseen: the message says what to do. Anything else is a bug. */
export class StepError extends Error {
  override readonly name = "StepError";
}

export const repository = path.dirname(path.dirname(import.meta.dirname));

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Output goes into this file instead of the terminal; its end is part of the error. */
  readonly logFile?: string;
  /** Milliseconds until the process and all its children are killed. */
  readonly limitMs?: number;
}

/**
 * Runs a command to its end and returns its exit status: 1 when it was killed, 124 when it exceeded its time.
 *
 * The command gets a process group of its own, so that nothing it started outlives the limit or Ctrl-C.
 */
export async function exitStatus(command: string, args: readonly string[], options: RunOptions = {}): Promise<number> {
  const log = options.logFile === undefined ? undefined : openLog(options.logFile);
  const windows = process.platform === "win32";
  const spawnOptions: SpawnOptions = {
    cwd: options.cwd ?? repository,
    env: options.env ?? process.env,
    stdio: log === undefined ? ["ignore", "inherit", "inherit"] : ["ignore", log, log],
    detached: !windows,
    shell: windows,
  };
  try {
    const child = spawn(command, args, spawnOptions);
    const stop = (): void => killGroup(child.pid);
    const interrupted = (): void => {
      stop();
      process.exit(130);
    };
    process.once("SIGINT", interrupted).once("SIGTERM", interrupted);
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      stop();
    }, options.limitMs ?? 3_600_000);
    try {
      const status = await new Promise<number>((resolve, reject) => {
        child.once("error", (cause) =>
          reject(new StepError(`${command} could not be started (${cause.message})`, { cause })),
        );
        child.once("close", (code) => resolve(code ?? 1));
      });
      return late ? 124 : status;
    } finally {
      clearTimeout(timer);
      process.off("SIGINT", interrupted).off("SIGTERM", interrupted);
    }
  } finally {
    if (log !== undefined) closeSync(log);
  }
}

/** Runs a command that must succeed. */
export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<void> {
  const status = await exitStatus(command, args, options);
  if (status === 0) return;
  const why = status === 124 ? "took too long and was ended" : `ended with status ${status}`;
  const log = options.logFile === undefined ? "" : `\n${tail(options.logFile)}\n(all of it: ${options.logFile})`;
  throw new StepError(`${command} ${args.join(" ")} ${why}${log}`);
}

/** Ends a process group that this program started; one that is gone already is fine. */
export function killGroup(pid: number | undefined, signal: NodeJS.Signals = "SIGKILL"): void {
  if (pid === undefined) return;
  try {
    process.kill(process.platform === "win32" ? pid : -pid, signal);
  } catch {
    // Gone already.
  }
}

/** Calls `main` and turns a foreseen failure into one readable message and status 1. */
export async function runScript(main: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await main();
  } catch (error) {
    console.error(error instanceof StepError ? `\n${error.message}` : error);
    process.exitCode = 1;
  }
}

/** The last lines of a text file. */
export function tail(file: string, lines = 30): string {
  return readFileSync(file, "utf8").trimEnd().split("\n").slice(-lines).join("\n");
}

function openLog(file: string): number {
  mkdirSync(path.dirname(file), { recursive: true });
  return openSync(file, "w");
}
