/** Runs the real platform (dist/platform.cjs) in a folder of its own, for tests. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import {
  CreateFunctionCommand,
  InvokeCommand,
  LambdaClient,
  type CreateFunctionCommandInput,
  type InvokeCommandInput,
} from "@aws-sdk/client-lambda";
import aws4 from "aws4";
import { strToU8, zipSync } from "fflate";
import * as v from "valibot";
import { PLATFORM_INFO_FILE, platformInfoSchema, type PlatformInfo } from "../../src/protocol/platform-info.ts";

const script = path.resolve(import.meta.dirname, "../../dist/platform.cjs");

export function temporaryFolder(): string {
  return mkdtempSync(path.join(os.tmpdir(), "faasify-platform-"));
}

export interface RunningPlatform extends AsyncDisposable {
  readonly folder: string;
  readonly info: PlatformInfo;
  readonly process: ChildProcess;
  readonly client: LambdaClient;
  /** `kill -9`, and waits for its end. The folder stays. */
  kill(): Promise<void>;
}

export interface PlatformArguments {
  /** Made, and removed at the end, if it is left out. */
  readonly folder?: string;
  readonly arguments?: readonly string[];
  /** Beside this process's own. */
  readonly environment?: Readonly<Record<string, string>>;
}

export async function startPlatform(options: PlatformArguments = {}): Promise<RunningPlatform> {
  const folder = options.folder ?? temporaryFolder();
  const child = spawnPlatform(folder, options.arguments, options.environment);
  const info = await waitForInfo(folder, child);
  const client = createClient(info);
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill(signal);
    await exited;
  };
  return {
    folder,
    info,
    process: child,
    client,
    kill: () => end("SIGKILL"),
    async [Symbol.asyncDispose]() {
      client.destroy();
      await end("SIGTERM");
      if (options.folder === undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
}

export function spawnPlatform(
  folder: string,
  more: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
): ChildProcess {
  return spawn(process.execPath, [script, "--data", folder, ...more], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...environment },
  });
}

/** Waits for the end of a process that was started by {@link spawnPlatform}. */
export async function outcomeOf(child: ChildProcess): Promise<{ status: number | null; stderr: string }> {
  let stderr = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const [status] = (await once(child, "close")) as [number | null];
  return { status, stderr };
}

async function waitForInfo(folder: string, child: ChildProcess): Promise<PlatformInfo> {
  const file = path.join(folder, PLATFORM_INFO_FILE);
  return eventually("the platform answers", async () => {
    if (child.exitCode !== null) throw new Error(`the platform ended with status ${child.exitCode}`);
    if (!existsSync(file)) return undefined;
    const info = v.parse(platformInfoSchema, JSON.parse(readFileSync(file, "utf8")));
    return info.pid === child.pid ? info : undefined;
  });
}

export function createClient(info: PlatformInfo, credentials: Partial<PlatformInfo> = {}): LambdaClient {
  return new LambdaClient({
    region: info.region,
    endpoint: info.endpoint,
    credentials: { ...info, ...credentials },
    maxAttempts: 1,
  });
}

/** Polls until `read` gives something. */
export async function eventually<T>(what: string, read: () => Promise<T | undefined> | T | undefined): Promise<T> {
  const end = Date.now() + 120_000;
  for (;;) {
    const value = await read();
    if (value !== undefined) return value;
    if (Date.now() > end) throw new Error(`not in time: ${what}`);
    await delay(20);
  }
}

export function makeZip(files: Readonly<Record<string, string>>): Buffer {
  return Buffer.from(zipSync(Object.fromEntries(Object.entries(files).map(([name, text]) => [name, strToU8(text)]))));
}

export const role = "arn:aws:iam::000000000000:role/local";

/** Creates a function from the text of its index.mjs. */
export async function deploy(
  { client }: RunningPlatform,
  name: string,
  source: string,
  more: Partial<CreateFunctionCommandInput> = {},
) {
  return client.send(
    new CreateFunctionCommand({
      FunctionName: name,
      Runtime: "nodejs24.x",
      Role: role,
      Handler: "index.handler",
      Code: { ZipFile: makeZip({ "index.mjs": source }) },
      ...more,
    }),
  );
}

export interface Invoked {
  readonly value: unknown;
  readonly error: string | undefined;
  readonly version: string | undefined;
  readonly log: string;
}

export async function invoke(
  { client }: { readonly client: LambdaClient },
  name: string,
  event: unknown = {},
  more: Partial<InvokeCommandInput> = {},
): Promise<Invoked> {
  const answer = await client.send(
    new InvokeCommand({ FunctionName: name, Payload: JSON.stringify(event), LogType: "Tail", ...more }),
  );
  const text = answer.Payload?.transformToString() ?? "";
  return {
    value: text === "" ? undefined : JSON.parse(text),
    error: answer.FunctionError,
    version: answer.ExecutedVersion,
    log: Buffer.from(answer.LogResult ?? "", "base64").toString(),
  };
}

/** A signed request of FaaSify's own paths, or of whatever the SDK would not send. */
export async function signedFetch(info: PlatformInfo, method: string, url: string, body?: string): Promise<Response> {
  const request = aws4.sign(
    {
      host: new URL(info.endpoint).host,
      path: url,
      method,
      service: "lambda",
      region: info.region,
      ...(body === undefined ? {} : { body }),
    },
    info,
  );
  const headers = { ...(request.headers as Record<string, string>) };
  delete headers["Host"];
  return fetch(info.endpoint + url, { method, headers, ...(body === undefined ? {} : { body }) });
}

/** Is there a process of this number? */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
