/** The half of the debug shim in the function's main thread: holds the first invocation and reports all of them. */
import { isSealed } from "../../protocol/sealed-secret.ts";
import { TAKE_CODE } from "../../protocol/take-code.ts";
import { sessionIn } from "../../protocol/stop-policy.ts";
import { isLoopback } from "./loopback.ts";
import { createStopDecider } from "./stop-decider.ts";
import { PRESENCE_BYTES } from "./presence.ts";
import type { WorkerOptions } from "./thread-messages.ts";
import { openWorkerLine, type WorkerLine } from "./worker-line.ts";
import { type DeployedCode, deployedCode, factsOf } from "./deployed-code.ts";
import { atMost } from "./at-most.ts";
import { createUncaughtCaller, type UncaughtCaller } from "./uncaught.ts";
import { callHandler, type Handler } from "./user-handler.ts";

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
  /** Which handler is the user's: see user-handler.ts. */
  readonly specification: string;
}

/**
 * The handler to export while a debugger is wanted.
 *
 * @throws Error if the address or the policy is none, or no worker can be started
 */
export function debuggedHandler({ address, stopPolicy, taskRoot, specification }: DebuggedHandlerOptions): Handler {
  const code = deployedCode(taskRoot, specification);
  let direct: Handler | undefined;
  const decider = createStopDecider({
    policy: stopPolicy,
    session: sessionIn(address),
    onProblem: (message) => line.conditionFailed(message),
  });
  const line = openWorkerLine(workerOptions(address, taskRoot, decider.selective), {
    onFree: () => {
      calls.restore();
      decider.end();
    },
    onBudget: (left) => decider.limit(left),
  });
  const calls = createCalls(code, line);
  const handler: Handler = (...args) => {
    if (direct) return direct(...args);
    if (line.free && code.isLoaded) keepDirect(code.load());
    const [event, context] = args;
    const run = (stops: boolean): unknown =>
      stops && !line.away ? calls.debugged(event, context) : calls.free(event, context);
    if (line.free) return run(false);
    const stops = decider.stops(event, context);
    return typeof stops === "boolean" ? run(stops) : stops.then(run);
  };
  const keepDirect = (loaded: Promise<Handler>): void => {
    void loaded.then((found) => (direct = code.isLatest(loaded) ? found : undefined)).catch(() => {});
  };
  const takeCode = (next: string): void => {
    direct = undefined;
    code.replace(next);
    const { buildId, taskRoot: root } = factsOf(next);
    line.swapped({ buildId, taskRoot: root });
    calls.holdNext();
  };
  return Object.assign(handler, { [Symbol.for(TAKE_CODE)]: takeCode });
}

interface Calls {
  /** As if there were no debugger. */
  free(event: unknown, context: unknown): Promise<unknown>;
  debugged(event: unknown, context: unknown): Promise<unknown>;
  /** The next debugged one waits until the line is open. */
  holdNext(): void;
  /** Nobody debugs any more. */
  restore(): void;
}

function createCalls(code: DeployedCode, line: WorkerLine): Calls {
  let caller: UncaughtCaller | undefined;
  let held: Promise<void> | undefined;
  return {
    free: async (event, context) => {
      const { requestId, remainingMs } = identify(context);
      line.startedFree(requestId, remainingMs);
      try {
        return await callHandler(await code.load(), event, context);
      } finally {
        line.endedFree(requestId);
      }
    },
    debugged: async (event, context) => {
      const { requestId, remainingMs } = identify(context);
      const armed = line.started(requestId, remainingMs);
      held ??= atMost(Math.min(MAX_GATE_MS, remainingMs * MAX_GATE_SHARE), line.opened);
      await held;
      await armed;
      const startedAt = performance.now();
      let problem: string | undefined;
      try {
        const handler = await code.load();
        if (!line.attached) return await callHandler(handler, event, context);
        caller ??= createUncaughtCaller();
        return await (caller?.call ?? callHandler)(handler, event, context);
      } catch (error) {
        problem = error instanceof Error ? error.message : String(error);
        throw error;
      } finally {
        await line.ended(requestId, performance.now() - startedAt, problem);
      }
    },
    holdNext: () => (held = undefined),
    restore: () => caller?.restore(),
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
  const facts = factsOf(taskRoot);
  return {
    url: url.href,
    secret,
    ...facts,
    functionName: facts.functionName ?? process.env["AWS_LAMBDA_FUNCTION_NAME"] ?? "",
    released: new SharedArrayBuffer(4),
    presence: new SharedArrayBuffer(PRESENCE_BYTES),
    selective,
  };
}

function identify(context: unknown): { requestId: string; remainingMs: number } {
  const { awsRequestId, getRemainingTimeInMillis } = (context ?? {}) as {
    awsRequestId?: unknown;
    getRemainingTimeInMillis?: () => unknown;
  };
  const remaining = typeof getRemainingTimeInMillis === "function" ? getRemainingTimeInMillis.call(context) : undefined;
  return {
    requestId: typeof awsRequestId === "string" ? awsRequestId : crypto.randomUUID(),
    remainingMs: typeof remaining === "number" && remaining >= 0 ? remaining : UNKNOWN_REMAINING_MS,
  };
}
