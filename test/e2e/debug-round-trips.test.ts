import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { startRelay } from "../../src/debug-adapter/relay/relay.ts";
import type { Relay } from "../../src/debug-adapter/relay/sandbox-connection.ts";
import type { RelayMessage } from "../../src/protocol/shim-messages.ts";
import {
  type Client,
  connect,
  copyProject,
  createHostTarget,
  launch,
  lineOf,
  membersOf,
  stopped,
} from "./debug-harness.ts";

const items = Array.from({ length: 12 }, (_, index) => ({ name: `pen ${index}`, price: index, quantity: 2 }));

/** A relay that notes what goes to the function. */
function notingRelay(sent: RelayMessage[]): () => Promise<Relay> {
  return async () => {
    const relay = await startRelay();
    return {
      ...relay,
      openSession: () => {
        const session = relay.openSession();
        return {
          ...session,
          onSandbox: (listener) =>
            session.onSandbox((sandbox) => {
              const noting = {
                send: (message: RelayMessage) => {
                  sent.push(message);
                  sandbox.send(message);
                },
              };
              listener(new Proxy(sandbox, { get: (of, name) => Reflect.get(name === "send" ? noting : of, name) }));
            }),
        };
      },
    };
  };
}

/** All that an editor shows at a stop: stack, scopes, variables, two open objects and two watches. */
async function look(client: Client, threadId: number): Promise<string[]> {
  const frameId = (await client.stackTraceRequest({ threadId })).body.stackFrames[0]?.id ?? 0;
  const { scopes } = (await client.scopesRequest({ frameId })).body;
  const seen: string[] = [];
  for (const { variablesReference, expensive } of scopes) {
    if (expensive) continue;
    const open = (await membersOf(client, variablesReference)).filter(
      ({ name }) => name === "item" || name === "items",
    );
    for (const object of open) {
      const members = await membersOf(client, object.variablesReference);
      seen.push(`${object.name}: ${members.map(({ name, value }) => `${name}=${value}`).join(" ")}`);
    }
  }
  for (const expression of ["item.price * item.quantity", "sum", "missing.name"]) {
    const answer = await client.evaluateRequest({ expression, frameId, context: "watch" }).then(
      ({ body }) => body.result,
      (error: unknown) => String(error),
    );
    seen.push(`${expression}: ${answer}`);
  }
  return seen;
}

it("asks the function nothing at a stop that was not asked before, and forgets what nobody looks at", async () => {
  const folder = copyProject();
  const file = path.join(folder, "src/orders.ts");
  const sent: RelayMessage[] = [];
  const client = await connect(createHostTarget(folder), { startRelay: notingRelay(sent) });
  await launch(client, { function: `${file}#total`, args: [items] }, async () => {
    const breakpoints = [{ line: lineOf(file, "sum += item.price") }];
    await client.setBreakpointsRequest({ source: { path: file }, breakpoints });
  });
  const { threadId } = await stopped(client);
  await look(client, threadId);
  const asked = sent.length;
  await client.continueRequest({ threadId });
  await stopped(client);

  const second = await look(client, threadId);

  expect(
    sent.slice(asked).map((message) => message.type === "cdp" && message.payloads.map(({ method }) => method)),
  ).toEqual([["Debugger.resume"]]);
  expect(second).toContainEqual(expect.stringContaining("item: name='pen 1' price=1 quantity=2"));
  expect(second).toContainEqual(expect.stringContaining("items: 0={name: 'pen 0', price: 0, quantity: 2}"));
  expect(second.slice(-3)).toEqual([
    "item.price * item.quantity: 2",
    "sum: 0",
    expect.stringContaining("missing is not defined"),
  ]);
  for (let stop = 0; stop < 4; stop++) {
    await client.continueRequest({ threadId });
    await stopped(client);
  }
  expect(sent.filter(({ type }) => type === "unwanted")).toHaveLength(1);
  const third = await look(client, threadId);
  expect(third).toContainEqual(expect.stringContaining("item: name='pen 5' price=5 quantity=2"));
  expect(third.slice(-3, -1)).toEqual(["item.price * item.quantity: 10", "sum: 20"]);
  // What was changed is not answered from before.
  const frameId = (await client.stackTraceRequest({ threadId })).body.stackFrames[0]?.id ?? 0;
  await client.evaluateRequest({ expression: "sum = 1000", frameId, context: "repl" });
  expect((await client.evaluateRequest({ expression: "sum", frameId, context: "watch" })).body.result).toBe("1000");
  await client.disconnectRequest();
});

it.each([
  ["a new sandbox", false],
  ["the same sandbox", true],
])("binds all breakpoints in %s after a hot deploy with one frame, in the same session", async (_, swaps) => {
  const folder = copyProject();
  const file = path.join(folder, "src/orders.ts");
  const sent: RelayMessage[] = [];
  const target = Object.assign(createHostTarget(folder), { swaps });
  const client = await connect(target, { startRelay: notingRelay(sent) });
  await launch(client, { function: `${file}#total` }, async () => {
    const lines = ["sum += item.price", "const rounded", "return rounded"].map((text) => ({
      line: lineOf(file, text),
    }));
    await client.setBreakpointsRequest({ source: { path: file }, breakpoints: lines });
  });
  const invoke = () => client.customRequest("faasify/invoke", { args: [items.slice(0, 1)] });
  const runThrough = async (answer: ReturnType<typeof invoke>) => {
    for (let stop = 0; stop < 3; stop++) await client.continueRequest({ threadId: (await stopped(client)).threadId });
    return (await answer).body as { readonly result: number };
  };
  await runThrough(invoke());
  writeFileSync(file, readFileSync(file, "utf8").replace("let sum = 0", "let sum = 100"));
  const before = sent.length;
  await client.customRequest("faasify/hotDeploy", {});
  // Into live code they go before anybody invokes it.
  const isArmed = sent.slice(before).some(({ type }) => type === "ready");

  const { result } = await runThrough(invoke());

  const readyAt = sent.findIndex(({ type }, index) => index >= before && type === "ready");
  const arming = sent.slice(before, readyAt).filter(({ type }) => type === "cdp");
  expect(isArmed).toBe(swaps);
  expect(target.processes).toHaveLength(swaps ? 1 : 2);
  expect(result).toBe(100);
  expect(arming).toHaveLength(1);
  expect(
    arming
      .flatMap((message) => (message.type === "cdp" ? message.payloads : []))
      .filter(({ method }) => method === "Debugger.setBreakpointByUrl"),
  ).toHaveLength(3);
  await client.disconnectRequest();
});
