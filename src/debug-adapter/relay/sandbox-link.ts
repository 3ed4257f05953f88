import type { RawData } from "ws";
import type { Sealing } from "../../protocol/sealed-frames.ts";
import { type Hello, parseShimMessage, type ShimMessage } from "../../protocol/shim-messages.ts";
import { CLOSED, CLOSING, frameText, type FrameSocket, OPEN, sendTo } from "./frame-socket.ts";
import type { SandboxConnection, Unsubscribe } from "./sandbox-connection.ts";

/** A {@link SandboxConnection} as the relay sees it: it outlives its sockets. */
export interface SandboxLink extends SandboxConnection {
  /** Takes over a socket whose shim has proven itself; an older one of the same sandbox is dropped. */
  attach(connected: Connected): void;
  /** Says `detach` and closes. Resolves when the socket is closed; the sandbox is gone then. */
  detach(): Promise<void>;
}

/** A socket whose shim has proven itself. */
export interface Connected {
  readonly socket: FrameSocket;
  readonly hello: Hello;
  /** Of this connection, where frames are sealed. */
  readonly sealing: Sealing | undefined;
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
  let socket: FrameSocket | undefined;
  let sealing: Sealing | undefined;
  let graceTimer: NodeJS.Timeout | undefined;
  let gone = false;

  const end = (): void => {
    clearTimeout(graceTimer);
    if (gone) return;
    gone = true;
    endings.tell();
  };
  const read = (from: FrameSocket, data: RawData, isBinary: boolean): void => {
    if (from !== socket) return;
    const parsed = parseShimMessage(frameText(data, isBinary, sealing));
    const problem = parsed.ok ? tellAll(messages, parsed.value) : parsed.problem;
    if (problem === undefined) return;
    refused(problem);
    from.close(CLOSE_BAD_FRAME);
  };
  const closed = (which: FrameSocket): void => {
    if (which !== socket) return;
    socket = undefined;
    graceTimer = setTimeout(end, graceMs);
  };

  return {
    get hello() {
      return hello;
    },
    get connected() {
      return socket?.readyState === OPEN;
    },
    send: (message) => sendTo(socket, message, sealing),
    onMessage: messages.add,
    onReconnected: reconnections.add,
    onGone: endings.add,
    attach: ({ socket: next, hello: nextHello, sealing: nextSealing }) => {
      clearTimeout(graceTimer);
      const isFirst = hello === nextHello;
      const previous = socket;
      socket = next;
      sealing = nextSealing;
      hello = nextHello;
      previous?.terminate();
      next.on("message", (data, isBinary) => read(next, data, isBinary));
      next.on("close", () => closed(next));
      keepAlive(next, heartbeatMs);
      if (!isFirst) reconnections.tell();
    },
    detach: async () => {
      const last = socket;
      sendTo(last, { type: "detach" }, sealing);
      if (last && last.readyState !== CLOSED) await closing(last);
      end();
    },
  };
}

/**
 * What CDP carries is not checked on the way: whoever speaks nonsense in it is cut off, and breaks nothing else.
 *
 * @returns what is wrong with it
 */
function tellAll({ tell }: Listeners<[ShimMessage]>, message: ShimMessage): string | undefined {
  try {
    tell(message);
    return undefined;
  } catch (error) {
    return `its ${message.type} makes no sense: ${error instanceof Error ? error.stack : String(error)}`;
  }
}

/** The shim closes when it has let the function go; one that does not is cut off. */
async function closing(socket: FrameSocket): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(() => socket.terminate(), DETACH_MS);
  socket.once("close", () => resolve());
  if (socket.readyState === CLOSING) socket.close(CLOSE_NORMAL);
  await promise;
  clearTimeout(timer);
}

/** A peer that vanished without a word (a frozen sandbox, a broken network) is noticed after two heartbeats. */
function keepAlive(socket: FrameSocket, heartbeatMs: number): void {
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
