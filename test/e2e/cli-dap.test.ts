import type { Socket } from "node:net";
import path from "node:path";
import { DebugClient } from "@vscode/debugadapter-testsupport";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { expect, it, onTestFinished } from "vitest";
import { createLocalProvider } from "../../src/deploy/providers/local/local-provider.ts";
import manifest from "../../package.json" with { type: "json" };
import { openCliPlace, type CliPlace } from "./cli-harness.ts";

const never = new AbortController().signal;
const files = {
  "package.json": `{ "type": "module" }`,
  "cart.ts": `export function total(prices: number[]): number {
  let sum = 0;
  for (const price of prices) {
    sum += price;
  }
  return sum;
}
`,
};

it("launch: any DAP client stops in the deployed function, and nothing of it stays behind", async () => {
  const { place, client, file } = await open();
  await place.json("deploy", "cart.ts#total");
  const before = await deployedNames(place);

  const stopped = nextStop(client);
  await Promise.all([
    configure(client, file, 4),
    client.launchRequest({ function: `${file}#total`, args: [[5, 7]] } as DebugProtocol.LaunchRequestArguments),
  ]);

  const { threadId = 0 } = (await stopped).body;
  const { stackFrames } = (await client.stackTraceRequest({ threadId })).body;
  expect(stackFrames[0]).toMatchObject({ name: "total", line: 4, source: { path: file } });
  expect(await client.evaluateRequest({ expression: "price * 2", frameId: stackFrames[0]?.id ?? 0 })).toMatchObject({
    body: { result: "10" },
  });
  expect(await deployedNames(place)).toHaveLength(before.length + 1);

  const terminated = client.waitForEvent("terminated", 120_000);
  await client.setBreakpointsRequest({ source: { path: file }, breakpoints: [] });
  await client.continueRequest({ threadId });
  await terminated;
  await client.disconnectRequest({});

  await expect.poll(() => deployedNames(place), { timeout: 120_000 }).toEqual(before);
});

it("attach: stops at anybody's invocation, then the function is as it was", async () => {
  const { place, client, file } = await open();
  await place.json("deploy", "cart.ts#total");

  await Promise.all([
    configure(client, file, 6),
    client.attachRequest({ function: `${file}#total` } as DebugProtocol.AttachRequestArguments),
  ]);
  const stopped = nextStop(client);
  const invocation = place.start("invoke", "cart.ts#total", "--args", "[[1, 2]]", "--json");

  const { threadId = 0 } = (await stopped).body;
  const { stackFrames } = (await client.stackTraceRequest({ threadId })).body;
  expect(stackFrames[0]).toMatchObject({ name: "total", line: 6 });
  await client.continueRequest({ threadId });
  expect(JSON.parse((await invocation.ended).stdout)).toMatchObject({ result: 3 });
  await client.disconnectRequest({});

  // Nothing to deploy: code and configuration are what they were.
  await expect
    .poll(async () => (await place.json("deploy", "cart.ts#total"))["deployments"], { timeout: 120_000 })
    .toMatchObject([{ unchanged: true }]);
  expect(await place.json("invoke", "cart.ts#total", "--args", "[[4]]")).toMatchObject({ result: 4 });
});

async function open(): Promise<{ place: CliPlace; client: DebugClient; file: string }> {
  const place = openCliPlace(files);
  onTestFinished(() => place[Symbol.asyncDispose]());
  const adapter = place.start("dap", "--port", "0");
  await expect.poll(() => adapter.stdout(), { timeout: 120_000 }).toMatch(/^listening on 127\.0\.0\.1:\d+\n$/);
  const client = new DebugClient("node", "", "faasify");
  client.defaultTimeout = 120_000;
  await client.start(Number(/:(\d+)/.exec(adapter.stdout())?.[1]));
  // Its own stop() waits for an answer that a closed socket never gives.
  onTestFinished(() => void (client as unknown as { _socket: Socket })._socket.destroy());
  return { place, client, file: path.join(place.project, "cart.ts") };
}

/** Up to `configurationDone`; the launch or attach request runs beside it. */
async function configure(client: DebugClient, file: string, line: number): Promise<void> {
  const initialized = client.waitForEvent("initialized", 120_000);
  await client.initializeRequest();
  await initialized;
  await client.setBreakpointsRequest({ source: { path: file }, breakpoints: [{ line }] });
  await client.configurationDoneRequest();
}

async function nextStop(client: DebugClient): Promise<DebugProtocol.StoppedEvent> {
  return (await client.waitForEvent("stopped", 120_000)) as DebugProtocol.StoppedEvent;
}

async function deployedNames({ data }: CliPlace): Promise<readonly string[]> {
  const provider = createLocalProvider({
    folder: path.join(data, "platform"),
    platformBundle: path.resolve("dist/platform.cjs"),
    version: manifest.version,
  });
  return (await provider.list(never)).toSorted();
}
