/** One adapter's connection to a standalone relay, and the shims that it carries. */
import { WebSocket } from "ws";
import { CLOSE_NOBODY } from "../../protocol/shim-messages.ts";
import {
  decodeCarrierFrame,
  decodeCloseCode,
  encodeCarrierFrame,
  encodeCloseCode,
  frameKinds,
} from "./carrier-frames.ts";

export interface CarriedSession {
  /** Carries a shim's socket as one more channel. */
  carry(shim: WebSocket): void;
  /** The adapter is gone: its shims are told that nobody is there. */
  end(): void;
}

const MAX_SHIMS = 200;
/** All that a shim may send before the adapter has answered its `hello`: challenge and welcome are two frames. */
const MAX_UNPROVEN_BYTES = 32 * 1024;
const MAX_UNPROVEN_SHIMS = 128;
const PROVEN_AFTER_FRAMES = 2;
const UNPROVEN_MS = 5000;
/** What may wait for a slow reader; its sender is not read from meanwhile. */
const MAX_BACKLOG_BYTES = 16 * 1024 * 1024;
const BACKLOG_POLL_MS = 20;
const CLOSE_BAD_FRAME = 1007;
const CLOSE_TOO_MUCH = 4429;

interface Channel {
  readonly socket: WebSocket;
  readonly timer: NodeJS.Timeout;
  received: number;
  /** Frames of the adapter. */
  answered: number;
}

export function createCarriedSession(adapter: WebSocket, heartbeatMs: number): CarriedSession {
  const channels = new Map<number, Channel>();
  let lastChannel = 0;
  let ended = false;

  const unproven = (): number =>
    Array.from(channels.values()).filter(({ answered }) => answered < PROVEN_AFTER_FRAMES).length;
  const end = (): void => {
    if (ended) return;
    ended = true;
    clearInterval(heartbeat);
    for (const { socket } of channels.values()) socket.close(CLOSE_NOBODY);
    adapter.terminate();
  };
  const heartbeat = keepAlive(adapter, heartbeatMs, end);
  const fromShim = (id: number, channel: Channel, data: Buffer, isBinary: boolean): void => {
    channel.received += data.length;
    if (channel.answered < PROVEN_AFTER_FRAMES && channel.received > MAX_UNPROVEN_BYTES) {
      channel.socket.close(CLOSE_TOO_MUCH);
      return;
    }
    adapter.send(encodeCarrierFrame(isBinary ? frameKinds.binary : frameKinds.text, id, data));
    holdBack(channel.socket, adapter);
  };
  adapter.on("message", (data: Buffer, isBinary: boolean) => {
    const frame = isBinary ? decodeCarrierFrame(data) : undefined;
    if (!frame) return adapter.close(CLOSE_BAD_FRAME);
    const channel = channels.get(frame.channel);
    if (!channel) return;
    if (frame.kind === frameKinds.close) return channel.socket.close(decodeCloseCode(frame.payload));
    channel.answered += 1;
    if (channel.answered >= PROVEN_AFTER_FRAMES) clearTimeout(channel.timer);
    channel.socket.send(frame.payload, { binary: frame.kind === frameKinds.binary });
    holdBack(adapter, channel.socket);
  });

  return {
    end,
    carry: (socket) => {
      if (ended) return socket.close(CLOSE_NOBODY);
      if (channels.size >= MAX_SHIMS || unproven() >= MAX_UNPROVEN_SHIMS) return socket.close(CLOSE_TOO_MUCH);
      const id = ++lastChannel;
      const timer = setTimeout(() => socket.terminate(), UNPROVEN_MS);
      const channel: Channel = { socket, timer, received: 0, answered: 0 };
      channels.set(id, channel);
      socket.on("message", (data: Buffer, isBinary: boolean) => fromShim(id, channel, data, isBinary));
      socket.on("close", () => {
        clearTimeout(timer);
        channels.delete(id);
        if (!ended) adapter.send(encodeCarrierFrame(frameKinds.close, id, encodeCloseCode(1000)));
      });
      adapter.send(encodeCarrierFrame(frameKinds.open, id));
    },
  };
}

/** A reader that is slower than the sender makes the sender wait: the relay keeps nothing. */
function holdBack(sender: WebSocket, reader: WebSocket): void {
  if (reader.bufferedAmount <= MAX_BACKLOG_BYTES || sender.isPaused) return;
  sender.pause();
  const timer = setInterval(() => {
    if (reader.readyState === WebSocket.OPEN && reader.bufferedAmount > MAX_BACKLOG_BYTES / 2) return;
    clearInterval(timer);
    sender.resume();
  }, BACKLOG_POLL_MS);
}

/** An adapter whose laptop was closed is noticed after two heartbeats. */
function keepAlive(adapter: WebSocket, heartbeatMs: number, gone: () => void): NodeJS.Timeout {
  let answered = true;
  adapter.on("pong", () => (answered = true));
  return setInterval(() => {
    if (!answered) return gone();
    answered = false;
    adapter.ping();
  }, heartbeatMs);
}
