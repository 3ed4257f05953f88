import path from "node:path";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { expect, it } from "vitest";
import type { Snapshot } from "../../src/protocol/launch-configuration.ts";
import {
  type Client,
  connect,
  copyProject,
  createHostTarget,
  launch,
  lineOf,
  membersOf,
  stopped,
  variablesOf,
} from "./debug-harness.ts";

const items = [1, 2, 3, 4].map((quantity) => ({ name: `item ${quantity}`, price: 1, quantity }));

async function launchWith(name: string, args: unknown[], prepare: (client: Client, file: string) => Promise<unknown>) {
  const folder = copyProject();
  const file = path.join(folder, "src/orders.ts");
  const client = await connect(createHostTarget(folder));
  await launch(client, { function: `${file}#${name}`, args }, async () => void (await prepare(client, file)));
  return { client, file };
}

const mode =
  (text: string, breakpoint: Omit<DebugProtocol.SourceBreakpoint, "line">) => (client: Client, file: string) =>
    client.setBreakpointsRequest({
      source: { path: file },
      breakpoints: [{ line: lineOf(file, text), ...breakpoint }],
    });

const snapshotsOf = ({ events }: Client): Snapshot[] =>
  events.flatMap(({ event, body }) => (event === "faasify/snapshot" ? [body as Snapshot] : []));

it("stops in functions by their names, with conditions", async () => {
  let told: DebugProtocol.Breakpoint[] = [];
  const { client, file } = await launchWith("total", [items, "x"], async (client) => {
    const { body } = await client.setFunctionBreakpointsRequest({
      breakpoints: [{ name: "total" }, { name: "rounding.ts#round", condition: "amount > 5" }, { name: "absent" }],
    });
    told = body.breakpoints;
  });

  const stop = await stopped(client);
  expect(stop.reason).toBe("function breakpoint");
  expect(stop.top).toMatchObject({ name: "total", line: lineOf(file, "let sum = 0") });
  const bound = await client.next<DebugProtocol.BreakpointEvent>(
    "breakpoint",
    ({ body }) => body.breakpoint.id === told[0]?.id && body.breakpoint.verified,
  );
  expect(bound.body.breakpoint.source).toEqual({ path: file });
  await client.continueRequest({ threadId: stop.threadId });
  expect((await stopped(client)).top.name).toBe("round");

  const { body } = await client.setFunctionBreakpointsRequest({ breakpoints: [{ name: "absent" }] });
  expect(body.breakpoints).toMatchObject([
    { verified: false, reason: "failed", message: "The deployed function has no function called absent" },
  ]);
  await client.continueRequest({ threadId: stop.threadId });
  await client.next("terminated");
});

it("prints instead of pausing in the mode log", async () => {
  const { client } = await launchWith(
    "total",
    [items],
    mode("sum += item.price", { mode: "log", hitCondition: "> 2" }),
  );

  await client.next("terminated");

  const line = client.output("stdout").split("\n")[0];
  expect(line).toMatch(/^orders\.ts:\d+$/);
  expect(client.events.some(({ event }) => event === "stopped")).toBe(false);
});

it("takes snapshots of stack and variables without pausing", async () => {
  const { client, file } = await launchWith(
    "total",
    [items, "note"],
    mode("sum += item.price", { mode: "snapshot", condition: "item.quantity > 2" }),
  );
  await client.next("terminated");

  const snapshots = snapshotsOf(client);
  const line = lineOf(file, "sum += item.price");
  expect(snapshots).toHaveLength(2);
  expect(snapshots[0]).toMatchObject({ source: file, line, dropped: 0 });
  expect(snapshots[0]?.stack[0]).toContain(`${file}:${line}`);
  expect(snapshots[0]?.variables.map(({ name }) => name)).toEqual(["items", "note", "sum", "item"]);
  const printed = client.events.find(
    (event): event is DebugProtocol.OutputEvent => event.event === "output" && event.body.output.includes("sum = 3"),
  );
  expect(printed?.body).toMatchObject({ category: "console", source: { path: file }, line });
  expect(printed?.body.output).toContain("item = {name: 'item 3', price: 1, quantity: 3}");
  const members = new Map(
    (await membersOf(client, printed?.body.variablesReference ?? 0)).map((member) => [member.name, member]),
  );
  const item = await membersOf(client, members.get("item")?.variablesReference ?? 0);
  expect(item.map(({ name, value }) => [name, value])).toEqual([
    ["name", "'item 3'"],
    ["price", "1"],
    ["quantity", "3"],
  ]);
  expect(members.get("[[Stack]]")?.value).toContain("total");
  expect(client.events.some(({ event }) => event === "stopped")).toBe(false);
  expect(client.output("stdout")).toBe("note 4 items\n");
});

it("samples one pass in so many", async () => {
  const { client } = await launchWith(
    "total",
    [Array.from({ length: 10 }, (_, index) => ({ name: "i", price: 1, quantity: index }))],
    mode("sum += item.price", { mode: "sample", hitCondition: "4" }),
  );

  await client.next("terminated");

  const sums = snapshotsOf(client).map(({ variables }) => variables.find(({ name }) => name === "sum")?.value);
  expect(sums).toEqual(["0", "6", "28"]);
});

it("refuses a mode and a rate that there is not", async () => {
  const { client, file } = await launchWith("total", [items], async () => undefined);
  const set = (breakpoint: object) =>
    client.setBreakpointsRequest({ source: { path: file }, breakpoints: [{ line: 1, ...breakpoint }] });

  await expect(set({ mode: "often" })).rejects.toThrow("no breakpoint mode");
  expect((await set({ mode: "sample", hitCondition: "> 3" })).body.breakpoints[0]?.message).toContain(
    "no sampling rate",
  );
});

it("stops at the columns of a line that hold breakpoints, each for itself", async () => {
  const { client, file } = await launchWith("nested", [8], mode("const sum = half", {}));
  const first = await stopped(client);
  const line = lineOf(file, "const sum = half");

  const places = await client.customRequest("breakpointLocations", { source: { path: file }, line });
  const { breakpoints } = places.body as DebugProtocol.BreakpointLocationsResponse["body"];
  const text = "const sum = half(guarded(value)) + half(attempt(value)); const more = half(sum);";
  const columnOf = (part: string): number => text.indexOf(part) + 3;
  expect(breakpoints.map(({ column }) => column)).toEqual(
    expect.arrayContaining([columnOf("half(guarded"), columnOf("attempt("), columnOf("half(sum)")]),
  );
  const column = columnOf("half(sum)");
  const set = await client.setBreakpointsRequest({ source: { path: file }, breakpoints: [{ line, column }] });
  expect(set.body.breakpoints).toMatchObject([{ verified: true, line, column }]);
  await client.continueRequest({ threadId: first.threadId });

  const second = await stopped(client);
  expect(second.top).toMatchObject({ line, column });
  expect((await variablesOf(client, second.top.id)).get("sum")?.value).toBe("-5");
  await client.continueRequest({ threadId: second.threadId });
  await client.next("terminated");
});
