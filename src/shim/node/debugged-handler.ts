/** The half of the debug shim in the function's main thread: holds the first invocation and reports all of them. */
import { readFileSync, realpathSync } from "node:fs";
import path from "node:path";
import { isSealed } from "../../protocol/sealed-secret.ts";
import { sessionIn } from "../../protocol/stop-policy.ts";
import { isLoopback } from "./loopback.ts";
import { createStopDecider } from "./stop-decider.ts";
import { PRESENCE_BYTES } from "./presence.ts";
import type { WorkerOptions } from "./thread-messages.ts";
import { openWorkerLine } from "./worker-line.ts";
import { atMost } from "./at-most.ts";
import { createUncaughtCaller, type UncaughtCaller } from "./uncaught.ts";
import { callHandler, type Handler, type UserModule } from "./user-handler.ts";

/** The worker opens the gate in time; this is for a worker that broke. */
const MAX_GATE_MS = 16_000;
/** Of what the platform leaves: the held function must still be able to answer. */
const MAX_GATE_SHARE = 0.5;
/** Where the platform does not tell: the longest that any allows. */
const UNKNOWN_REMAINING_MS = 15 * 60_000;

export interface DebuggedHandlerOptions {
  /** `ws://HOST:PORT/SESSION#SECRET` */
  readonly address: string;
  /** See stop-policy.ts. */
  readonly stopPolicy: string | undefined;
  readonly taskRoot: string;
}

/**
 * The handler to export while a debugger is wanted.
 *
 * @throws Error if the address or the policy is none, or no worker can be started
 */
export function debuggedHandler(options: DebuggedHandlerOptions, userModule: UserModule): Handler {
  let caller: UncaughtCaller | undefined;
  const { address, stopPolicy: policy, taskRoot } = options;
  const decider = createStopDecider({
    policy,
    session: sessionIn(address),
    onProblem: (message) => line.conditionFailed(message),
  });
  const workerData = workerOptions(address, taskRoot, decider.selective);
  const line = openWorkerLine(workerData, {
    onFree: () => {
      caller?.restore();
      decider.end();
    },
    onBudget: (left) => decider.limit(left),
  });
  let loaded: Promise<Handler> | undefined;
  let held: Promise<void> | undefined;

  const free = async (event: unknown, context: unknown): Promise<unknown> => {
    const { requestId, remainingMs } = identify(context);
    line.startedFree(requestId, remainingMs);
    try {
      return await callHandler(await (loaded ??= userModule.load()), event, context);
    } finally {
      line.endedFree(requestId);
    }
  };
  const debugged = async (event: unknown, context: unknown): Promise<unknown> => {
    const { requestId, remainingMs } = identify(context);
    const armed = line.started(requestId, remainingMs);
    held ??= atMost(Math.min(MAX_GATE_MS, remainingMs * MAX_GATE_SHARE), line.opened);
    await held;
    await armed;
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
    const [event, context] = args;
    const run = (stops: boolean): unknown => (stops && !line.away ? debugged(event, context) : free(event, context));
    if (line.free) return run(false);
    const stops = decider.stops(event, context);
    return typeof stops === "boolean" ? run(stops) : stops.then(run);
  };
}

function workerOptions(address: string, taskRoot: string, selective: boolean): WorkerOptions {
  const url = new URL(address);
  const secret = url.hash.slice(1);
  url.hash = "";
  if (!/^wss?:$/.test(url.protocol) || secret === "") throw new Error("it is not ws://HOST:PORT/SESSION#SECRET");
  // What comes in over this line runs with the function's rights.
  if (url.protocol === "ws:" && !isLoopback(url)) throw new Error("another machine is trusted only over wss:");
  // Whoever is in between must not read along.
  if (!isLoopback(url) && !isSealed(secret)) throw new Error("another machine is trusted only with a sealed secret");
  const manifest = readManifest(taskRoot);
  return {
    url: url.href,
    secret,
    functionName: text(manifest["function"]) ?? process.env["AWS_LAMBDA_FUNCTION_NAME"] ?? "",
    buildId: text(manifest["buildId"]) ?? "",
    taskRoot: realpathSync(taskRoot),
    released: new SharedArrayBuffer(4),
    presence: new SharedArrayBuffer(PRESENCE_BYTES),
    selective,
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
