/** Finds the local platform, starts it when it does not run, and stops it. One platform serves all windows of a user. */
import { spawn, type ChildProcess } from "node:child_process";
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { closeSync, openSync, readFileSync, statSync, truncateSync } from "node:fs";
import path from "node:path";
import * as v from "valibot";
import { errorCodes, FaasifyError, type ErrorCode } from "../../../core/errors.ts";
import {
  CHALLENGE_HEADER,
  PLATFORM_INFO_FILE,
  platformInfoSchema,
  platformStatusSchema,
  proofText,
  SHUTDOWN_PATH,
  STATUS_PATH,
  USAGE_PATH,
  platformUsageSchema,
  type PlatformInfo,
  type PlatformStatus,
  type PlatformUsage,
} from "../../../protocol/platform-info.ts";
import { ensurePrivateFolder } from "../../data-folder.ts";
import { wait } from "../../wait.ts";
import { findNode } from "./node-executable.ts";
import { sendSigned } from "./signed-http.ts";

export interface LocalOptions {
  /** Absolute path of the platform's own folder, `platform/` of the data folder. */
  readonly folder: string;
  /** Absolute path of dist/platform.cjs. */
  readonly platformBundle: string;
  /** FaaSify's: a platform of another version is replaced. */
  readonly version: string;
  /** Node to run it with; see {@link findNode}. */
  readonly nodePath?: string | undefined;
  /** Absent: the platform picks a free one. */
  readonly port?: number | undefined;
}

export interface RunningPlatform {
  readonly info: PlatformInfo;
  readonly status: PlatformStatus;
}

const START_LIMIT_MS = 30_000;
const STOP_LIMIT_MS = 10_000;
const ANSWER_LIMIT_MS = 5000;
const POLL_MS = 10;
const MAX_LOG_BYTES = 5 * 1024 * 1024;
const LOG_FILE = "platform.log";

/** The platform that serves this folder, or undefined when none answers. Starts nothing. */
export async function findPlatform(folder: string, signal: AbortSignal): Promise<RunningPlatform | undefined> {
  const info = readInfo(folder);
  const found = info && (await ask(info, signal));
  return found === "silent" ? undefined : found;
}

/** What a running platform takes, and what its limits are. */
export async function readUsage({ info }: RunningPlatform, signal: AbortSignal): Promise<PlatformUsage> {
  const { text } = await sendSigned(info, { method: "GET", path: USAGE_PATH }, signal);
  return v.parse(platformUsageSchema, JSON.parse(text));
}

/** `silent`: somebody listens, but has not answered in time. Undefined: left over from a platform that was killed. */
async function ask(info: PlatformInfo, signal: AbortSignal): Promise<RunningPlatform | "silent" | undefined> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_LIMIT_MS)]);
  const challenge = randomBytes(16).toString("hex");
  try {
    const headers = { [CHALLENGE_HEADER]: challenge };
    const { status, text } = await sendSigned(info, { method: "GET", path: STATUS_PATH, headers }, limit);
    if (status !== 200) return undefined;
    const parsed = v.parse(platformStatusSchema, JSON.parse(text));
    return isProof(parsed.proof, challenge, info) ? { info, status: parsed } : undefined;
  } catch {
    signal.throwIfAborted();
    return limit.aborted ? "silent" : undefined;
  }
}

/** Whoever listens on that port by now must not get the user's code. */
function isProof(proof: string | undefined, challenge: string, { secretAccessKey }: PlatformInfo): boolean {
  const expected = createHmac("sha256", secretAccessKey).update(proofText(challenge)).digest();
  const given = Buffer.from(proof ?? "", "hex");
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/**
 * Makes sure that a platform of this version serves the folder. Several processes may do this at once: the platform
 * holds a lock, and the ones that come second leave quietly.
 *
 * @throws FaasifyError `platform-unreachable`, `platform-version-mismatch`, `node-missing`, and what the platform
 *   itself reports: `port-taken`, `platform-state-corrupt`, `platform-state-not-writable`
 */
export async function ensurePlatform(options: LocalOptions, signal: AbortSignal): Promise<RunningPlatform> {
  const running = await findPlatform(options.folder, signal);
  if (running && running.info.version === options.version) return running;
  if (running) await replaceOtherVersion(options, running, signal);
  ensurePrivateFolder(options.folder);
  return start(options, signal);
}

/** Ends the platform after the invocations in flight. False when none ran. */
export async function stopPlatform(folder: string, signal: AbortSignal): Promise<boolean> {
  const info = readInfo(folder);
  const running = info && (await ask(info, signal));
  if (!info || !running) return false;
  if (running !== "silent") {
    await askToEnd(info, signal);
    await ended(folder, info, signal);
  } else if (isAlive(info.pid)) throw doesNotAnswer(info.pid);
  return running !== "silent";
}

async function askToEnd(info: PlatformInfo, signal: AbortSignal): Promise<void> {
  await sendSigned(info, { method: "POST", path: SHUTDOWN_PATH }, signal).catch((error: unknown) => {
    signal.throwIfAborted();
    if (isAlive(info.pid)) throw unreachable(`The local platform (process ${info.pid}) does not stop`, error);
  });
}

/** The file goes last. A process that nobody has reaped still counts as alive, so the file decides. */
async function ended(folder: string, { pid }: PlatformInfo, signal: AbortSignal): Promise<void> {
  const limit = Date.now() + STOP_LIMIT_MS;
  while (isAlive(pid) && readInfo(folder)?.pid === pid) {
    if (Date.now() > limit) {
      throw unreachable(`The local platform (process ${pid}) still runs: an invocation is in flight`, undefined);
    }
    await wait(POLL_MS, signal);
  }
}

function doesNotAnswer(pid: number): FaasifyError {
  return new FaasifyError("platform-unreachable", `The local platform (process ${pid}) runs, but does not answer`, {
    remedy: `Wait a moment and try again, or end it with: kill -9 ${pid}`,
  });
}

/** Never while a function runs on it, which may be another window's, and may be paused by its debugger. */
async function replaceOtherVersion(
  { folder, version }: LocalOptions,
  { info, status }: RunningPlatform,
  signal: AbortSignal,
): Promise<void> {
  const busy = (cause?: unknown): FaasifyError =>
    new FaasifyError(
      "platform-version-mismatch",
      `The local platform that runs is of FaaSify ${info.version}, not ${version}, and a function is running on it`,
      { remedy: "Wait until the function ends, or run faasify platform stop", cause },
    );
  if (status.running > 0) throw busy();
  try {
    await stopPlatform(folder, signal);
  } catch (cause) {
    signal.throwIfAborted();
    throw busy(cause);
  }
}

function readInfo(folder: string): PlatformInfo | undefined {
  try {
    const result = v.safeParse(
      platformInfoSchema,
      JSON.parse(readFileSync(path.join(folder, PLATFORM_INFO_FILE), "utf8")),
    );
    return result.success ? result.output : undefined;
  } catch {
    return undefined;
  }
}

interface Ended {
  readonly code: number | null;
  readonly error?: Error;
}

async function start(options: LocalOptions, signal: AbortSignal): Promise<RunningPlatform> {
  const logFile = path.join(options.folder, LOG_FILE);
  const logged = sizeOf(logFile);
  const child = await spawnPlatform(options, logFile, signal);
  try {
    const running = await untilItAnswers(options, { child, logFile, logged }, signal);
    // Another client's platform was faster: ours, which may still wait for the lock, must not follow it one day.
    if (running.info.pid !== child.process.pid) await end(child);
    return running;
  } catch (error) {
    await end(child);
    throw error;
  }
}

/** Ends a platform that we started and that serves nobody yet; its state survives this at any moment. */
async function end({ process: child, ended }: Spawned): Promise<void> {
  if (ended || !child.kill("SIGKILL")) return;
  // It was let go of: without this, a process that waits for nothing else would end here, as if all were well.
  child.ref();
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}

async function untilItAnswers(
  { folder, version }: LocalOptions,
  { child, logFile, logged }: { readonly child: Spawned; readonly logFile: string; readonly logged: number },
  signal: AbortSignal,
): Promise<RunningPlatform> {
  const limit = Date.now() + START_LIMIT_MS;
  for (;;) {
    const running = await findPlatform(folder, signal);
    if (running?.info.version === version) return running;
    if (child.ended && child.ended.code !== 0) throw startFailure(child.ended, readFrom(logFile, logged));
    if (Date.now() > limit) {
      const waited = START_LIMIT_MS / 1000;
      throw unreachable(`The local platform did not answer within ${waited} s (log: ${logFile})`, undefined);
    }
    await wait(POLL_MS, signal);
  }
}

interface Spawned {
  readonly process: ChildProcess;
  ended?: Ended;
}

async function spawnPlatform(options: LocalOptions, logFile: string, signal: AbortSignal): Promise<Spawned> {
  const node = await findNode(options.nodePath, signal);
  const log = openLog(logFile);
  const port = options.port === undefined ? [] : ["--port", String(options.port)];
  try {
    const child = spawn(node.path, [options.platformBundle, "--data", options.folder, ...port], {
      // Not the user's folder: it would be held as long as the platform runs.
      cwd: options.folder,
      detached: true,
      stdio: ["ignore", log, log],
      windowsHide: true,
      env: { ...environmentWithoutDebuggers(), ...node.environment },
    });
    const state: Spawned = { process: child };
    child.once("error", (error) => (state.ended = { code: null, error }));
    child.once("exit", (code) => (state.ended = { code }));
    child.unref();
    return state;
  } finally {
    closeSync(log);
  }
}

/** An editor's debugger must not attach to the platform. */
function environmentWithoutDebuggers(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _options, VSCODE_INSPECTOR_OPTIONS: _inspector, ...environment } = process.env;
  return environment;
}

function openLog(file: string): number {
  try {
    if (sizeOf(file) > MAX_LOG_BYTES) truncateSync(file);
    return openSync(file, "a", 0o600);
  } catch (cause) {
    throw new FaasifyError("platform-state-not-writable", `${file} cannot be written (${String(cause)})`, {
      remedy: "Make the folder writable, or name another one in FAASIFY_DATA",
      cause,
    });
  }
}

/** The platform's last words are `error CODE: message. remedy.` when it foresaw the failure. */
function startFailure({ code, error }: Ended, output: string): FaasifyError {
  const words = /^error ([a-z-]+): (.*)\. ([^.].*)\.$/m.exec(output);
  const foreseen = words?.[1];
  if (words && isErrorCode(foreseen)) return new FaasifyError(foreseen, words[2] ?? "", { remedy: words[3] ?? "" });
  const detail = error?.message ?? output.trim().split("\n").at(-1) ?? "";
  return unreachable(`The local platform ended at once with status ${code} (${detail})`, error);
}

function isErrorCode(text: string | undefined): text is ErrorCode {
  return (errorCodes as readonly (string | undefined)[]).includes(text);
}

function unreachable(message: string, cause: unknown): FaasifyError {
  return new FaasifyError("platform-unreachable", message, {
    remedy: "Look into the platform's log, then run faasify platform start",
    cause,
  });
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function readFrom(file: string, start: number): string {
  const content = readFileSync(file);
  return content.subarray(start <= content.length ? start : 0).toString("utf8");
}

/** Does a process of this user have that id? */
export function isOwnProcess(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
