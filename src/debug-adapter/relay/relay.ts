/**
 * Where the shims of debugged functions dial in: a WebSocket server on the loopback interface.
 *
 * A socket belongs to the session that its path names, and only after both sides have proven that they know the
 * session's secret (handshake.ts). No web page can get in: browsers send an `Origin`, which is refused.
 */
import { randomBytes } from "node:crypto";
import http from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { FaasifyError } from "../../core/errors.ts";
import { type Log, silentLog } from "../../core/log.ts";
import { CLOSE_UNAUTHORIZED, MAX_FRAME_BYTES } from "../../protocol/shim-messages.ts";
import { shakeHands } from "./handshake.ts";
import { createRelaySession, type AdmittingSession } from "./relay-session.ts";
import { checkedRelayUrl } from "./relay-url.ts";
import type { Relay } from "./sandbox-connection.ts";

export interface RelayOptions {
  readonly log?: Log;
  /** How long a stranger may stay. */
  readonly handshakeMs?: number;
  /** How long a sandbox may take to dial again. */
  readonly graceMs?: number;
  readonly heartbeatMs?: number;
  /** On 127.0.0.1; 0 picks a free one. */
  readonly port?: number;
  /** What shims dial instead: a tunnel that leads here. All is encrypted end to end then. */
  readonly tunnelUrl?: string;
}

const MAX_STRANGERS = 256;
/** All that a socket may send before it has proven itself: the upgrade and a `hello`. */
const MAX_STRANGER_BYTES = 32 * 1024;

/** @throws FaasifyError `debug-session-failed` if the port, or none, can be opened, `wrong-usage` for a bad tunnel */
export async function startRelay(options: RelayOptions = {}): Promise<Relay> {
  const { log = silentLog, handshakeMs = 5000, graceMs = 5000, heartbeatMs = 10_000, port = 0, tunnelUrl } = options;
  const sessions = new Map<string, AdmittingSession>();
  let closed = false;
  const refused = (problem: string): void => log.warn(`Refused a connection to the debug relay: ${problem}`);
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_FRAME_BYTES, perMessageDeflate: false });
  const server = http.createServer((_request, response) => {
    response.writeHead(426, { Connection: "close", "Content-Type": "text/plain" }).end("WebSocket only\n");
  });
  const meet = receptionist({ handshakeMs, refused, find: (id) => sessions.get(id) });
  server.on("upgrade", (request, raw, head) => {
    raw.on("error", () => raw.destroy());
    const problem = closed ? "the relay is closed" : whyNot(request, meet.strangers());
    if (problem !== undefined) {
      refused(problem);
      raw.once("finish", () => raw.destroy());
      raw.end("HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
      return;
    }
    const sessionId = (request.url ?? "/").slice(1);
    sockets.handleUpgrade(request, raw, head, (socket) => meet.receive(socket, raw, sessionId));
  });
  server.headersTimeout = handshakeMs;
  server.requestTimeout = handshakeMs;
  const outside = tunnelUrl === undefined ? undefined : checkedRelayUrl("tunnelUrl", tunnelUrl);
  const url = `ws://127.0.0.1:${await listen(server, port)}`;

  return {
    url,
    openSession: () => {
      if (closed) throw relayClosed();
      const id = randomBytes(16).toString("hex");
      const session = createRelaySession(
        { address: `${outside ?? url}/${id}`, sealed: outside !== undefined, graceMs, heartbeatMs, refused },
        () => sessions.delete(id),
      );
      sessions.set(id, session);
      return session;
    },
    [Symbol.asyncDispose]: async () => {
      if (closed) return;
      closed = true;
      const { promise, resolve } = Promise.withResolvers<void>();
      server.close(() => resolve());
      await Promise.all(Array.from(sessions.values(), (session) => session.close()));
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
      await promise;
    },
  };
}

interface Reception {
  /** Lets a fresh socket prove itself and leads it to its session. */
  receive(socket: WebSocket, raw: Duplex, sessionId: string): void;
  /** How many have not proven themselves yet. */
  strangers(): number;
}

interface ReceptionOptions {
  readonly handshakeMs: number;
  readonly refused: (problem: string) => void;
  readonly find: (sessionId: string) => AdmittingSession | undefined;
}

function receptionist({ handshakeMs, refused, find }: ReceptionOptions): Reception {
  const strangers = new Set<WebSocket>();
  return {
    strangers: () => strangers.size,
    receive: (socket, raw, sessionId) => {
      const endWatch = limitStranger(raw, () => socket.terminate());
      strangers.add(socket);
      socket.on("error", (error) => refused(error.message));
      socket.on("close", () => strangers.delete(socket));
      shakeHands(socket, {
        secret: find(sessionId)?.secret,
        handshakeMs,
        refused,
        accepted: (connected) => {
          strangers.delete(socket);
          endWatch();
          const session = find(sessionId);
          if (session) session.admit(connected);
          else socket.close(CLOSE_UNAUTHORIZED);
        },
      });
    },
  };
}

/** Why this request does not even get a challenge. */
function whyNot({ headers }: http.IncomingMessage, strangers: number): string | undefined {
  if (headers.origin !== undefined) return `it comes from a web page (${headers.origin})`;
  return strangers >= MAX_STRANGERS ? "too many connections wait for their handshake" : undefined;
}

/** Cuts a socket off that sends too much before it has proven itself. Returns what ends the watch. */
function limitStranger(raw: Duplex, cutOff: () => void): () => void {
  let bytes = 0;
  const count = (chunk: Buffer): void => {
    bytes += chunk.length;
    if (bytes > MAX_STRANGER_BYTES) cutOff();
  };
  raw.on("data", count);
  return () => raw.off("data", count);
}

function relayClosed(): FaasifyError {
  return new FaasifyError("debug-session-failed", "The debug relay is closed", {
    remedy: "Start the debug session again",
  });
}

async function listen(server: http.Server, port: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(port, "127.0.0.1", resolve);
  try {
    await promise;
  } catch (cause) {
    throw new FaasifyError(
      "debug-session-failed",
      `The debug relay cannot listen on 127.0.0.1:${port} (${String(cause)})`,
      {
        remedy: "Choose another relayPort, or none; check that the machine has free ports",
        cause,
      },
    );
  }
  return (server.address() as AddressInfo).port;
}
