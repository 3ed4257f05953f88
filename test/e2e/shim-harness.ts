/** For the shim's tests: deploys a function into a folder, runs it in a process of its own and debugs it over the relay. */
import { fork, type ChildProcess } from "node:child_process";
import { copyFileSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { onTestFinished } from "vitest";
import { type RelayOptions, startRelay } from "../../src/debug-adapter/relay/relay.ts";
import type { RelaySession, SandboxConnection } from "../../src/debug-adapter/relay/sandbox-connection.ts";
import { DEBUG_ENVIRONMENT, HANDLER_ENVIRONMENT, type ShimMessage } from "../../src/protocol/shim-messages.ts";

/** What the tests look at in a `Debugger.paused` event. */
export interface PausedEvent {
  readonly reason: string;
  readonly callFrames: readonly {
    readonly callFrameId: string;
    readonly functionName: string;
    readonly url: string;
    readonly location: { readonly lineNumber: number };
    readonly scopeChain: readonly { readonly type: string; readonly object: { readonly objectId: string } }[];
  }[];
  readonly data?: { readonly description?: string };
}

const root = path.resolve(import.meta.dirname, "../..");
const shimFiles = ["faasify-shim.cjs", "faasify-shim-worker.cjs"];
const patienceMs = 120_000;

export interface Answer {
  readonly ms: number;
  readonly result?: unknown;
  readonly error?: { readonly name: string; readonly message: string; readonly code?: string };
}

export interface RunningFunction {
  readonly process: ChildProcess;
  readonly folder: string;
  /** Of the file in the folder, as V8 names it. */
  url(file: string): string;
  invoke(event?: unknown, limitMs?: number): Promise<Answer>;
  /** Resolves when the shim's thread is gone: nothing of it can ever do anything again. */
  freed(): Promise<unknown>;
  /** All that it wrote to stdout and stderr so far. */
  output(): string;
  /** Resolves with the exit code, or the signal. */
  readonly exited: Promise<number | string>;
}

export interface FunctionOptions {
  readonly files: Readonly<Record<string, string>>;
  readonly debug?: string;
  readonly handler?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly execArgv?: readonly string[];
  /** Changes the folder before the process starts. */
  readonly prepare?: (folder: string) => void;
}

/** So that a single test file can be run after an edit. */
/** Puts the files and the shim into a folder of their own, which goes when the test has finished. */
export function deployFunction(files: Readonly<Record<string, string>>): string {
  const folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), "faasify-function-")));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const file of shimFiles) copyFileSync(path.join(root, "dist/shim/debug", file), path.join(folder, file));
  writeFileSync(
    path.join(folder, "faasify.json"),
    JSON.stringify({ buildId: "b1", function: "demo", handler: "index.handler" }),
  );
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
  return folder;
}

export async function startFunction(options: FunctionOptions): Promise<RunningFunction> {
  const folder = deployFunction(options.files);
  options.prepare?.(folder);
  const child = fork(path.join(root, "test/fixtures/shim-host/host.cjs"), {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    execArgv: [...(options.execArgv ?? [])],
    env: {
      PATH: process.env["PATH"],
      LAMBDA_TASK_ROOT: folder,
      [HANDLER_ENVIRONMENT]: options.handler ?? "index.handler",
      ...(options.debug !== undefined && { [DEBUG_ENVIRONMENT]: options.debug }),
      ...options.environment,
    },
  });
  const exited = new Promise<number | string>((resolve) => {
    child.once("exit", (code, signal) => resolve(code ?? signal ?? "unknown"));
  });
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const answers = new Map<string, (answer: Answer) => void>();
  let ready = false;
  child.on("message", (message: Answer & { id?: string; ready?: boolean }) => {
    if (message.ready) ready = true;
    else if (message.id !== undefined) answers.get(message.id)?.(message);
  });
  await eventually("the host is ready", () => ready || (child.exitCode !== null && Promise.reject(new Error(output))));
  let invocations = 0;
  return {
    process: child,
    folder,
    url: (file) => pathToFileURL(path.join(folder, file)).href,
    output: () => output,
    exited,
    freed: () =>
      eventually("the shim's thread is gone", () => {
        return new Promise<boolean>((resolve) => {
          child.once("message", ({ threads }: { threads?: number }) => resolve(threads === 0));
          child.send({ count: "threads" });
        });
      }),
    invoke: (event = {}, limitMs = 60_000) => {
      invocations += 1;
      const id = `request-${invocations}`;
      return new Promise((resolve) => {
        answers.set(id, resolve);
        child.send({ id, event, limitMs });
      });
    },
  };
}

export interface Debugger {
  readonly sandbox: SandboxConnection;
  readonly messages: readonly ShimMessage[];
  request(method: string, params?: object): Promise<Record<string, unknown>>;
  /** The first message from `after` on that fits. */
  next(fits: (message: ShimMessage) => boolean, after?: number): Promise<ShimMessage>;
  /** The next CDP event of this name; each is seen once. */
  event(method: string): Promise<CdpEvent>;
}

export interface CdpEvent {
  // oxlint-disable-next-line typescript/no-explicit-any -- CDP is checked by the assertions
  readonly params: any;
  readonly prefetched?: Record<string, Record<string, unknown>>;
}

/** What an adapter does first: everything on, breakpoints before these marks, go. */
export async function arm(debug: Debugger, fn: RunningFunction, text: string, marks: readonly string[]): Promise<void> {
  await debug.request("Runtime.enable");
  await debug.request("Debugger.enable");
  for (const mark of marks) await setBreakpoint(debug, fn, text, mark);
  debug.sandbox.send({ type: "ready" });
}

/** In the function's `index.mjs` or `index.cjs`, at the first occurrence of `mark`. */
export function setBreakpoint(debug: Debugger, fn: RunningFunction, text: string, mark: string): Promise<object> {
  const urlRegex = String.raw`/${path.basename(fn.folder)}/index\.[cm]js$`;
  return debug.request("Debugger.setBreakpointByUrl", { urlRegex, ...locate(text, mark) });
}

/** Resolves with the first sandbox that comes to the session. */
export function nextSandbox(session: RelaySession): Promise<SandboxConnection> {
  return new Promise((resolve) => {
    const stop = session.onSandbox((sandbox) => {
      stop();
      resolve(sandbox);
    });
  });
}

export function debugSandbox(sandbox: SandboxConnection): Debugger {
  const messages: ShimMessage[] = [];
  const answers = new Map<unknown, (payload: Record<string, unknown>) => void>();
  const seen = new Map<string, number>();
  let lastId = 0;
  sandbox.onMessage((message) => {
    messages.push(message);
    if (message.type === "cdp" && "id" in message.payload) answers.get(message.payload["id"])?.(message.payload);
  });
  const next = (fits: (message: ShimMessage) => boolean, after = 0): Promise<ShimMessage> =>
    eventually("a message of the shim", () => messages.slice(after).find(fits));
  return {
    sandbox,
    messages,
    next,
    request: async (method, params = {}) => {
      lastId += 1;
      const id = lastId;
      const answer = new Promise<Record<string, unknown>>((resolve) => answers.set(id, resolve));
      sandbox.send({ type: "cdp", payloads: [{ id, method, params }] });
      const payload = await answer;
      if (payload["error"]) throw new Error(`${method}: ${JSON.stringify(payload["error"])}`);
      return payload["result"] as Record<string, unknown>;
    },
    event: async (method) => {
      const after = seen.get(method) ?? 0;
      const message = await next((m) => m.type === "cdp" && m.payload["method"] === method, after);
      seen.set(method, messages.indexOf(message) + 1);
      if (message.type !== "cdp") throw new Error("unreachable");
      return { params: message.payload["params"], ...(message.prefetched && { prefetched: message.prefetched }) };
    },
  };
}

export interface World extends AsyncDisposable {
  readonly fn: RunningFunction;
  readonly debug: Debugger;
  readonly session: RelaySession;
  readonly line: Line;
}

/**
 * A function whose shim has come to a relay of its own, over a line that the test can cut. The relay waits for a lost
 * sandbox far longer than the shim waits for the relay: which of two equal times ends first would be luck.
 */
export async function debugged(files: Readonly<Record<string, string>>, options?: RelayOptions): Promise<World> {
  const relay = await startRelay({ graceMs: 120_000, ...options });
  const session = relay.openSession();
  const line = await openLine(Number(new URL(relay.url).port));
  const sandbox = nextSandbox(session);
  const address = new URL(session.environmentValue);
  address.port = String(line.port);
  const fn = await startFunction({ files, debug: address.href });
  return {
    fn,
    session,
    line,
    debug: debugSandbox(await sandbox),
    [Symbol.asyncDispose]: async () => {
      fn.process.kill("SIGKILL");
      await fn.exited;
      await relay[Symbol.asyncDispose]();
      await line[Symbol.asyncDispose]();
    },
  };
}

/** The parameters of the next `Debugger.paused`. */
export async function pause(debug: Debugger): Promise<PausedEvent> {
  return (await debug.event("Debugger.paused")).params as PausedEvent;
}

/** The network between the shim and the relay. */
export interface Line extends AsyncDisposable {
  readonly port: number;
  /** How often it was dialled. */
  dials(): number;
  /** All bytes so far, both ways. */
  seen(): Buffer;
  /** Drops what is connected. */
  cut(): void;
  /** Carries nothing any more, and tells nobody: what a laptop leaves behind that was closed. */
  stall(stalled: boolean): void;
  /** While closed, each dial is dropped at once. */
  setOpen(open: boolean): void;
}

export async function openLine(relayPort: number): Promise<Line> {
  const sockets = new Set<net.Socket>();
  let open = true;
  let stalled = false;
  const seen: Buffer[] = [];
  let dials = 0;
  const server = net.createServer((near) => {
    dials += 1;
    if (!open) {
      near.destroy();
      return;
    }
    const far = net.connect(relayPort, "127.0.0.1");
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    for (const socket of [near, far]) socket.on("data", (chunk: Buffer) => seen.push(chunk));
    near.pipe(far).pipe(near);
    if (stalled) for (const socket of [near, far]) socket.pause();
  });
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as net.AddressInfo).port,
    dials: () => dials,
    seen: () => Buffer.concat(seen),
    cut,
    setOpen: (value) => (open = value),
    stall: (value) => {
      stalled = value;
      for (const socket of sockets) {
        if (value) socket.pause();
        else socket.resume();
      }
    },
    [Symbol.asyncDispose]: async () => {
      cut();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** Waits for a truthy value. */
export async function eventually<T>(
  what: string,
  read: () => T | Promise<T>,
  limitMs = patienceMs,
): Promise<NonNullable<Exclude<T, false>>> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const value = await read();
    if (value) return value as NonNullable<Exclude<T, false>>;
    if (Date.now() > deadline) throw new Error(`waited ${limitMs} ms in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Line and column from 0 of the first occurrence of `mark`. */
export function locate(text: string, mark: string): { lineNumber: number; columnNumber: number } {
  const before = text.slice(0, text.indexOf(mark)).split("\n");
  return { lineNumber: before.length - 1, columnNumber: before.at(-1)?.length ?? 0 };
}
