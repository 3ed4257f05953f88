/**
 * Lambda's Runtime API, by which a runtime of any language fetches its invocations:
 * https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html. Every sandbox has a port of its own.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import {
  BAD_PAYLOAD,
  FAILURE,
  INIT_FAILED,
  INITIALISED,
  RESULT,
  STREAM_CHUNK,
  STREAM_END,
  STREAM_START,
  type FrameHandler,
  type Invoke,
} from "../frames.ts";
import { isOwnPeer } from "./own-peer.ts";

const BASE = "/2018-06-01/runtime/";
const ANSWER = /^POST invocation\/([^/]+)\/(response|error)$/;
/** Lambda's limit on a result, with room to tell that it is too large. */
const MAX_BODY_BYTES = 8 * 1024 * 1024;
const nothing = Buffer.alloc(0);
const emptyObject = Buffer.from(JSON.stringify({}));

export class RuntimeApi {
  readonly #server: Server;
  readonly #onFrame: FrameHandler;
  readonly #functionArn: string;
  /** A runtime that waits for its next invocation. */
  #idle: ServerResponse | undefined;
  #initialised = false;
  /** What was handed out and is not answered yet. */
  #running: string | undefined;
  #waiting: Invoke | undefined;

  /** `onFrame` gets what a sandbox of our own would have sent. */
  constructor(functionArn: string, onFrame: FrameHandler) {
    this.#functionArn = functionArn;
    this.#onFrame = onFrame;
    this.#server = createServer({ requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 0 }, (request, response) => {
      this.#handle(request, response);
    });
    this.#server.on("connection", (socket) => {
      if (!isOwnPeer(socket)) socket.destroy();
    });
  }

  /** The value of AWS_LAMBDA_RUNTIME_API. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(0, "127.0.0.1", () => resolve());
    });
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  invoke(invocation: Invoke): void {
    const problem = jsonProblem(invocation.payload);
    if (problem !== undefined) {
      this.#onFrame(BAD_PAYLOAD, Buffer.from(problem));
      return;
    }
    this.#waiting = invocation;
    this.#handOut();
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    const { method, url = "" } = request;
    const path = url.startsWith(BASE) ? url.slice(BASE.length) : "";
    const wanted = `${method} ${path}`;
    if (wanted === "GET invocation/next") this.#next(response);
    else if (wanted === "POST init/error") this.#initError(request, response);
    else this.#answer(wanted, request, response);
  }

  #answer(wanted: string, request: IncomingMessage, response: ServerResponse): void {
    const [, id, end] = ANSWER.exec(wanted) ?? [];
    if (id === undefined) refuse(response, 404, "NotFound", "No such resource");
    else if (id !== this.#running) refuse(response, 400, "InvalidRequestID", "Invalid request ID");
    else if (end === "error") this.#error(request, response);
    else this.#result(request, response);
  }

  #next(response: ServerResponse): void {
    this.#idle = response;
    response.once("close", () => {
      if (this.#idle === response) this.#idle = undefined;
    });
    if (!this.#initialised) {
      this.#initialised = true;
      this.#onFrame(INITIALISED, nothing);
    }
    this.#handOut();
  }

  #handOut(): void {
    const [idle, invocation] = [this.#idle, this.#waiting];
    if (!idle || !invocation) return;
    this.#idle = undefined;
    this.#waiting = undefined;
    const { requestId, deadlineMs, extras, payload } = invocation;
    this.#running = requestId;
    const body = payload.length === 0 ? emptyObject : payload;
    idle.writeHead(200, {
      "Content-Type": "application/json",
      "Content-Length": body.length,
      "Lambda-Runtime-Aws-Request-Id": requestId,
      "Lambda-Runtime-Deadline-Ms": String(Math.round(deadlineMs)),
      "Lambda-Runtime-Invoked-Function-Arn": extras?.invokedFunctionArn ?? this.#functionArn,
      "Lambda-Runtime-Trace-Id": traceId(requestId),
      ...(extras?.clientContext !== undefined && { "Lambda-Runtime-Client-Context": extras.clientContext }),
    });
    idle.end(body);
  }

  #result(request: IncomingMessage, response: ServerResponse): void {
    if (request.headers["lambda-runtime-function-response-mode"] === "streaming")
      return this.#stream(request, response);
    readBody(request, (body) => {
      accept(response);
      this.#settle(RESULT, body);
    });
  }

  #error(request: IncomingMessage, response: ServerResponse): void {
    readBody(request, (body) => {
      accept(response);
      this.#settle(FAILURE, toFailure(body, request));
    });
  }

  #initError(request: IncomingMessage, response: ServerResponse): void {
    readBody(request, (body) => {
      accept(response);
      afterOutput(() => this.#onFrame(INIT_FAILED, toFailure(body, request)));
    });
  }

  #stream(request: IncomingMessage, response: ServerResponse): void {
    this.#onFrame(STREAM_START, Buffer.from(request.headers["content-type"] ?? ""));
    request.on("data", (chunk: Buffer) => this.#onFrame(STREAM_CHUNK, chunk));
    request.on("end", () => {
      accept(response);
      const errorType = request.trailers["lambda-runtime-function-error-type"];
      const errorBody = request.trailers["lambda-runtime-function-error-body"] ?? "";
      const failure = errorType === undefined ? nothing : Buffer.from(errorBody, "base64");
      this.#settle(STREAM_END, errorType === undefined ? nothing : toFailure(failure, request));
    });
  }

  #settle(type: number, body: Buffer): void {
    this.#running = undefined;
    afterOutput(() => this.#onFrame(type, body));
  }
}

/** What the runtime printed before has arrived by then. */
function afterOutput(work: () => void): void {
  setImmediate(() => setImmediate(work));
}

function jsonProblem(payload: Buffer): string | undefined {
  try {
    if (payload.length > 0) JSON.parse(payload.toString());
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** As X-Ray writes it. */
function traceId(requestId: string): string {
  const time = Math.floor(Date.now() / 1000).toString(16);
  return `Root=1-${time}-${requestId.replaceAll("-", "").slice(0, 24)};Parent=${requestId.replaceAll("-", "").slice(16)};Sampled=0`;
}

/** Whatever a runtime calls an error becomes Lambda's error object. */
function toFailure(body: Buffer, { headers }: IncomingMessage): Buffer {
  const type = headers["lambda-runtime-function-error-type"];
  const errorType = typeof type === "string" ? type : "Runtime.UnknownReason";
  try {
    const json: unknown = JSON.parse(body.toString());
    if (typeof json === "object" && json !== null) return Buffer.from(JSON.stringify({ errorType, ...json }));
  } catch {
    // A text, or nothing.
  }
  return Buffer.from(JSON.stringify({ errorType, errorMessage: body.toString() }));
}

function readBody(request: IncomingMessage, onBody: (body: Buffer) => void): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  request.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  });
  request.on("end", () => onBody(Buffer.concat(chunks)));
}

function accept(response: ServerResponse): void {
  response.writeHead(202, { "Content-Type": "application/json" });
  response.end('{"status":"OK"}');
}

function refuse(response: ServerResponse, status: number, errorType: string, errorMessage: string): void {
  response.writeHead(status, { "Content-Type": "application/json" });
  response.end(JSON.stringify({ errorMessage, errorType }));
}
