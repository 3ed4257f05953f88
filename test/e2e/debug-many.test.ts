/** Many functions in one session, many paused invocations of one function. */
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { expect, it } from "vitest";
import { askPlatform, startDap } from "./dap-process.ts";
import {
  connect,
  connectTo,
  copyProject,
  createHostTarget,
  eventually,
  launch,
  lineOf,
  stopped,
} from "./debug-harness.ts";

const MIB = 1024 * 1024;

it("debugs ten functions in one session, and swaps what is edited in those that it concerns", async () => {
  const folder = copyProject();
  const { data, port } = await startDap(folder);
  const files = Array.from({ length: 10 }, (_, index) => path.join(folder, `src/many/f${index}.ts`));
  mkdirSync(path.dirname(files[0] ?? ""));
  const edit = (index: number, factor: number): void => {
    const code = `  const result = n * ${factor};\n  return \`\${result} of \${process.pid}\`;`;
    writeFileSync(files[index] ?? "", `export function f${index}(n: number): string {\n${code}\n}\n`);
  };
  files.forEach((_, index) => edit(index, index));
  const [first, ...functions] = files.map((file, index) => `${file}#f${index}`);
  const client = await connectTo(port);
  const startedAt = Date.now();
  await launch(client, { function: first, functions }, async () => {
    for (const file of files) {
      const breakpoints = [{ line: 3 }];
      await client.setBreakpointsRequest({ source: { path: file }, breakpoints });
    }
  });
  const invokeAll = () =>
    [first, ...functions].map(async (name) => {
      const { body } = await client.customRequest("faasify/invoke", { function: name, args: [10] });
      return (body as { result: string }).result.split(" of ");
    });

  const answers = invokeAll();
  const stops = [];
  for (const _ of files) stops.push(await stopped(client));
  expect(Date.now() - startedAt).toBeLessThan(90_000);
  const { threads } = (await client.threadsRequest()).body;
  expect(new Set(threads.map(({ name }) => name.split(" ")[0]))).toEqual(new Set(files.map((_, index) => `f${index}`)));
  expect(new Set(stops.map(({ top }) => top.source?.path))).toEqual(new Set(files));
  await client.setBreakpointsRequest({ source: { path: files[3] ?? "" }, breakpoints: [] });
  for (const { threadId } of stops) await client.continueRequest({ threadId });
  const before = await Promise.all(answers);
  expect(before.map(([result]) => Number(result))).toEqual(files.map((_, index) => index * 10));

  edit(3, 333);
  edit(7, 777);
  await client.customRequest("faasify/hotDeploy", {});
  for (const file of files) await client.setBreakpointsRequest({ source: { path: file }, breakpoints: [] });
  const after = await Promise.all(invokeAll());
  expect([after[3]?.[0], after[7]?.[0], after[1]?.[0]]).toEqual(["3330", "7770", "10"]);
  expect(after.map(([, pid]) => pid)).toEqual(before.map(([, pid]) => pid));
  await expect(client.customRequest("faasify/invoke", { function: "x.ts#x", args: [] })).rejects.toThrow(
    "x.ts#x is no function of this debug session",
  );
  await client.disconnectRequest();
  await eventually("an empty journal", () => readdirSync(path.join(data, "journal")).length === 0);
  expect(await askPlatform(data, "/2015-03-31/functions")).toMatchObject({ Functions: [] });
});

it("holds a hundred paused invocations of one function, shows each, and lets each go on", async () => {
  const folder = copyProject();
  const file = path.join(folder, "src/orders.ts");
  const target = createHostTarget(folder);
  target.limitMs = 900_000;
  const client = await connect(target);
  await launch(client, { function: `${file}#total` }, async () => {
    const breakpoints = [{ line: lineOf(file, "sum += item.price") }];
    await client.setBreakpointsRequest({ source: { path: file }, breakpoints });
  });
  const heapBefore = process.memoryUsage().heapUsed;
  const invoke = (price: number) =>
    target.invokeFromOutside({ kind: "arguments", arguments: [[{ name: "pen", price, quantity: 1 }]] });

  const answers: ReturnType<typeof invoke>[] = [];
  const stops: DebugProtocol.StoppedEvent[] = [];
  // A hundred processes that start at once would mostly wait for a processor.
  while (stops.length < 100) {
    for (let started = 0; started < 5; started++) answers.push(invoke(answers.length));
    while (stops.length < answers.length) stops.push(await client.next<DebugProtocol.StoppedEvent>("stopped"));
  }
  const threadIds = stops.map(({ body }) => body.threadId ?? 0);
  expect(new Set(threadIds).size).toBe(100);
  const lookedAt = performance.now();
  const prices: number[] = [];
  for (const threadId of threadIds) {
    const frameId = (await client.stackTraceRequest({ threadId })).body.stackFrames[0]?.id ?? 0;
    prices.push(Number((await client.evaluateRequest({ expression: "item.price", frameId })).body.result));
  }
  // Each look is of one invocation only: a hundred take no longer each than one does.
  expect(performance.now() - lookedAt).toBeLessThan(60_000);
  expect(prices.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, index) => index));
  expect(process.memoryUsage().heapUsed - heapBefore).toBeLessThan(200 * MIB);
  await client.setBreakpointsRequest({ source: { path: file }, breakpoints: [] });
  for (const threadId of threadIds) await client.continueRequest({ threadId });

  const results = (await Promise.all(answers)).map(({ result }) => Number(result));
  expect(results).toEqual(Array.from({ length: 100 }, (_, index) => index));
  await client.disconnectRequest();
}, 900_000);
