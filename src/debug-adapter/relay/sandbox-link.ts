import { inflateRawSync } from "node:zlib";
import { WebSocket, type RawData } from "ws";
import {
  type Hello,
  MAX_FRAME_BYTES,
  parseShimMessage,
  type RelayMessage,
  type ShimMessage,
} from "../../protocol/shim-messages.ts";
import type { SandboxConnection, Unsubscribe } from "./sandbox-connection.ts";

/** A {@link SandboxConnection} as the relay sees it: it outlives its sockets. */
export interface SandboxLink extends SandboxConnection {
  /** Takes over a socket whose shim has proven itself; an older one of the same sandbox is dropped. */
  attach(socket: WebSocket, hello: Hello): void;
  /** Says `detach` and closes. Resolves when the socket is closed; the sandbox is gone then. */
  detach(): Promise<void>;
}

export interface LinkOptions {
  readonly graceMs: number;
  readonly heartbeatMs: number;
  /** Told why a socket was closed by us. */
  readonly refused: (problem: string) => void;
}

const CLOSE_NORMAL = 1000;
const CLOSE_BAD_FRAME = 1007;
/** How long a shim may take to close its side after `detach`. */
const DETACH_MS = 2000;

export function createSandboxLink(firstHello: Hello, { graceMs, heartbeatMs, refused }: LinkOptions): SandboxLink {
  const messages = createListeners<[ShimMessage]>();
  const reconnections = createListeners<[]>();
  const endings = createListeners<[]>();
  let hello = firstHello;
  let socket: WebSocket | undefined;
  let graceTimer: NodeJS.Timeout | undefined;
  let gone = false;

  const end = (): void => {
    clearTimeout(graceTimer);
    if (gone) return;
    gone = true;
    endings.tell();
  };
  const read = (from: WebSocket, data: RawData, isBinary: boolean): void => {
    if (from !== socket) return;
    const parsed = parseShimMessage(frameText(data, isBinary));
    if (parsed.ok) return messages.tell(parsed.value);
    refused(parsed.problem);
    from.close(CLOSE_BAD_FRAME);
  };
  const closed = (which: WebSocket): void => {
    if (which !== socket) return;
    socket = undefined;
    graceTimer = setTimeout(end, graceMs);
  };

  return {
    get hello() {
      return hello;
    },
    get connected() {
      return socket?.readyState === WebSocket.OPEN;
    },
    send: (message) => sendTo(socket, message),
    onMessage: messages.add,
    onReconnected: reconnections.add,
    onGone: endings.add,
    attach: (next, nextHello) => {
      clearTimeout(graceTimer);
      const isFirst = hello === nextHello;
      const previous = socket;
      socket = next;
      hello = nextHello;
      previous?.terminate();
      next.on("message", (data, isBinary) => read(next, data, isBinary));
      next.on("close", () => closed(next));
      keepAlive(next, heartbeatMs);
      if (!isFirst) reconnections.tell();
    },
    detach: async () => {
      const last = socket;
      sendTo(last, { type: "detach" });
      if (last && last.readyState !== WebSocket.CLOSED) await closing(last);
      end();
    },
  };
}

export function sendTo(socket: WebSocket | undefined, message: RelayMessage): void {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}

/** The JSON text of a frame. A binary one that does not inflate gives a text that does not parse. */
export function frameText(data: RawData, isBinary: boolean): string {
  const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer);
  if (!isBinary) return bytes.toString();
  try {
    return inflateRawSync(bytes, { maxOutputLength: MAX_FRAME_BYTES }).toString();
  } catch {
    return "";
  }
}

/** The shim closes when it has let the function go; one that does not is cut off. */
async function closing(socket: WebSocket): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(() => socket.terminate(), DETACH_MS);
  socket.once("close", () => resolve());
  if (socket.readyState === WebSocket.CLOSING) socket.close(CLOSE_NORMAL);
  await promise;
  clearTimeout(timer);
}

/** A peer that vanished without a word (a frozen sandbox, a broken network) is noticed after two heartbeats. */
function keepAlive(socket: WebSocket, heartbeatMs: number): void {
  let answered = true;
  const timer = setInterval(() => {
    if (!answered) return socket.terminate();
    answered = false;
    socket.ping();
  }, heartbeatMs);
  timer.unref();
  socket.on("pong", () => (answered = true));
  socket.on("close", () => clearInterval(timer));
}

interface Listeners<Arguments extends unknown[]> {
  readonly add: (listener: (...args: Arguments) => void) => Unsubscribe;
  readonly tell: (...args: Arguments) => void;
}

export function createListeners<Arguments extends unknown[]>(): Listeners<Arguments> {
  const listeners = new Set<(...args: Arguments) => void>();
  return {
    add: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    tell: (...args) => {
      for (const listener of listeners) listener(...args);
    },
  };
}
