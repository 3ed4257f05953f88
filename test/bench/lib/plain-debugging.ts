import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { Protocol } from "devtools-protocol";
import { WebSocket } from "ws";
import { StepError } from "../../../scripts/lib/run.ts";

/** Debugging without FaaSify: plain Node with its own inspector, and a client that says no more than it must. */
export interface PlainDebugging extends AsyncDisposable {
  send<T>(method: string, params?: unknown): Promise<T>;
  /** The next pause. Ask before what causes it. */
  paused(): Promise<Protocol.Debugger.PausedEvent>;
}

export interface PlainBreakpoint {
  /** Absolute path of a module. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

interface PlainStop {
  readonly client: PlainDebugging;
  readonly pause: Protocol.Debugger.PausedEvent;
}

/** A stop takes a fifth of a second; once it never came, and the cause is not known. */
const STOP_LIMIT_MS = 10_000;

/**
 * Starts `node --inspect-wait` on a script, sets one breakpoint and lets it run; resolves when it is paused there.
 *
 * @param script - the text of a module; it is written beside the file of the breakpoint
 * @returns undefined when it did not pause within ten seconds
 */
export async function stopInPlainNode(script: string, { file, line }: PlainBreakpoint): Promise<PlainStop | undefined> {
  const main = path.join(path.dirname(file), "bench-main.ts");
  writeFileSync(main, script);
  const child = spawn(process.execPath, ["--inspect-wait=127.0.0.1:0", main], { stdio: ["ignore", "ignore", "pipe"] });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const socket = new WebSocket(await inspectorUrl(child.stderr, ended), { perMessageDeflate: false });
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  const client: PlainDebugging = {
    ...inspectorClient(socket),
    [Symbol.asyncDispose]: async () => {
      socket.terminate();
      child.kill("SIGKILL");
      await ended;
    },
  };
  const paused = client.paused();
  void client.send("Runtime.enable");
  void client.send("Debugger.enable");
  void client.send("Debugger.setBreakpointByUrl", { url: pathToFileURL(file).href, lineNumber: line - 1 });
  void client.send("Runtime.runIfWaitingForDebugger");
  const pause = await withinLimit(paused);
  if (pause) return { client, pause };
  await client[Symbol.asyncDispose]();
  return undefined;
}

async function withinLimit<T>(awaited: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), STOP_LIMIT_MS);
  });
  try {
    return await Promise.race([awaited, limit]);
  } finally {
    clearTimeout(timer);
  }
}

function inspectorClient(socket: WebSocket): Pick<PlainDebugging, "send" | "paused"> {
  const answers = new Map<number, PromiseWithResolvers<unknown>>();
  let pause = Promise.withResolvers<Protocol.Debugger.PausedEvent>();
  socket.on("message", (data: Buffer) => {
    const message = JSON.parse(data.toString()) as {
      readonly id?: number;
      readonly method?: string;
      readonly params?: unknown;
      readonly result?: unknown;
      readonly error?: { readonly message: string };
    };
    if (message.method === "Debugger.paused") {
      pause.resolve(message.params as Protocol.Debugger.PausedEvent);
      pause = Promise.withResolvers();
    }
    if (message.id === undefined) return;
    const waiting = answers.get(message.id);
    answers.delete(message.id);
    if (message.error) waiting?.reject(new StepError(message.error.message));
    else waiting?.resolve(message.result);
  });
  let id = 0;
  return {
    send: <T>(method: string, params: unknown = {}) => {
      id += 1;
      const waiting = Promise.withResolvers<unknown>();
      answers.set(id, waiting);
      socket.send(JSON.stringify({ id, method, params }));
      return waiting.promise as Promise<T>;
    },
    paused: () => pause.promise,
  };
}

function inspectorUrl(stderr: NodeJS.ReadableStream, ended: Promise<void>): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    stderr.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      const url = /Debugger listening on (ws:\/\/\S+)/.exec(text)?.[1];
      if (url !== undefined) resolve(url);
    });
    void ended.then(() => reject(new StepError(`node ended before it could be debugged:\n${text}`)));
  });
}
