/**
 * The half of the debug shim that never pauses: a worker thread which holds the line to the relay and debugs the
 * main thread through the inspector. It logs nothing: a worker's output goes through the main thread.
 */
import { randomUUID } from "node:crypto";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import {
  DEADLINE_MARGIN_MS,
  DEADLINE_MARGIN_SHARE,
  type RelayMessage,
  type ShimMessage,
} from "../../protocol/shim-messages.ts";
import { type Connection, type ConnectionEvents, createConnection } from "./connection.ts";
import type { HelloFacts } from "./handshake.ts";
import { inspectMainThread, type InspectedThread } from "./inspected-thread.ts";
import { createOutbox, type Outbox } from "./outbox.ts";
import { noteAway, noteHeard } from "./presence.ts";
import type { CodeFacts, ToMain, ToWorker, WorkerOptions } from "./thread-messages.ts";
import type { CdpMessage } from "./thread-state.ts";

/** How long the first invocation waits: for anybody to answer, for the handshake, for the breakpoints. */
const ANSWER_MS = 3000;
const HANDSHAKE_MS = 5000;
const READY_MS = 10_000;
/** This many dials in vain, and nobody is waited for. */
const MAX_FAILED_DIALS = 2;
/** How long breakpoints and a pause outlive a broken line: until somebody answers, and then until he has proven who he is. */
const GRACE_MS = 3000;
const GRACE_ANSWERED_MS = 2000;
/** How long an invocation waits for a sign of life after a long silence: twice the way, but at least this. */
const DOUBT_MS = 50;
const DOUBT_SLACK_MS = 20;
/** The same where the line is broken already and must be dialled and proven first. */
const REDIAL_DOUBT_MS = 250;
const MAX_TIMER_MS = 2 ** 31 - 1;
/** For the answer to leave the process, before that is ended. */
const ABORT_MS = 20;

interface Shim {
  readonly port: MessagePort;
  readonly options: WorkerOptions;
  /** What the next invocation runs. */
  code: CodeFacts;
  readonly instance: string;
  readonly outbox: Outbox;
  connection: Connection | undefined;
  /** There from the first welcome on, until the line has been down for the grace time. */
  thread: InspectedThread | undefined;
  epoch: number;
  failedDials: number;
  /** The one that is debugged, if any: of free ones nothing is told. */
  invocation: { readonly requestId: string; readonly deadlineMs: number } | undefined;
  /** An invocation runs that is not debugged. */
  freeRequest: string | undefined;
  /** Waits for a sign of life; told whether there was one. */
  doubt: ((alive: boolean) => void) | undefined;
  doubtTimer: NodeJS.Timeout | undefined;
  away: boolean;
  /** The invocation that the latest `hello` told of: one may start between it and the `welcome`. */
  toldRequest: string | undefined;
  gateTimer: NodeJS.Timeout | undefined;
  graceTimer: NodeJS.Timeout | undefined;
  /** By the process's own clock; undefined while the line is up, and once the debugger was given up. */
  lostAtMs: number | undefined;
  deadlineTimer: NodeJS.Timeout | undefined;
}

function run(port: MessagePort, options: WorkerOptions): void {
  const shim: Shim = {
    port,
    options,
    code: options,
    instance: randomUUID(),
    outbox: createOutbox(),
    connection: undefined,
    thread: undefined,
    epoch: 0,
    failedDials: 0,
    invocation: undefined,
    freeRequest: undefined,
    doubt: undefined,
    doubtTimer: undefined,
    away: false,
    toldRequest: undefined,
    gateTimer: undefined,
    graceTimer: undefined,
    lostAtMs: undefined,
    deadlineTimer: undefined,
  };
  openGateIn(shim, ANSWER_MS);
  shim.connection = createConnection(new URL(options.url), options.secret, connectionEvents(shim));
  port.on("message", (message: ToWorker) => {
    if (message.type === "started") onStarted(shim, message);
    else if (message.type === "ended") onEnded(shim, message);
    else if (message.type === "condition-failed") send(shim, message);
    else if (message.type === "swapped") onSwapped(shim, message);
    else onExit(shim);
  });
}

function connectionEvents(shim: Shim): ConnectionEvents {
  return {
    describe: () => describe(shim),
    connected: () => {
      openGateIn(shim, HANDSHAKE_MS);
      if (shim.lostAtMs !== undefined)
        abandonIn(shim, shim.lostAtMs + GRACE_MS + GRACE_ANSWERED_MS - performance.now());
    },
    verified: () => onVerified(shim),
    heard: () => onHeard(shim),
    message: (message) => onRelayMessage(shim, message),
    silent: () => setAway(shim, true),
    lost: () => {
      shim.lostAtMs = performance.now();
      abandonIn(shim, GRACE_MS);
      if (shim.doubt) doubtFor(shim);
    },
    unanswered: (nobody) => {
      if (shim.lostAtMs !== undefined) abandonIn(shim, shim.lostAtMs + GRACE_MS - performance.now());
      shim.failedDials += 1;
      if (nobody || shim.failedDials === MAX_FAILED_DIALS) openGateIn(shim, 0);
    },
    ended: () => stop(shim),
  };
}

function describe(shim: Shim): HelloFacts {
  const { options, code, instance, thread, epoch, invocation } = shim;
  shim.toldRequest = invocation?.requestId;
  const { functionName } = options;
  const { buildId, taskRoot } = code;
  const facts: HelloFacts = {
    instance,
    functionName,
    buildId,
    runtime: `nodejs${process.versions.node}`,
    taskRoot,
    epoch: thread ? epoch : epoch + 1,
    paused: thread?.paused ?? false,
  };
  if (!invocation) return facts;
  const remainingMs = Math.max(0, invocation.deadlineMs - performance.now());
  return { ...facts, invocation: { requestId: invocation.requestId, remainingMs } };
}

function onVerified(shim: Shim): void {
  clearTimeout(shim.graceTimer);
  shim.lostAtMs = undefined;
  openGateIn(shim, READY_MS);
  if (!shim.thread) {
    shim.epoch += 1;
    const emit = (message: CdpMessage): void => sendCdp(shim, message);
    shim.thread = inspectMainThread(shim.code.taskRoot, emit, (requestId) => abort(shim, requestId));
    enterStretch(shim, () => {});
  }
  for (const message of shim.outbox.take(shim.toldRequest)) send(shim, message);
  if (shim.thread.pausedMessage) sendCdp(shim, shim.thread.pausedMessage);
}

function onRelayMessage(shim: Shim, message: RelayMessage): void {
  if (message.type === "cdp") shim.thread?.serve(message.payloads);
  if (message.type === "detach") shim.connection?.close();
  if (message.type === "unwanted") shim.thread?.forget(message.ids);
  if (message.type === "stop-budget") tell(shim, message);
  if (message.type !== "ready") return;
  clearTimeout(shim.gateTimer);
  tell(shim, { type: "attached" });
}

/** The next invocation waits, as the first one did, until the breakpoints are in the new code; for nobody, if nobody is there. */
function onSwapped(shim: Shim, { buildId, taskRoot }: CodeFacts): void {
  shim.code = { buildId, taskRoot };
  shim.thread?.adopt(taskRoot);
  // While the line is down the next `hello` tells it.
  const isTold = shim.connection?.send({ type: "code-swapped", buildId, taskRoot }) === true;
  openGateIn(shim, isTold && !shim.away ? READY_MS : 0);
}

/** A worker that got no time to run finds its timer due together with the peer's answer: the answer goes first. */
function abandonIn(shim: Shim, ms: number): void {
  clearTimeout(shim.graceTimer);
  const unlessBack = (): void => {
    if (shim.lostAtMs !== undefined) onAbandoned(shim);
  };
  shim.graceTimer = setTimeout(() => setImmediate(unlessBack), Math.max(0, ms));
}

/** Nobody came back in time: the function goes on alone, and a debugger that comes later starts afresh. */
function onAbandoned(shim: Shim): void {
  autoResume(shim, "disconnected");
  release(shim);
  shim.lostAtMs = undefined;
  shim.outbox.forgetCdp();
}

function onStarted(shim: Shim, message: Extract<ToWorker, { type: "started" }>): void {
  const { requestId, remainingMs, free, unsure } = message;
  shim.connection?.probe();
  if (free) {
    shim.freeRequest = requestId;
    enterStretch(shim, () => {});
    return;
  }
  shim.invocation = { requestId, deadlineMs: performance.now() + remainingMs };
  const begin = (): void => {
    enterStretch(shim, () => tell(shim, { type: "armed", requestId }));
    if (!shim.invocation) return;
    send(shim, { type: "invocation-started", requestId, remainingMs });
    const marginMs = Math.min(DEADLINE_MARGIN_MS, remainingMs * DEADLINE_MARGIN_SHARE);
    clearTimeout(shim.deadlineTimer);
    const limitMs = Math.min(remainingMs - marginMs, MAX_TIMER_MS);
    shim.deadlineTimer = setTimeout(() => void onDeadline(shim, requestId), limitMs);
  };
  if (!unsure || !shim.thread) return begin();
  // After a thaw the end of the line may be among what waits to be read.
  setImmediate(whenSure, shim, begin);
}

/** Nobody is there: the invocation is not debugged, and the next ones do not even ask until somebody is heard. */
function whenSure(shim: Shim, begin: () => void): void {
  doubtFor(shim);
  shim.doubt = (alive) => {
    clearTimeout(shim.doubtTimer);
    shim.doubt = undefined;
    if (!alive) {
      setAway(shim, true);
      shim.freeRequest = shim.invocation?.requestId;
      shim.invocation = undefined;
    }
    begin();
  };
}

function doubtFor(shim: Shim): void {
  const rttMs = shim.connection?.rttMs ?? 0;
  const limitMs = shim.connection?.verified
    ? Math.max(DOUBT_MS, 2 * rttMs + DOUBT_SLACK_MS)
    : Math.max(REDIAL_DOUBT_MS, 6 * rttMs + DOUBT_MS);
  clearTimeout(shim.doubtTimer);
  shim.doubtTimer = setTimeout(() => shim.doubt?.(false), limitMs);
}

function onHeard(shim: Shim): void {
  noteHeard(shim.options.presence);
  if (shim.away) setAway(shim, false);
  shim.doubt?.(true);
}

function setAway(shim: Shim, away: boolean): void {
  shim.away = away;
  noteAway(shim.options.presence, away);
  enterStretch(shim, () => {});
}

/** The pauses are back before the end is reported: the next invocation must not run past a breakpoint. */
function onEnded(shim: Shim, message: Extract<ToWorker, { type: "ended" }>): void {
  const { requestId } = message;
  const isFree = shim.freeRequest === requestId;
  if (isFree) shim.freeRequest = undefined;
  if (shim.invocation?.requestId === requestId) {
    shim.invocation = undefined;
    clearTimeout(shim.deadlineTimer);
  }
  const flushed = (): void => tell(shim, { type: "flushed", requestId });
  enterStretch(shim, () => {
    if (isFree) flushed();
    else send(shim, { ...message, type: "invocation-ended" }, flushed);
  });
}

/** Between chosen invocations nothing stops: a free one is not even held for as long as it takes to switch. */
function enterStretch({ thread, options, invocation, freeRequest, away }: Shim, done: () => void): void {
  if (!thread) return done();
  const free = away || freeRequest !== undefined || (options.selective && !invocation);
  thread.enter(free ? "free" : "debugged", done);
}

function onExit(shim: Shim): void {
  release(shim);
  const released = new Int32Array(shim.options.released);
  Atomics.store(released, 0, 1);
  Atomics.notify(released, 0);
}

async function onDeadline(shim: Shim, requestId: string): Promise<void> {
  const snapshot = shim.thread?.paused ? await shim.thread.snapshot() : undefined;
  // Fetching it took a moment.
  if (shim.invocation?.requestId === requestId) autoResume(shim, "deadline", snapshot);
}

/** The user is told before the function goes on. */
function autoResume(shim: Shim, reason: "deadline" | "disconnected", snapshot?: CdpMessage["prefetched"]): void {
  if (shim.thread?.paused) send(shim, { type: "auto-resumed", reason, ...(snapshot && { snapshot }) });
  shim.thread?.resume(reason === "deadline");
}

/** Nothing else ends code that is paused, busy or waiting: the platform then answers for it, as for any sandbox that died. */
function abort({ invocation }: Shim, requestId: string): boolean {
  if (invocation?.requestId !== requestId) return false;
  setTimeout(() => process.kill(process.pid, "SIGKILL"), ABORT_MS);
  return true;
}

function release(shim: Shim): void {
  clearTimeout(shim.graceTimer);
  shim.thread?.release();
  shim.thread = undefined;
}

/** For good: the function is left as it would be without us. */
function stop(shim: Shim): void {
  clearTimeout(shim.gateTimer);
  clearTimeout(shim.deadlineTimer);
  release(shim);
  tell(shim, { type: "run-free", final: true });
  shim.port.close();
}

function openGateIn(shim: Shim, ms: number): void {
  clearTimeout(shim.gateTimer);
  shim.gateTimer = setTimeout(() => tell(shim, { type: "run-free", final: false }), ms);
}

function tell({ port }: Shim, message: ToMain): void {
  port.postMessage(message, []);
}

function sendCdp(shim: Shim, message: CdpMessage): void {
  const { connection, outbox } = shim;
  if (connection?.verified && outbox.isFlood(message, connection.backlogBytes)) return;
  if (send(shim, message) || !connection?.verified || !("id" in message.payload)) return;
  const error = { code: -32_000, message: "The answer is larger than the debug protocol allows" };
  send(shim, { type: "cdp", payload: { id: message.payload["id"], error } });
}

/** False if it was not sent: kept for later while the line is down, dropped if it is too large. */
function send({ connection, outbox }: Shim, message: ShimMessage, flushed?: () => void): boolean {
  if (connection?.send(message, flushed)) return true;
  if (!connection?.verified) outbox.keep(message);
  flushed?.();
  return false;
}

if (parentPort) run(parentPort, workerData as WorkerOptions);
