/** What one invocation is to the platform, from the request to its answer. */
import type { InvokeExtras } from "../frames.ts";

export type Outcome =
  /** The function's result as JSON. */
  | { readonly kind: "result"; readonly body: Buffer }
  /** The function failed; Lambda's error object as JSON. */
  | { readonly kind: "failure"; readonly body: Buffer }
  /** No sandbox could be started, for want of something that the platform needs: the function never saw it. */
  | { readonly kind: "unavailable"; readonly message: string }
  /** Somebody has deleted its code from the platform's folder: to be answered as if it had never been deployed. */
  | { readonly kind: "code-gone" }
  /** The payload was not JSON: the function never saw it. */
  | { readonly kind: "bad-payload"; readonly message: string };

/** Takes a result piece by piece, while the function is still running. */
export interface ResponseSink {
  /** Before the first piece. */
  start(contentType: string): void;
  /** False: it would rather not have more until it calls what it was given by `onDrain`. */
  write(chunk: Buffer): boolean;
  onDrain(resume: () => void): void;
}

export interface Invocation {
  readonly requestId: string;
  readonly payload: Buffer;
  readonly extras: InvokeExtras | undefined;
  /** Collects the log of this invocation for `X-Amz-Log-Result`; undefined if nobody asked for it. */
  tail: string | undefined;
  /** When it began to wait for a sandbox, on the clock of `performance.now()`; 0 if it did not. */
  waitingSince: number;
  /** Undefined: the result is wanted whole. */
  readonly sink?: ResponseSink;
  /** Called once; the body of a result that went to the sink is empty. */
  finish(outcome: Outcome): void;
}

export function failure(errorType: string, errorMessage: string): Outcome {
  return { kind: "failure", body: Buffer.from(JSON.stringify({ errorType, errorMessage })) };
}

export class CodeGone extends Error {
  override readonly name = "CodeGone";
}

/** What an invocation gets for which a sandbox could not even be tried. */
export function notStarted(error: unknown): Outcome {
  return error instanceof CodeGone ? { kind: "code-gone" } : unavailable(String(error));
}

/** `problem`: why no sandbox could be started. */
export function unavailable(problem: string): Outcome {
  return { kind: "unavailable", message: `No sandbox could be started: ${problem}` };
}

/** Lambda sends the last so many bytes of an invocation's log along. */
export const TAIL_BYTES = 4096;
/** Far above {@link TAIL_BYTES}, so that cutting is rare. */
const MAX_TAIL_CHARS = 64 * 1024;

/** Keeps at least the last {@link TAIL_BYTES}: a function may print more than fits into the memory. */
export function appendToTail(tail: string, text: string): string {
  const both = tail + text.slice(-TAIL_BYTES);
  return both.length > MAX_TAIL_CHARS ? both.slice(-TAIL_BYTES) : both;
}

/** START, END and REPORT as Lambda prints them. */
export const startLine = (requestId: string, version: string): string =>
  `START RequestId: ${requestId} Version: ${version}\n`;

export interface Report {
  readonly requestId: string;
  readonly durationMs: number;
  readonly memoryMb: number;
  readonly maxMemoryMb: number;
  /** Only of a cold start. */
  readonly initMs: number | undefined;
  /** `timeout` or `error\tError Type: …` */
  readonly status: string | undefined;
}

export function endLines({ requestId, durationMs, memoryMb, maxMemoryMb, initMs, status }: Report): string {
  const init = initMs === undefined ? "" : `Init Duration: ${initMs.toFixed(2)} ms\t`;
  const ending = status === undefined ? "" : `Status: ${status}\t`;
  return (
    `END RequestId: ${requestId}\n` +
    `REPORT RequestId: ${requestId}\tDuration: ${durationMs.toFixed(2)} ms\tBilled Duration: ${Math.max(1, Math.ceil(durationMs))} ms\t` +
    `Memory Size: ${memoryMb} MB\tMax Memory Used: ${maxMemoryMb} MB\t${init}${ending}\n`
  );
}
