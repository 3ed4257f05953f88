// oxlint-disable unicorn/require-post-message-target-origin -- these ports are no windows
/**
 * The function's end of the channel to its caller. A worker holds the connection, so that the main thread can sleep until
 * the caller has answered, and hears of it when the caller is gone.
 */
import type { MessagePort, Worker } from "node:worker_threads";
import type { CallerChannel, Message } from "../../../protocol/live/contract.ts";
import { connectionSource } from "./caller-connection.ts";

export interface CallerLine {
  send(message: Message): void;
  /** Sleeps until a message is there. Undefined: the caller is gone. */
  receive(): Message | undefined;
  /** From now on messages come by the event loop, and keep the process alive; undefined stands for a caller that is gone. */
  listen(onMessage: (message: Message | undefined) => void): void;
  close(): void;
}

/** What the worker tells: of which connection, and a message of the caller's as text, or what became of the connection. */
type Told = readonly [connection: number, what: string | Note];

interface Note {
  readonly isOpen: boolean;
  readonly problem?: string;
}

/** How often a sleeping thread looks whether its worker still lives. */
const LOOK_MS = 1000;
/** A caller on the same machine answers at once, or is gone. */
const CONNECT_MS = 10_000;

interface Kept {
  readonly port: MessagePort;
  /** Counts what was told to the main thread; the second one: the worker has ended. */
  readonly flags: Int32Array;
  readonly worker: Worker;
}

/** One per sandbox: the next invocation finds it running. */
let kept: Kept | undefined;
let connections = 0;

/** @throws Error `CallerUnreachable` */
export function connectToCaller({ port: number, token }: CallerChannel): CallerLine {
  const { port, flags } = (kept ??= startWorker());
  const { receiveMessageOnPort } = process.getBuiltinModule("node:worker_threads");
  const connection = ++connections;
  const take = (limitMs: number): string | Note => {
    const end = performance.now() + limitMs;
    for (;;) {
      const seen = Atomics.load(flags, 0);
      const received: { readonly message: Told } | undefined = receiveMessageOnPort(port);
      if (received?.message[0] === connection) return received.message[1];
      if (received) continue;
      if (Atomics.load(flags, 1) !== 0 || performance.now() > end) return { isOpen: false, problem: "no answer" };
      Atomics.wait(flags, 0, seen, LOOK_MS);
    }
  };
  port.postMessage({ connection, number, token });
  const first = take(CONNECT_MS);
  if (typeof first === "string" || !first.isOpen)
    throw unreachable(typeof first === "string" ? undefined : first.problem);
  const read = (told: string | Note): Message | undefined =>
    typeof told === "string" ? (JSON.parse(told) as Message) : undefined;
  return {
    send: (message) => port.postMessage(JSON.stringify(message)),
    receive: () => read(take(Infinity)),
    listen: (onMessage) => {
      port.on("message", ([of, told]: Told) => {
        if (of === connection) onMessage(read(told));
      });
    },
    close: () => {
      port.removeAllListeners("message");
      port.postMessage(null);
      port.unref();
    },
  };
}

function startWorker(): Kept {
  const { MessageChannel, Worker } = process.getBuiltinModule("node:worker_threads");
  const { port1, port2 } = new MessageChannel();
  const signal = new SharedArrayBuffer(8);
  const worker = new Worker(connectionSource, {
    eval: true,
    workerData: { port: port2, signal },
    transferList: [port2],
    // What the function's own process was started with is not for it.
    execArgv: [],
    env: {},
  });
  worker.unref();
  port1.unref();
  return { port: port1, flags: new Int32Array(signal), worker };
}

function unreachable(problem = "it hung up"): Error {
  const error = new Error(`the function's caller cannot be reached (${problem})`);
  Object.defineProperty(error, "name", { value: "CallerUnreachable", configurable: true });
  return error;
}
