import { readFileSync, writeFileSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { serveTcp } from "../../src/debug-adapter/main.ts";
import { startRelay } from "../../src/debug-adapter/relay/relay.ts";
import type { Relay } from "../../src/debug-adapter/relay/sandbox-connection.ts";
import type { DebugTarget } from "../../src/debug-adapter/debug-target.ts";
import { FaasifyError } from "../../src/core/errors.ts";
import {
  type Client,
  connect,
  connectTo,
  copyProject,
  createHostTarget,
  eventually,
  launch,
  lineOf,
  stopped,
  variablesOf,
} from "./debug-harness.ts";

const items = [{ name: "pen", price: 2, quantity: 3 }];
const call = (...args: unknown[]) => ({ kind: "arguments", arguments: args }) as const;

function project() {
  const folder = copyProject();
  const file = path.join(folder, "src/orders.ts");
  return { file, target: createHostTarget(folder) };
}

const breakAt = (file: string, text: string) => async (client: Client) => {
  const breakpoints = [{ line: lineOf(file, text) }];
  await client.setBreakpointsRequest({ source: { path: file }, breakpoints });
};

async function attach(client: Client, configuration: object, prepare: (client: Client) => Promise<void>) {
  await client.initializeRequest();
  await prepare(client);
  const attached = client.attachRequest(configuration);
  await client.configurationDoneRequest();
  await attached;
}

it("stops in anybody's invocation after attach, and does not end with it", async () => {
  const { file, target } = project();
  const client = await connect(target);
  await attach(client, { function: `${file}#total` }, breakAt(file, "sum += item.price"));

  const answer = target.invokeFromOutside(call(items, "stranger"));
  const stop = await stopped(client);

  expect((await variablesOf(client, stop.top.id)).get("note")?.value).toBe("'stranger'");
  const { threads } = (await client.threadsRequest()).body;
  expect(threads[0]?.name).toMatch(/^total · \d{8} · \d+ s left$/);
  await client.continueRequest({ threadId: stop.threadId });
  expect((await answer).result).toBe(6);
  expect(client.events.some(({ event }) => event === "terminated")).toBe(false);
  await client.disconnectRequest();
});

it("pauses parallel invocations as threads of their own", async () => {
  const { file, target } = project();
  const client = await connect(target);
  await attach(client, { function: `${file}#total` }, breakAt(file, "sum += item.price"));
  const [one, two] = ["one", "two"].map((note) => target.invokeFromOutside(call(items, note)));

  const stops = [await stopped(client), await stopped(client)];

  expect(new Set(stops.map(({ threadId }) => threadId)).size).toBe(2);
  const notes = await Promise.all(stops.map(async ({ top }) => (await variablesOf(client, top.id)).get("note")?.value));
  expect(new Set(notes)).toEqual(new Set(["'one'", "'two'"]));
  const [first, second] = stops.map(({ threadId }) => threadId);
  const answer = await client.continueRequest({ threadId: first ?? 0 });
  expect(answer.body.allThreadsContinued).toBe(false);
  await Promise.race([one, two]);
  expect((await client.stackTraceRequest({ threadId: second ?? 0 })).body.stackFrames[0]?.name).toBe("total");
  await client.continueRequest({ threadId: second ?? 0 });
  await Promise.all([one, two]);
});

it("repeats the invocation with the edited code on restart", async () => {
  const { file, target } = project();
  const client = await connect(target);
  const configuration = { function: `${file}#total`, args: [items, "again"] };
  await launch(client, configuration, breakAt(file, "sum += item.price"));
  const first = await stopped(client);

  writeFileSync(file, readFileSync(file, "utf8").replace("price * item.quantity", "price * item.quantity * 2"));
  await client.restartRequest({});
  const second = await stopped(client);

  expect(second.threadId).not.toBe(first.threadId);
  expect((await variablesOf(client, second.top.id)).get("note")?.value).toBe("'again'");
  await client.continueRequest({ threadId: second.threadId });
  await client.next("terminated");
  expect(client.output("console")).toContain("total returned 12");
  expect(client.output("console")).not.toContain("total returned 6");
});

it("lets a paused function run on when the client disconnects, and restores it", async () => {
  const { file, target } = project();
  const client = await connect(target);
  await attach(client, { function: `${file}#total` }, breakAt(file, "sum += item.price"));
  const answer = target.invokeFromOutside(call(items));
  await stopped(client);

  await client.disconnectRequest();

  expect((await answer).result).toBe(6);
  expect(target.restored()).toBe(true);
  expect((await target.invokeFromOutside(call(items))).result).toBe(6);
});

it("does the same when the client vanishes", async () => {
  const { file, target } = project();
  const client = await connect(target);
  await attach(client, { function: `${file}#total` }, breakAt(file, "sum += item.price"));
  const answer = target.invokeFromOutside(call(items));
  await stopped(client);

  client.vanish();

  expect((await answer).result).toBe(6);
  await eventually("the restore", target.restored);
});

it("leaves invocations paused for the next client of the function, if told to", async () => {
  const { file, target } = project();
  const server = await serveTcp(target, 0);
  onTestFinished(() => server.close());
  const first = await connectTo(server.port);
  await attach(first, { function: `${file}#total` }, breakAt(file, "sum += item.price"));
  const answer = target.invokeFromOutside(call([...items, ...items]));
  await stopped(first);
  await first.disconnectRequest({ suspendDebuggee: true });
  expect(target.restored()).toBe(false);

  const second = await connectTo(server.port);
  await attach(second, { function: `${file}#total` }, breakAt(file, "return rounded"));

  const again = await stopped(second);
  expect(again.event.body).toMatchObject({ reason: "pause", description: "Suspended" });
  expect(again.top.line).toBe(lineOf(file, "sum += item.price"));
  expect((await variablesOf(second, again.top.id)).get("sum")?.value).toBe("0");
  await second.continueRequest({ threadId: again.threadId });
  const next = await stopped(second);
  expect(next.top.line).toBe(lineOf(file, "return rounded"));
  await second.disconnectRequest();
  expect((await answer).result).toBe(12);
  expect(target.restored()).toBe(true);
});

it("suspends nothing where the adapter ends with its session", async () => {
  const { file, target } = project();
  const client = await connect(target, { outlivesSession: false });
  await launch(client, { function: `${file}#total` });

  await expect(client.disconnectRequest({ suspendDebuggee: true })).rejects.toThrow("Nothing can stay paused");
  await client.disconnectRequest();
  expect(target.restored()).toBe(true);
});

it("ends on terminate", async () => {
  const { file, target } = project();
  const client = await connect(target);
  await launch(client, { function: `${file}#total` });

  await client.terminateRequest();

  await client.next("terminated");
  expect(target.restored()).toBe(true);
});

it("goes on without a hang when the relay dies while a function is paused", async () => {
  const { file, target } = project();
  const relays: Relay[] = [];
  const client = await connect(target, {
    startRelay: async () => {
      const relay = await startRelay({ graceMs: 100 });
      relays.push(relay);
      return relay;
    },
  });
  await launch(client, { function: `${file}#total`, args: [items] }, breakAt(file, "sum += item.price"));
  const stop = await stopped(client);

  await relays[0]?.[Symbol.asyncDispose]();

  await client.next("continued");
  await client.next("thread", ({ body }) => body.reason === "exited" && body.threadId === stop.threadId);
  await client.next("terminated");
  expect(client.output("console")).toContain("total returned 6");
  await expect(client.continueRequest({ threadId: stop.threadId })).rejects.toThrow("its sandbox has ended");
});

it("finds a paused function again when its connection drops for a moment", async () => {
  const { file, target } = project();
  const line = await startDroppableLine();
  const client = await connect(target, { startRelay: line.startRelay });
  await launch(client, { function: `${file}#total`, args: [items] }, breakAt(file, "sum += item.price"));
  const stop = await stopped(client);

  line.drop();
  await eventually("the new connection", () => line.connections() > 1);
  await eventually("a step that is taken", async () =>
    client.nextRequest({ threadId: stop.threadId }).then(
      () => true,
      () => false,
    ),
  );
  const next = await stopped(client);

  expect(next.threadId).toBe(stop.threadId);
  expect(next.top).toMatchObject({ name: "total", source: { path: file } });
  await client.setBreakpointsRequest({ source: { path: file }, breakpoints: [] });
  await client.continueRequest({ threadId: next.threadId });
  await client.next("terminated");
  expect(client.output("console")).toContain("total returned 6");
});

it("notices a sandbox that dies while paused", async () => {
  const { file, target } = project();
  const client = await connect(target, { startRelay: () => startRelay({ graceMs: 100 }) });
  await launch(client, { function: `${file}#total`, args: [items] }, breakAt(file, "sum += item.price"));
  const stop = await stopped(client);

  target.processes[0]?.kill("SIGKILL");

  await client.next("thread", ({ body }) => body.reason === "exited" && body.threadId === stop.threadId);
  await client.next("terminated");
  expect(client.output("important")).toContain("is gone");
});

it("tells the user when a function is resumed because its time limit is near", async () => {
  const { file, target } = project();
  target.limitMs = 20_000;
  const client = await connect(target);
  await launch(client, { function: `${file}#total`, args: [items] }, breakAt(file, "sum += item.price"));
  await stopped(client);

  await client.next("continued");

  await client.next("terminated");
  expect(client.output("important")).toContain("time limit");
  expect(client.output("console")).toContain("total returned 6");
});

it("says so when no shim connects, and the function still answers", async () => {
  const { file, target } = project();
  const deaf: DebugTarget = {
    ...target,
    deploy: (request, signal) => target.deploy({ ...request, shimEnvironment: {} }, signal),
  };
  const client = await connect(deaf, { shimSilentAfterMs: 50 });
  await launch(client, { function: `${file}#slow`, args: [500] });

  await client.next("terminated");

  expect(client.output("important")).toContain("shim-silent");
  expect(client.output("console")).toContain('slow returned "done"');
});

it("gives bad launch configurations a clear error and goes on", async () => {
  const { file, target } = project();
  const client = await connect(target);
  await client.initializeRequest();
  const tryLaunch = (configuration: object) => client.launchRequest(configuration);

  await expect(tryLaunch({ noDebug: false })).rejects.toThrow("function");
  await expect(tryLaunch({ function: file })).rejects.toThrow("path/to/file.ts#name");
  await expect(tryLaunch({ function: "src/orders.ts#total" })).rejects.toThrow("not an absolute path");
  await expect(tryLaunch({ function: `${file}#total`, args: "[]" })).rejects.toThrow("args");
  await expect(tryLaunch({ function: `${file}#total`, args: [], event: {} })).rejects.toThrow("exclude each other");
  await expect(tryLaunch({ function: `${file}#total`, target: "mars" })).rejects.toThrow("target");
  await expect(tryLaunch({ function: `${file}#absent`, args: [] })).rejects.toThrow("absent");
  await client.configurationDoneRequest();
  await tryLaunch({ function: `${file}#total`, args: [items] });
  await client.next("terminated");
});

it("reports a deployment that fails with its remedy", async () => {
  const { file, target } = project();
  const failure = new FaasifyError("platform-unreachable", "The platform is away", { remedy: "Start it" });
  const client = await connect({ ...target, deploy: () => Promise.reject(failure) });
  await client.initializeRequest();

  const answer = client.launchRequest({ function: `${file}#total` } as object);

  await expect(answer).rejects.toThrow("The platform is away. Start it.");
});

it("shows the deployment as progress to a client that can", async () => {
  const { file, target } = project();
  const client = await connect(target);
  await client.initializeRequest({ adapterID: "faasify", supportsProgressReporting: true });
  await client.launchRequest({ function: `${file}#total` } as object);

  const begin = await client.next("progressStart");
  const end = await client.next("progressEnd");

  expect(begin.body).toMatchObject({ title: "Deploying total for debugging" });
  expect(end.body).toMatchObject({ progressId: (begin.body as { progressId: string }).progressId });
});

it("answers requests it does not know with an error", async () => {
  const { target } = project();
  const client = await connect(target);
  await client.initializeRequest();

  await expect(client.customRequest("levitate")).rejects.toThrow("levitate");
  await expect(client.customRequest("faasify/invoke", { args: [] })).rejects.toThrow("Nothing is being debugged");
  await expect(client.restartRequest({})).rejects.toThrow("Nothing is being debugged");
  await expect(client.customRequest("initialize", { adapterID: "faasify", pathFormat: "uri" })).rejects.toThrow("uri");
});

it("listens on the loopback interface only, survives nonsense, and refuses a port that is taken", async () => {
  const { target } = project();
  const server = await serveTcp(target, 0);
  onTestFinished(() => server.close());

  const socket = net.connect(server.port, "127.0.0.1");
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.end("GET / HTTP/1.1\r\n\r\nContent-Length: 5\r\n\r\n{bad}");
  await closed;
  const client = await connectTo(server.port);
  await client.initializeRequest();

  await expect(serveTcp(target, server.port)).rejects.toMatchObject({ code: "port-taken" });
});

/** A relay behind a line that can be cut. */
async function startDroppableLine() {
  const sockets: net.Socket[] = [];
  let relayPort = 0;
  let connections = 0;
  const proxy = net.createServer((socket) => {
    connections += 1;
    const upstream = net.connect(relayPort, "127.0.0.1");
    sockets.push(socket, upstream);
    for (const end of [socket, upstream]) end.on("error", () => end.destroy());
    socket.pipe(upstream).pipe(socket);
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    proxy.close();
    for (const socket of sockets) socket.destroy();
  });
  const { port } = proxy.address() as net.AddressInfo;
  return {
    connections: () => connections,
    drop: () => sockets.splice(0).forEach((socket) => socket.destroy()),
    startRelay: async (): Promise<Relay> => {
      const relay = await startRelay();
      relayPort = Number(new URL(relay.url).port);
      return {
        ...relay,
        openSession: () => {
          const session = relay.openSession();
          const environmentValue = session.environmentValue.replace(`:${relayPort}/`, `:${port}/`);
          return { ...session, environmentValue };
        },
      };
    },
  };
}
