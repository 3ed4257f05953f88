/** Where functions that run find their caller: a port of the loopback interface, and a one-time token for each call. */
import { randomBytes } from "node:crypto";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import type { CallerChannel } from "../protocol/live/contract.ts";

export interface FunctionLine {
  readonly channel: CallerChannel;
  /** Kept until the function has connected. */
  send(text: string): void;
  /** When nothing more can come: the function has hung up, or has never connected. */
  silence(): Promise<void>;
  close(): void;
}

export interface LineEvents {
  onText(text: string): void;
  /** The function hung up. */
  onClose(): void;
}

/** A token, in hexadecimal; nobody who has none gets to say more. */
const TOKEN_BYTES = 32;
/** For the token of a connection to arrive. */
const TOKEN_MS = 10_000;
const HEADER_BYTES = 4;

export class CallerEndpoint {
  #server: Promise<Server> | undefined;
  readonly #expected = new Map<string, (socket: Socket) => LineEvents>();

  /** Listens from the first time on. Rejects when no port can be opened. */
  async open(events: LineEvents): Promise<FunctionLine> {
    this.#server ??= listen((socket) => this.#accept(socket));
    const server = await this.#server;
    const token = randomBytes(TOKEN_BYTES).toString("hex");
    const waiting: string[] = [];
    let socket: Socket | undefined;
    let isSilent: Promise<unknown> = Promise.resolve();
    this.#expected.set(token, (connected) => {
      socket = connected;
      isSilent = new Promise((resolve) => connected.once("close", resolve));
      for (const text of waiting.splice(0)) socket.write(frameOf(text));
      return events;
    });
    return {
      channel: { port: (server.address() as AddressInfo).port, token },
      send: (text) => {
        if (socket) socket.write(frameOf(text));
        else waiting.push(text);
      },
      silence: async () => {
        await isSilent;
      },
      close: () => {
        this.#expected.delete(token);
        socket?.destroy();
      },
    };
  }

  #accept(socket: Socket): void {
    socket.setNoDelay(true);
    socket.unref();
    socket.on("error", () => socket.destroy());
    const timer = setTimeout(() => socket.destroy(), TOKEN_MS);
    timer.unref();
    let events: LineEvents | undefined;
    const onText = (text: string): void => {
      if (events) return events.onText(text);
      clearTimeout(timer);
      const connect = this.#expected.get(text);
      this.#expected.delete(text);
      if (connect) events = connect(socket);
      else socket.destroy();
    };
    const read = frameReader(onText, () => (events ? Infinity : TOKEN_BYTES * 2));
    socket.on("data", (chunk: Buffer) => {
      if (!socket.destroyed && !read(chunk)) socket.destroy();
    });
    socket.on("close", () => {
      clearTimeout(timer);
      events?.onClose();
    });
  }
}

function listen(onConnection: (socket: Socket) => void): Promise<Server> {
  const server = createServer(onConnection);
  server.unref();
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve(server));
  });
}

function frameOf(text: string): Buffer {
  const body = Buffer.from(text);
  const header = Buffer.allocUnsafe(HEADER_BYTES);
  header.writeUInt32LE(body.length, 0);
  return Buffer.concat([header, body]);
}

/** What it gives takes chunks. False: a frame is longer than allowed. */
function frameReader(onText: (text: string) => void, maxBytes: () => number): (chunk: Buffer) => boolean {
  let parts: Buffer[] = [];
  let size = 0;
  return (chunk) => {
    parts.push(chunk);
    size += chunk.length;
    for (;;) {
      if (size < HEADER_BYTES) return true;
      const [first] = parts;
      const head = first && first.length >= HEADER_BYTES ? first : Buffer.concat(parts);
      const end = HEADER_BYTES + head.readUInt32LE(0);
      if (end - HEADER_BYTES > maxBytes()) return false;
      if (size < end) return true;
      const all = parts.length === 1 && first ? first : Buffer.concat(parts);
      parts = all.length > end ? [all.subarray(end)] : [];
      size = all.length - end;
      onText(all.toString("utf8", HEADER_BYTES, end));
    }
  };
}
