/**
 * A WebSocket client over node:net and node:tls, as small as the shim needs it: the runtimes' own one has
 * neither pings nor a way to see the backlog, and packages would be most of what a debug artifact weighs.
 */
import { createHash, randomBytes } from "node:crypto";
import net from "node:net";
import tls from "node:tls";
import { createFrameReader, encodeFrame, type Frame, FrameError, opcodes } from "./websocket-frames.ts";

export interface WebSocketEvents {
  /** The address answered: there is somebody, though perhaps not a WebSocket server. */
  readonly connected: () => void;
  readonly message: (payload: Buffer, binary: boolean) => void;
  readonly pong: () => void;
  /** Once, at the end, also when the dial failed. 1006 where the peer gave no code. */
  readonly closed: (code: number) => void;
}

export interface WebSocketClient {
  /** `flushed` is called when the bytes have left the process. */
  send(payload: Buffer, binary: boolean, flushed?: () => void): void;
  ping(): void;
  /** Says goodbye, then closes. */
  close(code: number): void;
  /** Closes at once; `closed` is called. */
  destroy(): void;
  /** What waits to leave the process. */
  readonly backlogBytes: number;
}

const MAX_HEAD_BYTES = 16 * 1024;
const ABNORMAL_CLOSURE = 1006;
/** How long a peer may take to answer our close frame. */
const CLOSE_MS = 500;

/** Dials `url` (`ws:` or `wss:`, the latter with the usual check of the certificate). Never throws. */
export function dialWebSocket(url: URL, maxBytes: number, events: WebSocketEvents): WebSocketClient {
  const socket = connect(url);
  const key = randomBytes(16).toString("base64");
  let closeCode = ABNORMAL_CLOSURE;
  const write = (opcode: number, payload: Buffer, flushed?: () => void): void => {
    if (socket.writable) socket.write(encodeFrame(opcode, payload), flushed);
  };
  const close = (code: number): void => {
    const payload = Buffer.alloc(2);
    payload.writeUInt16BE(code);
    write(opcodes.close, payload);
    socket.end();
    setTimeout(() => socket.destroy(), CLOSE_MS);
  };
  const onFrame = ({ opcode, payload }: Frame): void => {
    if (opcode === opcodes.ping) write(opcodes.pong, payload);
    else if (opcode === opcodes.pong) events.pong();
    else if (opcode !== opcodes.close) events.message(payload, opcode === opcodes.binary);
    else {
      closeCode = payload.length >= 2 ? payload.readUInt16BE(0) : 1005;
      close(closeCode === 1005 ? 1000 : closeCode);
    }
  };
  const read = afterUpgrade(key, createFrameReader(maxBytes, onFrame));

  socket.setNoDelay(true);
  socket.once(url.protocol === "wss:" ? "secureConnect" : "connect", () => {
    events.connected();
    socket.write(upgradeRequest(url, key));
  });
  socket.on("data", (chunk: Buffer) => {
    try {
      read(chunk);
    } catch (error) {
      if (error instanceof FrameError) close(error.closeCode);
      else socket.destroy();
    }
  });
  socket.on("error", () => socket.destroy());
  socket.on("end", () => socket.destroy());
  socket.once("close", () => events.closed(closeCode));
  return {
    send: (payload, binary, flushed) => write(binary ? opcodes.binary : opcodes.text, payload, flushed),
    ping: () => write(opcodes.ping, Buffer.alloc(0)),
    close,
    destroy: () => socket.destroy(),
    get backlogBytes() {
      return socket.writableLength;
    },
  };
}

function connect({ protocol, hostname, port }: URL): net.Socket {
  const host = hostname.replace(/^\[|\]$/g, "");
  if (protocol === "ws:") return net.connect({ host, port: Number(port || 80) });
  const servername = net.isIP(host) === 0 ? host : undefined;
  return tls.connect({ host, port: Number(port || 443), ...(servername && { servername }) });
}

function upgradeRequest({ host, pathname, search }: URL, key: string): string {
  return [
    `GET ${pathname}${search} HTTP/1.1`,
    `Host: ${host}`,
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    `Sec-WebSocket-Key: ${key}`,
    "\r\n",
  ].join("\r\n");
}

/** Checks the answer to the upgrade request, then hands all bytes on. @throws Error if it is not the right one */
function afterUpgrade(key: string, readFrames: (chunk: Buffer) => void): (chunk: Buffer) => void {
  let head: Buffer | undefined = Buffer.alloc(0);
  return (chunk) => {
    if (!head) return readFrames(chunk);
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf("\r\n\r\n");
    if (end === -1) {
      if (head.length > MAX_HEAD_BYTES) throw new Error("the answer to the upgrade is too long");
      return;
    }
    const text = head.toString("latin1", 0, end);
    const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
    const accepted = /\r\nsec-websocket-accept:\s*(\S+)/i.exec(text)?.[1];
    if (!text.startsWith("HTTP/1.1 101 ") || accepted !== accept) throw new Error("the upgrade was refused");
    const rest = head.subarray(end + 4);
    head = undefined;
    if (rest.length > 0) readFrames(rest);
  };
}
