// oxlint-disable unicorn/require-post-message-target-origin -- these ports are no windows
/** The program's thread ↔ its worker, which speaks with the platform. */
import path from "node:path";
import { MessageChannel, receiveMessageOnPort, Worker, type MessagePort } from "node:worker_threads";
import { FaasifyError } from "../core/errors.ts";
import {
  SIGNAL,
  type CallReply,
  type CallRequest,
  type LineNote,
  type LineOrder,
  type LiveRequest,
  type WorkerStart,
} from "./messages.ts";

export interface WorkerLink {
  /** Sleeps until the answer is there. */
  callBlocking(request: Omit<CallRequest, "id">): CallReply;
  /** The event loop turns on; the program does not end before the answer is there. */
  start(request: Omit<CallRequest, "id">): Promise<CallReply>;
  /** Begins a call that is a conversation. */
  converse(request: Omit<CallRequest, "id">): Line;
}

/** To a function that runs. */
export interface Line {
  send(order: LineOrder): void;
  /** Sleeps until the function, or the worker about it, has said something. */
  receive(): LineNote;
  /** What comes while nobody sleeps. */
  listen(onNote: (note: LineNote) => void): void;
  /** Whether the program stays alive for what may come. */
  keepAlive(isNeeded: boolean): void;
  close(): void;
}

/** How often a sleeping thread looks whether its worker still lives. */
const LOOK_MS = 1000;

/** @param folder - absolute path of `.faasify/` */
export function createWorkerLink(folder: string): WorkerLink {
  const blocking = new MessageChannel();
  const waiting = new MessageChannel();
  const live = new MessageChannel();
  const signal = new SharedArrayBuffer(8);
  const flags = new Int32Array(signal);
  const workerData: WorkerStart = {
    folder,
    blocking: blocking.port2,
    waiting: waiting.port2,
    live: live.port2,
    signal,
  };
  const worker = new Worker(path.join(folder, "stub-worker.cjs"), {
    workerData,
    transferList: [blocking.port2, waiting.port2, live.port2],
    // Loaders and debuggers of the program are not for it.
    execArgv: [],
  });
  worker.unref();
  worker.on("error", () => undefined);
  let lastId = 0;
  const pending = startPending(waiting.port1);
  return {
    callBlocking: (request) => {
      const id = ++lastId;
      blocking.port1.postMessage({ ...request, id });
      for (;;) {
        const reply = sleepUntilTold(blocking.port1, flags) as CallReply;
        if (reply.id === id) return reply;
      }
    },
    start: (request) => {
      const id = ++lastId;
      waiting.port1.postMessage({ ...request, id });
      return pending.add(id);
    },
    converse: (request) => {
      const { port1, port2 } = new MessageChannel();
      const liveRequest: LiveRequest = { ...request, line: port2 };
      live.port1.postMessage(liveRequest, [port2]);
      return lineBy(port1, flags);
    },
  };
}

function lineBy(port: MessagePort, flags: Int32Array): Line {
  return {
    send: (order) => port.postMessage(order),
    receive: () => sleepUntilTold(port, flags) as LineNote,
    listen: (onNote) => {
      port.on("message", onNote);
      port.unref();
    },
    keepAlive: (isNeeded) => {
      if (isNeeded) port.ref();
      else port.unref();
    },
    close: () => port.close(),
  };
}

function sleepUntilTold(port: MessagePort, flags: Int32Array): unknown {
  for (;;) {
    const seen = Atomics.load(flags, SIGNAL.answered);
    const received: { readonly message: unknown } | undefined = receiveMessageOnPort(port);
    if (received) return received.message;
    if (Atomics.load(flags, SIGNAL.ended) !== 0) throw workerLost();
    Atomics.wait(flags, SIGNAL.answered, seen, LOOK_MS);
  }
}

/** Calls that are under way keep the program alive, as what the function waits for would have. */
function startPending(port: MessagePort): { add(this: void, id: number): Promise<CallReply> } {
  const resolvers = new Map<number, (reply: CallReply) => void>();
  port.on("message", (reply: CallReply) => {
    resolvers.get(reply.id)?.(reply);
    resolvers.delete(reply.id);
    if (resolvers.size === 0) port.unref();
  });
  port.unref();
  return {
    add: (id) => {
      port.ref();
      return new Promise((resolve) => resolvers.set(id, resolve));
    },
  };
}

function workerLost(): FaasifyError {
  return new FaasifyError("invocation-failed", "The thread that speaks with the platform has ended", {
    remedy: "Run the program again; the function may have run",
  });
}
