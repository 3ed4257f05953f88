import { readFileSync, rmSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import tls from "node:tls";
import { describe, expect, it, onTestFinished } from "vitest";
import { WebSocketServer } from "ws";
import { startRelay } from "../../src/debug-adapter/relay/relay.ts";
import { CLOSE_UNAUTHORIZED, PROTOCOL_VERSION } from "../../src/protocol/shim-messages.ts";
import {
  arm,
  debugged,
  debugSandbox,
  eventually,
  nextSandbox,
  openLine,
  pause,
  startFunction,
} from "./shim-harness.ts";

const answerer = `
let calls = 0;
export async function handler(event) {
  calls += 1;
  const answer = { calls, event };
  return answer;
}
`;
const files = { "index.mjs": answerer };
/** Far above what a free invocation takes, and far below what the gate would. */
const undelayedMs = 800;

describe("a line that breaks while the function is paused", () => {
  it("is dialled again: the pause is announced again, and the breakpoints are still there", async () => {
    await using world = await debugged(files);
    const { debug, fn, line } = world;
    const first = fn.invoke("a");
    await arm(debug, fn, answerer, ["const answer"]);
    const { callFrames } = await pause(debug);
    const reconnected = new Promise<void>((resolve) => void debug.sandbox.onReconnected(resolve));

    line.cut();
    await reconnected;
    const again = await pause(debug);

    expect(debug.sandbox.hello).toMatchObject({ epoch: 1, paused: true, invocation: { requestId: "request-1" } });
    expect(again.callFrames[0]?.callFrameId).toBe(callFrames[0]?.callFrameId);
    const frame = { callFrameId: again.callFrames[0]?.callFrameId ?? "" };
    expect(await debug.request("Debugger.evaluateOnCallFrame", { ...frame, expression: "calls" })).toMatchObject({
      result: { value: 1 },
    });
    await debug.request("Debugger.resume");
    expect((await first).result).toEqual({ calls: 1, event: "a" });
    const second = fn.invoke("b");
    await pause(debug);
    await debug.request("Debugger.resume");
    expect((await second).result).toEqual({ calls: 2, event: "b" });
  });

  it("does not hold the function for longer than the grace time, and the debugger starts afresh when it is back", async () => {
    await using world = await debugged(files);
    const { debug, fn, line } = world;
    const first = fn.invoke("a");
    await arm(debug, fn, answerer, ["const answer"]);
    await pause(debug);
    const back = nextSandbox(world.session);

    line.setOpen(false);
    line.cut();
    expect((await first).result).toEqual({ calls: 1, event: "a" });
    const second = await fn.invoke("b");
    await eventually("the relay gives the sandbox up", () => !debug.sandbox.connected);
    line.setOpen(true);
    const reconnected = new Promise<void>((resolve) => void debug.sandbox.onReconnected(resolve));
    const sandbox = await Promise.race([back, reconnected.then(() => debug.sandbox)]);
    const fresh = sandbox === debug.sandbox ? debug : debugSandbox(sandbox);

    expect(second).toMatchObject({ result: { calls: 2, event: "b" } });
    expect(second.ms).toBeLessThan(undelayedMs);
    expect(sandbox.hello).toMatchObject({ epoch: 2, paused: false });
    await arm(fresh, fn, answerer, ["const answer"]);
    const third = fn.invoke("c");
    await fresh.event("Debugger.paused");
    await fresh.request("Debugger.resume");
    expect((await third).result).toEqual({ calls: 3, event: "c" });
  });

  it("tells what happened meanwhile, once it is back", async () => {
    await using world = await debugged(files);
    const { debug, fn, line } = world;
    const first = fn.invoke("a");
    await arm(debug, fn, answerer, ["const answer"]);
    await pause(debug);

    line.setOpen(false);
    line.cut();
    await first;
    line.setOpen(true);

    expect(await debug.next((m) => m.type === "auto-resumed")).toEqual({
      type: "auto-resumed",
      reason: "disconnected",
    });
    expect(await debug.next((m) => m.type === "invocation-ended")).toMatchObject({ requestId: "request-1" });
  });

  it("because the sandbox was frozen is dialled again when it thaws", async () => {
    await using world = await debugged(files, { heartbeatMs: 100, graceMs: 20_000 });
    const { debug, fn } = world;
    const first = fn.invoke("a");
    await arm(debug, fn, answerer, ["const answer"]);
    await pause(debug);
    await debug.request("Debugger.resume");
    await first;

    fn.process.kill("SIGSTOP");
    await eventually("the relay has given the line up", () => !debug.sandbox.connected);
    fn.process.kill("SIGCONT");
    const second = fn.invoke("b");
    await pause(debug);
    await debug.request("Debugger.resume");

    expect((await second).result).toEqual({ calls: 2, event: "b" });
    expect(debug.sandbox.hello.epoch).toBe(1);
  });

  it("that ends with the relay lets the function finish by itself", async () => {
    const relay = await startRelay();
    const session = relay.openSession();
    const sandbox = nextSandbox(session);
    const fn = await startFunction({ files, debug: session.environmentValue });
    const first = fn.invoke("a");
    const debug = debugSandbox(await sandbox);
    await arm(debug, fn, answerer, ["const answer"]);
    await pause(debug);

    await relay[Symbol.asyncDispose]();

    expect((await first).result).toEqual({ calls: 1, event: "a" });
    expect((await fn.invoke("b")).ms).toBeLessThan(undelayedMs);
  });
});

it("stops the first invocation after a long freeze: somebody answers at once", async () => {
  await using world = await debugged(files, { heartbeatMs: 120_000 });
  const { debug, fn } = world;
  const first = fn.invoke("a");
  await arm(debug, fn, answerer, ["const answer"]);
  await pause(debug);
  await debug.request("Debugger.resume");
  await first;

  fn.process.kill("SIGSTOP");
  const frozenAt = performance.now();
  await eventually("the shim can no longer know who is there", () => performance.now() - frozenAt > 7000);
  fn.process.kill("SIGCONT");
  const second = fn.invoke("b");
  await pause(debug);
  await debug.request("Debugger.resume");

  expect((await second).result).toEqual({ calls: 2, event: "b" });
  expect(debug.sandbox.hello.epoch).toBe(1);
});

it("lets invocations run free, and holds none, when the developer is away behind a line that nobody closed", async () => {
  await using world = await debugged(files);
  const { debug, fn, line } = world;
  const first = fn.invoke("a");
  await arm(debug, fn, answerer, ["const answer"]);
  await pause(debug);
  await debug.request("Debugger.resume");
  await first;

  line.stall(true);
  const stalledAt = performance.now();
  // So long the shim believes in the line: a heartbeat and its answer.
  await eventually("the silence is long enough", () => performance.now() - stalledAt > 6600);
  const away: number[] = [];
  await eventually("the shim has given the debugger up", async () => {
    away.push((await fn.invoke("b")).ms);
    return performance.now() - stalledAt > 16_000;
  });
  line.stall(false);
  line.cut();
  const back = nextSandbox(world.session);
  const reconnected = new Promise<void>((resolve) => void debug.sandbox.onReconnected(resolve));
  const sandbox = await Promise.race([back, reconnected.then(() => debug.sandbox)]);
  const fresh = sandbox === debug.sandbox ? debug : debugSandbox(sandbox);
  await arm(fresh, fn, answerer, ["const answer"]);
  const last = fn.invoke("c");
  await fresh.event("Debugger.paused");
  await fresh.request("Debugger.resume");

  expect((await last).result).toMatchObject({ event: "c" });
  expect(Math.max(...away)).toBeLessThan(undelayedMs);
  expect(away.toSorted((a, b) => a - b)[Math.floor(away.length / 2)]).toBeLessThan(50);
});

it("resumes before the platform's limit, says so first, and stops again in the next invocation", async () => {
  await using world = await debugged(files);
  const { debug, fn } = world;
  const first = fn.invoke("a", 10_000);
  await arm(debug, fn, answerer, ["const answer"]);
  await pause(debug);

  const answer = await first;
  const resumed = await debug.next((m) => m.type === "auto-resumed");
  const order = debug.messages.filter(
    (m) => m.type === "auto-resumed" || (m.type === "cdp" && m.payload["method"] === "Debugger.resumed"),
  );

  expect(answer.result).toEqual({ calls: 1, event: "a" });
  expect(answer.ms).toBeLessThan(10_000);
  expect(resumed).toMatchObject({ type: "auto-resumed", reason: "deadline" });
  expect(resumed.type === "auto-resumed" && JSON.stringify(resumed.snapshot)).toContain('"name":"event"');
  expect(order[0]).toBe(resumed);
  const second = fn.invoke("b");
  await pause(debug);
  await debug.request("Debugger.resume");
  expect((await second).result).toEqual({ calls: 2, event: "b" });
});

describe("nobody to debug with", () => {
  it("costs the first invocation a moment and the later ones nothing", async () => {
    const fn = await startFunction({ files, debug: `ws://127.0.0.1:${await unusedPort()}/session#secret` });

    const answers = [await fn.invoke("a", 60_000), await fn.invoke("b"), await fn.invoke("c")];

    expect(answers.map(({ result }) => result)).toEqual([
      { calls: 1, event: "a" },
      { calls: 2, event: "b" },
      { calls: 3, event: "c" },
    ]);
    for (const { ms } of answers.slice(1)) expect(ms).toBeLessThan(undelayedMs);
    expect(fn.output()).toBe("");
  });

  it("is noticed when the debugger never gets ready, within half of the time limit", async () => {
    await using relay = await startRelay();
    const fn = await startFunction({ files, debug: relay.openSession().environmentValue });

    const first = await fn.invoke("a", 2000);
    const second = await fn.invoke("b");

    expect(first).toMatchObject({ result: { calls: 1 } });
    expect(first.ms).toBeLessThan(2000);
    expect(second.ms).toBeLessThan(undelayedMs);
  });

  it("is reported in the log when the address is none", async () => {
    for (const debug of ["nonsense", "http://127.0.0.1/s#x", "ws://127.0.0.1/session", "ws://192.0.2.1/s#x"]) {
      const fn = await startFunction({ files, debug });

      expect((await fn.invoke("a")).result).toEqual({ calls: 1, event: "a" });
      expect(fn.output()).toContain("the function runs without a debugger, because FAASIFY_DEBUG cannot be used");
    }
  });

  it("does not matter to a function whose artifact lost the worker or the manifest", async () => {
    await using relay = await startRelay();
    const broken = await startFunction({
      files,
      debug: relay.openSession().environmentValue,
      prepare: (folder) => {
        rmSync(path.join(folder, "faasify-shim-worker.cjs"));
        rmSync(path.join(folder, "faasify.json"));
      },
    });

    expect((await broken.invoke("a")).result).toEqual({ calls: 1, event: "a" });
    expect((await broken.invoke("b")).ms).toBeLessThan(undelayedMs);
  });
});

describe("the proof of the secret", () => {
  it("keeps a shim with a wrong one out: it runs free and never dials again", async () => {
    await using relay = await startRelay();
    const session = relay.openSession();
    let sandboxes = 0;
    session.onSandbox(() => (sandboxes += 1));
    await using line = await openLine(Number(new URL(relay.url).port));
    const address = new URL(session.environmentValue);
    address.port = String(line.port);
    address.hash = "0".repeat(64);
    const fn = await startFunction({ files, debug: address.href });

    expect((await fn.invoke("a")).result).toEqual({ calls: 1, event: "a" });
    await fn.freed();
    expect((await fn.invoke("b")).ms).toBeLessThan(undelayedMs);
    expect(line.dials()).toBe(1);
    expect(sandboxes).toBe(0);
  });

  it("keeps a forged relay out: it gets the hello and nothing else, and is not obeyed", async () => {
    const received: string[] = [];
    let dials = 0;
    const forged = new WebSocketServer({ host: "127.0.0.1", port: 0 });
    onTestFinished(() => forged.close());
    forged.on("connection", (socket) => {
      dials += 1;
      socket.on("message", (data) => received.push((data as Buffer).toString()));
      socket.send(JSON.stringify({ type: "challenge", protocolVersion: PROTOCOL_VERSION, nonce: "00" }));
      const evil = { id: 1, method: "Runtime.evaluate", params: { expression: "globalThis.evil = true" } };
      socket.send(JSON.stringify({ type: "welcome", mac: "00".repeat(32) }));
      socket.send(JSON.stringify({ type: "cdp", payloads: [evil] }));
    });
    await new Promise((resolve) => forged.once("listening", resolve));
    const { port } = forged.address() as net.AddressInfo;
    const text = `export const handler = async () => String(globalThis.evil);\n`;
    const fn = await startFunction({ files: { "index.mjs": text }, debug: `ws://127.0.0.1:${port}/s#secret` });

    expect((await fn.invoke()).result).toBe("undefined");
    await fn.freed();
    expect(received.map((frame) => (JSON.parse(frame) as { type: string }).type)).toEqual(["hello"]);
    expect(received.join()).not.toContain("secret");
    expect(dials).toBe(1);
  });

  it("stops a shim that was refused", async () => {
    let dials = 0;
    const refusing = new WebSocketServer({ host: "127.0.0.1", port: 0 });
    onTestFinished(() => refusing.close());
    refusing.on("connection", (socket) => {
      dials += 1;
      socket.close(CLOSE_UNAUTHORIZED);
    });
    await new Promise((resolve) => refusing.once("listening", resolve));
    const { port } = refusing.address() as net.AddressInfo;
    const fn = await startFunction({ files, debug: `ws://127.0.0.1:${port}/s#secret` });

    expect((await fn.invoke("a")).result).toEqual({ calls: 1, event: "a" });
    await fn.freed();
    expect((await fn.invoke("b")).ms).toBeLessThan(undelayedMs);
    expect(dials).toBe(1);
  });
});

describe("a peer that speaks no WebSocket", () => {
  it.each([
    ["HTTP", "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"],
    ["garbage", "\u0000\u0001\u0002garbage\r\n\r\n"],
    ["endless headers", "x".repeat(64 * 1024)],
    ["a wrong accept key", "HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: AAAA\r\n\r\n"],
  ])("is given up (%s)", async (_, text) => {
    const server = net.createServer((socket) => {
      socket.on("error", () => socket.destroy());
      socket.end(text);
    });
    onTestFinished(() => void server.close());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as net.AddressInfo;
    const fn = await startFunction({ files, debug: `ws://127.0.0.1:${port}/s#secret` });

    expect((await fn.invoke("a")).result).toEqual({ calls: 1, event: "a" });
    expect((await fn.invoke("b")).ms).toBeLessThan(undelayedMs);
  });
});

describe("over TLS", () => {
  const folder = path.resolve(import.meta.dirname, "../fixtures/tls");

  it.each([
    ["trusts a certificate that the process trusts", { NODE_EXTRA_CA_CERTS: path.join(folder, "localhost.crt") }, true],
    ["runs free when nobody vouches for the certificate", {}, false],
  ])("%s", async (_, environment, trusted) => {
    await using relay = await startRelay();
    const session = relay.openSession();
    let sandboxes = 0;
    session.onSandbox((sandbox) => {
      sandboxes += 1;
      sandbox.send({ type: "ready" });
    });
    const certificate = {
      key: readFileSync(path.join(folder, "localhost.key")),
      cert: readFileSync(path.join(folder, "localhost.crt")),
    };
    const front = tls.createServer(certificate, (near) => {
      const far = net.connect(Number(new URL(relay.url).port), "127.0.0.1");
      for (const socket of [near, far]) socket.on("error", () => socket.destroy());
      near.on("close", () => far.destroy());
      far.on("close", () => near.destroy());
      near.pipe(far).pipe(near);
    });
    front.on("tlsClientError", () => {});
    onTestFinished(() => void front.close());
    await new Promise<void>((resolve) => front.listen(0, "127.0.0.1", resolve));
    const { port } = front.address() as net.AddressInfo;
    const { pathname, hash } = new URL(session.environmentValue);
    const fn = await startFunction({ files, debug: `wss://localhost:${port}${pathname}${hash}`, environment });

    expect((await fn.invoke("a")).result).toEqual({ calls: 1, event: "a" });
    expect(sandboxes).toBe(trusted ? 1 : 0);
  });
});

async function unusedPort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
