/** Between HTTP and a function behind a URL: payload format 2.0 of https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html */
import type { IncomingMessage } from "node:http";
import { ACCOUNT } from "../state/function-record.ts";

export interface UrlCall {
  readonly request: IncomingMessage;
  readonly body: Buffer;
  readonly requestId: string;
  /** Behind the id; begins with a slash. */
  readonly path: string;
  /** Without the question mark. */
  readonly query: string;
  readonly urlId: string;
  /** Of whoever signed the request; undefined for a public URL. */
  readonly accessKeyId: string | undefined;
  readonly nowMs: number;
}

/** What a function behind a URL gets. */
export function toUrlEvent(call: UrlCall): unknown {
  const { request, body, path, query } = call;
  const { cookie, ...headers } = joinHeaders(request);
  const isText = isTextType(headers["content-type"]);
  return {
    version: "2.0",
    routeKey: "$default",
    rawPath: path,
    rawQueryString: query,
    ...(cookie !== undefined && { cookies: cookie.split(/;\s*/) }),
    headers,
    ...(query !== "" && { queryStringParameters: joinQuery(query) }),
    requestContext: requestContext(call, headers),
    ...(body.length > 0 && { body: body.toString(isText ? "utf8" : "base64") }),
    isBase64Encoded: body.length > 0 && !isText,
  };
}

function requestContext(call: UrlCall, headers: Readonly<Record<string, string>>): unknown {
  const { request, urlId, path, requestId, accessKeyId, nowMs } = call;
  return {
    accountId: accessKeyId === undefined ? "anonymous" : ACCOUNT,
    apiId: urlId,
    ...(accessKeyId !== undefined && {
      authorizer: {
        iam: {
          accessKey: accessKeyId,
          accountId: ACCOUNT,
          callerId: ACCOUNT,
          cognitoIdentity: null,
          principalOrgId: null,
          userArn: `arn:aws:iam::${ACCOUNT}:root`,
          userId: ACCOUNT,
        },
      },
    }),
    domainName: headers["host"] ?? "",
    domainPrefix: urlId,
    http: {
      method: request.method ?? "GET",
      path,
      protocol: `HTTP/${request.httpVersion}`,
      sourceIp: (request.socket.remoteAddress ?? "127.0.0.1").replace("::ffff:", ""),
      userAgent: headers["user-agent"] ?? "",
    },
    requestId,
    routeKey: "$default",
    stage: "$default",
    time: clfTime(nowMs),
    timeEpoch: nowMs,
  };
}

function joinHeaders({ headers }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(",") : (value ?? "")]),
  );
}

/** What comes several times is joined with commas. */
function joinQuery(query: string): Record<string, string> {
  const joined = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(query)) {
    const before = joined.get(name);
    joined.set(name, before === undefined ? value : `${before},${value}`);
  }
  return Object.fromEntries(joined);
}

/** Everything else comes as base64, forms too. */
function isTextType(contentType: string | undefined): boolean {
  return /^(?:text\/|application\/(?:json|javascript|xml|[^;]*\+(?:json|xml)))/i.test(contentType ?? "");
}

/** `12/Mar/2020:19:03:58 +0000` */
function clfTime(ms: number): string {
  const [, day = "", month = "", year = "", time = ""] =
    /, (\d\d) (\w+) (\d+) (\S+)/.exec(new Date(ms).toUTCString()) ?? [];
  return `${day}/${month}/${year}:${time} +0000`;
}

/** What to answer over HTTP. */
export interface UrlAnswer {
  readonly status: number;
  /** Name, value, name, value … */
  readonly headers: readonly string[];
  readonly body: Buffer;
}

/** Undefined: what the function returned is not an HTTP response. */
export function fromUrlResult(result: Buffer): UrlAnswer | undefined {
  let json: unknown;
  try {
    json = JSON.parse(result.toString());
  } catch {
    // A streaming handler may write what it likes.
    return { status: 200, headers: ["Content-Type", "application/json"], body: result };
  }
  if (typeof json !== "object" || json === null || !("statusCode" in json)) {
    return { status: 200, headers: ["Content-Type", "application/json"], body: result };
  }
  const { body, isBase64Encoded } = json as { readonly body?: unknown; readonly isBase64Encoded?: unknown };
  const head = readHead(json);
  if (!head || (body !== undefined && body !== null && typeof body !== "string")) return undefined;
  return { ...head, body: Buffer.from(body ?? "", isBase64Encoded === true ? "base64" : "utf8") };
}

/** Status, headers and cookies, as a result or the prelude of a stream has them; undefined if they make no sense. */
export function readHead(json: object): Omit<UrlAnswer, "body"> | undefined {
  const { statusCode, headers, cookies } = json as Readonly<Record<"statusCode" | "headers" | "cookies", unknown>>;
  const status = statusCode === undefined ? 200 : Number(statusCode);
  if (!Number.isInteger(status) || status < 100 || status > 599) return undefined;
  const list = Object.entries(typeof headers === "object" && headers !== null ? headers : {}).flatMap(
    ([name, value]: [string, unknown]) => [name, String(value)],
  );
  if (!list.some((name, index) => index % 2 === 0 && name.toLowerCase() === "content-type")) {
    list.push("Content-Type", "application/json");
  }
  for (const cookie of Array.isArray(cookies) ? cookies : []) list.push("Set-Cookie", String(cookie));
  return { status, headers: list };
}
