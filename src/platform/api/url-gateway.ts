/** Answers what comes in at function URLs. */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "../clock.ts";
import type { SignatureVerifier } from "../http/signature.ts";
import type { Invocation, Outcome, ResponseSink } from "../runtime/invocation.ts";
import type { Invoker } from "../runtime/invoker.ts";
import {
  functionArn,
  LATEST,
  type FunctionRecord,
  type UrlRecord,
  type VersionRecord,
} from "../state/function-record.ts";
import { pickVersion } from "./alias-routing.ts";
import { findAlias, findVersion, type Catalogue } from "./catalogue.ts";
import { URL_PATH } from "./function-urls.ts";
import { isPublicUrl } from "./policies.ts";
import { corsHeaders, isPreflight } from "./url-cors.ts";
import { fromUrlResult, toUrlEvent } from "./url-event.ts";
import { UrlStream } from "./url-stream.ts";

export interface UrlGatewayOptions {
  readonly catalogue: Catalogue;
  readonly invoker: Invoker;
  readonly verifier: SignatureVerifier;
  readonly clock: Clock;
}

export interface UrlGateway {
  /** The request is for a function URL, whether there is one or not. */
  matches(request: IncomingMessage): boolean;
  /** Whether its body may be read at all; answers the request itself if not. */
  admit(request: IncomingMessage, response: ServerResponse): boolean;
  handle(request: IncomingMessage, body: Buffer, response: ServerResponse): void;
}

/** Lambda's limit on a request, in bytes. */
export const MAX_URL_REQUEST_BYTES = 6_291_456;
const URL_HOST = /^([a-z0-9]{32})\.lambda-url\.[a-z0-9-]+\.localhost(?::\d+)?$/;
const ACCESS_KEY = /Credential=([^/,\s]+)\//;
const FORBIDDEN =
  "Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html";

interface Place {
  readonly record: FunctionRecord;
  readonly qualifier: string;
  readonly url: UrlRecord;
  readonly path: string;
  readonly query: string;
}

export function createUrlGateway({ catalogue, invoker, verifier, clock }: UrlGatewayOptions): UrlGateway {
  const find = (request: IncomingMessage): Place | undefined => {
    const { id, path, query } = locate(request);
    const found = catalogue.findUrl(id);
    const url = found?.record.urls[found.qualifier];
    return found && url && { ...found, url, path, query };
  };

  const refusal = (request: IncomingMessage, place: Place): boolean =>
    place.url.authType === "NONE"
      ? !isPublicUrl(place.record, place.qualifier)
      : verifier.refuseEarly(request.headers) !== undefined;

  return {
    matches: ({ url = "", headers: { host = "" } }) =>
      url.startsWith(URL_PATH) || (host.includes(".lambda-url.") && URL_HOST.test(host)),
    admit(request, response) {
      const place = find(request);
      if (!place) refuse(response, 404, "Not Found");
      else if (isPreflight(request, place.url.cors)) answerPreflight(request, response, place.url);
      else if (refusal(request, place)) refuse(response, 403, FORBIDDEN);
      else return true;
      return false;
    },
    handle(request, body, response) {
      const place = find(request);
      if (!place) return refuse(response, 404, "Not Found");
      const { method = "GET", url = "/", headers } = request;
      const isSigned = place.url.authType === "AWS_IAM";
      if (isSigned && verifier.verify({ method, url, headers, body }, clock.nowMs())) {
        return refuse(response, 403, FORBIDDEN);
      }
      const accessKeyId = isSigned ? ACCESS_KEY.exec(headers.authorization ?? "")?.[1] : undefined;
      const requestId = randomUUID();
      const call = { request, body, requestId, urlId: place.url.id, accessKeyId, nowMs: clock.nowMs() };
      const event = toUrlEvent({ ...call, path: place.path, query: place.query });
      run(invoker, place, { requestId, event, request, response });
    },
  };
}

function locate({ url = "/", headers }: IncomingMessage): { id: string; path: string; query: string } {
  const question = url.indexOf("?");
  const path = question === -1 ? url : url.slice(0, question);
  const query = question === -1 ? "" : url.slice(question + 1);
  const hostId = URL_HOST.exec(headers.host ?? "")?.[1];
  if (hostId !== undefined) return { id: hostId, path, query };
  const rest = path.slice(URL_PATH.length);
  const slash = rest.indexOf("/");
  return slash === -1 ? { id: rest, path: "/", query } : { id: rest.slice(0, slash), path: rest.slice(slash), query };
}

interface Exchange {
  readonly requestId: string;
  readonly event: unknown;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

function run(invoker: Invoker, place: Place, { requestId, event, request, response }: Exchange): void {
  const { record, qualifier, url } = place;
  const version = pick(record, qualifier);
  if (!version) return refuse(response, 404, "Not Found");
  const more = ["x-amzn-RequestId", requestId, ...corsHeaders(request, url.cors)];
  const stream = url.invokeMode === "RESPONSE_STREAM" ? new UrlStream(response, more) : undefined;
  const sink: { sink?: ResponseSink } = stream ? { sink: stream } : {};
  const invocation: Invocation = {
    requestId,
    payload: Buffer.from(JSON.stringify(event)),
    extras: qualifier === LATEST ? undefined : { invokedFunctionArn: functionArn(record.name, qualifier) },
    tail: undefined,
    waitingSince: 0,
    ...sink,
    finish: (outcome) => {
      if (stream?.started === true) stream.end(outcome);
      else answer(response, more, outcome);
    },
  };
  const throttled = invoker.invoke(record.name, version, invocation);
  if (throttled)
    send(response, 429, JSON.stringify({ Reason: throttled, Type: "User", message: "Rate Exceeded." }), more);
}

function pick(record: FunctionRecord, qualifier: string): VersionRecord | undefined {
  const alias = findAlias(record, qualifier);
  return findVersion(record, alias ? pickVersion(alias) : qualifier);
}

function answer(response: ServerResponse, more: readonly string[], outcome: Outcome): void {
  const found = outcome.kind === "result" ? fromUrlResult(outcome.body) : undefined;
  if (!found) {
    send(response, 502, "Internal Server Error", ["x-amzn-ErrorType", "InternalServerErrorException", ...more]);
    return;
  }
  if (response.destroyed) return;
  response.writeHead(found.status, [...found.headers, "Content-Length", String(found.body.length), ...more]);
  response.end(found.body);
}

function answerPreflight(request: IncomingMessage, response: ServerResponse, { cors }: UrlRecord): void {
  response.writeHead(200, ["Content-Length", "0", ...corsHeaders(request, cors)]);
  response.end();
}

function refuse(response: ServerResponse, status: number, message: string): void {
  const type = status === 403 ? "AccessDeniedException" : "ResourceNotFoundException";
  send(response, status, JSON.stringify({ Message: message }), ["x-amzn-ErrorType", type]);
}

function send(response: ServerResponse, status: number, body: string, headers: readonly string[]): void {
  if (response.destroyed) return;
  response.writeHead(status, [
    "Content-Type",
    "application/json",
    "Content-Length",
    String(Buffer.byteLength(body)),
    ...headers,
  ]);
  response.end(body);
}
