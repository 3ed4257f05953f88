/** The half of the debug shim in the function's main thread: holds the first invocation and reports all of them. */
import { readFileSync, realpathSync } from "node:fs";
import path from "node:path";
import { isLoopback } from "./loopback.ts";
import type { ToMain, ToWorker, WorkerOptions } from "./thread-messages.ts";
import { createUncaughtCaller, type UncaughtCaller } from "./uncaught.ts";
import { callHandler, type Handler, type UserModule } from "./user-handler.ts";

/** The worker opens the gate in time; this is for a worker that broke. */
const MAX_GATE_MS = 16_000;
/** Of what the platform leaves: the held function must still be able to answer. */
const MAX_GATE_SHARE = 0.5;
/** How long an answer waits for the report of its end to leave the process. */
const MAX_FLUSH_MS = 500;
/** How long a process that exits waits for the inspector to be let go; otherwise Node complains in the log. */
const MAX_RELEASE_MS = 200;
/** Where the platform does not tell: the longest that any allows. */
const UNKNOWN_REMAINING_MS = 15 * 60_000;

interface Line {
  readonly attached: boolean;
  /** Nobody will debug this sandbox any more. */
  readonly free: boolean;
  /** Resolves when the debugger is ready, or when nobody is to be waited for. */
  readonly opened: Promise<void>;
  started(requestId: string, remainingMs: number): void;
  /** Resolves when the end was reported, or has taken too long. */
  ended(requestId: string, durationMs: number, error: string | undefined): Promise<void>;
}

/**
 * The handler to export while a debugger is wanted.
 *
 * @param address - `ws://HOST:PORT/SESSION#SECRET`. @throws Error if it is not one, or no worker can be started
 */
export function debuggedHandler(address: string, taskRoot: string, userModule: UserModule): Handler {
  let caller: UncaughtCaller | undefined;
  const line = openLine(workerOptions(address, taskRoot), () => caller?.restore());
  let loaded: Promise<Handler> | undefined;
  let held: Promise<void> | undefined;

  const debugged = async (event: unknown, context: unknown): Promise<unknown> => {
    const { requestId, remainingMs } = identify(context);
    line.started(requestId, remainingMs);
    held ??= atMost(Math.min(MAX_GATE_MS, remainingMs * MAX_GATE_SHARE), line.opened);
    await held;
    const startedAt = performance.now();
    let problem: string | undefined;
    try {
      const handler = await (loaded ??= userModule.load());
      if (!line.attached) return await callHandler(handler, event, context);
      caller ??= createUncaughtCaller();
      return await (caller?.call ?? callHandler)(handler, event, context);
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
      throw error;
    } finally {
      await line.ended(requestId, performance.now() - startedAt, problem);
    }
  };
  let direct: Handler | undefined;
  return (...args) => {
    if (direct) return direct(...args);
    if (line.free && loaded) void loaded.then((handler) => (direct = handler)).catch(() => {});
    return debugged(args[0], args[1]);
  };
}

function openLine(options: WorkerOptions, onFree: () => void): Line {
  const { promise: opened, resolve: open } = Promise.withResolvers<void>();
  const flushes = new Map<string, () => void>();
  let attached = false;
  let free = false;
  // Loaded only here: it would be most of what the shim costs a function that is not debugged.
  const { Worker } = process.getBuiltinModule("node:worker_threads");
  const worker = new Worker(path.join(__dirname, "faasify-shim-worker.cjs"), {
    workerData: options,
    name: "faasify-debug",
    // Neither the function's environment nor its command line concern the worker, and what it prints would be the function's.
    env: {},
    execArgv: [],
    stdout: true,
    stderr: true,
  });
  const tell = (message: ToWorker): void => worker.postMessage(message, []);
  const runFree = (): void => {
    if (free) return;
    free = true;
    attached = false;
    process.off("exit", release);
    onFree();
    open();
    for (const flushed of flushes.values()) flushed();
  };
  const release = (): void => {
    if (!attached) return;
    tell({ type: "exit" });
    Atomics.wait(new Int32Array(options.released), 0, 0, MAX_RELEASE_MS);
  };

  worker.unref();
  worker.on("error", runFree);
  worker.on("exit", runFree);
  worker.on("message", (message: ToMain) => {
    if (message.type === "flushed") flushes.get(message.requestId)?.();
    else if (message.type === "attached") attached = !free;
    else if (message.final) runFree();
    if (message.type !== "flushed") open();
  });
  process.once("exit", release);
  return {
    get attached() {
      return attached;
    },
    get free() {
      return free;
    },
    opened,
    started: (requestId, remainingMs) => tell({ type: "started", requestId, remainingMs }),
    ended: async (requestId, durationMs, error) => {
      tell({ type: "ended", requestId, durationMs, ...(error !== undefined && { error }) });
      if (!attached) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      flushes.set(requestId, resolve);
      await atMost(MAX_FLUSH_MS, promise);
      flushes.delete(requestId);
    },
  };
}

function workerOptions(address: string, taskRoot: string): WorkerOptions {
  const url = new URL(address);
  const secret = url.hash.slice(1);
  url.hash = "";
  if (!/^wss?:$/.test(url.protocol) || secret === "") throw new Error("it is not ws://HOST:PORT/SESSION#SECRET");
  // What comes in over this line runs with the function's rights.
  if (url.protocol === "ws:" && !isLoopback(url)) throw new Error("another machine is trusted only over wss:");
  const manifest = readManifest(taskRoot);
  return {
    url: url.href,
    secret,
    functionName: text(manifest["function"]) ?? process.env["AWS_LAMBDA_FUNCTION_NAME"] ?? "",
    buildId: text(manifest["buildId"]) ?? "",
    taskRoot: realpathSync(taskRoot),
    released: new SharedArrayBuffer(4),
  };
}

/** Without it the debugger finds no source map, but the function runs. */
function readManifest(taskRoot: string): Record<string, unknown> {
  try {
    const manifest: unknown = JSON.parse(readFileSync(path.join(taskRoot, "faasify.json"), "utf8"));
    return { ...(manifest as object | null) };
  } catch {
    return {};
  }
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function identify(context: unknown): { requestId: string; remainingMs: number } {
  const { awsRequestId, getRemainingTimeInMillis } = (context ?? {}) as {
    awsRequestId?: unknown;
    getRemainingTimeInMillis?: () => unknown;
  };
  const remaining = typeof getRemainingTimeInMillis === "function" ? getRemainingTimeInMillis.call(context) : undefined;
  return {
    requestId: text(awsRequestId) ?? crypto.randomUUID(),
    remainingMs: typeof remaining === "number" && remaining >= 0 ? remaining : UNKNOWN_REMAINING_MS,
  };
}

/** Holds the process alive while it waits: the worker does not. */
async function atMost(ms: number, promise: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([promise, limit]);
  clearTimeout(timer);
}
