import path from "node:path";
import { expect, it } from "vitest";
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

const items = [
  { name: "pen", price: 1.5, quantity: 2 },
  { name: "ink", price: 4, quantity: 1 },
];

it("stops at a breakpoint in the user's file, shows stack and variables, and ends with the invocation", async () => {
  const folder = copyProject();
  const file = path.join(folder, "src/orders.ts");
  const line = lineOf(file, "sum += item.price");
  const target = createHostTarget(folder);
  const client = await connect(target);
  await launch(client, { function: `${file}#total`, args: [items, "two"] }, async () => {
    const { body } = await client.setBreakpointsRequest({ source: { path: file }, breakpoints: [{ line }] });
    expect(body.breakpoints).toMatchObject([{ verified: false, reason: "pending", line }]);
  });

  const stop = await stopped(client);
  const variables = await variablesOf(client, stop.top.id);

  expect(stop.reason).toBe("breakpoint");
  expect(stop.top).toMatchObject({ name: "total", line, source: { path: file } });
  expect(variables.get("sum")).toMatchObject({ value: "0", type: "number" });
  expect(variables.get("note")).toMatchObject({ value: "'two'" });
  expect(variables.get("item")).toMatchObject({ value: "{name: 'pen', price: 1.5, quantity: 2}" });

  await client.setBreakpointsRequest({ source: { path: file }, breakpoints: [] });
  await client.continueRequest({ threadId: stop.threadId });
  await client.next("terminated");
  expect(client.output("stdout")).toBe("two 2 items\n");
  expect(client.output("console")).toContain("total returned 7 ·");
  await client.disconnectRequest();
  expect(target.restored()).toBe(true);
});

async function stopAt(text: string, functionName: string, args: unknown[], more: object = {}) {
  const folder = copyProject();
  const file = path.join(folder, "src/orders.ts");
  const target = createHostTarget(folder);
  const client = await connect(target);
  await launch(client, { function: `${file}#${functionName}`, args, ...more }, async () => {
    const breakpoints = [{ line: lineOf(file, text) }];
    await client.setBreakpointsRequest({ source: { path: file }, breakpoints });
  });
  return { file, rounding: path.join(folder, "src/rounding.ts"), client, stop: await stopped(client) };
}

async function finish(client: Client, threadId: number): Promise<void> {
  await client.continueRequest({ threadId });
  await client.next("terminated");
}

it("steps over, into and out of the user's lines", async () => {
  const { file, rounding, client, stop } = await stopAt("const rounded", "total", [items]);
  const { threadId } = stop;

  await client.stepInRequest({ threadId });
  const inside = await stopped(client);
  expect(inside.top).toMatchObject({ name: "round", source: { path: rounding } });
  expect(inside.top.line).toBe(lineOf(rounding, "const cents"));

  await client.nextRequest({ threadId });
  expect((await stopped(client)).top.line).toBe(lineOf(rounding, "return cents"));

  await client.stepOutRequest({ threadId });
  const outside = await stopped(client);
  expect(outside.reason).toBe("step");
  expect(outside.top).toMatchObject({ name: "total", line: lineOf(file, "console.log(`${note}") });

  await client.stepInRequest({ threadId });
  expect((await stopped(client)).top.line).toBe(lineOf(file, "return rounded"));
  await finish(client, threadId);
});

it("shows what a function returns, at its end and after the step out of it", async () => {
  const { rounding, client, stop } = await stopAt("const rounded", "total", [items]);
  const { threadId } = stop;
  await client.setBreakpointsRequest({
    source: { path: rounding },
    breakpoints: [{ line: lineOf(rounding, "return cents") }],
  });
  await client.continueRequest({ threadId });
  await stopped(client);

  await client.nextRequest({ threadId });
  const end = await stopped(client);
  expect(end.top.name).toBe("round");
  expect((await variablesOf(client, end.top.id)).get("Return value")?.value).toBe("7");
  await client.nextRequest({ threadId });

  const outside = await stopped(client);
  expect(outside.top.name).toBe("total");
  expect((await variablesOf(client, outside.top.id)).get("round returned")?.value).toBe("7");
  await client.nextRequest({ threadId });
  expect((await variablesOf(client, (await stopped(client)).top.id)).has("round returned")).toBe(false);
  await finish(client, threadId);
});

it("runs a frame again from its beginning", async () => {
  const { rounding, client, stop } = await stopAt("const rounded", "total", [items]);
  const { threadId } = stop;
  await client.stepInRequest({ threadId });
  await stopped(client);
  await client.nextRequest({ threadId });
  const later = await stopped(client);
  expect(later.top).toMatchObject({ line: lineOf(rounding, "return cents"), canRestart: true });

  await client.restartFrameRequest({ frameId: later.top.id });

  const again = await stopped(client);
  expect(again.reason).toBe("step");
  expect(again.top).toMatchObject({ name: "round", line: lineOf(rounding, "const cents") });
  await finish(client, threadId);
  expect(client.output("console")).toContain("total returned 7");
});

it("lets a function that is stepped out of run to its end", async () => {
  const { client, stop } = await stopAt("return rounded", "total", [items]);

  await client.stepOutRequest({ threadId: stop.threadId });

  await client.next("terminated");
  expect(client.output("console")).toContain("total returned 7");
});

it("steps over await and out into the awaiting function", async () => {
  const { file, client, stop } = await stopAt("await new Promise", "chain", [4]);
  const { threadId } = stop;

  await client.nextRequest({ threadId });
  const next = await stopped(client);
  expect(next.top).toMatchObject({ name: "later", line: lineOf(file, "const doubled") });
  await client.stepOutRequest({ threadId });

  const outside = await stopped(client);
  expect(outside.top).toMatchObject({ name: "chain", source: { path: file } });
  await finish(client, threadId);
  expect(client.output("console")).toContain("chain returned 9");
});

it("passes over files that are to be skipped", async () => {
  const { file, client, stop } = await stopAt("const rounded", "total", [items], { skipFiles: ["**/rounding.ts"] });
  const { threadId } = stop;

  await client.stepInRequest({ threadId });

  expect((await stopped(client)).top).toMatchObject({ name: "total", line: lineOf(file, "console.log(`${note}") });
  await finish(client, threadId);
});

it("greys out the frames that are not the user's and shows their source", async () => {
  const { client, stop } = await stopAt("const rounded", "total", [items]);

  const [, ...callers] = stop.frames;
  expect(callers.length).toBeGreaterThan(0);
  expect(callers.every(({ presentationHint }) => presentationHint === "subtle")).toBe(true);
  const sourceReference = callers[0]?.source?.sourceReference ?? 0;
  const { body } = await client.sourceRequest({ sourceReference });
  expect(body.content).toContain("createHandler");
  await finish(client, stop.threadId);
});

it("shows asynchronous callers only when asked to", async () => {
  const without = await stopAt("const doubled", "chain", [1]);
  expect(without.stop.frames.map(({ name }) => name)).not.toContain("chain");
  await finish(without.client, without.stop.threadId);

  const { client, stop } = await stopAt("const doubled", "chain", [1], { asyncStacks: true });
  expect(stop.frames.map(({ name }) => name)).toEqual(expect.arrayContaining(["later", "await", "chain"]));
  await finish(client, stop.threadId);
});

it("pages the stack", async () => {
  const { client, stop } = await stopAt("const rounded", "total", [items]);

  const { body } = await client.stackTraceRequest({ threadId: stop.threadId, startFrame: 1, levels: 1 });

  expect(body.stackFrames).toEqual([stop.frames[1]]);
  expect(body.totalFrames).toBe(stop.frames.length);
  await finish(client, stop.threadId);
});

it("counts lines and columns as the client does", async () => {
  const folder = copyProject();
  const file = path.join(folder, "src/orders.ts");
  const client = await connect(createHostTarget(folder));
  const line = lineOf(file, "const rounded") - 1;
  await client.initializeRequest({ adapterID: "faasify", linesStartAt1: false, columnsStartAt1: false });
  await client.setBreakpointsRequest({ source: { path: file }, breakpoints: [{ line }] });
  const launched = client.launchRequest({ function: `${file}#total`, args: [items] } as object);
  await client.configurationDoneRequest();
  await launched;

  const stop = await stopped(client);

  expect(stop.top).toMatchObject({ line, column: 18 });
  await finish(client, stop.threadId);
});
