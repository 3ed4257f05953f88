/**
 * For the debug adapter's tests: a debug target that packages for real and runs the artifact in a process of its own,
 * one per concurrent invocation, and a DAP client that remembers every event.
 */
import { type ChildProcess, fork } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import os from "node:os";
import path from "node:path";
import { DebugClient } from "@vscode/debugadapter-testsupport";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { unzipSync } from "fflate";
import { expect, onTestFinished } from "vitest";
import { readFileSync } from "node:fs";
import { createAnalyzer } from "../../src/analysis/analyzer.ts";
import type { InvocationInput, InvocationResult } from "../../src/core/invocation.ts";
import type { DebugDeployment, DebugRequest, DebugTarget } from "../../src/debug-adapter/debug-target.ts";
import type { AdapterOptions } from "../../src/debug-adapter/debuggee.ts";
import { serveTcp } from "../../src/debug-adapter/main.ts";
import { packageUnit } from "../../src/packager/package-unit.ts";
import { HANDLER_ENVIRONMENT } from "../../src/protocol/shim-messages.ts";
import { extractUnit } from "../../src/transform/extract-unit.ts";
import { violationsOf } from "./dap-schema.ts";

const root = path.resolve(import.meta.dirname, "../..");
const patienceMs = 120_000;

/** A copy of the fixture that a test may edit; it goes when the test has finished. */
export function copyProject(): string {
  const folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), "faasify-debug-")));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  cpSync(path.join(root, "test/fixtures/debuggee"), folder, { recursive: true });
  return folder;
}

export interface HostTarget extends DebugTarget {
  /** Invokes what was deployed last, as a stranger would. */
  invokeFromOutside(input: InvocationInput): Promise<InvocationResult>;
  readonly restored: () => boolean;
  readonly processes: readonly ChildProcess[];
  limitMs: number;
  /** Idle processes take new code, as sandboxes of the local platform do; otherwise new ones are started. */
  swaps: boolean;
}

interface Sandbox {
  readonly process: ChildProcess;
  folder: string;
  busy: boolean;
}

/** @param folder - for artifacts and unpacked code */
export function createHostTarget(folder: string): HostTarget {
  const sandboxes: Sandbox[] = [];
  const processes: ChildProcess[] = [];
  let latest: { deployment: DebugDeployment; code: string } | undefined;
  let restored = false;
  let deployments = 0;
  onTestFinished(async () => {
    for (const child of processes) child.kill("SIGKILL");
    await Promise.all(processes.map(exited));
  });

  const target: HostTarget = {
    limitMs: 60_000,
    swaps: false,
    processes,
    restored: () => restored,
    async deploy(request) {
      const unit = extractUnit(createAnalyzer(), request.function);
      const options = {
        debug: true,
        artifactFolder: path.join(folder, "artifacts"),
        shimFolder: path.join(root, "dist/shim"),
      };
      const artifact = await packageUnit(unit, options);
      const code = path.join(folder, `code-${++deployments}`);
      unpack(artifact.zipPath, code);
      const taking = sandboxes.filter((sandbox) => target.swaps && !sandbox.busy && alive(sandbox));
      for (const sandbox of taking) {
        sandbox.folder = code;
        sandbox.process.send({ swap: code });
      }
      const name = `${request.function.name}--debug`;
      const deployment = { request, name, artifact, swapped: taking.length > 0 };
      latest = { deployment, code };
      return deployment;
    },
    async invoke({ request }, input) {
      if (!latest) throw new Error("nothing is deployed");
      const sandbox = await takeSandbox(latest.code, request);
      return send(sandbox, input, target.limitMs);
    },
    async invokeFromOutside(input) {
      if (!latest) throw new Error("nothing is deployed");
      return target.invoke(latest.deployment, input, new AbortController().signal);
    },
    async restore() {
      restored = true;
    },
  };

  async function takeSandbox(code: string, request: DebugRequest): Promise<Sandbox> {
    const idle = sandboxes.find((candidate) => candidate.folder === code && !candidate.busy && alive(candidate));
    if (idle) return idle;
    const child = fork(path.join(root, "test/fixtures/shim-host/host.cjs"), {
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      execArgv: [],
      env: {
        PATH: process.env["PATH"],
        LAMBDA_TASK_ROOT: code,
        [HANDLER_ENVIRONMENT]: "index.handler",
        ...request.shimEnvironment,
      },
    });
    processes.push(child);
    child.stdout?.resume();
    child.stderr?.resume();
    await new Promise((resolve) => child.once("message", resolve));
    const sandbox = { process: child, folder: code, busy: false };
    sandboxes.push(sandbox);
    return sandbox;
  }
  return target;
}

function alive({ process: child }: Sandbox): boolean {
  return child.exitCode === null && child.signalCode === null;
}

async function exited(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await new Promise((resolve) => child.once("exit", resolve));
}

function unpack(zip: string, folder: string): void {
  for (const [name, bytes] of Object.entries(unzipSync(readFileSync(zip)))) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), bytes);
  }
}

let requests = 0;

/** Kills at the limit, as platforms do. */
function send(sandbox: Sandbox, input: InvocationInput, limitMs: number): Promise<InvocationResult> {
  const id = `${++requests}`.padStart(8, "0");
  const event = input.kind === "event" ? input.event : { faasify: 1, args: input.arguments };
  sandbox.busy = true;
  const { promise, resolve } = Promise.withResolvers<InvocationResult>();
  const base = { requestId: id, totalMs: 0, coldStart: false, log: [] };
  const timer = setTimeout(() => sandbox.process.kill("SIGKILL"), limitMs);
  const done = (result: Partial<InvocationResult>): void => {
    clearTimeout(timer);
    sandbox.process.off("message", onAnswer);
    sandbox.process.off("exit", onExit);
    sandbox.busy = false;
    resolve({ ...base, durationMs: 0, ...result });
  };
  const onAnswer = (answer: {
    id: string;
    ms: number;
    result?: unknown;
    error?: { name: string; message: string };
  }) => {
    if (answer.id !== id) return;
    const { ms: durationMs, result, error } = answer;
    if (error) return done({ durationMs, error: { ...error, stack: [] } });
    const isCall = input.kind === "arguments";
    done({ durationMs, result: (isCall ? (result as { result?: unknown }).result : result) ?? null });
  };
  const onExit = (): void => done({ error: { name: "Sandbox.Timedout", message: "killed", stack: [] } });
  sandbox.process.on("message", onAnswer);
  sandbox.process.on("exit", onExit);
  const clientContext = input.clientContext && { custom: input.clientContext };
  sandbox.process.send({ id, event, limitMs, clientContext });
  return promise;
}

export interface Client extends DebugClient {
  readonly events: readonly DebugProtocol.Event[];
  /** The next event that fits and that no call has returned yet. */
  next<E extends DebugProtocol.Event = DebugProtocol.Event>(name: string, fits?: (event: E) => boolean): Promise<E>;
  /** Each message of the adapter so far, as text. */
  readonly transcript: readonly string[];
  /** All output so far, of one category or of all. */
  output(category?: string): string;
  /** From now on what is sent need not have the form that the protocol gives it. */
  speakNonsense(): void;
  /** Closes the connection without a word. */
  vanish(): void;
}

/** A client of a fresh adapter over TCP; both end with the test. */
export async function connect(target: DebugTarget, options: Partial<AdapterOptions> = {}): Promise<Client> {
  const server = await serveTcp(target, 0, options);
  onTestFinished(() => server.close());
  return connectTo(server.port);
}

/** What the library's client hides: each message, as it is sent and as it comes. */
interface Wire {
  _socket: Socket;
  outputStream: { write(text: string): void };
  dispatch(body: string): void;
}

export async function connectTo(port: number): Promise<Client> {
  const client = new DebugClient("unused", "unused", "faasify");
  client.defaultTimeout = patienceMs;
  const events: DebugProtocol.Event[] = [];
  const used = new Set<DebugProtocol.Event>();
  await client.start(port);
  const wire = client as unknown as Wire;
  const transcript: string[] = [];
  let sendsNonsense = false;
  const checks = { sent: () => !sendsNonsense };
  watch(wire, checks, (message, text) => {
    transcript.push(text);
    if (message.type === "event") events.push(message as DebugProtocol.Event);
  });
  const { _socket: socket } = wire;
  const vanish = (): void => void socket.destroy();
  onTestFinished(vanish);
  const next = async (name: string, fits: (event: never) => boolean = () => true) => {
    const event = await eventually(`the event ${name}`, () =>
      events.find((candidate) => candidate.event === name && !used.has(candidate) && fits(candidate as never)),
    );
    used.add(event);
    return event;
  };
  const output = (category?: string): string =>
    events
      .filter((event): event is DebugProtocol.OutputEvent => event.event === "output")
      .filter(({ body }) => category === undefined || body.category === category)
      .map(({ body }) => body.output)
      .join("");
  const speakNonsense = (): void => void (sendsNonsense = true);
  return Object.assign(client, { events, transcript, next, output, vanish, speakNonsense }) as Client;
}

/** Every message of every test has the form that the protocol gives it. */
function watch(
  wire: Wire,
  checks: { readonly sent: () => boolean },
  seen: (message: DebugProtocol.ProtocolMessage, text: string) => void,
): void {
  const violations: string[] = [];
  const check = (text: string): DebugProtocol.ProtocolMessage => {
    const message = JSON.parse(text) as DebugProtocol.ProtocolMessage;
    violations.push(...violationsOf(message));
    return message;
  };
  const { outputStream } = wire;
  wire.outputStream = {
    write: (text) => {
      if (checks.sent()) check(text.slice(text.indexOf("\r\n\r\n")));
      outputStream.write(text);
    },
  };
  const dispatch = wire.dispatch.bind(wire);
  wire.dispatch = (body) => {
    seen(check(body), body);
    dispatch(body);
  };
  onTestFinished(() => expect(violations).toEqual([]));
}

/** Everything up to the invocation, as an editor does it. */
export async function launch(
  client: Client,
  configuration: object,
  prepare: (client: Client) => Promise<void> = async () => undefined,
): Promise<void> {
  await client.initializeRequest();
  const launched = client.launchRequest(configuration);
  await client.next("initialized");
  await prepare(client);
  await client.configurationDoneRequest();
  await launched;
}

export interface Stop {
  readonly threadId: number;
  readonly reason: string;
  readonly event: DebugProtocol.StoppedEvent;
  readonly frames: readonly DebugProtocol.StackFrame[];
  readonly top: DebugProtocol.StackFrame;
}

export async function stopped(client: Client): Promise<Stop> {
  const event = await client.next<DebugProtocol.StoppedEvent>("stopped");
  const threadId = event.body.threadId ?? 0;
  const { stackFrames: frames } = (await client.stackTraceRequest({ threadId })).body;
  const [top] = frames;
  if (!top) throw new Error("stopped without a frame");
  return { threadId, reason: event.body.reason, event, frames, top };
}

/** Name → variable, of all cheap scopes of a frame; the innermost wins. */
export async function variablesOf(client: Client, frameId: number): Promise<Map<string, DebugProtocol.Variable>> {
  const found = new Map<string, DebugProtocol.Variable>();
  const { scopes } = (await client.scopesRequest({ frameId })).body;
  for (const { variablesReference } of scopes.filter(({ expensive }) => !expensive)) {
    for (const variable of await membersOf(client, variablesReference)) {
      if (!found.has(variable.name)) found.set(variable.name, variable);
    }
  }
  return found;
}

export async function membersOf(client: Client, variablesReference: number): Promise<DebugProtocol.Variable[]> {
  return (await client.variablesRequest({ variablesReference })).body.variables;
}

export async function eventually<T>(
  what: string,
  read: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  const until = Date.now() + patienceMs;
  for (;;) {
    const value = await read();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > until) throw new Error(`waited ${patienceMs} ms in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** From 1: the line of the file that has this text. */
export function lineOf(file: string, text: string): number {
  const index = readFileSync(file, "utf8")
    .split("\n")
    .findIndex((line) => line.includes(text));
  if (index < 0) throw new Error(`${file} has no line with ${text}`);
  return index + 1;
}
