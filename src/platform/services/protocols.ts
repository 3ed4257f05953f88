/** Reads a request of whichever protocol it comes in, and answers in the same. */
import type { Reply } from "../http/reply.ts";
import type { ApiRequest } from "../http/request.ts";
import { parseCbor, toCbor } from "./cbor.ts";
import { parseQuery, toXml, toXmlError } from "./query-protocol.ts";
import { object, ServiceError, type Json, type Service } from "./service.ts";

interface Protocol {
  /** Of the operation; undefined if the request is of another protocol. */
  operation(request: ApiRequest): string | undefined;
  read(request: ApiRequest): Json;
  answer(output: Json, context: AnswerContext): Reply;
  refuse(error: ServiceError, context: AnswerContext): Reply;
}

interface AnswerContext {
  readonly operation: string;
  readonly namespace: string;
  readonly request: ApiRequest;
}

export function serve(service: Service, request: ApiRequest): Reply {
  const protocol = protocols.find((each) => each.operation(request) !== undefined) ?? query;
  const operation = protocol.operation(request) ?? "";
  const context: AnswerContext = { operation, namespace: service.xmlNamespace, request };
  try {
    const run = Object.hasOwn(service.operations, operation) ? service.operations[operation] : undefined;
    if (!run) throw new ServiceError("InvalidAction", `The action ${operation} is not valid for this endpoint.`);
    return protocol.answer(run(readInput(protocol, request)), context);
  } catch (error) {
    if (error instanceof ServiceError) return protocol.refuse(error, context);
    throw error;
  }
}

function readInput(protocol: Protocol, request: ApiRequest): Json {
  try {
    return protocol.read(request);
  } catch (error) {
    throw new ServiceError("SerializationException", error instanceof Error ? error.message : String(error));
  }
}

const query: Protocol = {
  operation: (request) => {
    const action = new URLSearchParams(request.body.toString()).get("Action") ?? request.query.get("Action");
    return action ?? undefined;
  },
  read: ({ body, query: fromUrl }) => parseQuery(body.length > 0 ? body.toString() : fromUrl.toString()),
  answer: (output, { operation, namespace, request }) => ({
    status: 200,
    contentType: "text/xml",
    body: toXml(operation, namespace, output, request.requestId),
  }),
  refuse: ({ code, message, status }, { namespace, request }) => ({
    status,
    contentType: "text/xml",
    body: toXmlError(code, message, namespace, request.requestId),
  }),
};

const json: Protocol = {
  operation: (request) => request.header("x-amz-target")?.split(".")[1],
  read: ({ body }) => object(body.length === 0 ? {} : JSON.parse(body.toString())),
  answer: (output, { request }) => ({
    status: 200,
    contentType: request.header("content-type") ?? "application/x-amz-json-1.1",
    body: JSON.stringify(withSeconds(output)),
  }),
  refuse: ({ code, message, status }, { request }) => ({
    status,
    contentType: request.header("content-type") ?? "application/x-amz-json-1.1",
    headers: ["x-amzn-ErrorType", code],
    body: JSON.stringify({ __type: code, message }),
  }),
};

const CBOR_HEADERS = ["smithy-protocol", "rpc-v2-cbor"];

const cbor: Protocol = {
  // /service/{name}/operation/{operation}
  operation: (request) => (request.header("smithy-protocol") === "rpc-v2-cbor" ? request.segments[3] : undefined),
  read: ({ body }) => parseCbor(body),
  answer: (output) => ({ status: 200, contentType: "application/cbor", headers: CBOR_HEADERS, body: toCbor(output) }),
  refuse: ({ code, message, status }) => ({
    status,
    contentType: "application/cbor",
    headers: CBOR_HEADERS,
    body: toCbor({ __type: code, message }),
  }),
};

const protocols = [cbor, json, query];

function withSeconds(value: unknown): unknown {
  if (value instanceof Date) return value.getTime() / 1000;
  if (Array.isArray(value)) return value.map(withSeconds);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withSeconds(inner)]));
}
