import path from "node:path";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { expect, it } from "vitest";
import {
  type Client,
  connect,
  copyProject,
  createHostTarget,
  eventually,
  launch,
  lineOf,
  membersOf,
  stopped,
  variablesOf,
} from "./debug-harness.ts";

const UNTOUCHED =
  '[{"balance":12,"owner":"ada"},[["balance",12],["owner","ada"]],{"value":12,"writable":true,"enumerable":true,"configurable":true}]';

async function stopInAccount() {
  const folder = copyProject();
  const file = path.join(folder, "src/values.ts");
  const target = createHostTarget(folder);
  const client = await connect(target);
  await launch(client, { function: `${file}#account`, args: [10] }, async () => {
    const line = lineOf(file, "deposit(state, 5)");
    await client.setBreakpointsRequest({ source: { path: file }, breakpoints: [{ line }] });
  });
  const stop = await stopped(client);
  return { client, file, target, stop, at: await variablesOf(client, stop.top.id) };
}

async function info(client: Client, args: DebugProtocol.DataBreakpointInfoArguments) {
  return (await client.dataBreakpointInfoRequest(args)).body;
}

const watch = async (client: Client, ...breakpoints: Partial<DebugProtocol.DataBreakpoint>[]) =>
  (await client.setDataBreakpointsRequest({ breakpoints: breakpoints as DebugProtocol.DataBreakpoint[] })).body
    .breakpoints;

it("stops where a property is changed, steps on from there, and leaves the object as it was", async () => {
  const { client, file, stop, at } = await stopInAccount();
  const { threadId } = stop;
  const variablesReference = at.get("state")?.variablesReference ?? 0;
  const { dataId, description, accessTypes } = await info(client, { variablesReference, name: "balance" });
  expect({ description, accessTypes }).toEqual({
    description: "state.balance",
    accessTypes: ["write", "read", "readWrite"],
  });

  const [set] = await watch(client, { dataId: dataId ?? "", accessType: "write" });
  expect(set).toMatchObject({ verified: true });
  await client.continueRequest({ threadId });
  const changed = await stopped(client);
  expect(changed.reason).toBe("data breakpoint");
  expect(changed.event.body.hitBreakpointIds).toEqual([set?.id]);
  expect(changed.top).toMatchObject({ name: "deposit", line: lineOf(file, "state.balance += amount") });
  const variables = await variablesOf(client, changed.top.id);
  expect(variables.get("amount")?.value).toBe("5");
  const state = await membersOf(client, variables.get("state")?.variablesReference ?? 0);
  expect(state.find(({ name }) => name === "balance")?.value).toBe("15");

  await client.nextRequest({ threadId });
  expect((await stopped(client)).top).toMatchObject({ name: "deposit", line: lineOf(file, "const after =") });
  await client.continueRequest({ threadId });
  const again = await stopped(client);
  expect((await variablesOf(client, again.top.id)).get("amount")?.value).toBe("-3");
  await client.stepOutRequest({ threadId });
  expect((await stopped(client)).top).toMatchObject({ name: "account", line: lineOf(file, "const text =") });
  await watch(client);
  await client.continueRequest({ threadId });
  await client.next("terminated");
  expect(client.output("console")).toContain(JSON.stringify(UNTOUCHED));
});

it("stops at reads, by condition and by count", async () => {
  const { client, file, stop } = await stopInAccount();
  const { threadId } = stop;
  const { dataId } = await info(client, { name: "state.balance", frameId: stop.top.id });

  await watch(client, { dataId: dataId ?? "", accessType: "write", condition: "value < oldValue" });
  await client.continueRequest({ threadId });
  const falling = await stopped(client);
  expect((await variablesOf(client, falling.top.id)).get("amount")?.value).toBe("-3");

  await watch(client, { dataId: dataId ?? "", accessType: "read", hitCondition: "2" });
  await client.continueRequest({ threadId });
  expect((await stopped(client)).top).toMatchObject({ name: "account", line: lineOf(file, "const text =") });
  await client.disconnectRequest();
});

it("says what cannot be watched, and why", async () => {
  const { client, stop, at } = await stopInAccount();
  const { scopes } = (await client.scopesRequest({ frameId: stop.top.id })).body;
  const local = scopes[0]?.variablesReference ?? 0;
  const variablesReference = at.get("state")?.variablesReference ?? 0;

  expect(await info(client, { variablesReference: local, name: "state" })).toMatchObject({
    dataId: null,
    description: "state is a local variable: only those of modules and properties of objects can be watched",
  });
  const inherited = await info(client, { variablesReference, name: "toString" });
  expect(inherited).toMatchObject({ dataId: null, description: expect.stringContaining("object itself") });
  expect(await info(client, { name: "start", frameId: stop.top.id })).toMatchObject({ dataId: null });
  expect(await watch(client, { dataId: "gone" })).toMatchObject([
    { verified: false, message: "Its invocation has ended" },
  ]);
  await client.disconnectRequest();
});

it("leaves the object as it was also when the client vanishes at the breakpoint", async () => {
  const { client, target, stop } = await stopInAccount();
  const { dataId } = await info(client, { name: "state.balance", frameId: stop.top.id });
  await watch(client, { dataId: dataId ?? "" });
  await client.continueRequest({ threadId: stop.threadId });
  await stopped(client);
  const answer = new Promise((resolve) => target.processes[0]?.on("message", resolve));

  client.vanish();

  expect(await answer).toMatchObject({ result: { result: UNTOUCHED } });
  await eventually("the restore", target.restored);
});

it("stops behind what changes a variable of a module, by condition, and not once it is no longer watched", async () => {
  const folder = copyProject();
  const file = path.join(folder, "src/tally.ts");
  const client = await connect(createHostTarget(folder));
  await launch(client, { function: `${file}#tally`, args: [[1, 2, 5, 1]] }, async () => {
    const breakpoints = [{ line: lineOf(file, "for (const value") }];
    await client.setBreakpointsRequest({ source: { path: file }, breakpoints });
  });
  const { threadId, top } = await stopped(client);
  await client.setBreakpointsRequest({ source: { path: file }, breakpoints: [] });
  const { scopes } = (await client.scopesRequest({ frameId: top.id })).body;
  const variablesReference = scopes.find(({ name }) => name === "Module")?.variablesReference ?? 0;
  const [count, label] = [
    await info(client, { variablesReference, name: "count" }),
    await info(client, { variablesReference, name: "label" }),
  ];
  expect(count).toMatchObject({ description: "count", accessTypes: ["write"] });
  expect(await watch(client, { dataId: count.dataId ?? "", accessType: "read" })).toMatchObject([
    { verified: false, message: "Of a variable only changes can be watched" },
  ]);

  const [set] = await watch(client, { dataId: count.dataId ?? "" });
  await client.continueRequest({ threadId });
  const changed = await stopped(client);
  expect(changed).toMatchObject({
    reason: "data breakpoint",
    event: { body: { hitBreakpointIds: [set?.id] } },
    top: { name: "add", line: lineOf(file, "[label] =") },
  });
  expect((await client.evaluateRequest({ expression: "count", frameId: changed.top.id })).body.result).toBe("2");

  await watch(
    client,
    { dataId: count.dataId ?? "", condition: "oldValue > 2" },
    { dataId: label.dataId ?? "", condition: "value === 'after 1'" },
  );
  await client.continueRequest({ threadId });
  const destructured = await stopped(client);
  expect((await variablesOf(client, destructured.top.id)).get("value")?.value).toBe("1");
  await watch(client);
  await client.continueRequest({ threadId });
  await client.next("terminated");
  expect(client.output("console")).toContain('tally returned "after 1: 7"');
  await client.disconnectRequest();
});
