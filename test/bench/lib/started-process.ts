import { spawn, type ChildProcess } from "node:child_process";
import { createServer } from "node:net";
import { killGroup, StepError } from "../../../scripts/lib/run.ts";

export interface StartedProcess extends AsyncDisposable {
  readonly pid: number;
}

export interface StartOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Asked until it is true. */
  readonly isReady: () => Promise<boolean>;
}

/**
 * Starts a server in a process group of its own, and waits until it is ready.
 *
 * @throws StepError with the end of its output when it ends or is not ready after a minute
 */
export async function startProcess(
  command: string,
  args: readonly string[],
  { cwd, env, isReady }: StartOptions,
): Promise<StartedProcess> {
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    detached: process.platform !== "win32",
    stdio: ["ignore", "pipe", "pipe"],
  });
  const release = killedAtExit(() => killGroup(child.pid));
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => (output = (output + chunk.toString()).slice(-4000)));
  }
  const fail = (why: string): never => {
    release();
    killGroup(child.pid);
    throw new StepError(`${command} ${args.join(" ")} ${why}\n${output}`);
  };
  const limit = Date.now() + 60_000;
  while (!(await isReady().catch(() => false))) {
    if (hasEnded(child)) fail("ended at once");
    if (Date.now() > limit) fail("is not ready after a minute");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const { pid } = child;
  if (pid === undefined) return fail("could not be started");
  const dispose = async (): Promise<void> => {
    await stop(child);
    release();
  };
  return { pid, [Symbol.asyncDispose]: dispose };
}

/**
 * Has `kill` called when this process ends before its time, as after Ctrl-C: what runs in a process group of its own
 * would stay behind.
 *
 * @returns takes it back
 */
export function killedAtExit(kill: () => void): () => void {
  process.on("exit", kill);
  return () => process.off("exit", kill);
}

/** A port of 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

async function stop(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  killGroup(child.pid);
  await ended;
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
