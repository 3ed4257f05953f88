import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { RawData, WebSocket } from "ws";
import { CLOSE_UNAUTHORIZED, type Hello, parseHello, PROTOCOL_VERSION } from "../../protocol/shim-messages.ts";
import { frameText, sendTo } from "./sandbox-link.ts";

export interface HandshakeOptions {
  /** Undefined for a session that does not exist: the handshake goes on, and fails, as with a wrong secret. */
  readonly secret: string | undefined;
  readonly handshakeMs: number;
  /** The shim knows the secret; it has been told so. */
  readonly accepted: (hello: Hello) => void;
  readonly refused: (problem: string) => void;
}

/** How long a refused peer may take to close its side. */
const FAREWELL_MS = 1000;

/** Challenges a fresh socket (see shim-messages.ts) and closes it unless it proves in time that it knows the secret. */
export function shakeHands(socket: WebSocket, { secret, handshakeMs, accepted, refused }: HandshakeOptions): void {
  const nonce = randomBytes(16).toString("hex");
  // Nobody knows this one: a stranger cannot tell a wrong session from a wrong secret.
  const key = secret ?? randomBytes(32).toString("hex");
  const prove = (text: string): string => createHmac("sha256", key).update(text).digest("hex");
  const refuse = (problem: string): void => {
    clearTimeout(timer);
    socket.off("message", read);
    refused(problem);
    socket.close(CLOSE_UNAUTHORIZED);
    setTimeout(() => socket.terminate(), FAREWELL_MS).unref();
  };
  const read = (data: RawData, isBinary: boolean): void => {
    const hello = parseHello(frameText(data, isBinary));
    if (!hello.ok) return refuse(`the first frame is no hello: ${hello.problem}`);
    const { mac, nonce: shimNonce, protocolVersion } = hello.value;
    if (!equal(mac, prove(`shim:${nonce}:${shimNonce}`))) return refuse("the shim does not know the session's secret");
    if (protocolVersion !== PROTOCOL_VERSION) {
      return refuse(`the shim speaks protocol ${protocolVersion}, this is ${PROTOCOL_VERSION}`);
    }
    clearTimeout(timer);
    socket.off("message", read);
    sendTo(socket, { type: "welcome", mac: prove(`relay:${shimNonce}:${nonce}`) });
    accepted(hello.value);
  };
  const timer = setTimeout(() => refuse("the shim did not introduce itself in time"), handshakeMs);
  socket.on("message", read);
  socket.on("close", () => clearTimeout(timer));
  sendTo(socket, { type: "challenge", protocolVersion: PROTOCOL_VERSION, nonce });
}

function equal(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
