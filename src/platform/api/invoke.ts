/** Invoke, the hot path: from the verified request to the answer without a detour. */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { EventQueue } from "../events/event-queue.ts";
import type { InvokeExtras } from "../frames.ts";
import {
  functionNotFound,
  invalidRequestContent,
  LambdaError,
  payloadTooLarge,
  serviceFailed,
  tooManyRequests,
  validationFailed,
} from "../http/lambda-error.ts";
import { writeError, writeReply } from "../http/server.ts";
import { TAIL_BYTES, type Invocation, type Outcome } from "../runtime/invocation.ts";
import type { Invoker } from "../runtime/invoker.ts";
import type { EventDraft } from "../state/event-store.ts";
import { functionArn, type VersionRecord } from "../state/function-record.ts";
import { pickVersion } from "./alias-routing.ts";
import { findVersion, type Catalogue } from "./catalogue.ts";
import { EventStreamReply } from "./invoke-stream.ts";
import { constraint, parseFunctionName, requestedArn } from "./names.ts";

const PREFIX = "/2015-03-31/functions/";
const SUFFIX = "/invocations";
const STREAM_PREFIX = "/2021-11-15/functions/";
const STREAM_SUFFIX = "/response-streaming-invocations";
/** Lambda's limits on a payload, in bytes. */
const MAX_SYNC_BYTES = 6_291_456;
const MAX_ASYNC_BYTES = 1_048_576;
const MAX_CLIENT_CONTEXT_CHARS = 3_583;
const ONE_WRITE_BYTES = 16_384;

type InvokeHandler = (request: IncomingMessage, body: Buffer, response: ServerResponse) => boolean;

/** Takes what is an Invoke; returns false for everything else. */
export function createInvokeHandler(catalogue: Catalogue, invoker: Invoker, queue: EventQueue): InvokeHandler {
  return (request, body, response) => {
    const url = request.url ?? "";
    if (request.method !== "POST") return false;
    const question = url.indexOf("?");
    const path = question === -1 ? url : url.slice(0, question);
    const streaming = path.endsWith(STREAM_SUFFIX) && path.startsWith(STREAM_PREFIX);
    if (!streaming && !(path.endsWith(SUFFIX) && path.startsWith(PREFIX))) return false;
    const requestId = randomUUID();
    try {
      const nameText = streaming
        ? path.slice(STREAM_PREFIX.length, -STREAM_SUFFIX.length)
        : path.slice(PREFIX.length, -SUFFIX.length);
      const qualifier = question === -1 ? null : new URLSearchParams(url.slice(question)).get("Qualifier");
      start({
        invoker,
        queue,
        ...resolve(catalogue, nameText, qualifier),
        streaming,
        request,
        body,
        response,
        requestId,
      });
    } catch (error) {
      writeError(response, error instanceof LambdaError ? error : serviceFailed(String(error)), requestId);
    }
    return true;
  };
}

/** What an Invoke is for. */
interface Target {
  readonly name: string;
  /** As it was asked for. */
  readonly qualifier: string | undefined;
  readonly version: VersionRecord;
  /** The name of the alias, if it was named by one. */
  readonly alias: string | undefined;
}

function resolve(catalogue: Catalogue, nameText: string, qualifier: string | null): Target {
  if (qualifier === null) {
    const plain = catalogue.find(nameText);
    if (plain) return { name: plain.name, qualifier: undefined, version: plain.latest, alias: undefined };
  }
  const wanted = parseFunctionName(decode(nameText), qualifier);
  const { record, version, alias } = catalogue.resolve(wanted);
  const { name } = record;
  if (!alias) return { name, qualifier: wanted.qualifier, version, alias: undefined };
  const picked = findVersion(record, pickVersion(alias)) ?? version;
  return { name, qualifier: alias.name, version: picked, alias: alias.name };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

interface InvokeContext extends Target {
  readonly invoker: Invoker;
  readonly queue: EventQueue;
  readonly request: IncomingMessage;
  readonly body: Buffer;
  readonly response: ServerResponse;
  readonly requestId: string;
  /** The result is wanted piece by piece. */
  readonly streaming: boolean;
}

function start(context: InvokeContext): void {
  const { request, body, response, requestId } = context;
  const type = request.headers["x-amz-invocation-type"] ?? "RequestResponse";
  if (type === "RequestResponse") {
    checkSize(body, MAX_SYNC_BYTES, type);
    startSync(context);
  } else if (type === "Event" && !context.streaming) {
    checkSize(body, MAX_ASYNC_BYTES, type);
    startEvent(context);
  } else if (type === "DryRun") {
    writeReply(response, { status: 204, body: "" }, requestId);
  } else {
    const allowed = context.streaming ? "RequestResponse, DryRun" : "Event, RequestResponse, DryRun";
    throw validationFailed([constraint(type, "invocationType", `Member must satisfy enum value set: [${allowed}]`)]);
  }
}

function checkSize(body: Buffer, limitBytes: number, type: string): void {
  if (body.length > limitBytes) throw payloadTooLarge(body.length, limitBytes, type);
}

function startSync(context: InvokeContext): void {
  const { invoker, name, version, request, body, response, requestId } = context;
  const invoked = { name, version: version.version };
  const reply = context.streaming
    ? new EventStreamReply(response, { requestId, executedVersion: version.version })
    : undefined;
  const invocation: Invocation = {
    requestId,
    payload: body,
    extras: readExtras(context),
    tail: wantsLog(request) ? "" : undefined,
    waitingSince: 0,
    ...(reply && { sink: reply }),
    finish: (outcome) => answer(response, invocation, { ...invoked, reply }, outcome),
  };
  const throttled = invoker.invoke(name, version, invocation);
  if (throttled) throw tooManyRequests(throttled);
}

/** @throws LambdaError ValidationException */
function wantsLog({ headers }: IncomingMessage): boolean {
  const type = headers["x-amz-log-type"];
  if (type === undefined || type === "None") return false;
  if (type === "Tail") return true;
  throw validationFailed([constraint(type, "logType", "Member must satisfy enum value set: [None, Tail]")]);
}

/** Answers once the event is on disk: from then on it is not lost. */
function startEvent(context: InvokeContext): void {
  const { queue, name, qualifier, request, body, response, requestId } = context;
  parseJson(body);
  const encoded = request.headers["x-amz-client-context"];
  const event: EventDraft = {
    requestId,
    functionName: name,
    qualifier,
    payload: body,
    clientContext: typeof encoded === "string" ? readClientContext(encoded) : undefined,
  };
  queue.accept(event).then(
    () => writeReply(response, { status: 202, body: "" }, requestId),
    (error: unknown) => writeError(response, serviceFailed(`The event cannot be kept: ${String(error)}`), requestId),
  );
}

function parseJson(body: Buffer): void {
  try {
    if (body.length > 0) JSON.parse(body.toString());
  } catch (error) {
    throw badPayload((error as Error).message);
  }
}

const badPayload = (message: string): LambdaError =>
  invalidRequestContent(`Could not parse request body into json: ${message}`);

function readExtras({ name, alias, request }: InvokeContext): InvokeExtras | undefined {
  const encoded = request.headers["x-amz-client-context"];
  if (typeof encoded !== "string" && alias === undefined) return undefined;
  return {
    ...(typeof encoded === "string" && { clientContext: readClientContext(encoded) }),
    ...(alias !== undefined && { invokedFunctionArn: functionArn(name, alias) }),
  };
}

/** @throws LambdaError InvalidRequestContentException */
function readClientContext(encoded: string): string {
  const clientContext = Buffer.from(encoded, "base64").toString();
  try {
    JSON.parse(clientContext);
  } catch {
    throw invalidRequestContent("Client context must be a valid Base64-encoded JSON object.");
  }
  if (encoded.length > MAX_CLIENT_CONTEXT_CHARS) {
    throw invalidRequestContent(
      `Client context must be no more than ${MAX_CLIENT_CONTEXT_CHARS} bytes when base64-encoded.`,
    );
  }
  return clientContext;
}

interface Invoked {
  readonly name: string;
  readonly version: string;
  readonly reply: EventStreamReply | undefined;
}

/** What to answer when the function never saw the invocation. */
function refusalOf(outcome: Outcome, { name }: Invoked): LambdaError | undefined {
  switch (outcome.kind) {
    case "bad-payload":
      return badPayload(outcome.message);
    case "unavailable":
      return serviceFailed(outcome.message);
    case "code-gone":
      return functionNotFound(requestedArn({ name, qualifier: undefined }));
    case "result":
    case "failure":
      return undefined;
  }
}

function answer(response: ServerResponse, { requestId, tail }: Invocation, invoked: Invoked, outcome: Outcome): void {
  if (response.destroyed) return;
  const refusal = refusalOf(outcome, invoked);
  if (refusal || !("body" in outcome)) {
    writeError(response, refusal ?? serviceFailed("No result"), requestId);
    return;
  }
  const { body } = outcome;
  const log = tail === undefined ? undefined : lastBytes(tail).toString("base64");
  if (invoked.reply) {
    invoked.reply.end(outcome, log);
    return;
  }
  const headers = [
    "Content-Type",
    "application/json",
    "Content-Length",
    String(body.length),
    "x-amzn-RequestId",
    requestId,
    "X-Amz-Executed-Version",
    invoked.version,
  ];
  if (outcome.kind === "failure") headers.push("X-Amz-Function-Error", "Unhandled");
  if (log !== undefined) headers.push("X-Amz-Log-Result", log);
  response.writeHead(200, headers);
  // As a string it goes out with the headers in one write; latin1 leaves every byte as it is.
  if (body.length <= ONE_WRITE_BYTES) response.end(body.toString("latin1"), "latin1");
  else response.end(body);
}

function lastBytes(text: string): Buffer {
  return Buffer.from(text.slice(-TAIL_BYTES)).subarray(-TAIL_BYTES);
}
