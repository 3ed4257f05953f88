import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { expect, it } from "vitest";
import {
  type Client,
  connect,
  copyProject,
  createHostTarget,
  launch,
  lineOf,
  type Stop,
  stopped,
  variablesOf,
} from "./debug-harness.ts";

const items = [1, 2, 3, 4].map((quantity) => ({ name: `item ${quantity}`, price: 1, quantity }));

function project() {
  const folder = copyProject();
  const file = path.join(folder, "src/orders.ts");
  return { file, rounding: path.join(folder, "src/rounding.ts"), target: createHostTarget(folder) };
}

const setBreakpoints =
  (file: string, ...breakpoints: DebugProtocol.SourceBreakpoint[]) =>
  async (client: Client) =>
    void (await client.setBreakpointsRequest({ source: { path: file }, breakpoints }));

type BreakpointEvent = DebugProtocol.BreakpointEvent;

it("tells when a breakpoint binds and moves one from a comment to the code behind it", async () => {
  const { file, rounding, target } = project();
  const client = await connect(target);
  const comment = lineOf(rounding, "Rounds to cents");
  await launch(client, { function: `${file}#total`, args: [items] }, setBreakpoints(rounding, { line: comment }));

  const bound = await client.next<BreakpointEvent>("breakpoint", ({ body }) => body.breakpoint.verified);
  const stop = await stopped(client);

  expect(bound.body.breakpoint.line).toBeGreaterThan(comment);
  expect(bound.body.breakpoint.line).toBe(stop.top.line);
  expect(stop.event.body.hitBreakpointIds).toEqual([bound.body.breakpoint.id]);
  expect(stop.frames.map(({ name }) => name).slice(0, 2)).toEqual(["round", "total"]);
  await client.continueRequest({ threadId: stop.threadId });
  await client.next("terminated");
});

it("says why a breakpoint in code that is not deployed does not bind, before anything is invoked", async () => {
  const { file, target } = project();
  const client = await connect(target);
  const elsewhere = lineOf(file, "const doubled = value * 2");
  await launch(client, { function: `${file}#total` }, setBreakpoints(file, { line: elsewhere }));
  const failed = { verified: false, reason: "failed", message: "No code of the deployed function is on this line" };

  const told = await client.next<BreakpointEvent>("breakpoint");
  const source = { path: file };
  const { body } = await client.setBreakpointsRequest({ source, breakpoints: [{ line: elsewhere + 1 }] });

  expect(told.body.breakpoint).toMatchObject(failed);
  expect(body.breakpoints).toMatchObject([failed]);
  await client.customRequest("faasify/invoke", { args: [items] });
  expect(client.events.some(({ event }) => event === "stopped")).toBe(false);
});

it("pauses only when the condition holds", async () => {
  const { file, target } = project();
  const client = await connect(target);
  const line = lineOf(file, "sum += item.price");
  const conditional = setBreakpoints(file, { line, condition: "item.quantity === 3" });
  await launch(client, { function: `${file}#total`, args: [items] }, conditional);

  const stop = await stopped(client);

  expect((await variablesOf(client, stop.top.id)).get("sum")?.value).toBe("3");
  await client.continueRequest({ threadId: stop.threadId });
  await client.next("terminated");
});

it("counts hits in the function", async () => {
  const { file, target } = project();
  const client = await connect(target);
  const line = lineOf(file, "sum += item.price");
  await launch(
    client,
    { function: `${file}#total`, args: [items] },
    setBreakpoints(file, { line, hitCondition: "> 3" }),
  );

  const stop = await stopped(client);

  expect((await variablesOf(client, stop.top.id)).get("sum")?.value).toBe("6");
  await client.continueRequest({ threadId: stop.threadId });
  await client.next("terminated");
});

it("refuses a hit condition that is none", async () => {
  const { file, target } = project();
  const client = await connect(target);
  const line = lineOf(file, "sum += item.price");
  const broken = setBreakpoints(file, { line, hitCondition: "often" });
  await launch(client, { function: `${file}#total`, args: [items] }, broken);

  const told = await client.next<BreakpointEvent>("breakpoint");

  expect(told.body.breakpoint).toMatchObject({ verified: false, message: expect.stringContaining("no hit condition") });
  await client.next("terminated");
});

it("prints log points with values and place, and does not pause", async () => {
  const { file, target } = project();
  const client = await connect(target);
  const line = lineOf(file, "sum += item.price");
  const logging = setBreakpoints(file, { line, logMessage: "{item.name}: sum is {sum}", condition: "sum > 2" });
  await launch(client, { function: `${file}#total`, args: [items] }, logging);

  await client.next("terminated");

  expect(client.output("stdout")).toContain("item 3: sum is 3\nitem 4: sum is 6\n");
  const printed = client.events.find(
    (event): event is DebugProtocol.OutputEvent => event.event === "output" && event.body.output.startsWith("item 3"),
  );
  expect(printed?.body).toMatchObject({ source: { path: file }, line });
  expect(client.events.some(({ event }) => event === "stopped")).toBe(false);
});

it("sets and clears breakpoints while the function is paused", async () => {
  const { file, rounding, target } = project();
  const client = await connect(target);
  const first = lineOf(file, "let sum = 0");
  await launch(client, { function: `${file}#total`, args: [items] }, setBreakpoints(file, { line: first }));
  const stop = await stopped(client);

  const line = lineOf(rounding, "return cents");
  const { body } = await client.setBreakpointsRequest({ source: { path: rounding }, breakpoints: [{ line }] });
  expect(body.breakpoints).toMatchObject([{ verified: true, line }]);
  await client.continueRequest({ threadId: stop.threadId });
  const second = await stopped(client);

  expect(second.top).toMatchObject({ name: "round", line });
  await client.setBreakpointsRequest({ source: { path: rounding }, breakpoints: [] });
  await client.continueRequest({ threadId: second.threadId });
  await client.next("terminated");
});

it("offers the places on a line where a breakpoint can be, and sets one there", async () => {
  const { file, target } = project();
  const client = await connect(target);
  const first = lineOf(file, "let sum = 0");
  await launch(client, { function: `${file}#total`, args: [items] }, setBreakpoints(file, { line: first }));
  const stop = await stopped(client);

  const line = lineOf(file, "for (const item of items)");
  const { body } = await client.customRequest("breakpointLocations", { source: { path: file }, line });
  const places = (body as DebugProtocol.BreakpointLocationsResponse["body"]).breakpoints;
  const [, second] = places;
  const set = await client.setBreakpointsRequest({
    source: { path: file },
    breakpoints: [{ line, column: second?.column ?? 0 }],
  });

  expect(places.length).toBeGreaterThan(1);
  expect(places.every((place) => place.line === line)).toBe(true);
  expect(set.body.breakpoints).toMatchObject([{ verified: true, line, column: second?.column }]);
  await client.setBreakpointsRequest({ source: { path: file }, breakpoints: [] });
  await client.continueRequest({ threadId: stop.threadId });
  await client.next("terminated");
});

it("keeps breakpoints over a hot deploy and stops in the new code", async () => {
  const { file, target } = project();
  const client = await connect(target);
  const line = lineOf(file, "sum += item.price");
  await launch(client, { function: `${file}#total` }, setBreakpoints(file, { line }));
  const before = client.customRequest("faasify/invoke", { args: [items] });
  const old = await stopped(client);

  writeFileSync(
    file,
    readFileSync(file, "utf8").replace("// Adds up", "//\n// Adds up").replace("price *", "price * 10 *"),
  );
  const moved = lineOf(file, "sum += item.price");
  await client.setBreakpointsRequest({ source: { path: file }, breakpoints: [{ line: moved }] });
  const { body } = await client.customRequest("faasify/hotDeploy", {});
  expect(body).toMatchObject({ buildId: expect.stringMatching(/^[0-9a-f]{16}$/) });
  const after = client.customRequest("faasify/invoke", { args: [items.slice(0, 1)] });
  const fresh = await stopped(client);

  expect(old.top.line).toBe(line);
  expect(fresh.top.line).toBe(moved);
  expect(fresh.threadId).not.toBe(old.threadId);
  await client.setBreakpointsRequest({ source: { path: file }, breakpoints: [] });
  await client.continueRequest({ threadId: fresh.threadId });
  await client.continueRequest({ threadId: old.threadId });
  expect((await after).body).toMatchObject({ result: 10 });
  expect((await before).body).toMatchObject({ result: 10 });
});

it("lets idle sandboxes of the old code go at a hot deploy", async () => {
  const { file, target } = project();
  const client = await connect(target);
  await launch(client, { function: `${file}#total` }, setBreakpoints(file));
  await client.customRequest("faasify/invoke", { args: [items] });
  const before = await client.threadsRequest();

  writeFileSync(file, readFileSync(file, "utf8").replace("price *", "price * 10 *"));
  await client.customRequest("faasify/hotDeploy", {});

  expect(before.body.threads).toHaveLength(1);
  expect((await client.threadsRequest()).body.threads).toEqual([]);
});

it("stops in CommonJS on the right line", async () => {
  const folder = copyProject();
  const file = path.join(folder, "src/legacy.cjs");
  const client = await connect(createHostTarget(folder));
  const line = lineOf(file, "return scaled");
  await launch(client, { function: `${file}#scale`, args: [21] }, setBreakpoints(file, { line }));

  const stop = await stopped(client);

  expect(stop.top).toMatchObject({ name: "scale", line, source: { path: file } });
  const variables = await variablesOf(client, stop.top.id);
  expect(variables.get("scaled")?.value).toBe("42");
  expect(variables.get("factor")?.value).toBe("2");
  await client.continueRequest({ threadId: stop.threadId });
  await client.next("terminated");
});

it("stops on entry at the function's first line", async () => {
  const { file, target } = project();
  appendFileSync(file, "\nexport const area = (width: number, height: number): number => width * height;\n");
  const client = await connect(target);
  await launch(client, { function: `${file}#area`, args: [2, 3], stopOnEntry: true });

  const stop = await stopped(client);

  expect(stop.reason).toBe("entry");
  expect(stop.top).toMatchObject({ name: "area", line: lineOf(file, "export const area") });
  await client.continueRequest({ threadId: stop.threadId });
  await client.next("terminated");
  expect(client.output("console")).toContain("area returned 6");
});

it("pauses a busy loop, and the user ends it by changing a variable", async () => {
  const { file, target } = project();
  const client = await connect(target);
  await launch(client, { function: `${file}#slow`, args: [60_000] });
  const { body } = await client.next<DebugProtocol.ThreadEvent>("thread");
  await client.pauseRequest({ threadId: body.threadId });

  const stop = await stopped(client);

  expect(stop.reason).toBe("pause");
  expect(stop.top).toMatchObject({ name: "slow", source: { path: file } });
  const change = async ({ top }: Stop) => {
    const { scopes } = (await client.scopesRequest({ frameId: top.id })).body;
    const variablesReference = scopes[0]?.variablesReference ?? 0;
    return client.setVariableRequest({ variablesReference, name: "limitMs", value: "0" });
  };
  // V8 decides whether the loop is optimised by now.
  const refusal = await change(stop).then(
    () => "Step once",
    (error: Error) => error.message,
  );
  expect(refusal).toContain("Step once");
  await client.nextRequest({ threadId: stop.threadId });
  await change(await stopped(client));
  await client.continueRequest({ threadId: stop.threadId });
  await client.next("terminated");
  expect(client.output("console")).toContain("slow returned");
});
