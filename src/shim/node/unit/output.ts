/** Keeps what the function prints, for a caller that prints it again; the platform's log gets it as before. */
import type { StringDecoder } from "node:string_decoder";
import { statefulMethods, type OutputPiece, type StatefulMethod } from "../../../protocol/invocation-event.ts";

type Method = (...values: unknown[]) => void;
type Methods = Record<string, Method>;

/** What `console` does with its arguments is Node's own. */
let formatter: Console | undefined;
let pieces: OutputPiece[] = [];
/** Of `console`, as the platform left them. */
let originals: Methods = {};
/** The method of `console` that is at work. */
let method = "log";
/** While a message is passed on to the log, what reaches the streams was kept already. */
let isPassingOn = false;
/** Groups that the function has opened: what is printed in them is indented by the caller's console, here only in the log. */
let depth = 0;
/** What is formatted now is for the log alone. */
let isForLog = false;

/** What was printed since the last time, oldest first. */
export function takeOutput(): readonly OutputPiece[] {
  return pieces.splice(0);
}

/** Starts to keep output. The returned function ends it and gives what was printed, oldest first. */
export function captureOutput(): () => readonly OutputPiece[] {
  const ownFormatter = (formatter ??= createFormatter());
  const own = ownFormatter as unknown as Methods;
  const target = console as unknown as Methods;
  pieces = [];
  originals = {};
  depth = 0;
  for (const [name, original] of Object.entries(target)) {
    const format = own[name];
    if (typeof original !== "function" || typeof format !== "function" || name === "Console") continue;
    originals[name] = original;
    target[name] = isStateful(name)
      ? (...values) => keepCall(name, values)
      : (...values) => {
          const outer = method;
          method = name;
          try {
            format(...values);
          } finally {
            method = outer;
          }
        };
  }
  const putBack = [captureStream("stdout"), captureStream("stderr")];
  return () => {
    Object.assign(target, originals);
    for (const restore of putBack) restore();
    return pieces;
  };
}

function isStateful(name: string): name is StatefulMethod {
  return (statefulMethods as readonly string[]).includes(name);
}

/** Counters, timers and groups are the caller's: they go on after the call, and were there before it. */
function keepCall(name: StatefulMethod, values: readonly unknown[]): void {
  if (name === "group" || name === "groupCollapsed") {
    const texts = values.length === 0 ? [] : [process.getBuiltinModule("node:util").format(...values)];
    pieces.push(["call", name, ...texts]);
    if (texts.length > 0) logOnly("log", texts);
    depth += 1;
  } else if (name === "groupEnd") {
    pieces.push(["call", name]);
    depth = Math.max(0, depth - 1);
  } else {
    const [label = "default", ...data] = values;
    const { inspect } = process.getBuiltinModule("node:util");
    const texts = data.map((one) => (typeof one === "string" ? one : inspect(one)));
    // A symbol is refused, as Node's console does.
    pieces.push(["call", name, "".concat(label as string), ...texts]);
    logOnly(name, values);
  }
}

function logOnly(name: string, values: readonly unknown[]): void {
  isForLog = true;
  try {
    (formatter as unknown as Methods | undefined)?.[name]?.(...values);
  } finally {
    isForLog = false;
  }
}

function createFormatter(): Console {
  const sink = (stream: "log" | "error") => ({
    write(text: string): boolean {
      if (!isForLog) pieces.push([stream, text]);
      passOn(stream, text);
      return true;
    },
  });
  const [stdout, stderr] = [sink("log"), sink("error")] as unknown as NodeJS.WritableStream[];
  // Importing it from its module costs every cold start some milliseconds.
  const { Console } = process.getBuiltinModule("node:console");
  return new Console({
    stdout: stdout as NodeJS.WritableStream,
    ...(stderr && { stderr }),
    ignoreErrors: false,
    colorMode: false,
  });
}

/** The methods whose level a platform's log shows; `dir` writes without one. */
const levels = new Set(["debug", "error", "info", "log", "trace", "warn"]);

function passOn(stream: "log" | "error", text: string): void {
  const outer = isPassingOn;
  isPassingOn = true;
  try {
    // One text alone is printed as it is.
    const indented = depth === 0 ? text : text.replaceAll(/^(?=.)/gm, "  ".repeat(depth));
    if (method === "dir") process.stdout.write(indented);
    else originals[method !== "trace" && levels.has(method) ? method : stream]?.(indented.replace(/\n$/, ""));
  } finally {
    isPassingOn = outer;
  }
}

function captureStream(name: "stdout" | "stderr"): () => void {
  const stream = process[name];
  const own = Object.getOwnPropertyDescriptor(stream, "write");
  const original = stream.write.bind(stream) as (chunk: string | Uint8Array, ...rest: unknown[]) => boolean;
  const { StringDecoder: Decoder } = process.getBuiltinModule("node:string_decoder");
  const decoder = new Decoder();
  stream.write = (chunk: string | Uint8Array, ...rest: unknown[]) => {
    if (!isPassingOn) pieces.push([name, textOf(chunk, rest[0], decoder)]);
    return original(chunk, ...rest);
  };
  return () => {
    if (own) Object.defineProperty(stream, "write", own);
    else Reflect.deleteProperty(stream, "write");
  };
}

/** A character may come in two pieces. */
function textOf(chunk: string | Uint8Array, encoding: unknown, decoder: StringDecoder): string {
  if (typeof chunk !== "string") return decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
  const isOther = typeof encoding === "string" && !/^utf-?8$/i.test(encoding);
  return isOther ? decoder.write(Buffer.from(chunk, encoding as BufferEncoding)) : chunk;
}
