/** The main thread's line to the shim's worker: what it reports, and what it waits for. */
import path from "node:path";
import type { Worker } from "node:worker_threads";
import { atMost } from "./at-most.ts";
import { readPresence, STALE_MS } from "./presence.ts";
import type { CodeFacts, ToMain, ToWorker, WorkerOptions } from "./thread-messages.ts";

export interface WorkerLine {
  readonly attached: boolean;
  /** Nobody will debug this sandbox any more. */
  readonly free: boolean;
  /** The debugger's author is away: breakpoints would stop nobody's invocation. */
  readonly away: boolean;
  /** Resolves when the debugger is ready for the code that there is now, or when nobody is to be waited for. */
  readonly opened: Promise<void>;
  /** Other code runs from the next invocation on; its breakpoints must be set first. */
  swapped(code: CodeFacts): void;
  /** Resolves when breakpoints stop this invocation, if they shall; at once where they do already. */
  started(requestId: string, remainingMs: number): Promise<void>;
  startedFree(requestId: string, remainingMs: number): void;
  /** Resolves when the end was reported, or has taken too long. */
  ended(requestId: string, durationMs: number, error: string | undefined): Promise<void>;
  endedFree(requestId: string): void;
  conditionFailed(message: string): void;
}

export interface LineEvents {
  readonly onFree: () => void;
  readonly onBudget: (remaining: number) => void;
}

/** How long an answer waits for the report of its end to leave the process. */
const MAX_FLUSH_MS = 500;
/** How long a process that exits waits for the inspector to be let go; otherwise Node complains in the log. */
const MAX_RELEASE_MS = 200;
/** How long an invocation waits until breakpoints are switched on for it; the worker answers in time. */
const MAX_ARM_MS = 5000;

/** Starts the worker. @throws Error if that cannot be */
export function openWorkerLine(options: WorkerOptions, events: LineEvents): WorkerLine {
  const link = linkTo(startWorker(options), options, events);
  const { flushes, armings, tell } = link;
  /** The last invocation ran free: breakpoints may still be off. */
  let wasFree = options.selective;
  return {
    get attached() {
      return link.attached;
    },
    get free() {
      return link.free;
    },
    get away() {
      return link.attached && readPresence(options.presence).away;
    },
    get opened() {
      return link.opened.promise;
    },
    swapped: (code) => {
      if (link.attached) link.opened = Promise.withResolvers();
      tell({ type: "swapped", ...code });
    },
    started: (requestId, remainingMs) => {
      const unsure = link.attached && readPresence(options.presence).heardMsAgo > STALE_MS;
      const armed = unsure || wasFree ? armings.wait(requestId) : undefined;
      wasFree = options.selective;
      tell({ type: "started", requestId, remainingMs, free: false, unsure });
      return armed && link.attached ? atMost(MAX_ARM_MS, armed) : Promise.resolve();
    },
    startedFree: (requestId, remainingMs) => {
      wasFree = true;
      tell({ type: "started", requestId, remainingMs, free: true, unsure: false });
    },
    ended: async (requestId, durationMs, error) => {
      armings.settle(requestId);
      tell({ type: "ended", requestId, durationMs, ...(error !== undefined && { error }) });
      if (link.attached) await atMost(MAX_FLUSH_MS, flushes.wait(requestId));
      flushes.settle(requestId);
    },
    endedFree: (requestId) => tell({ type: "ended", requestId, durationMs: 0 }),
    conditionFailed: (message) => tell({ type: "condition-failed", message }),
  };
}

interface Link {
  opened: PromiseWithResolvers<void>;
  attached: boolean;
  free: boolean;
  readonly flushes: Waiters;
  readonly armings: Waiters;
  readonly tell: (message: ToWorker) => void;
}

function linkTo(worker: Worker, { released }: WorkerOptions, { onFree, onBudget }: LineEvents): Link {
  const link: Link = {
    attached: false,
    free: false,
    opened: Promise.withResolvers(),
    flushes: createWaiters(),
    armings: createWaiters(),
    tell: (message) => worker.postMessage(message, []),
  };
  const runFree = (): void => {
    if (link.free) return;
    link.free = true;
    link.attached = false;
    process.off("exit", release);
    onFree();
    link.opened.resolve();
    link.flushes.settleAll();
    link.armings.settleAll();
  };
  const release = (): void => {
    if (!link.attached) return;
    link.tell({ type: "exit" });
    Atomics.wait(new Int32Array(released), 0, 0, MAX_RELEASE_MS);
  };
  worker.unref();
  worker.on("error", runFree);
  worker.on("exit", runFree);
  worker.on("message", (message: ToMain) => {
    if (message.type === "flushed") return link.flushes.settle(message.requestId);
    if (message.type === "armed") return link.armings.settle(message.requestId);
    if (message.type === "stop-budget") return onBudget(message.remaining);
    if (message.type === "attached") link.attached = !link.free;
    else if (message.final) runFree();
    link.opened.resolve();
  });
  process.once("exit", release);
  return link;
}

function startWorker(options: WorkerOptions): Worker {
  // Loaded only here: it would be most of what the shim costs a function that is not debugged.
  const { Worker: Thread } = process.getBuiltinModule("node:worker_threads");
  return new Thread(path.join(__dirname, "faasify-shim-worker.cjs"), {
    workerData: options,
    name: "faasify-debug",
    // Neither the function's environment nor its command line concern the worker, and what it prints would be the function's.
    env: {},
    execArgv: [],
    stdout: true,
    stderr: true,
  });
}

interface Waiters {
  wait(key: string): Promise<void>;
  settle(key: string): void;
  settleAll(): void;
}

function createWaiters(): Waiters {
  const waiting = new Map<string, PromiseWithResolvers<void>>();
  const settle = (key: string): void => {
    waiting.get(key)?.resolve();
    waiting.delete(key);
  };
  return {
    wait: (key) => {
      const waiter = Promise.withResolvers<void>();
      waiting.set(key, waiter);
      return waiter.promise;
    },
    settle,
    settleAll: () => Array.from(waiting.keys()).forEach(settle),
  };
}
