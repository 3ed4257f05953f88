/**
 * What a standalone relay and the debug adapter say to each other. The adapter dials `/adapter` and proves that it knows
 * the relay's access key; then one connection carries the sockets of all shims of its session, each as a channel.
 *
 *     relay   → adapter   challenge { nonce }
 *     adapter → relay     open { session, nonce, mac = HMAC(key, "adapter:" + relayNonce + ":" + session) }
 *     relay   → adapter   opened { mac = HMAC(key, "carrier:" + adapterNonce + ":" + relayNonce) }
 *
 * After that: binary frames of one byte (the kind), four bytes (the channel), and the payload as it came. What is in
 * them is sealed between shim and adapter; the relay can read none of it.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import * as v from "valibot";

export const ADAPTER_PATH = "/adapter";

export const frameKinds = { open: 0, text: 1, binary: 2, close: 3 } as const;
export type FrameKind = (typeof frameKinds)[keyof typeof frameKinds];

export interface CarrierFrame {
  readonly kind: FrameKind;
  readonly channel: number;
  readonly payload: Buffer;
}

const HEADER_BYTES = 5;
/** 128 random bits in hex: nobody guesses a session. */
export const SESSION_ID = /^[0-9a-f]{32}$/;

export const challengeSchema = v.object({ type: v.literal("challenge"), nonce: v.string() });
export const openSchema = v.object({
  type: v.literal("open"),
  session: v.pipe(v.string(), v.regex(SESSION_ID)),
  nonce: v.string(),
  mac: v.string(),
});
export const openedSchema = v.object({ type: v.literal("opened"), mac: v.string() });

export function encodeCarrierFrame(kind: FrameKind, channel: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt8(kind, 0);
  header.writeUInt32BE(channel, 1);
  return Buffer.concat([header, payload]);
}

/** Undefined for what is none. */
export function decodeCarrierFrame(bytes: Buffer): CarrierFrame | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  const kind = Object.values(frameKinds).find((known) => known === bytes.readUInt8(0));
  if (kind === undefined) return undefined;
  return { kind, channel: bytes.readUInt32BE(1), payload: bytes.subarray(HEADER_BYTES) };
}

export function encodeCloseCode(code: number): Buffer {
  const payload = Buffer.alloc(2);
  payload.writeUInt16BE(code);
  return payload;
}

/** A code that a WebSocket may be closed with. */
export function decodeCloseCode(payload: Buffer): number {
  const code = payload.length === 2 ? payload.readUInt16BE(0) : 0;
  return code === 1000 || (code >= 3000 && code <= 4999) ? code : 1000;
}

export function proveKey(key: string, text: string): string {
  return createHmac("sha256", key).update(text).digest("hex");
}

export function isProof(given: string, right: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Undefined for anything but JSON of that shape. */
export function readMessage<T>(schema: v.GenericSchema<unknown, T>, text: string): T | undefined {
  try {
    const result = v.safeParse(schema, JSON.parse(text));
    return result.success ? result.output : undefined;
  } catch {
    return undefined;
  }
}
