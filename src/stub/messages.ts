/** What the main thread of a decomposed program and its worker tell each other. Both are made of the same sources. */
import type { SerializedError } from "../core/errors.ts";
import type { FaasifyCall } from "../protocol/invocation-event.ts";

export interface CallRequest {
  readonly id: number;
  /** Into `functions` of the manifest. */
  readonly key: string;
  readonly call: FaasifyCall;
}

export interface CallReply {
  readonly id: number;
  /** A FaasifyAnswer, unread. */
  readonly answer?: unknown;
  /** Instead of it: the function could not be called, or not to its end. */
  readonly failure?: SerializedError;
  /** The target could not be reached, and nothing was sent: see fallback.ts. */
  readonly unreached?: true;
}

/** A call that is a conversation: the program's thread and the function talk by `line`, whose texts the worker hands on. */
export interface LiveRequest extends Omit<CallRequest, "id"> {
  readonly line: import("node:worker_threads").MessagePort;
}

/** What comes by the line of a live call: texts are the function's messages. */
export type LineNote = string | LineEnd;

export interface LineEnd extends Pick<CallReply, "unreached"> {
  readonly ended: SerializedError | undefined;
}

/** What the program's thread sends by it: texts are messages to the function; `end`: the last one has been sent. */
export type LineOrder = string | { readonly end: string };

/** What a worker gets at its start. */
export interface WorkerStart {
  /** Absolute path of `.faasify/`. */
  readonly folder: string;
  /** Calls for which the main thread blocks, one after the other. */
  readonly blocking: import("node:worker_threads").MessagePort;
  /** Calls for which it goes on. */
  readonly waiting: import("node:worker_threads").MessagePort;
  /** Live calls begin here. */
  readonly live: import("node:worker_threads").MessagePort;
  /** Two 32-bit numbers: see {@link SIGNAL}. */
  readonly signal: SharedArrayBuffer;
}

/** Indices into the signal: how often the main thread was told something that it may sleep for, and whether the worker has ended. */
export const SIGNAL = { answered: 0, ended: 1 } as const;
