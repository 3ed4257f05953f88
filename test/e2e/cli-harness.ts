/** The built command line in a project and a data folder of its own. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect } from "vitest";

export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningCommand {
  readonly child: ChildProcess;
  stdout(): string;
  stderr(): string;
  /** Ends it as Ctrl+C does. */
  interrupt(): Promise<Outcome>;
  readonly ended: Promise<Outcome>;
}

export interface CliPlace extends AsyncDisposable {
  readonly project: string;
  readonly data: string;
  write(files: Readonly<Record<string, string>>): void;
  /** In the project folder. */
  run(...args: readonly string[]): Promise<Outcome>;
  /** With `--json` added: the document, after a check that the command succeeded and printed nothing else. */
  json(...args: readonly string[]): Promise<Record<string, unknown>>;
  start(...args: readonly string[]): RunningCommand;
}

const cli = path.resolve("dist/cli.cjs");

export function openCliPlace(files: Readonly<Record<string, string>>, environment: NodeJS.ProcessEnv = {}): CliPlace {
  const root = realpathSync(mkdtempSync(path.join(os.tmpdir(), "faasify-cli-")));
  const project = path.join(root, "project");
  const data = path.join(root, "data");
  const running = new Set<ChildProcess>();

  const start = (...args: readonly string[]): RunningCommand => {
    const child = spawn(process.execPath, [cli, ...args], {
      cwd: project,
      env: { ...process.env, FAASIFY_DATA: data, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    running.add(child);
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    const ended = once(child, "close").then(([status]: unknown[]): Outcome => {
      running.delete(child);
      return { status: status as number | null, stdout, stderr };
    });
    return {
      child,
      stdout: () => stdout,
      stderr: () => stderr,
      ended,
      interrupt: () => {
        child.kill("SIGINT");
        return ended;
      },
    };
  };
  const write = (texts: Readonly<Record<string, string>>): void => {
    for (const [name, text] of Object.entries(texts)) {
      mkdirSync(path.dirname(path.join(project, name)), { recursive: true });
      writeFileSync(path.join(project, name), text);
    }
  };
  write(files);
  return {
    project,
    data,
    write,
    start,
    run: (...args) => start(...args).ended,
    json: async (...args) => {
      const { status, stdout, stderr } = await start(...args, "--json").ended;
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      return JSON.parse(stdout) as Record<string, unknown>;
    },
    [Symbol.asyncDispose]: async () => {
      for (const child of running) child.kill("SIGKILL");
      const { stdout } = await start("platform", "status", "--json").ended;
      const { pid } = JSON.parse(stdout) as { pid?: number };
      const stopped = await start("platform", "stop").ended;
      if (stopped.status !== 0 && pid !== undefined) process.kill(pid, "SIGKILL");
      rmSync(root, { recursive: true, force: true });
    },
  };
}
