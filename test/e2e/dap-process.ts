/** `faasify dap` and the local platform in processes of their own, from the bundles: what a user has. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import * as v from "valibot";
import { onTestFinished } from "vitest";
import { sendSigned } from "../../src/deploy/providers/local/signed-http.ts";
import { PLATFORM_INFO_FILE, platformInfoSchema } from "../../src/protocol/platform-info.ts";
import { eventually } from "./debug-harness.ts";

const root = path.resolve(import.meta.dirname, "../..");

export interface Cli {
  readonly data: string;
  readonly port: number;
  readonly process: ChildProcess;
}

/** Starts `faasify dap --port 0` on a data folder of its own; the platform that it starts ends with the test. */
export async function startDap(cwd: string, environment: NodeJS.ProcessEnv = {}): Promise<Cli> {
  const data = mkdtempSync(path.join(os.tmpdir(), "faasify-data-"));
  onTestFinished(() => rmSync(data, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));
  onTestFinished(() => endPlatform(data));
  const child = spawn(process.execPath, [path.join(root, "dist/cli.cjs"), "dap", "--port", "0"], {
    cwd,
    env: { ...process.env, FAASIFY_DATA: data, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  createInterface(child.stdout).on("line", (line) => (said += `${line}\n`));
  const port = await eventually("the adapter to listen", () => /listening on 127\.0\.0\.1:(\d+)/.exec(said)?.[1]);
  return { data, port: Number(port), process: child };
}

/** Runs another `faasify` command on the same data folder; resolves with what it printed. */
export async function faasify(cwd: string, data: string, ...args: string[]): Promise<unknown> {
  const environment = { ...process.env, FAASIFY_DATA: data };
  const command = [path.join(root, "dist/cli.cjs"), ...args, "--json"];
  const { stdout } = await promisify(execFile)(process.execPath, command, { cwd, env: environment });
  return JSON.parse(stdout);
}

/** Asks the platform itself, not what FaaSify has noted down. */
export async function askPlatform(data: string, query: string): Promise<unknown> {
  const text = readFileSync(path.join(data, "platform", PLATFORM_INFO_FILE), "utf8");
  const info = v.parse(platformInfoSchema, JSON.parse(text));
  const answer = await sendSigned(info, { method: "GET", path: query }, AbortSignal.timeout(60_000));
  return JSON.parse(answer.text);
}

export function platformPid(data: string): number {
  const text = readFileSync(path.join(data, "platform", PLATFORM_INFO_FILE), "utf8");
  return (JSON.parse(text) as { readonly pid: number }).pid;
}

function endPlatform(data: string): void {
  if (!existsSync(path.join(data, "platform", PLATFORM_INFO_FILE))) return;
  try {
    process.kill(platformPid(data), "SIGTERM");
  } catch {
    // It has ended already.
  }
}
