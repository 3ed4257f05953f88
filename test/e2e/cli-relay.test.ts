/** `faasify relay` as a process: with the debug adapter and the local platform as processes beside it. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { type CliPlace, openCliPlace } from "./cli-harness.ts";
import { startDap } from "./dap-process.ts";
import { connectTo, copyProject, eventually, launch, lineOf, stopped, variablesOf } from "./debug-harness.ts";

const tls = path.resolve(import.meta.dirname, "../fixtures/tls");
const accessKey = "0123456789".repeat(4);

it("carries a debug session of a function on the local platform", async () => {
  const relay = place({ FAASIFY_RELAY_KEY: accessKey }).start("relay", "--port", "0");
  const url = await eventually("the relay to listen", () => /listening on (ws:\S+)/.exec(relay.stdout())?.[1]);
  const folder = copyProject();
  const file = path.join(folder, "src/orders.ts");
  const { port } = await startDap(folder, { FAASIFY_RELAY_KEY: accessKey });
  const client = await connectTo(port);
  const args = [[{ name: "pen", price: 2, quantity: 3 }], "relayed"];
  await launch(client, { function: `${file}#total`, args, relay: url }, async () => {
    const breakpoints = [{ line: lineOf(file, "sum += item.price") }];
    await client.setBreakpointsRequest({ source: { path: file }, breakpoints });
  });

  const stop = await stopped(client);

  expect((await variablesOf(client, stop.top.id)).get("note")?.value).toBe("'relayed'");
  await client.continueRequest({ threadId: stop.threadId });
  await client.next("terminated");
  expect(client.output("console")).toContain("total returned 6");
  await client.disconnectRequest();
  expect(relay.stdout()).not.toContain(accessKey);
  expect(relay.stderr()).toBe("");
  expect((await relay.interrupt()).status).toBe(0);
});

it("speaks TLS with the certificate that it is given, and makes up a key where it has none", async () => {
  const files = ["--cert", path.join(tls, "localhost.crt"), "--cert-key", path.join(tls, "localhost.key")];
  const relay = place({ FAASIFY_RELAY_KEY: undefined }).start("relay", "--host", "127.0.0.1", ...files);
  const url = await eventually("the relay to listen", () => /listening on (wss:\S+)/.exec(relay.stdout())?.[1]);

  const address = url.replace("127.0.0.1", "localhost");
  const socket = new WebSocket(`${address}/adapter`, { ca: readFileSync(path.join(tls, "localhost.crt")) });
  const challenge = await new Promise((resolve, reject) => {
    socket.once("message", (data: Buffer) => resolve(JSON.parse(data.toString())));
    socket.once("error", reject);
  });
  socket.terminate();

  expect(challenge).toMatchObject({ type: "challenge" });
  await eventually("the key", () => /FAASIFY_RELAY_KEY=[0-9a-f]{64}/.test(relay.stdout()));
  expect((await relay.interrupt()).status).toBe(0);
});

it("refuses to be open to other machines in clear, a short key, and half a certificate", async () => {
  const wrong = place({ FAASIFY_RELAY_KEY: accessKey });

  expect(await wrong.run("relay", "--host", "0.0.0.0")).toMatchObject({
    status: 2,
    stderr: expect.stringContaining("--cert"),
  });
  expect(await wrong.run("relay", "--cert", "x.pem")).toMatchObject({
    status: 2,
    stderr: expect.stringContaining("belong together"),
  });
  expect(await wrong.run("relay", "--cert", "x.pem", "--cert-key", "y.pem")).toMatchObject({ status: 3 });
  expect(await place({ FAASIFY_RELAY_KEY: "short" }).run("relay")).toMatchObject({
    status: 2,
    stderr: expect.stringContaining("shorter"),
  });
});

function place(environment: NodeJS.ProcessEnv): CliPlace {
  const opened = openCliPlace({ "package.json": "{}" }, environment);
  onTestFinished(() => opened[Symbol.asyncDispose]());
  return opened;
}
