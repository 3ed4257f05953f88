/** The worker's line to the relay: dials, proves and checks the secret, dials again after a drop. */
import { deflateRawSync, inflateRawSync } from "node:zlib";
import type { Sealing } from "../../protocol/sealed-frames.ts";
import { isSealed } from "../../protocol/sealed-secret.ts";
import {
  CLOSE_NOBODY,
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
  /** The peer, proven, has said anything at all. */
  readonly heard: () => void;
  /** The peer did not answer a ping. The line is given up, and lost next. */
  readonly silent: () => void;
  /** A verified line broke. It is dialled again. */
  readonly lost: () => void;
  /** A dial came to nothing. It is dialled again. `nobody`: a relay answered that the debugger is not there. */
  readonly unanswered: (nobody: boolean) => void;
  /** The line is closed for good: the peer refused us, or did not know the secret, or `close` was called. */
  readonly ended: () => void;
}

export interface Connection {
  readonly verified: boolean;
  /** What waits to leave the process. */
  readonly backlogBytes: number;
  /** Of the last ping and its answer. */
  readonly rttMs: number;
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
/** A timer this late is that of a sandbox that was frozen meanwhile: its peer had no chance to answer. */
const THAW_MS = 500;
/** The first byte of what is sealed. */
const PLAIN = 0;
const DEFLATED = 1;
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
  /** Of this dial, where frames are sealed. */
  sealing: Sealing | undefined;
  verified: boolean;
  ended: boolean;
  redialMs: number;
  lastVerifiedMs: number;
  handshakeTimer: NodeJS.Timeout | undefined;
  probeTimer: NodeJS.Timeout | undefined;
  pingedAtMs: number;
  rttMs: number;
}

/** @param url - with the session, without the secret */
export function createConnection(url: URL, secret: string, events: ConnectionEvents): Connection {
  const line: Line = {
    url,
    secret,
    events,
    compresses: !isLoopback(url) || isSealed(secret),
    heartbeat: setInterval(() => probe(line), HEARTBEAT_MS),
    socket: undefined,
    handshake: () => ({ kind: "failed" }),
    sealing: undefined,
    verified: false,
    ended: false,
    redialMs: FIRST_REDIAL_MS,
    lastVerifiedMs: Date.now(),
    handshakeTimer: undefined,
    probeTimer: undefined,
    pingedAtMs: 0,
    rttMs: 0,
  };
  dial(line);
  return {
    get verified() {
      return line.verified;
    },
    get backlogBytes() {
      return line.socket?.backlogBytes ?? 0;
    },
    get rttMs() {
      return line.rttMs;
    },
    send: (message, flushed) => line.verified && write(line, message, flushed),
    probe: () => probe(line),
    close: () => end(line),
  };
}

function dial(line: Line): void {
  if (line.ended) return;
  line.sealing = undefined;
  line.handshake = createHandshake(line.secret, line.events.describe);
  const socket = dialWebSocket(line.url, MAX_FRAME_BYTES, {
    connected: line.events.connected,
    message: (payload, binary) => receive(line, payload, binary),
    pong: () => {
      clearTimeout(line.probeTimer);
      line.rttMs = performance.now() - line.pingedAtMs;
      if (line.verified) line.events.heard();
    },
    closed: (code) => closed(line, code),
  });
  line.socket = socket;
  line.handshakeTimer = setTimeout(() => socket.destroy(), HANDSHAKE_MS);
}

function receive(line: Line, payload: Buffer, binary: boolean): void {
  if (line.ended) return;
  const parsed = parseRelayMessage(textOf(line, payload, binary));
  if (!line.verified) {
    if (parsed.ok) takeHandshake(line, parsed.value);
    else end(line);
  } else if (parsed.ok) {
    line.events.heard();
    line.events.message(parsed.value);
  } else {
    line.socket?.close(CLOSE_BAD_FRAME);
  }
}

function takeHandshake(line: Line, message: RelayMessage): void {
  const step = line.handshake(message);
  if (step.kind === "answer") {
    write(line, step.hello);
    line.sealing = step.sealing;
  }
  if (step.kind === "failed") end(line);
  if (step.kind !== "verified") return;
  clearTimeout(line.handshakeTimer);
  line.verified = true;
  line.redialMs = FIRST_REDIAL_MS;
  line.events.heard();
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
    line.events.unanswered(code === CLOSE_NOBODY);
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
  const deflates = line.compresses && payload.length > COMPRESS_ABOVE_BYTES;
  const body = deflates ? deflateRawSync(payload, { level: 3 }) : payload;
  const { sealing } = line;
  if (!sealing) line.socket?.send(body, deflates, flushed);
  else
    line.socket?.send(sealing.seal(Buffer.concat([Buffer.from([deflates ? DEFLATED : PLAIN]), body])), true, flushed);
  return true;
}

/** What does not open, or is not sealed where it must be, gives a text that does not parse. */
function textOf({ verified, sealing }: Line, payload: Buffer, binary: boolean): string {
  // The welcome is the last thing in clear.
  if (!sealing || !verified) return binary ? inflate(payload) : payload.toString();
  const opened = binary ? sealing.open(payload) : undefined;
  if (!opened || opened.length === 0) return "";
  const body = opened.subarray(1);
  return opened[0] === DEFLATED ? inflate(body) : body.toString();
}

/** A peer that does not answer a ping is gone, whatever TCP says: a thawed sandbox learns it so. */
function probe(line: Line): void {
  const { socket } = line;
  if (!line.verified || !socket) return;
  clearTimeout(line.probeTimer);
  const dueAt = Date.now() + PROBE_MS;
  line.probeTimer = setTimeout(() => {
    if (Date.now() - dueAt > THAW_MS) return probe(line);
    line.events.silent();
    socket.destroy();
  }, PROBE_MS);
  line.pingedAtMs = performance.now();
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
