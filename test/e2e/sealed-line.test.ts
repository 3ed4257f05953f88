/** Whoever sits between a function and its debugger may break their line, and nothing else. */
import { expect, it, onTestFinished } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { startRelay } from "../../src/debug-adapter/relay/relay.ts";
import { arm, debugSandbox, eventually, nextSandbox, pause, startFunction } from "./shim-harness.ts";

const text = `
export async function handler(event) {
  const answer = { event, evil: typeof globalThis.evil };
  return answer;
}
`;
const evil = {
  type: "cdp",
  payloads: [{ id: 9, method: "Runtime.evaluate", params: { expression: "globalThis.evil = 1" } }],
};

interface Frame {
  readonly data: Buffer;
  readonly binary: boolean;
}

interface Meddler {
  readonly port: number;
  /** What the next frame to the shim, or to the relay, becomes. Undefined: what came. */
  toShim: ((frame: Frame, earlier: readonly Frame[]) => readonly Frame[]) | undefined;
  toRelay: ((frame: Frame, earlier: readonly Frame[]) => readonly Frame[]) | undefined;
  dials(): number;
}

async function meddle(relayUrl: string): Promise<Meddler> {
  let dials = 0;
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  onTestFinished(() => server.close());
  server.on("connection", (shim, request) => {
    dials += 1;
    const relay = new WebSocket(relayUrl + (request.url ?? ""));
    const waiting: Frame[] = [];
    const carry = (to: WebSocket, which: "toShim" | "toRelay") => {
      const earlier: Frame[] = [];
      return (data: Buffer, binary: boolean): void => {
        const frame = { data, binary };
        const change = earlier.length >= 2 || which === "toRelay" ? meddler[which] : undefined;
        if (change) meddler[which] = undefined;
        const sent = change?.(frame, earlier) ?? [frame];
        earlier.push(frame);
        if (to.readyState === WebSocket.CONNECTING) waiting.push(...sent);
        else for (const one of sent) to.send(one.data, { binary: one.binary });
      };
    };
    shim.on("message", carry(relay, "toRelay"));
    relay.on("message", carry(shim, "toShim"));
    relay.on("open", () => waiting.forEach((one) => relay.send(one.data, { binary: one.binary })));
    for (const [one, other] of [
      [shim, relay],
      [relay, shim],
    ] as const) {
      one.on("close", () => other.terminate());
      one.on("error", () => other.terminate());
    }
  });
  await new Promise((resolve) => server.once("listening", resolve));
  const meddler: Meddler = {
    port: (server.address() as { port: number }).port,
    toShim: undefined,
    toRelay: undefined,
    dials: () => dials,
  };
  return meddler;
}

async function world() {
  const relay = await startRelay({ tunnelUrl: "ws://127.0.0.1:1", graceMs: 120_000 });
  onTestFinished(() => relay[Symbol.asyncDispose]());
  const session = relay.openSession();
  const meddler = await meddle(relay.url);
  const address = new URL(session.environmentValue);
  address.port = String(meddler.port);
  const sandbox = nextSandbox(session);
  const fn = await startFunction({ files: { "index.mjs": text }, debug: address.href });
  const answer = fn.invoke("a");
  const debug = debugSandbox(await sandbox);
  await arm(debug, fn, text, ["return answer"]);
  await pause(debug);
  return { meddler, fn, debug, answer };
}

const plain = (message: object): Frame => ({ data: Buffer.from(JSON.stringify(message)), binary: false });
const flip = ({ data, binary }: Frame): Frame => {
  const changed = Buffer.from(data);
  changed[changed.length >> 1] = (changed[changed.length >> 1] ?? 0) ^ 1;
  return { data: changed, binary };
};

it.each<[string, NonNullable<Meddler["toShim"]>]>([
  ["a frame sent twice", (frame) => [frame, frame]],
  ["an earlier frame in its place", (_frame, earlier) => earlier.slice(-1)],
  ["a frame before the one that it follows", (frame, earlier) => [...earlier.slice(-1), frame]],
  ["a frame with one bit changed", (frame) => [flip(frame)]],
  ["a frame that was cut short", ({ data, binary }) => [{ data: data.subarray(0, -1), binary }]],
  ["an empty frame", () => [{ data: Buffer.alloc(0), binary: true }]],
  ["a command in clear", (frame) => [plain(evil), frame]],
  ["a detach in clear", (frame) => [plain({ type: "detach" }), frame]],
])("takes no harm from %s to the shim: the line is dialled again, and the debugger goes on", async (_, change) => {
  const { meddler, fn, debug, answer } = await world();
  meddler.toShim = change;
  debug.sandbox.send({
    type: "cdp",
    payloads: [{ id: 1000, method: "Runtime.evaluate", params: { expression: "1" } }],
  });

  await eventually("a new connection", () => meddler.dials() > 1 && debug.sandbox.connected);
  await eventually(
    "the pause is announced again",
    () => debug.messages.filter((m) => m.type === "cdp" && m.payload["method"] === "Debugger.paused").length > 1,
  );
  await debug.request("Debugger.resume");

  expect((await answer).result).toEqual({ event: "a", evil: "undefined" });
  expect(debug.sandbox.hello.epoch).toBe(1);
  const second = fn.invoke("b");
  await eventually(
    "the next pause",
    () => debug.messages.filter((m) => m.type === "cdp" && m.payload["method"] === "Debugger.paused").length > 2,
  );
  await debug.request("Debugger.resume");
  expect((await second).result).toMatchObject({ event: "b" });
});

it.each<[string, NonNullable<Meddler["toRelay"]>]>([
  ["a frame sent twice", (frame) => [frame, frame]],
  ["a frame with one bit changed", (frame) => [flip(frame)]],
  [
    "a message in clear",
    (frame) => [plain({ type: "invocation-ended", requestId: "request-1", durationMs: 1 }), frame],
  ],
])("takes no harm from %s to the relay", async (_, change) => {
  const { meddler, debug, answer } = await world();
  meddler.toRelay = change;
  debug.sandbox.send({
    type: "cdp",
    payloads: [{ id: 1000, method: "Runtime.evaluate", params: { expression: "1" } }],
  });

  await eventually("a new connection", () => meddler.dials() > 1 && debug.sandbox.connected);
  await eventually(
    "the pause is announced again",
    () => debug.messages.filter((m) => m.type === "cdp" && m.payload["method"] === "Debugger.paused").length > 1,
  );
  await debug.request("Debugger.resume");

  expect((await answer).result).toMatchObject({ event: "a" });
  expect(debug.messages.some(({ type }) => type === "auto-resumed")).toBe(false);
});

it("gives a stranger who plays the relay nothing but a proof, and obeys him in nothing", async () => {
  const received: string[] = [];
  const forged = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  onTestFinished(() => forged.close());
  forged.on("connection", (socket) => {
    socket.on("message", (data: Buffer) => received.push(data.toString()));
    socket.send(JSON.stringify({ type: "challenge", protocolVersion: 2, nonce: "00" }));
    socket.send(JSON.stringify({ type: "welcome", mac: "00".repeat(32) }));
    socket.send(JSON.stringify(evil));
  });
  await new Promise((resolve) => forged.once("listening", resolve));
  const { port } = forged.address() as { port: number };
  const debug = `ws://127.0.0.1:${port}/s#sealed:secret`;
  const fn = await startFunction({ files: { "index.mjs": text }, debug });

  expect((await fn.invoke("a")).result).toEqual({ event: "a", evil: "undefined" });
  await fn.freed();
  expect(received.map((frame) => Object.keys(JSON.parse(frame) as object))).toEqual([
    ["type", "protocolVersion", "instance", "nonce", "mac", "sealed"],
  ]);
  expect(received.join()).not.toContain(fn.folder);
});

it("sends nothing in clear to another machine", async () => {
  const fn = await startFunction({ files: { "index.mjs": text }, debug: "wss://192.0.2.1/s#secret" });

  expect((await fn.invoke("a")).result).toMatchObject({ event: "a" });
  expect(fn.output()).toContain("trusted only with a sealed secret");
});
