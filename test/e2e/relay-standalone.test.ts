/** Functions and the debug adapter meet at a relay that is neither's. */
import net from "node:net";
import path from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { connectToRelay } from "../../src/debug-adapter/relay/distant-relay.ts";
import {
  type StandaloneRelay,
  type StandaloneRelayOptions,
  startStandaloneRelay,
} from "../../src/debug-adapter/relay/standalone-relay.ts";
import { CLOSE_NOBODY } from "../../src/protocol/shim-messages.ts";
import {
  type Client,
  connect,
  copyProject,
  createHostTarget,
  launch,
  lineOf,
  stopped,
  variablesOf,
} from "./debug-harness.ts";
import { arm, debugSandbox, eventually, nextSandbox, openLine, pause, startFunction } from "./shim-harness.ts";

const accessKey = "k".repeat(40);
const items = [{ name: "pen", price: 2, quantity: 3 }];
const text = `
export async function handler(event) {
  const answer = { event, plain: "a text that nobody else may see" };
  return answer;
}
`;
const files = { "index.mjs": text };
const undelayedMs = 1500;

async function relayOf(options: Partial<StandaloneRelayOptions> = {}): Promise<StandaloneRelay> {
  const relay = await startStandaloneRelay({ accessKey, ...options });
  onTestFinished(() => relay[Symbol.asyncDispose]());
  return relay;
}

const breakAt = (file: string) => async (client: Client) => {
  const breakpoints = [{ line: lineOf(file, "sum += item.price") }];
  await client.setBreakpointsRequest({ source: { path: file }, breakpoints });
};

it("debugs a function through it, from the launch configuration", async () => {
  const { url } = await relayOf();
  const folder = copyProject();
  const file = path.join(folder, "src/orders.ts");
  const client = await connect(createHostTarget(folder));
  const configuration = { function: `${file}#total`, args: [items, "far"], relay: url, relayKey: accessKey };
  await launch(client, configuration, breakAt(file));

  const stop = await stopped(client);

  expect((await variablesOf(client, stop.top.id)).get("note")?.value).toBe("'far'");
  await client.nextRequest({ threadId: stop.threadId });
  const next = await stopped(client);
  await client.continueRequest({ threadId: next.threadId });
  await client.next("terminated");
  expect(client.output("console")).toContain("total returned 6");
  await client.disconnectRequest();
});

it("carries nothing that could be read, and knows no secret", async () => {
  const { url } = await relayOf();
  const line = await openLine(Number(new URL(url).port));
  onTestFinished(() => line[Symbol.asyncDispose]());
  await using relay = await connectToRelay({ url: `ws://127.0.0.1:${line.port}`, accessKey });
  const session = relay.openSession();
  const sandbox = nextSandbox(session);
  const fn = await startFunction({ files, debug: session.environmentValue });
  const first = fn.invoke("secret event");
  const debug = debugSandbox(await sandbox);
  await arm(debug, fn, text, ["return answer"]);
  await pause(debug);
  await debug.request("Debugger.resume");

  expect((await first).result).toMatchObject({ event: "secret event" });
  expect(debug.sandbox.hello.taskRoot).toBe(fn.folder);
  const seen = line.seen().toString("latin1");
  expect(seen).toContain("hello");
  const secret = new URL(session.environmentValue).hash.slice(1);
  for (const hidden of [
    "secret event",
    "nobody else",
    "Debugger.paused",
    "callFrames",
    fn.folder,
    secret,
    secret.slice(7),
  ])
    expect(seen).not.toContain(hidden);
});

it("lets functions run free, and unheld, while the debugger is away, and debugs them when it is back", async () => {
  const { url } = await relayOf({ heartbeatMs: 200 });
  const line = await openLine(Number(new URL(url).port));
  onTestFinished(() => line[Symbol.asyncDispose]());
  await using relay = await connectToRelay({ url: `ws://127.0.0.1:${line.port}`, accessKey, graceMs: 60_000 });
  const session = relay.openSession();
  const address = new URL(session.environmentValue);
  address.port = new URL(url).port;
  line.setOpen(false);
  line.cut();
  await eventually("the relay has noticed", async () => (await codeOf(`${url}${address.pathname}`)) === CLOSE_NOBODY);
  const fn = await startFunction({ files, debug: address.href });

  const cold = await fn.invoke("a");
  const warm = await fn.invoke("b");
  const sandbox = nextSandbox(session);
  line.setOpen(true);
  const debug = debugSandbox(await sandbox);
  await arm(debug, fn, text, ["return answer"]);
  const last = fn.invoke("c");
  await pause(debug);
  await debug.request("Debugger.resume");

  expect(cold.ms).toBeLessThan(undelayedMs);
  expect(warm.ms).toBeLessThan(undelayedMs);
  expect((await last).result).toMatchObject({ event: "c" });
});

it("refuses adapters without the access key, too many dials, web pages, and shims of nobody", async () => {
  const refusals: string[] = [];
  const { url } = await relayOf({ refused: (problem) => refusals.push(problem), maxDialsPerSecond: 20 });

  await expect(connectToRelay({ url, accessKey: "another key" })).rejects.toMatchObject({
    code: "debug-session-failed",
    message: expect.stringContaining("refused the access key"),
  });
  await expect(connectToRelay({ url: "ws://192.0.2.1:1", accessKey })).rejects.toMatchObject({ code: "wrong-usage" });
  expect(await codeOf(`${url}/${"0".repeat(32)}`)).toBe(CLOSE_NOBODY);
  expect(await codeOf(`${url}/nonsense`)).toBe(CLOSE_NOBODY);
  expect(await codeOf(`${url}/adapter`, { origin: "https://example.org" })).toBe("refused");
  const many = await Promise.all(Array.from({ length: 60 }, () => codeOf(`${url}/${"0".repeat(32)}`)));
  expect(many).toContain("refused");
  expect(refusals).toEqual(
    expect.arrayContaining([expect.stringContaining("access key"), "it comes from a web page", "it dials too often"]),
  );
});

it("cuts off who says too much before he is known, and lives on", async () => {
  const { url } = await relayOf();
  await using relay = await connectToRelay({ url, accessKey });
  const session = relay.openSession();
  const place = new URL(session.environmentValue).pathname;
  const talker = new WebSocket(url + place);
  const closed = new Promise<number>((resolve) => talker.once("close", resolve));
  await new Promise((resolve) => talker.once("open", resolve));

  for (let i = 0; i < 40; i++) talker.send("x".repeat(1024));

  expect(await closed).toBeGreaterThan(4000);
  const sandbox = nextSandbox(session);
  const fn = await startFunction({ files, debug: session.environmentValue });
  const first = fn.invoke("a");
  const debug = debugSandbox(await sandbox);
  debug.sandbox.send({ type: "ready" });
  expect((await first).result).toMatchObject({ event: "a" });
});

it("that is not the one it claims to be is not trusted by the adapter", async () => {
  const { url } = await relayOf({ accessKey: accessKey.toUpperCase() });

  await expect(connectToRelay({ url, accessKey })).rejects.toMatchObject({ code: "debug-session-failed" });
});

/** The close code, or `refused` when the upgrade was. */
function codeOf(url: string, headers: Record<string, string> = {}): Promise<number | "refused"> {
  const socket = new WebSocket(url, { headers });
  return new Promise((resolve) => {
    socket.once("error", () => resolve("refused"));
    socket.once("close", resolve);
  });
}

it("needs none where a tunnel leads to the editor, which sees as little", async () => {
  const relayPort = await unusedPort();
  const tunnel = await openLine(relayPort);
  onTestFinished(() => tunnel[Symbol.asyncDispose]());
  const folder = copyProject();
  const file = path.join(folder, "src/orders.ts");
  const client = await connect(createHostTarget(folder));
  const tunnelUrl = `ws://127.0.0.1:${tunnel.port}`;
  const configuration = { function: `${file}#total`, args: [items, "tunnelled"], tunnelUrl, relayPort };
  await launch(client, configuration, breakAt(file));

  const stop = await stopped(client);

  expect((await variablesOf(client, stop.top.id)).get("note")?.value).toBe("'tunnelled'");
  await client.continueRequest({ threadId: stop.threadId });
  await client.next("terminated");
  expect(tunnel.dials()).toBe(1);
  expect(tunnel.seen().toString("latin1")).toContain("challenge");
  for (const hidden of ["Debugger", "payloads", "ready"])
    expect(tunnel.seen().toString("latin1")).not.toContain(hidden);
  await client.disconnectRequest();
});

it("and a tunnel exclude each other, and a tunnel needs a port that is free", async () => {
  const file = path.join(copyProject(), "src/orders.ts");
  const taken = await openLine(1);
  onTestFinished(() => taken[Symbol.asyncDispose]());
  const url = "ws://127.0.0.1:1";
  const wrong: readonly [object, string][] = [
    [{ relay: url, tunnelUrl: url }, "relay excludes"],
    [{ tunnelUrl: url }, "needs relayPort"],
    [{ tunnelUrl: "ws://example.org", relayPort: await unusedPort() }, "is not wss://"],
    [{ relayPort: taken.port }, "cannot listen"],
  ];
  for (const [attributes, problem] of wrong) {
    const client = await connect(createHostTarget(path.dirname(file)));
    await client.initializeRequest();
    const launched = client.launchRequest({ function: `${file}#total`, ...attributes } as object);
    await expect(launched).rejects.toThrow(problem);
  }
});

async function unusedPort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
