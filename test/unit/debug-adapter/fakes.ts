/** A sandbox without a process: what the adapter sends is recorded, what V8 says is said by the test. */
import type { DebugProtocol } from "@vscode/debugprotocol";
import type { Protocol } from "devtools-protocol";
import { createDebuggee, type Debuggee } from "../../../src/debug-adapter/debuggee.ts";
import type { SandboxConnection } from "../../../src/debug-adapter/relay/sandbox-connection.ts";
import type { Hello, RelayMessage, ShimMessage } from "../../../src/protocol/shim-messages.ts";

const hello: Hello = {
  type: "hello",
  protocolVersion: 2,
  instance: "i1",
  nonce: "",
  mac: "",
  functionName: "resize",
  buildId: "b1",
  runtime: "nodejs24.0.0",
  taskRoot: "/var/task",
  epoch: 1,
  paused: false,
  invocation: { requestId: "abcdef0123456789", remainingMs: 60_000 },
};

export interface FakeConnection extends SandboxConnection {
  hello: Hello;
  connected: boolean;
  readonly sent: RelayMessage[];
  /** The CDP methods asked for so far. */
  methods(): string[];
  /** A message of the shim. */
  say(message: ShimMessage): void;
  /** A CDP event. */
  raise(method: string, params: object, prefetched?: Record<string, Record<string, unknown>>): void;
  reconnect(next: Partial<Hello>): void;
  leave(): void;
}

/** @param answer - V8's result for a method; `undefined` leaves the command unanswered */
export function fakeConnection(answer: (method: string, params: never) => object | undefined): FakeConnection {
  const messages: ((message: ShimMessage) => void)[] = [];
  const reconnected: (() => void)[] = [];
  const gone: (() => void)[] = [];
  const sent: RelayMessage[] = [];
  const payloads = () => sent.flatMap((message) => (message.type === "cdp" ? message.payloads : []));
  const connection: FakeConnection = {
    hello,
    connected: true,
    sent,
    methods: () => payloads().map(({ method }) => String(method)),
    send(message) {
      sent.push(message);
      if (message.type !== "cdp") return;
      for (const { id, method, params } of message.payloads) {
        const result = answer(String(method), params as never);
        if (result) connection.say({ type: "cdp", payload: { id, ...("error" in result ? result : { result }) } });
      }
    },
    say: (message) => messages.forEach((listener) => listener(message)),
    raise: (method, params, prefetched) =>
      connection.say({ type: "cdp", payload: { method, params }, ...(prefetched ? { prefetched } : {}) }),
    onMessage: (listener) => remember(messages, listener),
    onReconnected: (listener) => remember(reconnected, listener),
    onGone: (listener) => remember(gone, listener),
    reconnect(next) {
      connection.hello = { ...connection.hello, ...next };
      for (const listener of reconnected) listener();
    },
    leave() {
      connection.connected = false;
      for (const listener of gone) listener();
    },
  };
  return connection;
}

function remember<T>(listeners: T[], listener: T): () => void {
  listeners.push(listener);
  return () => void listeners.splice(listeners.indexOf(listener), 1);
}

export interface FakeSession {
  readonly debuggee: Debuggee;
  readonly events: DebugProtocol.Event[];
  /** The bodies of all events of one name. */
  readonly bodies: (name: string) => unknown[];
}

export function fakeSession(): FakeSession {
  const events: DebugProtocol.Event[] = [];
  const never = (): never => {
    throw new Error("no test of this kind deploys");
  };
  const target = { deploy: never, invoke: never, restore: never };
  const debuggee = createDebuggee(
    target,
    { startRelay: never, shimSilentAfterMs: 1000, outlivesSession: true },
    (event) => events.push(event),
  );
  debuggee.configured.open();
  return {
    debuggee,
    events,
    bodies: (name) => events.filter(({ event }) => event === name).map(({ body }) => body as unknown),
  };
}

export function callFrame(functionName: string, scriptId: string, line0: number): Protocol.Debugger.CallFrame {
  return {
    callFrameId: `${functionName}:${line0}`,
    functionName,
    location: { scriptId, lineNumber: line0, columnNumber: 0 },
    url: "",
    scopeChain: [],
    this: { type: "undefined" },
  };
}

/** Lets everything that was promised happen. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}
