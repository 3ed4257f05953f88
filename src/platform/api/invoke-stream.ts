/** The answer of InvokeWithResponseStream: the result piece by piece, then how it ended. */
import type { ServerResponse } from "node:http";
import { encodeEvent } from "../http/event-stream.ts";
import type { Outcome, ResponseSink } from "../runtime/invocation.ts";

export interface StreamHead {
  readonly requestId: string;
  readonly executedVersion: string;
}

/** A sink that opens the event stream with its first piece. */
export class EventStreamReply implements ResponseSink {
  readonly #response: ServerResponse;
  readonly #head: StreamHead;

  constructor(response: ServerResponse, head: StreamHead) {
    this.#response = response;
    this.#head = head;
  }

  /** What the result is stays with the result: the stream has a type of its own. */
  start(): void {
    if (this.#response.headersSent || this.#response.destroyed) return;
    this.#response.writeHead(200, [
      "Content-Type",
      "application/vnd.amazon.eventstream",
      "x-amzn-RequestId",
      this.#head.requestId,
      "X-Amz-Executed-Version",
      this.#head.executedVersion,
    ]);
    this.#response.flushHeaders();
  }

  write(chunk: Buffer): boolean {
    if (this.#response.destroyed) return true;
    return this.#response.write(encodeEvent("PayloadChunk", "application/octet-stream", chunk));
  }

  onDrain(resume: () => void): void {
    this.#response.once("drain", resume);
    // A caller that has gone must not stop the function.
    this.#response.once("close", resume);
  }

  /** `log`: base64, if it was asked for. */
  end(outcome: Outcome & { readonly body: Buffer }, log: string | undefined): void {
    this.start();
    const failed = outcome.kind === "failure";
    if (!failed && outcome.body.length > 0) this.write(outcome.body);
    const complete = {
      ...(failed && { ErrorCode: "Unhandled", ErrorDetails: outcome.body.toString() }),
      ...(log !== undefined && { LogResult: log }),
    };
    if (this.#response.destroyed) return;
    this.#response.end(encodeEvent("InvokeComplete", "application/json", Buffer.from(JSON.stringify(complete))));
  }
}
