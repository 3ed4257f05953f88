/** The worker's line to the relay: dials, proves and checks the secret, dials again after a drop. */
import { deflateRawSync, inflateRawSync } from "node:zlib";
import {
  CLOSE_UNAUTHORIZED,
  COMPRESS_ABOVE_BYTES,
  MAX_FRAME_BYTES,
  parseRelayMessage,
  type RelayMessage,
  type ShimMessage,
} from "../../protocol/shim-messages.ts";
import { createHandshake, type HandshakeStep, type HelloFacts } from "./handshake.ts";
import { isLoopback } from "./loopback.ts";
import { dialWebSocket, type WebSocketClient } from "./websocket-client.ts";

export interface ConnectionEvents {
  /** What the next `hello` says. */
  readonly describe: () => HelloFacts;
  /** The address answers. */
  readonly connected: () => void;
  /** The peer has proven that it knows the secret. */
  readonly verified: () => void;
  readonly message: (message: RelayMessage) => void;
  /** A verified line broke. It is dialled again. */
  readonly lost: () => void;
  /** A dial came to nothing. It is dialled again. */
  readonly unanswered: () => void;
  /** The line is closed for good: the peer refused us, or did not know the secret, or `close` was called. */
  readonly ended: () => void;
}

export interface Connection {
  readonly verified: boolean;
  /** What waits to leave the process. */
  readonly backlogBytes: number;
  /** False when the line is down, or the message is larger than a frame may be. */
  send(message: ShimMessage, flushed?: () => void): boolean;
  /** Finds out at once whether the line still carries anything; dials again if not. */
  probe(): void;
  close(): void;
}

const HANDSHAKE_MS = 5000;
const FIRST_REDIAL_MS = 50;
const MAX_REDIAL_MS = 10_000;
/** Nobody comes back after that long. */
const GIVE_UP_MS = 60 * 60_000;
const HEARTBEAT_MS = 5000;
const PROBE_MS = 1500;
const CLOSE_NORMAL = 1000;
const CLOSE_BAD_FRAME = 1007;

interface Line {
  readonly url: URL;
  readonly secret: string;
  readonly events: ConnectionEvents;
  /** Worth its time only on a real network. */
  readonly compresses: boolean;
  readonly heartbeat: NodeJS.Timeout;
  socket: WebSocketClient | undefined;
  handshake: (message: RelayMessage) => HandshakeStep;
  verified: boolean;
  ended: boolean;
  redialMs: number;
  lastVerifiedMs: number;
  handshakeTimer: NodeJS.Timeout | undefined;
  probeTimer: NodeJS.Timeout | undefined;
}

/** @param url - with the session, without the secret */
export function createConnection(url: URL, secret: string, events: ConnectionEvents): Connection {
  const line: Line = {
    url,
    secret,
    events,
    compresses: !isLoopback(url),
    heartbeat: setInterval(() => probe(line), HEARTBEAT_MS),
    socket: undefined,
    handshake: () => ({ kind: "failed" }),
    verified: false,
    ended: false,
    redialMs: FIRST_REDIAL_MS,
    lastVerifiedMs: Date.now(),
    handshakeTimer: undefined,
    probeTimer: undefined,
  };
  dial(line);
  return {
    get verified() {
      return line.verified;
    },
    get backlogBytes() {
      return line.socket?.backlogBytes ?? 0;
    },
    send: (message, flushed) => line.verified && write(line, message, flushed),
    probe: () => probe(line),
    close: () => end(line),
  };
}

function dial(line: Line): void {
  if (line.ended) return;
  line.handshake = createHandshake(line.secret, line.events.describe);
  const socket = dialWebSocket(line.url, MAX_FRAME_BYTES, {
    connected: line.events.connected,
    message: (payload, binary) => receive(line, payload, binary),
    pong: () => clearTimeout(line.probeTimer),
    closed: (code) => closed(line, code),
  });
  line.socket = socket;
  line.handshakeTimer = setTimeout(() => socket.destroy(), HANDSHAKE_MS);
}

function receive(line: Line, payload: Buffer, binary: boolean): void {
  if (line.ended) return;
  const parsed = parseRelayMessage(binary ? inflate(payload) : payload.toString());
  if (!line.verified) {
    if (parsed.ok) takeHandshake(line, parsed.value);
    else end(line);
  } else if (parsed.ok) {
    line.events.message(parsed.value);
  } else {
    line.socket?.close(CLOSE_BAD_FRAME);
  }
}

function takeHandshake(line: Line, message: RelayMessage): void {
  const step = line.handshake(message);
  if (step.kind === "answer") write(line, step.hello);
  if (step.kind === "failed") end(line);
  if (step.kind !== "verified") return;
  clearTimeout(line.handshakeTimer);
  line.verified = true;
  line.redialMs = FIRST_REDIAL_MS;
  line.events.verified();
}

function closed(line: Line, code: number): void {
  clearTimeout(line.handshakeTimer);
  clearTimeout(line.probeTimer);
  if (line.ended) return;
  if (code === CLOSE_UNAUTHORIZED) return end(line);
  if (line.verified) {
    line.lastVerifiedMs = Date.now();
    line.verified = false;
    line.events.lost();
  } else {
    line.events.unanswered();
  }
  if (Date.now() - line.lastVerifiedMs > GIVE_UP_MS) return end(line);
  setTimeout(() => dial(line), line.redialMs);
  line.redialMs = Math.min(line.redialMs * 2, MAX_REDIAL_MS);
}

function end(line: Line): void {
  if (line.ended) return;
  line.ended = true;
  line.verified = false;
  clearInterval(line.heartbeat);
  clearTimeout(line.handshakeTimer);
  clearTimeout(line.probeTimer);
  line.events.ended();
  line.socket?.close(CLOSE_NORMAL);
}

function write(line: Line, message: object, flushed?: () => void): boolean {
  const payload = Buffer.from(JSON.stringify(message));
  if (payload.length > MAX_FRAME_BYTES) return false;
  const binary = line.compresses && payload.length > COMPRESS_ABOVE_BYTES;
  line.socket?.send(binary ? deflateRawSync(payload, { level: 3 }) : payload, binary, flushed);
  return true;
}

/** A peer that does not answer a ping is gone, whatever TCP says: a thawed sandbox learns it so. */
function probe(line: Line): void {
  const { socket } = line;
  if (!line.verified || !socket) return;
  clearTimeout(line.probeTimer);
  line.probeTimer = setTimeout(() => socket.destroy(), PROBE_MS);
  socket.ping();
}

/** Nonsense gives a text that does not parse, as a bad text frame would. */
function inflate(payload: Buffer): string {
  try {
    return inflateRawSync(payload, { maxOutputLength: MAX_FRAME_BYTES }).toString();
  } catch {
    return "";
  }
}
