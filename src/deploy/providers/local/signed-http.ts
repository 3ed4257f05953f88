/** HTTP to the local platform: kept-alive connections, requests signed as AWS wants it (Signature Version 4). */
import http from "node:http";
import aws4 from "aws4";
import type { PlatformInfo } from "../../../protocol/platform-info.ts";

export interface SignedRequest {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** With the query. */
  readonly path: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
}

/** Sends a request to a platform that the sender finds, or starts. */
export type Send = (request: SignedRequest, signal: AbortSignal) => Promise<Answer>;

export type Endpoint = Pick<PlatformInfo, "endpoint" | "region" | "accessKeyId" | "secretAccessKey">;

/** The connection failed; `message` says how. `connected` tells whether the request may have arrived. */
export class ConnectionFailure extends Error {
  override readonly name = "ConnectionFailure";
  readonly connected: boolean;

  constructor(cause: NodeJS.ErrnoException) {
    super(cause.code ?? cause.message, { cause });
    this.connected = cause.code !== "ECONNREFUSED";
  }
}

/** Servers close idle connections after 5 s: ours go before, so that a reset always means that the platform died. */
const MAX_IDLE_MS = 2000;

const agent = new http.Agent({ keepAlive: true, timeout: MAX_IDLE_MS });

/**
 * Sends a request and reads the whole answer, whatever its status.
 *
 * @throws ConnectionFailure when there is none; the signal's reason when aborted
 */
export function sendSigned(
  { endpoint, region, ...credentials }: Endpoint,
  request: SignedRequest,
  signal: AbortSignal,
): Promise<Answer> {
  const { host, hostname, port } = new URL(endpoint);
  const { headers = {} } = aws4.sign(
    {
      ...request,
      host,
      service: "lambda",
      region,
      headers: { "Content-Type": "application/json", ...request.headers },
    },
    credentials,
  );
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void => {
      reject(signal.aborted ? asError(signal.reason) : new ConnectionFailure(error));
    };
    const { method, path, body } = request;
    const outgoing = http.request({ agent, hostname, port, method, path, headers, signal }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("end", () => {
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          text: Buffer.concat(chunks).toString("utf8"),
        });
      });
      incoming.on("error", fail);
    });
    outgoing.on("error", fail);
    outgoing.end(body);
  });
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
