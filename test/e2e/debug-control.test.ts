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
  stopped,
  variablesOf,
} from "./debug-harness.ts";

function project(): { file: string; target: ReturnType<typeof createHostTarget> } {
  const folder = copyProject();
  return { file: path.join(folder, "src/orders.ts"), target: createHostTarget(folder) };
}

const breakAt = (file: string, text: string) => async (client: Client) => {
  await client.setBreakpointsRequest({ source: { path: file }, breakpoints: [{ line: lineOf(file, text) }] });
};

async function finish(client: Client, threadId: number): Promise<void> {
  await client.continueRequest({ threadId });
  await client.next("terminated");
}

it.each([
  [0, "half", "-9"],
  [1, "guarded", "8"],
  [2, "half", "-1"],
  [3, "attempt", "8"],
])("steps into call %i of a statement, as the user chooses", async (choice, name, value) => {
  const { file, target } = project();
  const client = await connect(target);
  await launch(client, { function: `${file}#nested`, args: [8] }, breakAt(file, "const sum = half"));
  const stop = await stopped(client);

  const { body } = await client.stepInTargetsRequest({ frameId: stop.top.id });
  expect(body.targets.map(({ label }) => label)).toEqual(["half(…)", "guarded(…)", "half(…)", "attempt(…)"]);
  expect(body.targets[0]).toMatchObject({ line: stop.top.line });
  const targetId = body.targets[choice]?.id ?? 0;
  await client.stepInRequest({ threadId: stop.threadId, targetId });
  const inside = await stopped(client);

  expect(inside.reason).toBe("step");
  expect(inside.top.name).toBe(name);
  expect((await variablesOf(client, inside.top.id)).get("value")?.value).toBe(value);
  await expect(client.stepInRequest({ threadId: stop.threadId, targetId })).rejects.toThrow("cannot be stepped into");
  expect((await client.stepInTargetsRequest({ frameId: inside.frames[1]?.id ?? 0 })).body.targets).toEqual([]);
  await finish(client, stop.threadId);
});

it("steps by statements or by lines", async () => {
  const { file, target } = project();
  const client = await connect(target);
  await launch(client, { function: `${file}#nested`, args: [8] }, breakAt(file, "const sum = half"));
  const { threadId, top } = await stopped(client);

  await client.nextRequest({ threadId });
  const statement = await stopped(client);
  expect(statement.top.line).toBe(top.line);
  expect(statement.top.column).toBeGreaterThan(top.column);
  await client.restartFrameRequest({ frameId: statement.top.id });
  await stopped(client);
  await client.nextRequest({ threadId, granularity: "line" });

  expect((await stopped(client)).top.line).toBe(top.line + 1);
  await finish(client, threadId);
});

async function attachTwice() {
  const { file, target } = project();
  const client = await connect(target);
  await client.initializeRequest();
  await breakAt(file, "sum += item.price")(client);
  const attached = client.attachRequest({ function: `${file}#total` } as DebugProtocol.AttachRequestArguments);
  await client.configurationDoneRequest();
  await attached;
  const items = [{ name: "pen", price: 2, quantity: 3 }];
  const answers = ["one", "two"].map((note) =>
    target.invokeFromOutside({ kind: "arguments", arguments: [items, note] }),
  );
  return { client, target, answers, stops: [await stopped(client), await stopped(client)] };
}

it("continues one invocation, or all when the client wants that", async () => {
  const { client, answers, stops } = await attachTwice();
  const [first, second] = stops.map(({ threadId }) => threadId);

  const alone = await client.nextRequest({ threadId: first ?? 0, singleThread: true });
  await stopped(client);
  expect(alone.success).toBe(true);
  expect((await client.stackTraceRequest({ threadId: second ?? 0 })).body.stackFrames[0]?.name).toBe("total");

  const all = await client.continueRequest({ threadId: first ?? 0, singleThread: false });
  expect(all.body.allThreadsContinued).toBe(true);
  await client.next("continued", ({ body }: DebugProtocol.ContinuedEvent) => body.threadId === second);
  expect((await Promise.all(answers)).map(({ result }) => result)).toEqual([6, 6]);
});

it("aborts one invocation: its caller gets an error, the others go on", async () => {
  const { client, answers, stops } = await attachTwice();
  const [first, second] = stops.map(({ threadId }) => threadId);

  await client.customRequest("terminateThreads", { threadIds: [first] });

  await client.next("thread", ({ body }: DebugProtocol.ThreadEvent) => body.reason === "exited");
  expect((await client.threadsRequest()).body.threads.map(({ id }) => id)).toEqual([second]);
  expect(client.output("important")).toContain("was aborted");
  await client.continueRequest({ threadId: second ?? 0 });
  const results = await Promise.all(answers);
  const outcomes = new Set(results.map(({ error, result }) => error?.name ?? result));
  expect(outcomes).toEqual(new Set([6, "Sandbox.Timedout"]));
});

it("aborts an invocation that only waits, and one in a busy loop", async () => {
  for (const name of ["waits", "slow"]) {
    const { file, target } = project();
    const client = await connect(target);
    await launch(client, { function: `${file}#${name}`, args: [600_000] });
    const { body } = await client.next<DebugProtocol.ThreadEvent>("thread");
    await eventually("the invocation", async () => {
      const { threads } = (await client.threadsRequest()).body;
      return !threads[0]?.name.endsWith("idle");
    });

    await client.customRequest("terminateThreads", { threadIds: [body.threadId] });

    await client.next("terminated");
    expect(client.output("stderr")).toContain("Sandbox.Timedout");
  }
});

it("ends the invocations of a launch with the session when told to, and only then", async () => {
  for (const terminateDebuggee of [true, false]) {
    const { file, target } = project();
    const client = await connect(target);
    await launch(client, { function: `${file}#total`, args: [[]] }, breakAt(file, "let sum = 0"));
    await stopped(client);
    const [child] = target.processes;

    await client.disconnectRequest({ terminateDebuggee });

    const signal = terminateDebuggee && (await eventually("the end of the sandbox", () => child?.signalCode ?? false));
    expect(child?.signalCode).toBe(signal || null);
    expect(target.restored()).toBe(true);
  }
});

it("gives up what the client no longer wants to know", async () => {
  const { file, target } = project();
  const client = await connect(target);
  await launch(client, { function: `${file}#total`, args: [[]] }, breakAt(file, "let sum = 0"));
  const { top, threadId } = await stopped(client);
  const evaluation = client.evaluateRequest({
    expression: "for (const until = Date.now() + 1000; Date.now() < until; ); 'late'",
    frameId: top.id,
    context: "repl",
  });
  const failure = evaluation.then(
    () => "answered",
    (error: Error) => error.message,
  );

  await client.customRequest("cancel", { requestId: lastSequence(client) });

  expect(await failure).toBe("cancelled");
  await client.customRequest("cancel", { requestId: 4711 });
  await finish(client, threadId);
});

/** Of the request that was sent last. */
function lastSequence(client: Client): number {
  return (client as unknown as { sequence: number }).sequence - 1;
}

it("tells of the build and its files, and of their change by a hot deploy", async () => {
  const { file, target } = project();
  const client = await connect(target);
  await launch(client, { function: `${file}#total` });

  const module = await client.next<DebugProtocol.ModuleEvent>("module");
  const { modules, totalModules } = (await client.customRequest("modules", { startModule: 0 }))
    .body as DebugProtocol.ModulesResponse["body"];
  expect(modules).toEqual([module.body.module]);
  expect(module.body).toMatchObject({ reason: "new", module: { name: "total", isUserCode: true } });
  expect(totalModules).toBe(1);
  const { sources } = (await client.customRequest("loadedSources")).body as DebugProtocol.LoadedSourcesResponse["body"];
  const told = [await client.next("loadedSource"), await client.next("loadedSource")];
  expect(told.map(({ body }) => (body as DebugProtocol.LoadedSourceEvent["body"]).source)).toEqual(sources);
  expect(new Set(sources.map(({ name }) => name))).toEqual(new Set(["orders.ts", "rounding.ts"]));
});
