/** The same, as a user has it: `faasify dap` and the local platform, from the bundles. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { faasify, platformPid, startDap } from "./dap-process.ts";
import {
  type Client,
  connectTo,
  copyProject,
  eventually,
  launch,
  lineOf,
  stopped,
  variablesOf,
} from "./debug-harness.ts";

const items = [{ name: "pen", price: 2, quantity: 3 }];

const breakAt = (file: string, text: string) => async (client: Client) => {
  const breakpoints = [{ line: lineOf(file, text) }];
  await client.setBreakpointsRequest({ source: { path: file }, breakpoints });
};

it("stops in a function on the local platform, steps, changes it and leaves nothing behind", async () => {
  const folder = copyProject();
  const file = path.join(folder, "src/orders.ts");
  const { data, port } = await startDap(folder);
  const client = await connectTo(port);
  await launch(client, { function: `${file}#total`, args: [items, "note"] }, breakAt(file, "sum += item.price"));

  const stop = await stopped(client);
  expect(stop.top).toMatchObject({ name: "total", line: lineOf(file, "sum += item.price"), source: { path: file } });
  expect((await variablesOf(client, stop.top.id)).get("item")?.value).toBe("{name: 'pen', price: 2, quantity: 3}");
  await client.nextRequest({ threadId: stop.threadId });
  const next = await stopped(client);
  const { scopes } = (await client.scopesRequest({ frameId: next.top.id })).body;
  const holder = await Promise.all(
    scopes.slice(0, 3).map(async ({ variablesReference }) => ({
      variablesReference,
      names: (await client.variablesRequest({ variablesReference })).body.variables.map(({ name }) => name),
    })),
  );
  const variablesReference = holder.find(({ names }) => names.includes("sum"))?.variablesReference ?? 0;
  await client.setVariableRequest({ variablesReference, name: "sum", value: "sum + 1000" });
  await client.continueRequest({ threadId: stop.threadId });
  await client.next("terminated");

  expect(client.output("stdout")).toBe("note 1 items\n");
  expect(client.output("console")).toContain("total returned 1006");
  await client.disconnectRequest();
  await eventually("an empty journal", () => readdirSync(path.join(data, "journal")).length === 0);
});

it("runs new code after a hot deploy, with the breakpoint in place", async () => {
  const folder = copyProject();
  const file = path.join(folder, "src/orders.ts");
  const client = await connectTo((await startDap(folder)).port);
  await launch(client, { function: `${file}#total` }, breakAt(file, "sum += item.price"));
  const first = client.customRequest("faasify/invoke", { args: [items] });
  const before = await stopped(client);
  await client.continueRequest({ threadId: before.threadId });
  expect((await first).body).toMatchObject({ result: 6 });

  writeFileSync(file, readFileSync(file, "utf8").replace("price * item.quantity", "price * item.quantity * 2"));
  await client.customRequest("faasify/hotDeploy", {});
  const second = client.customRequest("faasify/invoke", { args: [items] });
  const after = await stopped(client);
  await client.continueRequest({ threadId: after.threadId });

  expect(after.top.line).toBe(before.top.line);
  expect((await second).body).toMatchObject({ result: 12 });
  await client.disconnectRequest();
});

it("serves two clients that debug two functions at once", async () => {
  const folder = copyProject();
  const file = path.join(folder, "src/orders.ts");
  const { port } = await startDap(folder);
  const [one, two] = [await connectTo(port), await connectTo(port)];
  await launch(one, { function: `${file}#total`, args: [items] }, breakAt(file, "const rounded"));
  await launch(two, { function: `${file}#chain`, args: [4] }, breakAt(file, "const doubled"));

  const stops = [await stopped(one), await stopped(two)];

  expect(stops.map(({ top }) => top.name)).toEqual(["total", "later"]);
  await one.continueRequest({ threadId: stops[0]?.threadId ?? 0 });
  await two.continueRequest({ threadId: stops[1]?.threadId ?? 0 });
  await Promise.all([one.next("terminated"), two.next("terminated")]);
  expect(one.output("console")).toContain("total returned 6");
  expect(two.output("console")).toContain("chain returned 9");
});

it("maps the stack of an error to the user's lines", async () => {
  const folder = copyProject();
  const file = path.join(folder, "src/orders.ts");
  const client = await connectTo((await startDap(folder)).port);
  await launch(client, { function: `${file}#fail`, args: ["late"] });

  await client.next("terminated");

  expect(client.output("stderr")).toContain("TypeError: late!");
  expect(client.output("stderr")).toContain(`${file}:${lineOf(file, "throw new TypeError")}`);
});

it("stops in a stranger's invocation after attach and gives the function back", async () => {
  const folder = copyProject();
  const file = path.join(folder, "src/orders.ts");
  const { data, port } = await startDap(folder);
  await faasify(folder, data, "deploy", "src/orders.ts#total");
  const client = await connectTo(port);
  await client.initializeRequest();
  await breakAt(file, "sum += item.price")(client);
  const attached = client.attachRequest({ function: `${file}#total` } as object);
  await client.configurationDoneRequest();
  await attached;

  const invoke = () => faasify(folder, data, "invoke", "src/orders.ts#total", "--args", JSON.stringify([items]));
  const debugged = invoke();
  const stop = await stopped(client);
  expect(stop.top).toMatchObject({ name: "total", source: { path: file } });
  await client.disconnectRequest();

  expect(await debugged).toMatchObject({ result: 6 });
  await eventually("an empty journal", () => readdirSync(path.join(data, "journal")).length === 0);
  expect(await invoke()).toMatchObject({ result: 6 });
});

it("ends the session with a clear error when the platform is killed while a function is paused", async () => {
  const folder = copyProject();
  const file = path.join(folder, "src/orders.ts");
  const { data, port } = await startDap(folder);
  const client = await connectTo(port);
  await launch(client, { function: `${file}#total`, args: [items] }, breakAt(file, "sum += item.price"));
  await stopped(client);

  process.kill(platformPid(data), "SIGKILL");

  await client.next("terminated");
  expect(client.output("stderr")).toMatch(/platform/i);
  await client.disconnectRequest();
});
