/** The sandbox's end of the channel: see ../frames.ts. */
import { readSync, writeSync } from "node:fs";
import { Socket } from "node:net";
import { CHANNEL_FD, encodeBytes, encodeText, FrameDecoder, HEADER_BYTES, type FrameHandler } from "../frames.ts";

/** Writing blocks until the platform has taken the bytes: nothing is lost when the process ends right behind it. */
export function sendText(type: number, text: string): void {
  send(encodeText(type, text));
}

export function sendBytes(type: number, bytes: Uint8Array): void {
  send(encodeBytes(type, bytes));
}

function send(frame: Buffer): void {
  let written = 0;
  while (written < frame.length) {
    try {
      written += writeSync(CHANNEL_FD, frame, written);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "EAGAIN") process.exit(1); // The platform is gone: so is the reason to live.
      Atomics.wait(pause, 0, 0, 1);
    }
  }
}

const pause = new Int32Array(new SharedArrayBuffer(4));

const INITIAL_BYTES = 64 * 1024;
let buffer = Buffer.allocUnsafe(INITIAL_BYTES);
let filled = 0;

/**
 * Sleeps until the next frame is here and hands it over. Nothing else of this process runs meanwhile,
 * as between the invocations of a frozen Lambda sandbox. Ends the process when the platform is gone.
 */
export function readFrameBlocking(onFrame: FrameHandler): void {
  while (filled < HEADER_BYTES) fill();
  const total = HEADER_BYTES + buffer.readUInt32LE(0);
  if (total > buffer.length) {
    const larger = Buffer.allocUnsafe(total);
    buffer.copy(larger, 0, 0, filled);
    buffer = larger;
  }
  while (filled < total) fill();
  const frame = buffer;
  const type = frame[4] ?? 0;
  if (filled === total) {
    filled = 0;
  } else {
    buffer = Buffer.allocUnsafe(Math.max(INITIAL_BYTES, filled - total));
    frame.copy(buffer, 0, total, filled);
    filled -= total;
  }
  if (frame.length > INITIAL_BYTES && buffer === frame) buffer = Buffer.allocUnsafe(INITIAL_BYTES);
  onFrame(type, frame.subarray(HEADER_BYTES, total));
}

function fill(): void {
  const count = readSync(CHANNEL_FD, buffer, filled, buffer.length - filled, null);
  if (count === 0) process.exit(0);
  filled += count;
}

/** Hands over frames as they come, with the event loop turning. Ends the process when the platform is gone. */
export function listenForFrames(onFrame: FrameHandler): Socket {
  const decoder = new FrameDecoder(onFrame);
  const socket = new Socket({ fd: CHANNEL_FD, readable: true, writable: false });
  if (filled > 0) {
    decoder.push(Buffer.from(buffer.subarray(0, filled)));
    filled = 0;
  }
  socket.on("data", (chunk) => decoder.push(chunk));
  socket.on("end", () => process.exit(0));
  socket.on("error", () => process.exit(1));
  return socket;
}
