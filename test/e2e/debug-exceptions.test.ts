import path from "node:path";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { expect, it } from "vitest";
import { connect, copyProject, createHostTarget, launch, lineOf, stopped } from "./debug-harness.ts";

async function failing(filters: string[]) {
  const folder = copyProject();
  const file = path.join(folder, "src/orders.ts");
  const client = await connect(createHostTarget(folder));
  await launch(client, { function: `${file}#fail`, args: ["too late"] }, async () => {
    await client.setExceptionBreakpointsRequest({ filters });
  });
  return { file, client };
}

it("stops at uncaught exceptions only, with what was thrown", async () => {
  const { file, client } = await failing(["uncaught"]);

  const stop = await stopped(client);
  const { body } = await client.exceptionInfoRequest({ threadId: stop.threadId });

  expect(stop.reason).toBe("exception");
  expect(stop.event.body.text).toBe("TypeError: too late!");
  expect(stop.top).toMatchObject({ name: "fail", line: lineOf(file, "throw new TypeError") });
  expect(body).toMatchObject({ exceptionId: "TypeError", description: "TypeError: too late!", breakMode: "unhandled" });
  expect(body.details?.stackTrace).toContain(`${file}:${lineOf(file, "throw new TypeError")}`);
  await client.continueRequest({ threadId: stop.threadId });
  await client.next("terminated");
  expect(client.output("stderr")).toContain("fail failed after");
  expect(client.output("stderr")).toContain("TypeError: too late!");
});

it("stops at caught exceptions only", async () => {
  const { file, client } = await failing(["caught"]);

  const stop = await stopped(client);

  expect(stop.top.line).toBe(lineOf(file, "throw new RangeError"));
  await client.continueRequest({ threadId: stop.threadId });
  await client.next("terminated");
});

it("stops at neither without a filter", async () => {
  const { client } = await failing([]);
  await client.next("terminated");
  expect(client.events.some(({ event }) => event === "stopped")).toBe(false);
});

async function failingWith(filterOptions: { filterId: string; condition: string }[]) {
  const folder = copyProject();
  const file = path.join(folder, "src/orders.ts");
  const client = await connect(createHostTarget(folder));
  let told: DebugProtocol.Breakpoint[] = [];
  await launch(client, { function: `${file}#fail`, args: ["too late"] }, async () => {
    const { body } = await client.setExceptionBreakpointsRequest({ filters: [], filterOptions });
    told = body?.breakpoints ?? [];
  });
  return { file, client, told };
}

it("stops at exceptions whose condition holds, evaluated where they are thrown", async () => {
  const { file, client, told } = await failingWith([
    { filterId: "caught", condition: "error instanceof TypeError" },
    { filterId: "uncaught", condition: "error.message === reason && reason.endsWith('!')" },
  ]);

  const stop = await stopped(client);

  expect(told).toEqual([{ verified: true }, { verified: true }]);
  expect(stop.top.line).toBe(lineOf(file, "throw new TypeError"));
  await client.continueRequest({ threadId: stop.threadId });
  await client.next("terminated");
});

it("passes conditions that do not hold or fail, and refuses those that are none", async () => {
  const { client, told } = await failingWith([
    { filterId: "caught", condition: "error.missing.field" },
    { filterId: "uncaught", condition: "error.name ===" },
    { filterId: "sometimes", condition: "" },
  ]);

  await client.next("terminated");

  expect(told).toMatchObject([
    { verified: true },
    { verified: false, message: expect.stringContaining("no expression") },
    { verified: false, message: expect.stringContaining("no filter") },
  ]);
  expect(client.events.some(({ event }) => event === "stopped")).toBe(false);
});

it("goes on with a step over an exception that is not wanted", async () => {
  const folder = copyProject();
  const file = path.join(folder, "src/orders.ts");
  const client = await connect(createHostTarget(folder));
  await launch(client, { function: `${file}#guarded`, args: [1] }, async () => {
    await client.setExceptionBreakpointsRequest({
      filters: [],
      filterOptions: [{ filterId: "caught", condition: "error.name === 'Nothing'" }],
    });
    const breakpoints = [{ line: lineOf(file, "const first = attempt") }];
    await client.setBreakpointsRequest({ source: { path: file }, breakpoints });
  });
  const stop = await stopped(client);

  await client.nextRequest({ threadId: stop.threadId });
  const next = await stopped(client);

  expect(next.reason).toBe("step");
  expect(next.top).toMatchObject({ name: "guarded", line: lineOf(file, "const second = attempt") });
  await client.continueRequest({ threadId: stop.threadId });
  await client.next("terminated");
});

it("takes a filter while paused", async () => {
  const { file, client } = await failing(["caught"]);
  const stop = await stopped(client);

  await client.setExceptionBreakpointsRequest({ filters: ["caught", "uncaught"] });
  await client.continueRequest({ threadId: stop.threadId });

  const second = await stopped(client);
  expect(second.top.line).toBe(lineOf(file, "throw new TypeError"));
  await expect(client.exceptionInfoRequest({ threadId: second.threadId })).resolves.toMatchObject({
    body: { breakMode: "always" },
  });
  await client.continueRequest({ threadId: stop.threadId });
  await client.next("terminated");
});
