/** What the relay needs of a WebSocket: a real one, or a channel of a connection to a standalone relay. */
import { deflateRawSync, inflateRawSync } from "node:zlib";
import type { RawData } from "ws";
import { COMPRESS_ABOVE_BYTES, MAX_FRAME_BYTES, type RelayMessage } from "../../protocol/shim-messages.ts";
import type { Sealing } from "../../protocol/sealed-frames.ts";

export interface FrameSocket {
  /** As a WebSocket's: 1 is open, 3 closed. */
  readonly readyState: number;
  /** Text is sent as a text frame. */
  send(data: string | Buffer): void;
  ping(): void;
  close(code: number): void;
  terminate(): void;
  on(event: "message", listener: (data: RawData, isBinary: boolean) => void): unknown;
  on(event: "close" | "pong", listener: () => void): unknown;
  once(event: "close", listener: () => void): unknown;
  off(event: "message", listener: (data: RawData, isBinary: boolean) => void): unknown;
}

export const OPEN = 1;
export const CLOSING = 2;
export const CLOSED = 3;

const PLAIN = 0;
const DEFLATED = 1;

/** @param sealing - of this connection, where frames are sealed */
export function sendTo(socket: FrameSocket | undefined, message: RelayMessage, sealing?: Sealing): void {
  if (socket?.readyState !== OPEN) return;
  const text = JSON.stringify(message);
  if (!sealing) return socket.send(text);
  const bytes = Buffer.from(text);
  const deflated = bytes.length > COMPRESS_ABOVE_BYTES;
  const body = deflated ? deflateRawSync(bytes, { level: 3 }) : bytes;
  socket.send(sealing.seal(Buffer.concat([Buffer.from([deflated ? DEFLATED : PLAIN]), body])));
}

/** The JSON text of a frame. One that does not inflate, or does not open, gives a text that does not parse. */
export function frameText(data: RawData, isBinary: boolean, sealing?: Sealing): string {
  const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer);
  if (!sealing) return isBinary ? inflate(bytes) : bytes.toString();
  const opened = isBinary ? sealing.open(bytes) : undefined;
  if (!opened || opened.length === 0) return "";
  const body = opened.subarray(1);
  return opened[0] === DEFLATED ? inflate(body) : body.toString();
}

function inflate(bytes: Buffer): string {
  try {
    return inflateRawSync(bytes, { maxOutputLength: MAX_FRAME_BYTES }).toString();
  } catch {
    return "";
  }
}
