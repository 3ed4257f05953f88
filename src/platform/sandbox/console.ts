/** Sends what the function prints through the channel, in order with its results, in Lambda's format. */
import { LOG } from "../frames.ts";
import { sendText } from "./channel.ts";

/** Of the invocation that is running; `undefined` during initialisation, as Lambda prints it. */
let currentRequestId: string | undefined;
/** Set while a method of `console` writes. */
let currentLevel: string | undefined;

const levels = {
  trace: "TRACE",
  debug: "DEBUG",
  log: "INFO",
  info: "INFO",
  warn: "WARN",
  error: "ERROR",
} as const;

export function setRequestId(requestId: string | undefined): void {
  currentRequestId = requestId;
}

/** Larger output goes in pieces of so many characters: a frame is limited, output is not. */
const MAX_PIECE_CHARS = 256 * 1024;

function sendOutput(text: string): void {
  for (let start = 0; start < text.length; start += MAX_PIECE_CHARS) {
    sendText(LOG, text.slice(start, start + MAX_PIECE_CHARS));
  }
}

/** A line as `console` would have written it. */
export function writeLogLine(level: string, text: string): void {
  sendOutput(`${new Date().toISOString()}\t${currentRequestId}\t${level}\t${text}\n`);
}

/**
 * The methods of `console` stay Node's own underneath, so that an inspector sees every call; only
 * what they write is given Lambda's prefix.
 */
export function captureOutput(): void {
  for (const [method, level] of Object.entries(levels) as [keyof typeof levels, string][]) {
    const original = console[method];
    console[method] = (...values: unknown[]) => {
      const outer = currentLevel;
      currentLevel = level;
      try {
        original.apply(console, values);
      } finally {
        currentLevel = outer;
      }
    };
  }
  captureStream(process.stdout);
  captureStream(process.stderr);
}

function captureStream(stream: NodeJS.WriteStream): void {
  const write = (chunk: string | Uint8Array, encoding?: unknown, callback?: unknown): boolean => {
    const text = typeof chunk === "string" ? chunk : Buffer.from(chunk).toString();
    if (currentLevel === undefined) sendOutput(text);
    else writeLogLine(currentLevel, text.endsWith("\n") ? text.slice(0, -1) : text);
    const done = typeof encoding === "function" ? encoding : callback;
    if (typeof done === "function") process.nextTick(done);
    return true;
  };
  stream.write = write;
}
