/**
 * A relay for functions that cannot reach the editor: shims dial it, and so does the debug adapter. It carries frames
 * between the two, knows neither the sessions' secrets nor anything of what is in the frames, and keeps nothing.
 */
import { randomBytes } from "node:crypto";
import http from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { FaasifyError } from "../../core/errors.ts";
import { CLOSE_NOBODY, MAX_FRAME_BYTES } from "../../protocol/shim-messages.ts";
import { ADAPTER_PATH, isProof, openSchema, proveKey, readMessage, SESSION_ID } from "./carrier-frames.ts";
import { createCarriedSession, type CarriedSession } from "./carried-session.ts";

export interface StandaloneRelayOptions {
  /** Who knows it may open sessions. */
  readonly accessKey: string;
  readonly host?: string;
  /** 0 picks a free one. */
  readonly port?: number;
  /** PEM. Without it: HTTP, for a tunnel or proxy that ends TLS in front. */
  readonly tls?: { readonly certificate: string; readonly key: string };
  readonly handshakeMs?: number;
  readonly heartbeatMs?: number;
  /** New connections of one address. */
  readonly maxDialsPerSecond?: number;
  readonly refused?: (problem: string) => void;
}

export interface StandaloneRelay extends AsyncDisposable {
  readonly url: string;
}

const MAX_STRANGERS = 64;
const MAX_STRANGER_BYTES = 4096;
const CARRIER_OVERHEAD_BYTES = 1024;
const CLOSE_REFUSED = 4403;

/** @throws FaasifyError `port-taken`, `wrong-usage` for a certificate that is none */
export async function startStandaloneRelay(options: StandaloneRelayOptions): Promise<StandaloneRelay> {
  const { accessKey, host = "127.0.0.1", port = 0, tls, handshakeMs = 5000, heartbeatMs = 5000 } = options;
  const { maxDialsPerSecond = 50, refused = () => {} } = options;
  const sessions = new Map<string, CarriedSession>();
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_FRAME_BYTES + CARRIER_OVERHEAD_BYTES,
    perMessageDeflate: false,
  });
  const dials = createDialLimit(maxDialsPerSecond);
  const adapters = welcomeAdapters({ accessKey, handshakeMs, heartbeatMs, refused, sessions });
  const server = createServer(tls);
  server.headersTimeout = handshakeMs;
  server.requestTimeout = handshakeMs;
  server.on("upgrade", (request: http.IncomingMessage, raw: Duplex, head: Buffer) => {
    raw.on("error", () => raw.destroy());
    const problem = whyNot(request, dials, adapters.strangers());
    if (problem !== undefined) {
      refused(problem.toString());
      raw.end(`HTTP/1.1 ${problem.status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    sockets.handleUpgrade(request, raw, head, (socket) => {
      socket.on("error", () => socket.terminate());
      const name = (request.url ?? "/").slice(1);
      if (request.url === ADAPTER_PATH) return adapters.welcome(socket);
      // A session that does not exist looks like one whose debugger is away: there is nothing to be learned by asking.
      const session = SESSION_ID.test(name) ? sessions.get(name) : undefined;
      if (session) session.carry(socket);
      else socket.close(CLOSE_NOBODY);
    });
  });
  const bound = await listen(server, port, host);
  return {
    url: `${tls ? "wss" : "ws"}://${host.includes(":") ? `[${host}]` : host}:${bound}`,
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
      await closed;
    },
  };
}

function createServer(tls: StandaloneRelayOptions["tls"]): http.Server | https.Server {
  const answer: http.RequestListener = (_request, response) => {
    response.writeHead(426, { Connection: "close", "Content-Type": "text/plain" }).end("WebSocket only\n");
  };
  if (!tls) return http.createServer(answer);
  try {
    return https.createServer({ cert: tls.certificate, key: tls.key, minVersion: "TLSv1.2" }, answer);
  } catch (cause) {
    throw new FaasifyError("wrong-usage", `The certificate or its key cannot be used: ${String(cause)}`, {
      remedy: "Give both as PEM files",
      cause,
    });
  }
}

interface Adapters {
  welcome(socket: WebSocket): void;
  strangers(): number;
}

interface AdapterOptions {
  readonly accessKey: string;
  readonly handshakeMs: number;
  readonly heartbeatMs: number;
  readonly refused: (problem: string) => void;
  readonly sessions: Map<string, CarriedSession>;
}

/** Takes connections to {@link ADAPTER_PATH} that prove in time that they know the access key. */
function welcomeAdapters({ accessKey, handshakeMs, heartbeatMs, refused, sessions }: AdapterOptions): Adapters {
  let strangers = 0;
  const welcome = (socket: WebSocket): void => {
    strangers += 1;
    const nonce = randomBytes(16).toString("hex");
    const left = (): void => {
      strangers -= 1;
      clearTimeout(timer);
      socket.off("message", read);
      socket.off("close", left);
    };
    const refuse = (problem: string): void => {
      left();
      refused(problem);
      socket.close(CLOSE_REFUSED);
      setTimeout(() => socket.terminate(), handshakeMs).unref();
    };
    const read = (data: Buffer): void => {
      const open = data.length > MAX_STRANGER_BYTES ? undefined : readMessage(openSchema, data.toString());
      if (!open) return refuse("the first frame of an adapter is none");
      if (!isProof(open.mac, proveKey(accessKey, `adapter:${nonce}:${open.session}`)))
        return refuse("an adapter does not know the access key");
      left();
      socket.send(JSON.stringify({ type: "opened", mac: proveKey(accessKey, `carrier:${open.nonce}:${nonce}`) }));
      sessions.get(open.session)?.end();
      const session = createCarriedSession(socket, heartbeatMs);
      sessions.set(open.session, session);
      socket.on("close", () => {
        session.end();
        if (sessions.get(open.session) === session) sessions.delete(open.session);
      });
    };
    const timer = setTimeout(() => refuse("an adapter did not introduce itself in time"), handshakeMs);
    socket.on("message", read);
    socket.on("close", left);
    socket.send(JSON.stringify({ type: "challenge", nonce }));
  };
  return { welcome, strangers: () => strangers };
}

interface Refusal {
  readonly status: string;
  toString(): string;
}

function whyNot({ headers, socket }: http.IncomingMessage, dials: DialLimit, strangers: number): Refusal | undefined {
  const refusal = (status: string, problem: string): Refusal => ({ status, toString: () => problem });
  if (headers.origin !== undefined) return refusal("403 Forbidden", "it comes from a web page");
  if (strangers >= MAX_STRANGERS) return refusal("503 Service Unavailable", "too many wait for their handshake");
  if (!dials.allows(socket.remoteAddress ?? "")) return refusal("429 Too Many Requests", "it dials too often");
  return undefined;
}

interface DialLimit {
  allows(address: string): boolean;
}

/** Counts by the second, and forgets with it. */
function createDialLimit(maxPerSecond: number): DialLimit {
  const counts = new Map<string, number>();
  let second = 0;
  return {
    allows: (address) => {
      const now = Math.floor(performance.now() / 1000);
      if (now !== second) counts.clear();
      second = now;
      const count = (counts.get(address) ?? 0) + 1;
      counts.set(address, count);
      return count <= maxPerSecond;
    },
  };
}

async function listen(server: http.Server | https.Server, port: number, host: string): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => {
      const error = new FaasifyError("port-taken", `Port ${port} of ${host} cannot be listened on (${cause.message})`, {
        remedy: "Choose another port, or 0 for a free one",
        cause,
      });
      reject(error);
    });
    server.listen(port, host, resolve);
  });
  return (server.address() as AddressInfo).port;
}
