/** The adapter's end of a standalone relay: a {@link Relay} whose sandboxes come through somebody else, sealed. */
import { EventEmitter } from "node:events";
import { randomBytes } from "node:crypto";
import { WebSocket } from "ws";
import { FaasifyError } from "../../core/errors.ts";
import { type Log, silentLog } from "../../core/log.ts";
import { CLOSE_UNAUTHORIZED, MAX_FRAME_BYTES } from "../../protocol/shim-messages.ts";
import {
  ADAPTER_PATH,
  challengeSchema,
  decodeCarrierFrame,
  encodeCarrierFrame,
  encodeCloseCode,
  type FrameKind,
  frameKinds,
  isProof,
  openedSchema,
  proveKey,
  readMessage,
} from "./carrier-frames.ts";
import { CLOSED, type FrameSocket, OPEN } from "./frame-socket.ts";
import { shakeHands } from "./handshake.ts";
import { type AdmittingSession, createRelaySession } from "./relay-session.ts";
import { checkedRelayUrl } from "./relay-url.ts";
import type { Relay } from "./sandbox-connection.ts";

export interface DistantRelayOptions {
  /** `wss://HOST[:PORT][/PATH]`; `ws:` on this machine only. */
  readonly url: string;
  readonly accessKey: string;
  readonly log?: Log;
  readonly graceMs?: number;
}

const HANDSHAKE_MS = 5000;
const HEARTBEAT_MS = 10_000;
const FIRST_REDIAL_MS = 100;
const MAX_REDIAL_MS = 10_000;
const CARRIER_OVERHEAD_BYTES = 1024;

interface Carrier {
  readonly options: DistantRelayOptions;
  readonly sessionId: string;
  readonly channels: Map<number, Channel>;
  readonly refused: (problem: string) => void;
  session: AdmittingSession | undefined;
  socket: WebSocket | undefined;
  redialMs: number;
  redialTimer: NodeJS.Timeout | undefined;
  closed: boolean;
}

/**
 * Connects to a standalone relay, and dials it again whenever the connection breaks.
 *
 * @throws FaasifyError `debug-session-failed` if it cannot be reached or refuses the access key, `wrong-usage` for a bad url
 */
export async function connectToRelay(options: DistantRelayOptions): Promise<Relay> {
  const { log = silentLog, graceMs = 5000 } = options;
  const url = checkedRelayUrl("relay", options.url);
  const carrier: Carrier = {
    options,
    sessionId: randomBytes(16).toString("hex"),
    channels: new Map(),
    refused: (problem) => log.warn(`Refused a connection through the debug relay: ${problem}`),
    session: undefined,
    socket: undefined,
    redialMs: FIRST_REDIAL_MS,
    redialTimer: undefined,
    closed: false,
  };
  await dial(carrier);
  return {
    url,
    openSession: () => {
      if (carrier.closed || carrier.session) throw relayFailure("It carries one debug session at a time", undefined);
      const { refused } = carrier;
      const address = `${url}/${carrier.sessionId}`;
      carrier.session = createRelaySession(
        { address, sealed: true, graceMs, heartbeatMs: HEARTBEAT_MS, refused },
        () => undefined,
      );
      return carrier.session;
    },
    [Symbol.asyncDispose]: async () => {
      if (carrier.closed) return;
      carrier.closed = true;
      clearTimeout(carrier.redialTimer);
      await carrier.session?.close();
      carrier.socket?.terminate();
    },
  };
}

function dial(carrier: Carrier): Promise<void> {
  const { url, accessKey } = carrier.options;
  const socket = new WebSocket(`${url.replace(/\/$/, "")}${ADAPTER_PATH}`, {
    maxPayload: MAX_FRAME_BYTES + CARRIER_OVERHEAD_BYTES,
    perMessageDeflate: false,
    handshakeTimeout: HANDSHAKE_MS,
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const ourNonce = randomBytes(16).toString("hex");
  let theirNonce: string | undefined;
  const timer = setTimeout(() => fail("it did not answer in time"), HANDSHAKE_MS);
  const fail = (why: string, cause?: unknown): void => {
    clearTimeout(timer);
    socket.terminate();
    reject(relayFailure(`${url}: ${why}`, cause));
  };
  const introduce = (data: Buffer): void => {
    const text = data.toString();
    const challenge = theirNonce === undefined ? readMessage(challengeSchema, text) : undefined;
    if (challenge) {
      theirNonce = challenge.nonce;
      const mac = proveKey(accessKey, `adapter:${theirNonce}:${carrier.sessionId}`);
      socket.send(JSON.stringify({ type: "open", session: carrier.sessionId, nonce: ourNonce, mac }));
      return;
    }
    const opened = readMessage(openedSchema, text);
    if (!opened || !isProof(opened.mac, proveKey(accessKey, `carrier:${ourNonce}:${theirNonce}`)))
      return fail("it does not know the access key");
    clearTimeout(timer);
    socket.off("message", introduce);
    socket.on("message", (frame: Buffer, isBinary: boolean) => receive(carrier, frame, isBinary));
    carrier.socket = socket;
    carrier.redialMs = FIRST_REDIAL_MS;
    resolve();
  };
  socket.on("message", introduce);
  socket.on("error", (error) => fail(error.message, error));
  socket.on("close", (code) => {
    fail(code === 4403 ? "it refused the access key" : "it closed the connection");
    if (carrier.socket === socket) onLost(carrier);
  });
  return promise;
}

function onLost(carrier: Carrier): void {
  carrier.socket = undefined;
  for (const channel of carrier.channels.values()) channel.end();
  carrier.channels.clear();
  redial(carrier);
}

function redial(carrier: Carrier): void {
  if (carrier.closed) return;
  carrier.redialTimer = setTimeout(() => {
    dial(carrier).catch(() => redial(carrier));
  }, carrier.redialMs);
  carrier.redialTimer.unref();
  carrier.redialMs = Math.min(carrier.redialMs * 2, MAX_REDIAL_MS);
}

/** What makes no sense is the relay's fault alone: it is passed over. */
function receive(carrier: Carrier, bytes: Buffer, isBinary: boolean): void {
  const frame = isBinary ? decodeCarrierFrame(bytes) : undefined;
  if (!frame) return;
  const { kind, channel: id, payload } = frame;
  if (kind === frameKinds.open) return openChannel(carrier, id);
  const channel = carrier.channels.get(id);
  if (!channel) return;
  if (kind !== frameKinds.close) return void channel.emit("message", payload, kind === frameKinds.binary);
  carrier.channels.delete(id);
  channel.end();
}

function openChannel(carrier: Carrier, id: number): void {
  const { session, refused } = carrier;
  const send = (kind: FrameKind, payload: Buffer): void => {
    carrier.socket?.send(encodeCarrierFrame(kind, id, payload));
  };
  if (!session || carrier.channels.has(id)) return send(frameKinds.close, encodeCloseCode(CLOSE_UNAUTHORIZED));
  const channel = new Channel(send);
  carrier.channels.set(id, channel);
  shakeHands(channel, {
    secret: session.secret,
    handshakeMs: HANDSHAKE_MS,
    refused,
    accepted: (connected) => session.admit(connected),
  });
}

/** A shim's socket at the relay, as the rest of the adapter sees it. Whether it lives, the relay watches. */
class Channel extends EventEmitter implements FrameSocket {
  readyState = OPEN;
  readonly #send: (kind: FrameKind, payload: Buffer) => void;

  constructor(send: (kind: FrameKind, payload: Buffer) => void) {
    super();
    this.#send = send;
  }

  send(data: string | Buffer): void {
    this.#send(typeof data === "string" ? frameKinds.text : frameKinds.binary, Buffer.from(data as string));
  }

  ping(): void {
    queueMicrotask(() => this.emit("pong"));
  }

  close(code: number): void {
    if (this.readyState === CLOSED) return;
    this.#send(frameKinds.close, encodeCloseCode(code));
    this.end();
  }

  terminate(): void {
    this.close(1000);
  }

  /** The other side has closed. */
  end(): void {
    if (this.readyState === CLOSED) return;
    this.readyState = CLOSED;
    this.emit("close");
  }
}

function relayFailure(what: string, cause: unknown): FaasifyError {
  return new FaasifyError("debug-session-failed", `The standalone relay cannot be used (${what})`, {
    remedy: "Check its address and FAASIFY_RELAY_KEY, and that faasify relay runs there",
    cause,
  });
}
