/**
 * A conversation: how caller and function talk while an invocation lives, over a channel that the function opens to its
 * caller. docs/live-calls.md explains it.
 *
 * One end runs at a time. A message other than `want` hands the turn over, with everything that the sender has changed.
 */
import type { OutputPiece } from "../invocation-event.ts";
import type { Wire } from "../values/wire.ts";
import type { WireHeap } from "./heap.ts";

/** Where a function finds its caller; part of a FaasifyCall. */
export interface CallerChannel {
  /** Of the loopback interface. */
  readonly port: number;
  /** Good for one connection. */
  readonly token: string;
}

/** What one end can ask of a thing that the other end has. `abort` is for signals, the iterator's methods also for streams. */
export type How = "call" | "construct" | "next" | "return" | "throw" | "abort";

export interface Request {
  readonly how: How;
  /** The function, iterator or stream. */
  readonly target: object;
  readonly self: unknown;
  readonly args: readonly unknown[];
}

export interface Outcome {
  /** False: `value` was thrown. */
  readonly ok: boolean;
  readonly value: unknown;
  /** Only of an iterator's step. */
  readonly done?: boolean;
}

/** A promise of one end is settled. */
export interface Settlement extends Outcome {
  readonly promise: object;
}

/**
 * From the caller: `call` (the function itself, or what it has given out), `reply` to an ask, `drain`: run what waits in
 * your queues, `grant` of a wish, `end`: it is over.
 * From the function: `answer` to a call, `ask`: a call of something of the caller's, `idle`: nothing to do for now, `want`:
 * I have something to say, `refused`: something cannot travel, and it is over.
 */
export type MessageType = "call" | "reply" | "drain" | "grant" | "end" | "answer" | "ask" | "idle" | "want" | "refused";

export interface WireOutcome {
  readonly ok: boolean;
  readonly value: Wire;
  readonly done?: boolean;
}

export interface WireRequest {
  readonly how: How;
  readonly target: Wire;
  readonly self: Wire;
  readonly args: readonly Wire[];
}

export interface Message {
  readonly type: MessageType;
  readonly heap?: WireHeap;
  /** Module variables that hold something else now. */
  readonly state?: Readonly<Record<string, Wire>>;
  readonly settled?: readonly (WireOutcome & { readonly promise: Wire })[];
  readonly request?: WireRequest;
  readonly outcome?: WireOutcome;
  /** What the function has printed since its last message. */
  readonly output?: readonly OutputPiece[];
  /** Environment variables of the caller that are others now. */
  readonly environment?: Readonly<Record<string, string | null>>;
  /** Only of `idle`: the function is in the middle of its queues, and goes on at the next `drain`. */
  readonly held?: true;
  /** Only of `refused`: as in ValueNotPortable. */
  readonly path?: string;
  readonly what?: string;
}

/** The module variables of one end. */
export interface StateSide {
  /** Their values now, by id. */
  read(): Readonly<Record<string, unknown>>;
  write(id: string, value: unknown): void;
}
