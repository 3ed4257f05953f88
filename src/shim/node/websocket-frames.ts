/** RFC 6455 frames, as a client writes and reads them. Knows bytes only, no socket. */
import { randomBytes } from "node:crypto";

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** A whole message, or a control frame. */
export interface Frame {
  readonly opcode: number;
  readonly payload: Buffer;
}

/** The peer broke the protocol; `closeCode` is what RFC 6455 §7.4.1 has for it. */
export class FrameError extends Error {
  readonly closeCode: number;

  constructor(closeCode: number, message: string) {
    super(message);
    this.closeCode = closeCode;
  }
}

/** One unfragmented frame, masked as a client must. */
export function encodeFrame(opcode: number, payload: Buffer, mask: Buffer = randomBytes(4)): Buffer {
  const header = Buffer.alloc(14);
  header[0] = 0x80 | opcode;
  let length = 2;
  if (payload.length < 126) {
    header[1] = 0x80 | payload.length;
  } else if (payload.length < 65_536) {
    header[1] = 0x80 | 126;
    length = header.writeUInt16BE(payload.length, 2);
  } else {
    header[1] = 0x80 | 127;
    length = header.writeBigUInt64BE(BigInt(payload.length), 2);
  }
  mask.copy(header, length);
  const frame = Buffer.concat([header.subarray(0, length + 4), payload]);
  for (let i = 0; i < payload.length; i++) frame[length + 4 + i] = (payload[i] ?? 0) ^ (mask[i & 3] ?? 0);
  return frame;
}

interface Header {
  readonly final: boolean;
  readonly opcode: number;
  readonly headerBytes: number;
  readonly payloadBytes: number;
}

/**
 * Collects a server's bytes and calls `onFrame` with each control frame and each whole message.
 *
 * @param maxBytes - of one message, fragments together
 * @returns a function that takes the next bytes. @throws FrameError on a violation of the protocol
 */
export function createFrameReader(maxBytes: number, onFrame: (frame: Frame) => void): (chunk: Buffer) => void {
  let chunks: Buffer[] = [];
  let buffered = 0;
  let fragments: Buffer[] = [];
  let message: { readonly opcode: number; bytes: number } | undefined;

  /** The first `count` buffered bytes, in one piece; they stay buffered. */
  const peek = (count: number): Buffer => {
    const first = chunks[0];
    if (first && first.length >= count) return first;
    const all = Buffer.concat(chunks, buffered);
    chunks = [all];
    return all;
  };
  const take = ({ headerBytes, payloadBytes }: Header): Buffer => {
    const all = peek(headerBytes + payloadBytes);
    const rest = all.subarray(headerBytes + payloadBytes);
    buffered -= headerBytes + payloadBytes;
    chunks = rest.length > 0 ? [rest, ...chunks.slice(1)] : chunks.slice(1);
    return all.subarray(headerBytes, headerBytes + payloadBytes);
  };
  const addFragment = ({ final, opcode }: Header, payload: Buffer): void => {
    if ((opcode === opcodes.continuation) !== (message !== undefined)) {
      throw new FrameError(1002, "fragments out of order");
    }
    message ??= { opcode, bytes: 0 };
    message.bytes += payload.length;
    if (message.bytes > maxBytes) throw new FrameError(1009, "message too big");
    fragments.push(payload);
    if (!final) return;
    const whole = { opcode: message.opcode, payload: fragments.length === 1 ? payload : Buffer.concat(fragments) };
    message = undefined;
    fragments = [];
    onFrame(whole);
  };

  return (chunk) => {
    chunks.push(chunk);
    buffered += chunk.length;
    for (;;) {
      const header = buffered >= 2 ? readHeader(peek, buffered) : undefined;
      if (!header) return;
      if (header.payloadBytes > maxBytes) throw new FrameError(1009, "frame too big");
      if (buffered < header.headerBytes + header.payloadBytes) return;
      const payload = take(header);
      if (header.opcode >= opcodes.close) onFrame({ opcode: header.opcode, payload });
      else addFragment(header, payload);
    }
  };
}

/** Undefined while the header is not complete. */
function readHeader(peek: (count: number) => Buffer, buffered: number): Header | undefined {
  const start = peek(2);
  const first = start.readUInt8(0);
  const second = start.readUInt8(1);
  const opcode = first & 0x0f;
  const final = (first & 0x80) !== 0;
  check(first, second);
  if (second < 126) return { final, opcode, headerBytes: 2, payloadBytes: second };
  const headerBytes = second === 126 ? 4 : 10;
  if (buffered < headerBytes) return undefined;
  const header = peek(headerBytes);
  const payloadBytes = second === 126 ? header.readUInt16BE(2) : Number(header.readBigUInt64BE(2));
  return { final, opcode, headerBytes, payloadBytes };
}

/** @throws FrameError if the first two bytes of a frame cannot be a server's */
function check(first: number, second: number): void {
  const opcode = first & 0x0f;
  if ((first & 0x70) !== 0) throw new FrameError(1002, "reserved bits are set");
  if ((second & 0x80) !== 0) throw new FrameError(1002, "a server must not mask");
  if ((opcode > 2 && opcode < 8) || opcode > 10) throw new FrameError(1002, `unknown opcode ${opcode}`);
  if (opcode >= opcodes.close && ((first & 0x80) === 0 || second > 125))
    throw new FrameError(1002, "bad control frame");
}
