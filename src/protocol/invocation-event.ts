/**
 * The calling convention of a unit's handler (DESIGN §6). The handler and every caller import this file.
 *
 * A FaaSify call is recognised by `faasify: 1`. Anything else is an event of a trigger, of `curl` or of the
 * console: the plain result is returned.
 */
import type { CallerChannel } from "./live/contract.ts";
import type { Encoded } from "./values/contract.ts";

export interface FaasifyCall {
  readonly faasify: 1;
  /** Positional arguments: an array of plain JSON, or a graph that holds arguments, `this` and state together. */
  readonly args: Encoded;
  /**
   * The caller is a stub, which replays side effects: it gets thrown values as a value, identities, changes of what it
   * sent, and output. Without it an error ends the invocation as the platform's own errors do.
   */
  readonly effects?: true;
  /** The caller's environment variables that the function reads, by name; `null` is not set. */
  readonly environment?: Readonly<Record<string, string | null>>;
  /** Where the caller listens: the call is a conversation, and its result is told there (live/contract.ts). */
  readonly channel?: CallerChannel;
}

export interface FaasifyAnswer {
  readonly faasify: 1;
  /** Absent when the function returned `undefined` and changed nothing. */
  readonly result?: Encoded;
  /** Instead of `result`: what was thrown. */
  readonly error?: Encoded;
  /** What was thrown is one of the language's own errors, whose message this version of Node may have made. */
  readonly engine?: string;
  /** The function returned a promise, and this is its outcome. */
  readonly promise?: true;
  /** Oldest first; only for a stub. */
  readonly output?: readonly OutputPiece[];
}

/**
 * `log` and `error` come from `console`, a whole message each with its line end; `stdout` and `stderr` were written raw.
 * `call` is a method of `console` that remembers something: the caller's own console is to do it, with these texts.
 */
export type OutputPiece =
  | readonly [stream: "log" | "error" | "stdout" | "stderr", text: string]
  | readonly [stream: "call", method: StatefulMethod, ...texts: string[]];

export const statefulMethods = [
  "count",
  "countReset",
  "group",
  "groupCollapsed",
  "groupEnd",
  "time",
  "timeEnd",
  "timeLog",
] as const;

export type StatefulMethod = (typeof statefulMethods)[number];

export function isFaasifyCall(event: unknown): event is FaasifyCall {
  return typeof event === "object" && event !== null && "faasify" in event && event.faasify === 1 && "args" in event;
}
