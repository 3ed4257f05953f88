/** 100,000 frames of nonsense against the relay's end of the shim protocol, and all of the adapter behind it. */
import { createHmac } from "node:crypto";
import { EventEmitter } from "node:events";
import { deflateRawSync } from "node:zlib";
import { expect, it } from "vitest";
import { createDebuggee } from "../../../src/debug-adapter/debuggee.ts";
import type { FrameSocket } from "../../../src/debug-adapter/relay/frame-socket.ts";
import { shakeHands } from "../../../src/debug-adapter/relay/handshake.ts";
import { createRelaySession } from "../../../src/debug-adapter/relay/relay-session.ts";
import { admitSandbox } from "../../../src/debug-adapter/sandbox-setup.ts";
import { decodeCarrierFrame, openSchema, readMessage } from "../../../src/debug-adapter/relay/carrier-frames.ts";
import { PROTOCOL_VERSION } from "../../../src/protocol/shim-messages.ts";
import { createRandom, mutate, type Random } from "../../fuzz-random.ts";

const SEED = 20_261_128;
const FRAMES = 100_000;
const FRAMES_PER_SHIM = 50;

const cdp = (method: string, params: object) => ({ type: "cdp", payload: { method, params } });
const location = { scriptId: "7", lineNumber: 1, columnNumber: 2 };
const frame = {
  callFrameId: "f1",
  functionName: "total",
  location,
  url: "file:///var/task/index.mjs",
  scopeChain: [{ type: "local", object: { type: "object", objectId: "o1" } }],
  this: { type: "undefined" },
};
/** One of each kind that a shim says. */
const messages: readonly object[] = [
  { type: "invocation-started", requestId: "r1", remainingMs: 1000 },
  { type: "invocation-ended", requestId: "r1", durationMs: 5, error: "no" },
  {
    type: "auto-resumed",
    reason: "deadline",
    snapshot: { o1: { result: [{ name: "x", value: { type: "number" } }] } },
  },
  { type: "condition-failed", message: "x" },
  { type: "cdp", payload: { id: 1, result: {} } },
  { type: "cdp", payload: { id: 2, error: { code: -1, message: "no" } } },
  cdp("Debugger.scriptParsed", { scriptId: "7", url: "file:///var/task/index.mjs", resolvedBreakpoints: [] }),
  cdp("Debugger.breakpointResolved", { breakpointId: "b1", location }),
  cdp("Debugger.resumed", {}),
  cdp("Runtime.consoleAPICalled", {
    type: "log",
    args: [{ type: "string", value: "x" }],
    stackTrace: { callFrames: [] },
  }),
  {
    ...cdp("Debugger.paused", { reason: "other", callFrames: [frame], hitBreakpoints: ["b1"] }),
    prefetched: { o1: { result: [] } },
    answers: [{ id: 1, method: "Runtime.getProperties", params: { objectId: "o1" }, answer: { result: {} } }],
  },
];

it(`survives ${FRAMES} frames, and lets a well-behaved shim in afterwards`, () => {
  const random = createRandom(SEED);
  const debuggee = createDebuggee(
    {} as never,
    { startRelay: () => Promise.reject(new Error()), shimSilentAfterMs: 1, outlivesSession: false },
    () => {},
  );
  debuggee.configured.open();
  const refused = { count: 0 };
  const session = createRelaySession(
    {
      address: "ws://127.0.0.1:1/s",
      sealed: false,
      graceMs: 60_000,
      heartbeatMs: 60_000,
      refused: () => (refused.count += 1),
    },
    () => {},
  );
  session.onSandbox((sandbox) => admitSandbox(debuggee, sandbox));

  let sent = 0;
  let admitted = 0;
  while (sent < FRAMES) {
    const socket = dial(session, `i${random.below(20)}`, random.below(3) === 0 ? random : undefined);
    sent += 1;
    admitted += socket.closed ? 0 : 1;
    for (let turn = 0; turn < FRAMES_PER_SHIM && !socket.closed; turn++) {
      socket.emit("message", ...nonsense(random));
      sent += 1;
    }
  }

  expect(admitted).toBeGreaterThan(100);
  expect(refused.count).toBeGreaterThan(1000);
  const good = dial(session, "good", undefined);
  good.emit("message", Buffer.from(JSON.stringify(messages[0])), false);
  expect(good.closed).toBe(false);
  expect(
    Array.from(debuggee.sandboxes.values()).some(
      ({ connection, requestId }) => connection.hello.instance === "good" && requestId === "r1",
    ),
  ).toBe(true);
}, 600_000);

it("reads no adapter into the noise that a standalone relay may get", () => {
  const random = createRandom(SEED);
  const open = { type: "open", session: "0".repeat(32), nonce: "n", mac: "m" };
  const frames = Array.from({ length: 20_000 }, () => decodeCarrierFrame(random.bytes(random.below(12))));
  const opened = Array.from({ length: 20_000 }, () =>
    readMessage(openSchema, JSON.stringify(mutate(random, open)) ?? ""),
  );

  expect(frames.filter((frame) => frame && ![0, 1, 2, 3].includes(frame.kind))).toEqual([]);
  expect(opened.filter((message) => message && !/^[0-9a-f]{32}$/.test(message.session))).toEqual([]);
});

/** Text, bytes, a message with something wrong in it, or a right one at a wrong time. */
function nonsense(random: Random): readonly [Buffer, boolean] {
  const kind = random.below(10);
  if (kind === 0) return [random.bytes(random.below(64)), random.below(2) === 0];
  const message = kind < 5 ? random.pick(messages) : mutate(random, random.pick(messages));
  const text = Buffer.from(JSON.stringify(message) ?? "");
  if (kind === 1) return [text.subarray(0, random.below(text.length + 1)), false];
  return random.below(4) === 0 ? [deflateRawSync(text), true] : [text, false];
}

class FakeSocket extends EventEmitter implements FrameSocket {
  readyState = 1;
  readonly sent: string[] = [];
  get closed(): boolean {
    return this.readyState !== 1;
  }
  send(data: string | Buffer): void {
    this.sent.push(data.toString());
  }
  ping(): void {
    this.emit("pong");
  }
  close(): void {
    this.terminate();
  }
  terminate(): void {
    if (this.closed) return;
    this.readyState = 3;
    this.emit("close");
  }
}

/** A shim that knows the secret; with `random`, one whose hello has something wrong in it. */
function dial(
  session: ReturnType<typeof createRelaySession>,
  instance: string,
  random: Random | undefined,
): FakeSocket {
  const socket = new FakeSocket();
  shakeHands(socket, {
    secret: session.secret,
    handshakeMs: 60_000,
    refused: () => {},
    accepted: (connected) => session.admit(connected),
  });
  const { nonce } = JSON.parse(socket.sent[0] ?? "") as { nonce: string };
  const mac = createHmac("sha256", session.secret).update(`shim:${nonce}:n`).digest("hex");
  const hello = {
    type: "hello",
    protocolVersion: PROTOCOL_VERSION,
    instance,
    nonce: "n",
    mac,
    functionName: "total",
    buildId: "b",
    runtime: "nodejs24",
    taskRoot: "/var/task",
    epoch: 1,
    paused: false,
    invocation: { requestId: "r0", remainingMs: 1000 },
  };
  socket.emit("message", Buffer.from(JSON.stringify(random ? mutate(random, hello) : hello) ?? ""), false);
  return socket;
}
