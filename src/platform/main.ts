/**
 * The local platform's process.
 *
 *     node dist/platform.cjs --data FOLDER [--port N] [--idle-ms N] [--max-concurrency N] [--retry-delay-ms N] [--freeze]
 *
 * Status 0: it ended as asked, or another platform serves the folder already; 2: wrong usage; 3: a
 * failure that stderr explains in one line, `error CODE: what happened. What to do.`
 */
import { appendFileSync, readFileSync, renameSync, statSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import * as v from "valibot";
import { describeError, FaasifyError } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import { PLATFORM_INFO_FILE, platformInfoSchema, STATUS_PATH } from "../protocol/platform-info.ts";
import { startPlatform, type Platform, type PlatformOptions } from "./platform.ts";
import { StateLocked } from "./state/state-store.ts";

const DEFAULT_IDLE_MS = 5 * 60_000;
/** That of a new region in Lambda. */
const DEFAULT_MAX_CONCURRENCY = 1_000;
const DEFAULT_RETRY_DELAY_MS = 60_000;
/** How long a platform that holds the folder may take to answer. Less than clients wait for ours: what is wrong must reach them. */
const OTHER_ANSWERS_MS = 8_000;
const MAX_PORT = 65_535;
/** Of one file; the one before is kept. */
const MAX_LOG_BYTES = 4 * 1024 * 1024;

// Everything below the folder is the user's alone, also what SQLite makes beside its file, in a folder that others may read.
process.umask(0o077);
void main();

async function main(): Promise<void> {
  try {
    const options = readOptions(process.argv.slice(2));
    const platform = await startOrYield(options);
    if (platform) await serve(platform, options.log);
    process.exit(0);
  } catch (error) {
    if (!(error instanceof FaasifyError)) throw error;
    process.stderr.write(`error ${error.code}: ${describeError(error)}\n`);
    process.exit(error.code === "wrong-usage" ? 2 : 3);
  }
}

/** Undefined when another platform serves the folder. */
async function startOrYield(options: PlatformOptions): Promise<Platform | undefined> {
  const end = performance.now() + OTHER_ANSWERS_MS;
  for (;;) {
    try {
      return await startPlatform(options);
    } catch (error) {
      if (!(error instanceof StateLocked)) throw error;
      if (await otherAnswers(options.folder)) return undefined;
      if (performance.now() > end) {
        throw new FaasifyError("platform-unreachable", `Another process holds ${options.folder} but does not answer`, {
          remedy: "End it, or name another folder with --data or in FAASIFY_DATA",
          cause: error,
        });
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** An unsigned request is refused, which is an answer. */
async function otherAnswers(folder: string): Promise<boolean> {
  try {
    const info = v.parse(platformInfoSchema, JSON.parse(readFileSync(path.join(folder, PLATFORM_INFO_FILE), "utf8")));
    const response = await fetch(info.endpoint + STATUS_PATH, { signal: AbortSignal.timeout(1_000) });
    return response.status === 403;
  } catch {
    return false;
  }
}

async function serve(platform: Platform, log: Log): Promise<void> {
  log.info(`serving on ${platform.endpoint}`);
  const signalled = new Promise<void>((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => resolve());
  });
  await Promise.race([signalled, platform.shutdownRequested]);
  await platform.close();
  log.info("ended");
}

function readOptions(argv: string[]): PlatformOptions {
  const { values } = parse(argv);
  if (values.data === undefined) throw wrongUsage("--data is missing");
  const folder = path.resolve(values.data);
  return {
    folder,
    port: values.port === undefined ? undefined : count("port", values.port, 0, MAX_PORT),
    idleMs: count("idle-ms", values["idle-ms"] ?? String(DEFAULT_IDLE_MS), 1, Number.MAX_SAFE_INTEGER),
    maxConcurrency: count("max-concurrency", values["max-concurrency"] ?? String(DEFAULT_MAX_CONCURRENCY), 1, 10_000),
    retryDelayMs: count("retry-delay-ms", values["retry-delay-ms"] ?? String(DEFAULT_RETRY_DELAY_MS), 1, 3_600_000),
    freeze: values.freeze ?? false,
    sandboxScript: path.join(__dirname, "sandbox.cjs"),
    log: fileLog(path.join(folder, "platform.log")),
  };
}

function parse(argv: string[]) {
  try {
    return parseArgs({
      args: argv,
      options: {
        data: { type: "string" },
        port: { type: "string" },
        "idle-ms": { type: "string" },
        "max-concurrency": { type: "string" },
        "retry-delay-ms": { type: "string" },
        freeze: { type: "boolean" },
      },
    });
  } catch (error) {
    throw wrongUsage((error as Error).message.replace(/\.$/, ""));
  }
}

function count(option: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isInteger(value) || value < min || value > max) {
    throw wrongUsage(`--${option} must be a whole number from ${min} to ${max}, but is "${text}"`);
  }
  return value;
}

function wrongUsage(problem: string): FaasifyError {
  return new FaasifyError("wrong-usage", problem, { remedy: "Use: platform.cjs --data FOLDER [--port N]" });
}

/** The platform is nobody's terminal program: what it has to say goes into its folder. */
function fileLog(file: string): Log {
  const rotate = (): void => {
    if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > MAX_LOG_BYTES) renameSync(file, `${file}.1`);
  };
  const write = (level: string, message: string | Error, details: unknown[]): void => {
    const text = message instanceof Error ? (message.stack ?? message.message) : message;
    try {
      rotate();
      appendFileSync(file, `${new Date().toISOString()} ${level} ${[text, ...details.map(String)].join(" ")}\n`, {
        mode: 0o600,
      });
    } catch {
      // A log that cannot be written must not take the functions down with it.
    }
  };
  return {
    trace() {},
    debug() {},
    info: (message, ...details) => write("info", message, details),
    warn: (message, ...details) => write("warn", message, details),
    error: (message, ...details) => write("error", message, details),
  };
}
