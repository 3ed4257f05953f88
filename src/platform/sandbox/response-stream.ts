/**
 * Handlers that answer in pieces: `awslambda.streamifyResponse`, as Lambda's Node runtime has it.
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html
 */
import { Writable } from "node:stream";
import { STREAM_CHUNK, STREAM_START } from "../frames.ts";
import { sendBytes, sendText } from "./channel.ts";
import type { Handler } from "./load-handler.ts";

/** Marks a handler; libraries set it themselves. */
const STREAMING = Symbol.for("aws.lambda.runtime.handler.streaming");
const HTTP_RESPONSE = "application/vnd.awslambda.http-integration-response";
/** Between the prelude of an HTTP response and its body. */
const PRELUDE_END = new Uint8Array(8);
/** A piece of output is cut into frames of so many bytes. */
const MAX_CHUNK_BYTES = 1024 * 1024;

export function isStreaming(handler: Handler): boolean {
  return Reflect.get(handler, STREAMING) === "response";
}

/** Before the user's code is loaded. */
export function defineAwsLambda(): void {
  const awslambda = {
    streamifyResponse<T extends object>(handler: T): T {
      Reflect.set(handler, STREAMING, "response");
      return handler;
    },
    HttpResponseStream: {
      from(stream: ResponseStream, prelude: unknown): ResponseStream {
        stream.setContentType(HTTP_RESPONSE);
        stream.beforeFirstWrite = () => {
          sendBytes(STREAM_CHUNK, Buffer.from(JSON.stringify(prelude)));
          sendBytes(STREAM_CHUNK, PRELUDE_END);
        };
        return stream;
      },
    },
  };
  Object.defineProperty(globalThis, "awslambda", { value: awslambda, writable: true, configurable: true });
}

/** What a streaming handler writes to. */
export class ResponseStream extends Writable {
  #contentType = "";
  /** Something was sent: from now on a failure breaks the result off. */
  started = false;
  beforeFirstWrite: (() => void) | undefined;

  setContentType(contentType: string): void {
    this.#contentType = contentType;
  }

  constructor() {
    super({ objectMode: true });
  }

  /** Objects go as JSON. */
  override _write(chunk: unknown, encoding: BufferEncoding, done: () => void): void {
    this.start();
    const bytes = toBytes(chunk, encoding);
    for (let start = 0; start < bytes.length; start += MAX_CHUNK_BYTES) {
      sendBytes(STREAM_CHUNK, bytes.subarray(start, start + MAX_CHUNK_BYTES));
    }
    done();
  }

  /** Also of a result that is empty. */
  start(): void {
    if (this.started) return;
    this.started = true;
    sendText(STREAM_START, this.#contentType);
    this.beforeFirstWrite?.();
  }
}

function toBytes(chunk: unknown, encoding: BufferEncoding): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk;
  return typeof chunk === "string" ? Buffer.from(chunk, encoding) : Buffer.from(JSON.stringify(chunk) ?? "");
}
