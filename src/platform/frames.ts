/**
 * The channel between the platform and a sandbox (file descriptor 3 of the sandbox): frames of
 * `u32le body length · u8 type · body`. Payloads travel as the bytes they are, never as JSON in JSON.
 */

export const HEADER_BYTES = 5;
/** The largest legitimate body: a payload of 6 MB with room for its extras, or a log line. */
export const MAX_BODY_BYTES = 64 * 1024 * 1024;
/** Of the sandbox's end. */
export const CHANNEL_FD = 3;

/** platform → sandbox: JSON of {@link Assignment}. Once in a sandbox's life. */
export const ASSIGN = 1;
/** platform → sandbox: see {@link encodeInvoke}. */
export const INVOKE = 2;
/** platform → sandbox: JSON of {@link CodeSwap}. Only to one that has said that it takes new code. */
export const SWAP = 3;
/** sandbox → platform: the handler is loaded; {@link TAKES_CODE}, or empty. */
export const INITIALISED = 16;
/** sandbox → platform: JSON of a RuntimeFailure; the process ends. */
export const INIT_FAILED = 17;
/** sandbox → platform: the result as JSON. */
export const RESULT = 18;
/** sandbox → platform: the function failed; JSON of a RuntimeFailure. */
export const FAILURE = 19;
/** sandbox → platform: the payload was not JSON; the parser's message. */
export const BAD_PAYLOAD = 20;
/** sandbox → platform: one piece of output as UTF-8. */
export const LOG = 21;
/** sandbox → platform: as FAILURE, and the process is about to end. */
export const FATAL_FAILURE = 22;

/** sandbox → platform: the result comes in pieces; its content type as UTF-8, which may be empty. */
export const STREAM_START = 23;
/** sandbox → platform: a piece of the result, as it is. */
export const STREAM_CHUNK = 24;
/** sandbox → platform: the result is complete (empty), or broke off (JSON of a RuntimeFailure). */
export const STREAM_END = 25;

/** In `INITIALISED`: the handler loads other code when it is told to, between two invocations. */
export const TAKES_CODE = "takes code";

/** The function's code is another one from the next invocation on. */
export interface CodeSwap {
  /** Absolute path of the unpacked code. */
  readonly taskRoot: string;
}

/** What turns an unassigned process into a function's sandbox. */
export interface Assignment {
  /** The whole environment of the function. */
  readonly environment: Readonly<Record<string, string>>;
  /** `file.export` */
  readonly handler: string;
  /** Absolute path of the unpacked code. */
  readonly taskRoot: string;
  readonly functionName: string;
  readonly functionVersion: string;
  readonly invokedFunctionArn: string;
  readonly memoryMb: number;
  readonly logGroupName: string;
  readonly logStreamName: string;
  /**
   * Keep the event loop turning between invocations, so that an attached debugger is served. Without
   * it the main thread sleeps in a blocking read, as a Lambda sandbox is frozen between invocations.
   */
  readonly stayAwake: boolean;
}

/** What is rare in an invocation. */
export interface InvokeExtras {
  /** JSON text. */
  readonly clientContext?: string;
  readonly invokedFunctionArn?: string;
}

export interface Invoke {
  readonly requestId: string;
  /** Milliseconds since the epoch. */
  readonly deadlineMs: number;
  readonly extras: InvokeExtras | undefined;
  readonly payload: Buffer;
}

const REQUEST_ID_BYTES = 36;
const INVOKE_FIXED_BYTES = REQUEST_ID_BYTES + 8 + 4;

/** `requestId (36 ASCII) · deadline f64le · extras length u32le · extras JSON · payload`, with its header. */
export function encodeInvoke(requestId: string, deadlineMs: number, payload: Buffer, extras?: InvokeExtras): Buffer {
  const extrasText = extras ? Buffer.from(JSON.stringify(extras)) : undefined;
  const extrasBytes = extrasText?.length ?? 0;
  const frame = Buffer.allocUnsafe(HEADER_BYTES + INVOKE_FIXED_BYTES + extrasBytes + payload.length);
  frame.writeUInt32LE(frame.length - HEADER_BYTES, 0);
  frame[4] = INVOKE;
  frame.write(requestId, HEADER_BYTES, REQUEST_ID_BYTES, "latin1");
  frame.writeDoubleLE(deadlineMs, HEADER_BYTES + REQUEST_ID_BYTES);
  frame.writeUInt32LE(extrasBytes, HEADER_BYTES + REQUEST_ID_BYTES + 8);
  if (extrasText) frame.set(extrasText, HEADER_BYTES + INVOKE_FIXED_BYTES);
  frame.set(payload, HEADER_BYTES + INVOKE_FIXED_BYTES + extrasBytes);
  return frame;
}

/** The payload is a view of `body`. */
export function decodeInvoke(body: Buffer): Invoke {
  const extrasBytes = body.readUInt32LE(REQUEST_ID_BYTES + 8);
  const payloadStart = INVOKE_FIXED_BYTES + extrasBytes;
  return {
    requestId: body.toString("latin1", 0, REQUEST_ID_BYTES),
    deadlineMs: body.readDoubleLE(REQUEST_ID_BYTES),
    extras:
      extrasBytes === 0
        ? undefined
        : (JSON.parse(body.toString("utf8", INVOKE_FIXED_BYTES, payloadStart)) as InvokeExtras),
    payload: body.subarray(payloadStart),
  };
}

export function encodeText(type: number, text: string): Buffer {
  const length = Buffer.byteLength(text);
  const frame = Buffer.allocUnsafe(HEADER_BYTES + length);
  frame.writeUInt32LE(length, 0);
  frame[4] = type;
  frame.write(text, HEADER_BYTES, length, "utf8");
  return frame;
}

export function encodeBytes(type: number, bytes: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(HEADER_BYTES + bytes.length);
  frame.writeUInt32LE(bytes.length, 0);
  frame[4] = type;
  frame.set(bytes, HEADER_BYTES);
  return frame;
}

/** Gets a frame's type and body; the body is only valid until the handler returns, unless it is copied. */
export type FrameHandler = (type: number, body: Buffer) => void;

/** Cuts a byte stream into frames; a chunk that holds whole frames is not copied. */
export class FrameDecoder {
  readonly #onFrame: FrameHandler;
  #rest: Buffer | undefined;

  constructor(onFrame: FrameHandler) {
    this.#onFrame = onFrame;
  }

  /** @throws RangeError if the peer announces a body above {@link MAX_BODY_BYTES} */
  push(chunk: Buffer): void {
    let data = chunk;
    if (this.#rest !== undefined) {
      data = this.#join(this.#rest, chunk);
      if (data.length === 0) return;
    }
    let offset = 0;
    while (data.length - offset >= HEADER_BYTES) {
      const end = offset + HEADER_BYTES + bodyLength(data, offset);
      if (end > data.length) break;
      this.#onFrame(data[offset + 4] ?? 0, data.subarray(offset + HEADER_BYTES, end));
      offset = end;
    }
    this.#keep(data, offset);
  }

  /** Parts of a large frame: collected, and joined once when it is whole. */
  #parts: Buffer[] = [];
  #missing = 0;

  #join(rest: Buffer, chunk: Buffer): Buffer {
    this.#parts.push(chunk);
    this.#missing -= chunk.length;
    if (this.#missing > 0) return Buffer.alloc(0);
    const whole = Buffer.concat([rest, ...this.#parts]);
    this.#parts = [];
    this.#rest = undefined;
    return whole;
  }

  #keep(data: Buffer, offset: number): void {
    if (offset === data.length) return;
    const rest = data.subarray(offset);
    this.#rest = rest;
    this.#missing = rest.length < HEADER_BYTES ? 1 : HEADER_BYTES + bodyLength(rest, 0) - rest.length;
  }
}

function bodyLength(data: Buffer, offset: number): number {
  const length = data.readUInt32LE(offset);
  if (length > MAX_BODY_BYTES) throw new RangeError(`a frame announces ${length} bytes`);
  return length;
}
