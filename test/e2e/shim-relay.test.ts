import { createHmac, randomBytes } from "node:crypto";
import http from "node:http";
import net from "node:net";
import { deflateRawSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { type RelayOptions, startRelay } from "../../src/debug-adapter/relay/relay.ts";
import type { Relay, RelaySession, SandboxConnection } from "../../src/debug-adapter/relay/sandbox-connection.ts";
import { CLOSE_UNAUTHORIZED, PROTOCOL_VERSION, type ShimMessage } from "../../src/protocol/shim-messages.ts";
import { eventually } from "./shim-harness.ts";

const sockets: WebSocket[] = [];
let relay: Relay | undefined;

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  await relay?.[Symbol.asyncDispose]();
  relay = undefined;
});

describe("a shim that knows the secret", () => {
  it("is welcomed with the relay's own proof, and its messages arrive in order", async () => {
    const { session, sandboxes } = await open();
    const shim = await dialAs(session, "one");
    const sandbox = await eventually("the sandbox is there", () => sandboxes[0]);
    const messages: ShimMessage[] = [];
    sandbox.onMessage((message) => messages.push(message));

    shim.say({ type: "invocation-started", requestId: "r", remainingMs: 1 });
    shim.sayCompressed({ type: "cdp", payload: { method: "Debugger.paused", params: "x".repeat(10_000) } });
    await eventually("both are here", () => messages.length === 2);
    sandbox.send({ type: "ready" });

    expect(shim.welcomed).toBe(true);
    expect(sandbox.hello).toMatchObject({ instance: "one", functionName: "demo" });
    expect(messages.map(({ type }) => type)).toEqual(["invocation-started", "cdp"]);
    await eventually("ready is here", () => shim.heard.includes("ready"));
  });

  it("shares its session with others, each a sandbox of its own", async () => {
    const { session, sandboxes } = await open();
    await Promise.all(["one", "two", "three"].map((name) => dialAs(session, name)));

    await eventually("all are there", () => sandboxes.length === 3);
    expect(sandboxes.map(({ hello }) => hello.instance).toSorted()).toEqual(["one", "three", "two"]);
  });

  it("is the same sandbox when it dials again in time, and is gone when it does not", async () => {
    const { session, sandboxes } = await open({ graceMs: 2000 });
    const first = await dialAs(session, "one");
    const sandbox = await eventually("the sandbox is there", () => sandboxes[0]);
    const seen: string[] = [];
    sandbox.onReconnected(() => seen.push("reconnected"));
    sandbox.onGone(() => seen.push("gone"));

    first.socket.terminate();
    await eventually("the drop is seen", () => !sandbox.connected);
    sandbox.send({ type: "ready" });
    const second = await dialAs(session, "one", { epoch: 2 });
    await eventually("it is back", () => seen.includes("reconnected"));

    expect(sandbox).toMatchObject({ connected: true, hello: { epoch: 2 } });
    expect(sandboxes).toHaveLength(1);
    expect(second.heard).not.toContain("ready");
    second.socket.terminate();
    await eventually("it is gone", () => seen.includes("gone"));
    await dialAs(session, "one");
    await eventually("it is a new one", () => sandboxes.length === 2);
  });

  it("replaces its own half-dead socket", async () => {
    const { session, sandboxes } = await open();
    const first = await dialAs(session, "one");
    const second = await dialAs(session, "one");

    await eventually("the older socket is dropped", () => first.closed !== undefined);
    expect(sandboxes).toHaveLength(1);
    expect(sandboxes[0]?.connected).toBe(true);
    expect(second.closed).toBeUndefined();
  });

  it("is cut off when it does not answer pings, so that nobody waits for it", async () => {
    const { session, sandboxes } = await open({ heartbeatMs: 50, graceMs: 50 });
    await dialAs(session, "one", {}, { autoPong: false });
    const sandbox = await eventually("the sandbox is there", () => sandboxes[0]);
    let gone = false;
    sandbox.onGone(() => (gone = true));

    await eventually("it is gone", () => gone);
    expect(sandbox.connected).toBe(false);
  });

  it.each([
    ["no JSON", "{"],
    ["an unknown type", `{"type":"invented"}`],
    ["a field of the wrong type", `{"type":"invocation-started","requestId":1,"remainingMs":1}`],
    ["binary nonsense", Buffer.from([1, 2, 3])],
  ])("loses its socket, and only that, over a bad frame: %s", async (_, frame) => {
    const { session, sandboxes } = await open();
    const bad = await dialAs(session, "bad");
    const good = await dialAs(session, "good");
    await eventually("both are there", () => sandboxes.length === 2);

    bad.socket.send(frame);

    expect(await eventually("it is closed", () => bad.closed)).toBe(1007);
    expect(good.closed).toBeUndefined();
    expect(sandboxes.find(({ hello }) => hello.instance === "good")?.connected).toBe(true);
  });

  it("may not send more than a frame may hold", async () => {
    const { session, sandboxes } = await open();
    const shim = await dialAs(session, "one");
    await eventually("the sandbox is there", () => sandboxes[0]);

    shim.socket.send(Buffer.alloc(65 * 1024 * 1024));

    await eventually("it is closed", () => shim.closed);
    // A small frame that inflates to more is refused, too.
    const bomb = await dialAs(session, "two");
    bomb.socket.send(deflateRawSync(Buffer.alloc(65 * 1024 * 1024)));
    expect(await eventually("it is closed", () => bomb.closed)).toBe(1007);
  });
});

describe("a stranger", () => {
  it.each([
    ["with a wrong secret", async (session: RelaySession) => dialAs(session, "x", {}, {}, "0".repeat(64))],
    ["at an unknown session", async () => dialAt(`${relay?.url}/${"0".repeat(32)}`, "secret")],
    ["that talks before it is asked to", async (session: RelaySession) => talk(session, `{"type":"ready"}`)],
    ["that talks garbage", async (session: RelaySession) => talk(session, "garbage")],
    ["that talks binary", async (session: RelaySession) => talk(session, Buffer.from([0, 255, 3]))],
    ["of another protocol version", async (session: RelaySession) => dialAs(session, "x", { protocolVersion: 99 })],
  ])("%s is refused, and cannot tell why", async (_, dial) => {
    const { session, sandboxes } = await open();

    const shim = await dial(session);

    expect(await eventually("it is closed", () => shim.closed)).toBe(CLOSE_UNAUTHORIZED);
    expect(shim.heard).toEqual(["challenge"]);
    expect(sandboxes).toEqual([]);
  });

  it("that says nothing is sent away", async () => {
    const { session } = await open({ handshakeMs: 100 });
    const shim = await dialAt(session.environmentValue, undefined);

    expect(await eventually("it is closed", () => shim.closed)).toBe(CLOSE_UNAUTHORIZED);
  });

  it("that floods is cut off before its frame is complete", async () => {
    const { session } = await open();
    const shim = await dialAt(session.environmentValue, undefined);

    shim.socket.send("x".repeat(1024 * 1024));

    expect(await eventually("it is closed", () => shim.closed)).not.toBe(1009);
  });

  it("that is a web page gets no challenge", async () => {
    const { session } = await open();
    const socket = new WebSocket(withoutSecret(session), { origin: "https://example.com" });
    sockets.push(socket);

    const problem = await new Promise<Error>((resolve) => socket.on("error", resolve));

    expect(problem.message).toContain("403");
  });

  it("that speaks HTTP is told what to speak", async () => {
    const { session } = await open();
    const status = await new Promise((resolve) => {
      http.get(withoutSecret(session).replace("ws:", "http:"), (response) => {
        response.resume();
        resolve(response.statusCode);
      });
    });

    expect(status).toBe(426);
  });

  it("that comes in crowds does not keep the others out for long", async () => {
    const { session, sandboxes } = await open({ handshakeMs: 300 });
    const crowd = Array.from({ length: 40 }, () => new WebSocket(withoutSecret(session)));
    for (const socket of crowd) socket.on("error", () => {});
    sockets.push(...crowd);
    await eventually("some are refused at once", () =>
      crowd.some(({ readyState }) => readyState === WebSocket.CLOSED || readyState === WebSocket.CLOSING),
    );

    await eventually("the shim gets in", async () => {
      await dialAs(session, "one").catch(() => undefined);
      return sandboxes.length > 0;
    });
    expect(sandboxes[0]?.hello.instance).toBe("one");
  });
});

describe("closing", () => {
  it("a session detaches its shims and refuses them from then on", async () => {
    const { session, sandboxes } = await open();
    const shim = await dialAs(session, "one");
    const sandbox = await eventually("the sandbox is there", () => sandboxes[0]);
    let gone = 0;
    sandbox.onGone(() => (gone += 1));
    shim.onDetach = () => shim.socket.close();

    await session.close();
    await session.close();
    const late = await dialAs(session, "one");

    expect(shim.heard).toContain("detach");
    expect(gone).toBe(1);
    expect(await eventually("it is refused", () => late.closed)).toBe(CLOSE_UNAUTHORIZED);
    expect(sandboxes).toHaveLength(1);
  });

  it("a session does not wait for a shim that ignores it", async () => {
    const { session, sandboxes } = await open();
    const shim = await dialAs(session, "one");
    await eventually("the sandbox is there", () => sandboxes[0]);

    await session.close();

    expect(await eventually("it is closed", () => shim.closed)).toBe(1006);
  });

  it("the relay does not wait for a stranger that it has refused", async () => {
    const { session } = await open();
    const { hostname, port, pathname } = new URL(session.environmentValue);
    const stranger = net.connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    let answer = "";
    stranger.on("data", (chunk) => (answer += chunk.toString()));
    const upgrade = ["Connection: Upgrade", "Upgrade: websocket", "Origin: https://example.com", "\r\n"].join("\r\n");
    stranger.write(`GET ${pathname} HTTP/1.1\r\nHost: relay\r\n${upgrade}`);
    await eventually("it is refused", () => answer.includes("403"));

    await relay?.[Symbol.asyncDispose]();

    stranger.destroy();
    expect(() => relay?.openSession()).toThrow("closed");
  });

  it("the relay refuses everything afterwards", async () => {
    const { session } = await open();
    const shim = await dialAs(session, "one");
    shim.onDetach = () => shim.socket.close();
    const address = withoutSecret(session);

    await relay?.[Symbol.asyncDispose]();
    await relay?.[Symbol.asyncDispose]();

    await eventually("it is closed", () => shim.closed);
    expect(() => relay?.openSession()).toThrow(expect.objectContaining({ code: "debug-session-failed" }));
    const socket = new WebSocket(address);
    const problem = await new Promise<Error>((resolve) => socket.on("error", resolve));
    expect(problem.message).toContain("ECONNREFUSED");
  });
});

interface FakeShim {
  readonly socket: WebSocket;
  /** Types of the messages of the relay. */
  readonly heard: string[];
  /** It was welcomed, with the right proof. */
  welcomed: boolean;
  closed: number | undefined;
  onDetach: () => void;
  say(message: object): void;
  sayCompressed(message: object): void;
}

async function open(options?: RelayOptions) {
  relay = await startRelay(options);
  const session = relay.openSession();
  const sandboxes: SandboxConnection[] = [];
  session.onSandbox((sandbox) => sandboxes.push(sandbox));
  return { session, sandboxes };
}

/** A shim that introduces itself. Resolves when the relay has answered. */
async function dialAs(
  session: RelaySession,
  instance: string,
  facts: object = {},
  ...[options, secret = new URL(session.environmentValue).hash.slice(1)]: [object?, string?]
): Promise<FakeShim> {
  const shim = await dialAt(session.environmentValue, secret, { instance, ...facts }, options);
  await eventually("the relay has answered", () => shim.welcomed || shim.closed);
  return shim;
}

async function talk(session: RelaySession, frame: string | Buffer): Promise<FakeShim> {
  const shim = await dialAt(session.environmentValue, undefined);
  shim.socket.send(frame);
  return shim;
}

/** Without a secret it says nothing. */
async function dialAt(
  address: string,
  secret: string | undefined,
  facts: object = {},
  options: object = {},
): Promise<FakeShim> {
  const socket = new WebSocket(address.split("#")[0] ?? "", options);
  sockets.push(socket);
  const nonce = randomBytes(16).toString("hex");
  const shim: FakeShim = {
    socket,
    heard: [],
    welcomed: false,
    closed: undefined,
    onDetach: () => {},
    say: (message) => socket.send(JSON.stringify(message)),
    sayCompressed: (message) => socket.send(deflateRawSync(JSON.stringify(message))),
  };
  const prove = (text: string): string =>
    createHmac("sha256", secret ?? "")
      .update(text)
      .digest("hex");
  let relayNonce = "";
  socket.on("close", (code) => (shim.closed = code));
  socket.on("error", () => {});
  socket.on("message", (data) => {
    const message = JSON.parse((data as Buffer).toString()) as { type: string; nonce: string; mac: string };
    shim.heard.push(message.type);
    if (message.type === "detach") shim.onDetach();
    if (message.type === "welcome") shim.welcomed = message.mac === prove(`relay:${nonce}:${relayNonce}`);
    if (message.type !== "challenge" || secret === undefined) return;
    relayNonce = message.nonce;
    shim.say({ ...hello, nonce, mac: prove(`shim:${relayNonce}:${nonce}`), ...facts });
  });
  await new Promise<void>((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", reject);
  });
  return shim;
}

function withoutSecret(session: RelaySession): string {
  return session.environmentValue.split("#")[0] ?? "";
}

const hello = {
  type: "hello",
  protocolVersion: PROTOCOL_VERSION,
  instance: "one",
  functionName: "demo",
  buildId: "b1",
  runtime: "nodejs24",
  taskRoot: "/var/task",
  epoch: 1,
  paused: false,
};
