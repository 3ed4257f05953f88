import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { RawData } from "ws";
import { createSealing } from "../../protocol/sealed-frames.ts";
import { isSealed } from "../../protocol/sealed-secret.ts";
import {
  CLOSE_UNAUTHORIZED,
  type Hello,
  parseHello,
  parseHelloFacts,
  parseSealedHello,
  PROTOCOL_VERSION,
  type SealedHello,
} from "../../protocol/shim-messages.ts";
import { type FrameSocket, frameText, sendTo } from "./frame-socket.ts";
import type { Connected } from "./sandbox-link.ts";

export interface HandshakeOptions {
  /** Undefined for a session that does not exist: the handshake goes on, and fails, as with a wrong secret. */
  readonly secret: string | undefined;
  readonly handshakeMs: number;
  /** The shim knows the secret; it has been told so. */
  readonly accepted: (connected: Connected) => void;
  readonly refused: (problem: string) => void;
}

/** How long a refused peer may take to close its side. */
const FAREWELL_MS = 1000;

/** Challenges a fresh socket (see shim-messages.ts) and closes it unless it proves in time that it knows the secret. */
export function shakeHands(socket: FrameSocket, { secret, handshakeMs, accepted, refused }: HandshakeOptions): void {
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
    const text = frameText(data, isBinary);
    const sealed = isSealed(key);
    const hello = sealed ? parseSealedHello(text) : parseHello(text);
    if (!hello.ok) return refuse(`the first frame is no hello: ${hello.problem}`);
    const { mac, nonce: shimNonce, protocolVersion } = hello.value;
    if (!equal(mac, prove(`shim:${nonce}:${shimNonce}`))) return refuse("the shim does not know the session's secret");
    if (protocolVersion !== PROTOCOL_VERSION) {
      return refuse(`the shim speaks protocol ${protocolVersion}, this is ${PROTOCOL_VERSION}`);
    }
    const connected = sealed ? open(hello.value as SealedHello) : { hello: hello.value as Hello, sealing: undefined };
    if (!connected) return refuse("what the shim has sealed does not open");
    clearTimeout(timer);
    socket.off("message", read);
    sendTo(socket, { type: "welcome", mac: prove(`relay:${shimNonce}:${nonce}`) });
    accepted({ socket, ...connected });
  };
  const open = (hello: SealedHello): Omit<Connected, "socket"> | undefined => {
    const sealing = createSealing({ secret: key, relayNonce: nonce, shimNonce: hello.nonce, side: "relay" });
    const facts = parseHelloFacts(sealing.open(Buffer.from(hello.sealed, "base64"))?.toString() ?? "");
    return facts.ok ? { hello: { ...hello, ...facts.value }, sealing } : undefined;
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
