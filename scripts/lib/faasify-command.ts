/** The built `faasify` command as scripts use it: as a process, like every other user of it. */
import { spawn, type ChildProcess } from "node:child_process";
import path from "node:path";
import { killGroup, repository, StepError } from "./run.ts";

const cli = path.join(repository, "dist/cli.cjs");

export interface CommandOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Runs `faasify ARGUMENT... --json` and returns its document.
 *
 * @throws StepError with what the command wrote on its error output when it fails or takes over a minute
 */
export async function faasifyJson<T>(args: readonly string[], options: CommandOptions): Promise<T> {
  const child = startFaasify([...args, "--json"], options);
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
  const timer = setTimeout(() => killGroup(child.pid), 240_000);
  const status = await new Promise<number | null>((resolve) => child.once("close", resolve));
  clearTimeout(timer);
  if (status !== 0) {
    throw new StepError(`faasify ${args.join(" ")} ended with status ${status}:\n${stderr.text || stdout.text}`);
  }
  return JSON.parse(stdout.text) as T;
}

export interface AdapterProcess extends AsyncDisposable {
  readonly port: number;
}

/** Starts `faasify dap --port 0` and waits for its port. */
export async function startAdapter(options: CommandOptions): Promise<AdapterProcess> {
  const child = startFaasify(["dap", "--port", "0"], options);
  const stderr = collect(child.stderr);
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const timer = setTimeout(() => killGroup(child.pid), 120_000);
  const port = await new Promise<number>((resolve, reject) => {
    let text = "";
    child.stdout?.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      const found = /listening on 127\.0\.0\.1:(\d+)/.exec(text)?.[1];
      if (found !== undefined) resolve(Number(found));
    });
    void closed.then(() => reject(new StepError(`faasify dap did not listen:\n${stderr.text}`)));
  });
  clearTimeout(timer);
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      killGroup(child.pid, "SIGTERM");
      const kill = setTimeout(() => killGroup(child.pid), 5_000);
      await closed;
      clearTimeout(kill);
    },
  };
}

function startFaasify(args: readonly string[], { cwd, env }: CommandOptions): ChildProcess {
  return spawn(process.execPath, [cli, ...args], { cwd, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
}

function collect(stream: NodeJS.ReadableStream | null): { readonly text: string } {
  const chunks: Buffer[] = [];
  stream?.on("data", (chunk: Buffer) => chunks.push(chunk));
  return {
    get text() {
      return Buffer.concat(chunks).toString();
    },
  };
}
