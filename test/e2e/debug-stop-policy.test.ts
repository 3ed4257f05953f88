import path from "node:path";
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

const items = [{ name: "pen", price: 2, quantity: 3 }];
const call = (...args: unknown[]) => ({ kind: "arguments", arguments: args }) as const;
/** Far above what a free invocation takes, and far below what a held one does. */
const undelayedMs = 1500;

function project() {
  const folder = copyProject();
  const file = path.join(folder, "src/orders.ts");
  return { file, target: createHostTarget(folder) };
}

const breakAt = (file: string, text: string, logMessage?: string) => async (client: Client) => {
  const breakpoint = { line: lineOf(file, text), ...(logMessage === undefined ? {} : { logMessage }) };
  await client.setBreakpointsRequest({ source: { path: file }, breakpoints: [breakpoint] });
};

async function attach(client: Client, configuration: object, prepare: (client: Client) => Promise<void>) {
  await client.initializeRequest();
  await prepare(client);
  const attached = client.attachRequest(configuration);
  await client.configurationDoneRequest();
  await attached;
}

const seen = new WeakSet<object>();

/** Continues every stop until the answer is there; returns what `note` was at each of them. */
async function runThrough(client: Client, answers: Promise<unknown>): Promise<string[]> {
  const notes: string[] = [];
  let ended = false;
  const all = answers.then(() => (ended = true));
  await eventually("the answers", async () => {
    const event = client.events.find((candidate) => candidate.event === "stopped" && !seen.has(candidate));
    if (event) {
      seen.add(event);
      const { threadId } = event.body as { threadId: number };
      const { stackFrames } = (await client.stackTraceRequest({ threadId })).body;
      notes.push((await variablesOf(client, stackFrames[0]?.id ?? 0)).get("note")?.value ?? "");
      await client.continueRequest({ threadId });
    }
    return ended && !event;
  });
  await all;
  return notes;
}

it("stops only what the session itself invokes, and does not hold the first call of a stranger", async () => {
  const { file, target } = project();
  const client = await connect(target);
  await attach(client, { function: `${file}#total`, stop: "mine" }, breakAt(file, "sum += item.price"));

  const stranger = await target.invokeFromOutside(call(items, "stranger"));
  await eventually("the shim", async () => (await client.threadsRequest()).body.threads.length > 0);
  const again = await target.invokeFromOutside(call(items, "stranger again"));
  const mine = client.customRequest("faasify/invoke", { args: [items, "mine"] });
  const stop = await stopped(client);

  expect([stranger.result, again.result]).toEqual([6, 6]);
  expect(stranger.durationMs).toBeLessThan(undelayedMs);
  expect(again.durationMs).toBeLessThan(undelayedMs);
  expect((await variablesOf(client, stop.top.id)).get("note")?.value).toBe("'mine'");
  await client.continueRequest({ threadId: stop.threadId });
  await mine;
  expect((await target.invokeFromOutside(call(items, "late stranger"))).result).toBe(6);
  expect(client.output("stdout")).toBe("mine 1 items\n");
  expect(client.events.filter(({ event }) => event === "stopped")).toHaveLength(1);
  await client.disconnectRequest();
});

it("stops what a condition on the event chooses, and a log point prints only there", async () => {
  const { file, target } = project();
  const client = await connect(target);
  const stop = { condition: `args[1].startsWith("yes") && JSON.stringify(event).length > 0` };
  await attach(client, { function: `${file}#total`, stop }, breakAt(file, "sum += item.price", "logged {note}"));

  for (const note of ["no 1", "yes 1", "no 2", "yes 2"]) await target.invokeFromOutside(call(items, note));

  await eventually("both lines", () => client.output("stdout").includes("yes 2 1 items"));
  expect(client.output("stdout")).toBe("logged yes 1\nyes 1 1 items\nlogged yes 2\nyes 2 1 items\n");
  await client.disconnectRequest();
});

it("says once that a condition fails or never ends; such invocations run free", async () => {
  for (const condition of ["args[7].id === 1", "(() => { for (;;); })()"]) {
    const { file, target } = project();
    const client = await connect(target);
    await attach(client, { function: `${file}#total`, stop: { condition } }, breakAt(file, "sum += item.price"));

    const answers = [
      await target.invokeFromOutside(call(items, "a")),
      await target.invokeFromOutside(call(items, "b")),
    ];

    expect(answers.map(({ result }) => result)).toEqual([6, 6]);
    await eventually("the complaint", () => client.output("important").includes("The stop condition failed"));
    expect(client.output("important").match(/stop condition/g)).toHaveLength(1);
    await client.disconnectRequest();
  }
});

it("refuses a policy that it does not understand", async () => {
  const { file, target } = project();
  for (const stop of ["some", { condition: "args[" }, { first: 0 }, { oneIn: 1.5 }, { first: 1, oneIn: 2 }]) {
    const client = await connect(target);
    await client.initializeRequest();

    await expect(client.attachRequest({ function: `${file}#total`, stop } as never)).rejects.toThrow(/stop/);
  }
});

it("stops the first N of all sandboxes together", async () => {
  const { file, target } = project();
  const client = await connect(target);
  await attach(client, { function: `${file}#total`, stop: { first: 2 } }, breakAt(file, "sum += item.price"));

  const together = Promise.all(["a", "b", "c", "d"].map((note) => target.invokeFromOutside(call(items, note))));
  const notes = await runThrough(client, together);
  const later = await runThrough(client, target.invokeFromOutside(call(items, "e")));

  expect((await together).map(({ result }) => result)).toEqual([6, 6, 6, 6]);
  expect(notes).toHaveLength(2);
  expect(later).toEqual([]);
  await client.disconnectRequest();
});

it("stops one in N, at equal distances", async () => {
  const { file, target } = project();
  const client = await connect(target);
  await attach(client, { function: `${file}#total`, stop: { oneIn: 3 } }, breakAt(file, "sum += item.price"));

  const notes: string[] = [];
  for (let i = 0; i < 9; i++) notes.push(...(await runThrough(client, target.invokeFromOutside(call(items, `${i}`)))));

  const numbers = notes.map((note) => Number(note.slice(1, -1)));
  expect(numbers).toHaveLength(3);
  expect([numbers[1], numbers[2]]).toEqual([(numbers[0] ?? 0) + 3, (numbers[0] ?? 0) + 6]);
  await client.disconnectRequest();
});

it("is kept when a launch is restarted", async () => {
  const { file, target } = project();
  const client = await connect(target);
  const configuration = { function: `${file}#total`, args: [items, "again"], stop: { first: 1 } };
  await launch(client, configuration, breakAt(file, "sum += item.price"));
  await stopped(client);

  await client.restartRequest({});
  const second = await stopped(client);

  await client.continueRequest({ threadId: second.threadId });
  await client.next("terminated");
  expect(client.output("console")).toContain("total returned 6");
});
