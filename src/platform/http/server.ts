/** HTTP on the loopback interface: reads requests, lets only those in that hold the credentials, answers. */
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { MAX_URL_REQUEST_BYTES, type UrlGateway } from "../api/url-gateway.ts";
import type { Clock } from "../clock.ts";
import { accessDenied, LambdaError, requestEntityTooLarge, serviceFailed } from "./lambda-error.ts";
import type { Reply } from "./reply.ts";
import { splitPath, type ApiRequest } from "./request.ts";
import type { HandleService } from "../services/services.ts";
import { LAMBDA, type SignatureVerifier } from "./signature.ts";

/** Lambda's limit on a request with a zip in it (50 MB in base64, with its JSON), in bytes. */
export const MAX_REQUEST_BYTES = 70_167_211;

export interface HttpServerOptions {
  readonly verifier: SignatureVerifier;
  readonly clock: Clock;
  /** The fast way: takes the request and answers later, or returns false for the general one. Signature is verified. */
  readonly invokeFast: (request: IncomingMessage, body: Buffer, response: ServerResponse) => boolean;
  readonly handle: (request: ApiRequest) => Promise<Reply> | Reply;
  /** Requests that were signed for another service than Lambda. */
  readonly handleService: HandleService;
  /** Paths that carry their own proof, such as the links to deployed code; undefined: not one of them. */
  readonly handleUnsigned: (url: string) => Reply | undefined;
  /** Addresses of functions, which decide for themselves who may come. */
  readonly urls: UrlGateway;
  /** A bug. */
  readonly onBug: (error: unknown) => void;
}

export function createHttpServer(options: HttpServerOptions): Server {
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    const refuse = (problem: LambdaError): void => {
      response.shouldKeepAlive = false;
      writeError(response, problem, randomUUID());
    };
    if (options.urls.matches(request)) return answerUrl(options, request, response);
    const problem = checkCaller(request);
    if (problem) return refuse(problem);
    const early = checkBeforeBody(options, request);
    // Not closed: a client that still sends would lose the answer. Node drops the body.
    if (early) return writeError(response, early, randomUUID());
    readBody(request, (body) => {
      if (body instanceof LambdaError) return refuse(body);
      try {
        answer(options, request, response, body);
      } catch (error) {
        // One request must not end the platform for all.
        options.onBug(error);
        refuse(serviceFailed(String(error)));
      }
    });
  });
  server.on("clientError", (_error, socket) => {
    if (socket.writable) socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
  });
  return server;
}

const LOOPBACK_HOST = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?$/i;

/** Browsers send an Origin, and after DNS rebinding a foreign Host: neither has any business here. */
function checkCaller({ headers }: IncomingMessage): LambdaError | undefined {
  if (headers.origin !== undefined) return accessDenied("Requests of web pages are refused");
  if (!LOOPBACK_HOST.test(headers.host ?? "")) return accessDenied("The Host header must name the loopback interface");
  return undefined;
}

/** Any user of this machine can connect: only who claims our credentials may have a body kept in memory. */
function checkBeforeBody(
  { verifier }: HttpServerOptions,
  { method, headers }: IncomingMessage,
): LambdaError | undefined {
  // A GET has no body worth the name, and may be for a path that carries its own proof.
  const hasBody = method !== "GET" || headers["content-length"] !== undefined || "transfer-encoding" in headers;
  return hasBody ? verifier.refuseEarly(headers) : undefined;
}

const noBody = Buffer.alloc(0);

function answerUrl({ urls, onBug }: HttpServerOptions, request: IncomingMessage, response: ServerResponse): void {
  if (!urls.admit(request, response)) return;
  const onBody = (body: Buffer | LambdaError): void => {
    try {
      if (body instanceof LambdaError) writeError(response, body, randomUUID());
      else urls.handle(request, body, response);
    } catch (error) {
      onBug(error);
      if (!response.headersSent) writeError(response, serviceFailed(String(error)), randomUUID());
    }
  };
  readBody(request, onBody, MAX_URL_REQUEST_BYTES);
}

function readBody(
  request: IncomingMessage,
  onBody: (body: Buffer | LambdaError) => void,
  limitBytes = MAX_REQUEST_BYTES,
): void {
  if (Number(request.headers["content-length"] ?? 0) > limitBytes) {
    onBody(requestEntityTooLarge(limitBytes, "requested"));
    request.resume();
    return;
  }
  let first: Buffer | undefined;
  let chunks: Buffer[] | undefined;
  let bytes = 0;
  request.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > limitBytes) return;
    if (first === undefined) first = chunk;
    else (chunks ??= [first]).push(chunk);
  });
  request.on("end", () => {
    if (bytes > limitBytes) onBody(requestEntityTooLarge(limitBytes, "requested"));
    else onBody(chunks ? Buffer.concat(chunks) : (first ?? noBody));
  });
}

function answer(options: HttpServerOptions, request: IncomingMessage, response: ServerResponse, body: Buffer): void {
  const url = request.url ?? "/";
  const method = request.method ?? "GET";
  const unsigned = method === "GET" ? options.handleUnsigned(url) : undefined;
  if (unsigned) {
    writeReply(response, unsigned, randomUUID());
    return;
  }
  const refusal = options.verifier.verify({ method, url, headers: request.headers, body }, options.clock.nowMs());
  if (refusal) {
    writeError(response, refusal, randomUUID());
    return;
  }
  if (options.invokeFast(request, body, response)) return;
  void answerGenerally(options, request, response, body);
}

async function answerGenerally(
  options: HttpServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
  body: Buffer,
): Promise<void> {
  const requestId = randomUUID();
  try {
    const apiRequest = toApiRequest(request, body, requestId);
    const service = options.verifier.serviceOf(request.headers);
    const isOther = service !== LAMBDA;
    const reply = isOther ? options.handleService(service, apiRequest) : await options.handle(apiRequest);
    writeReply(response, reply, requestId);
  } catch (error) {
    if (!(error instanceof LambdaError)) options.onBug(error);
    writeError(response, error instanceof LambdaError ? error : serviceFailed(String(error)), requestId);
  }
}

function toApiRequest(request: IncomingMessage, body: Buffer, requestId: string): ApiRequest {
  const url = request.url ?? "/";
  const question = url.indexOf("?");
  return {
    method: request.method ?? "GET",
    segments: splitPath(question === -1 ? url : url.slice(0, question)),
    query: new URLSearchParams(question === -1 ? "" : url.slice(question + 1)),
    header: (name) => {
      const value = request.headers[name];
      return Array.isArray(value) ? value.join(",") : value;
    },
    body,
    requestId,
    origin: `http://${request.headers.host ?? ""}`,
  };
}

export function writeReply(response: ServerResponse, reply: Reply, requestId: string): void {
  const { status, body, headers = [], contentType = "application/json" } = reply;
  if (response.destroyed) return;
  const length = typeof body === "string" ? Buffer.byteLength(body) : body.length;
  response.writeHead(status, [
    "Content-Type",
    contentType,
    "Content-Length",
    String(length),
    "x-amzn-RequestId",
    requestId,
    ...headers,
  ]);
  response.end(body);
}

export function writeError(response: ServerResponse, error: LambdaError, requestId: string): void {
  writeReply(
    response,
    { status: error.status, body: error.body, headers: ["x-amzn-ErrorType", error.name, ...error.headers] },
    requestId,
  );
}
