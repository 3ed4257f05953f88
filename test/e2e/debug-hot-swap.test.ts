/** New code in a live sandbox: the same process, a fresh module, the same session and breakpoints. */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { faasify, platformPid, startDap } from "./dap-process.ts";
import { type Client, connectTo, copyProject, eventually, launch, lineOf, stopped } from "./debug-harness.ts";

interface Answer {
  readonly pid: number;
  readonly calls: number;
  readonly version: string;
}

const source = `let calls = 0;
const version = "v0";

export function where(): unknown {
  calls += 1;
  const { pid } = process;
  return { pid, calls, version };
}
`;

function project(): { readonly folder: string; readonly file: string; readonly edit: (version: string) => void } {
  const folder = copyProject();
  const file = path.join(folder, "src/where.ts");
  const edit = (version: string): void => writeFileSync(file, source.replace('"v0"', JSON.stringify(version)));
  edit("v0");
  return { folder, file, edit };
}

const breakAt = (file: string, text: string) => async (client: Client) => {
  await client.setBreakpointsRequest({ source: { path: file }, breakpoints: [{ line: lineOf(file, text) }] });
};

const hotDeploy = (client: Client) => client.customRequest("faasify/hotDeploy", {});

async function invoke(client: Client): Promise<Answer> {
  return ((await client.customRequest("faasify/invoke", { args: [] })).body as { result: Answer }).result;
}

it("gives a live sandbox new code: same process, fresh module, breakpoints bound before it is invoked", async () => {
  const { folder, file, edit } = project();
  const { data, port } = await startDap(folder);
  const client = await connectTo(port);
  await launch(client, { function: `${file}#where` }, breakAt(file, "calls += 1"));
  const stopAndGoOn = async (answer: Promise<Answer>) => {
    const stop = await stopped(client);
    await client.continueRequest({ threadId: stop.threadId });
    return { ...(await answer), threadId: stop.threadId, line: stop.top.line };
  };
  const first = await stopAndGoOn(invoke(client));
  expect(await stopAndGoOn(invoke(client))).toMatchObject({ calls: 2, version: "v0" });

  // The new code is longer in front of the breakpoint, too.
  writeFileSync(file, `// One line more.\n${source.replace('"v0"', '"v1"')}`);
  await breakAt(file, "calls += 1")(client);
  await hotDeploy(client);
  const second = await stopAndGoOn(invoke(client));

  expect(second).toEqual({ ...first, line: first.line + 1, version: "v1" });
  expect(client.events.filter(({ event, body }) => event === "thread" && body.reason === "exited")).toEqual([]);
  // It is what everybody finds from now on: the platform that comes after this one, too.
  edit("v2");
  await hotDeploy(client);
  const platform = platformPid(data);
  process.kill(platform, "SIGKILL");
  await eventually("the end of the platform", () => hasEnded(platform));
  expect(await stopAndGoOn(invoke(client))).toMatchObject({ calls: 1, version: "v2" });
  await client.disconnectRequest();
});

it("leaves a paused invocation its code, and gives the sandbox the new one behind it", async () => {
  const { folder, file, edit } = project();
  const client = await connectTo((await startDap(folder)).port);
  await launch(client, { function: `${file}#where` }, breakAt(file, "calls += 1"));
  const old = invoke(client);
  const { threadId } = await stopped(client);
  edit("v1");
  await hotDeploy(client);

  await client.nextRequest({ threadId });
  const { top } = await stopped(client);
  expect(top).toMatchObject({ line: lineOf(file, "const { pid }"), source: { path: file } });
  await client.continueRequest({ threadId });
  const { pid } = await old;
  expect(await old).toMatchObject({ calls: 1, version: "v0" });
  const next = invoke(client);
  expect((await stopped(client)).threadId).toBe(threadId);
  await client.continueRequest({ threadId });
  expect(await next).toEqual({ pid, calls: 1, version: "v1" });
  await client.disconnectRequest();
});

it("reports what is wrong with new code at its invocation, and the next version runs in the same process", async () => {
  const { folder, file, edit } = project();
  const client = await connectTo((await startDap(folder)).port);
  await launch(client, { function: `${file}#where` });
  const { pid } = await invoke(client);
  writeFileSync(file, source.replace("let calls = 0;", 'let calls = JSON.parse("{");'));
  await hotDeploy(client);

  const { body } = await client.customRequest("faasify/invoke", { args: [] });
  expect((body as { error: { name: string } }).error).toMatchObject({ name: "SyntaxError" });
  edit("v2");
  await hotDeploy(client);
  expect(await invoke(client)).toEqual({ pid, calls: 1, version: "v2" });
  await client.disconnectRequest();
});

it("replaces sandboxes whose environment changes, and does without a session what it always did", async () => {
  const { folder, file } = project();
  const { data, port } = await startDap(folder, { SHOP_NAME: "v2" });
  await faasify(folder, data, "deploy", "src/where.ts#where");
  const run = async (): Promise<Answer> =>
    ((await faasify(folder, data, "invoke", "src/where.ts#where", "--args", "[]")) as { result: Answer }).result;
  const before = await run();
  writeFileSync(file, source.replace('"v0"', '"v1"'));
  await faasify(folder, data, "deploy", "src/where.ts#where");
  const after = await run();
  expect(after).toMatchObject({ calls: 1, version: "v1" });
  expect(after.pid).not.toBe(before.pid);

  const client = await connectTo(port);
  await launch(client, { function: `${file}#where` });
  const first = await invoke(client);
  writeFileSync(file, source.replace('"v0"', "process.env.SHOP_NAME"));
  await hotDeploy(client);
  const second = await invoke(client);
  expect(second).toMatchObject({ calls: 1, version: "v2" });
  expect(second.pid).not.toBe(first.pid);
  await client.disconnectRequest();
});

it("bounds what old versions hold: after twenty a sandbox is replaced", async () => {
  const { folder, file, edit } = project();
  const client = await connectTo((await startDap(folder)).port);
  await launch(client, { function: `${file}#where` });
  const answers: Answer[] = [await invoke(client)];
  let peakKb = 0;
  for (let version = 1; version <= 45; version++) {
    edit(`v${version} ${"x".repeat(300_000)}`);
    await hotDeploy(client);
    const answer = await invoke(client);
    answers.push({ ...answer, version: answer.version.split(" ")[0] ?? "" });
    peakKb = Math.max(peakKb, residentKb(answer.pid));
  }

  const processes = [...new Set(answers.map(({ pid }) => pid))];
  expect(answers.map(({ version }) => version)).toEqual(Array.from({ length: 46 }, (_, index) => `v${index}`));
  expect(processes).toHaveLength(3);
  expect(answers.filter(({ pid }) => pid === processes[0])).toHaveLength(21);
  expect(peakKb).toBeLessThan(200 * 1024);
  const threads = await eventually("one thread", async () => {
    const { body } = await client.threadsRequest();
    return body.threads.length === 1 && body.threads;
  });
  expect(threads).toHaveLength(1);
  await client.disconnectRequest();
});

function hasEnded(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
}

function residentKb(pid: number): number {
  if (process.platform !== "linux") return Number(execFileSync("ps", ["-o", "rss=", "-p", String(pid)]).toString());
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
}
