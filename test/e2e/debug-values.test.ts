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
  membersOf,
  type Stop,
  stopped,
  variablesOf,
} from "./debug-harness.ts";

/** Stops where all of `shapes`' variables have their values. */
async function stopAtShapes(): Promise<{ client: Client; stop: Stop; at: Map<string, DebugProtocol.Variable> }> {
  const folder = copyProject();
  const file = path.join(folder, "src/orders.ts");
  const client = await connect(createHostTarget(folder));
  const line = lineOf(file, "return count + list.length");
  await launch(client, { function: `${file}#shapes`, args: [1] }, async () => {
    await client.setBreakpointsRequest({ source: { path: file }, breakpoints: [{ line }] });
  });
  const stop = await stopped(client);
  return { client, stop, at: await variablesOf(client, stop.top.id) };
}

const valuesOf = (members: readonly DebugProtocol.Variable[]): Record<string, string> =>
  Object.fromEntries(members.map(({ name, value }) => [name, value]));

it("shows values as a JavaScript programmer writes them", async () => {
  const { at } = await stopAtShapes();

  const shown = Object.fromEntries([...at].map(([name, { value }]) => [name, value]));
  expect(shown).toMatchObject({
    count: "1",
    text: `"it's"`,
    list: "(3) [1, 2, 3]",
    nested: "{a: {…}, list: (3)}",
    map: "Map(2) {'one' => 1, 'two' => {…}}",
    set: "Set(2) {1, 2}",
    point: "Point {x: 3, y: 4}",
    fn: "ƒ (a, b) => …",
    nothing: "undefined",
    big: "10n",
  });
  expect(at.get("when")?.value).toContain("1970");
  expect(at.get("point")?.type).toBe("Point");
});

it("expands nested objects, entries of maps and getters on demand", async () => {
  const { client, at } = await stopAtShapes();

  const inside = async (variable: DebugProtocol.Variable | undefined) =>
    new Map((await membersOf(client, variable?.variablesReference ?? 0)).map((member) => [member.name, member]));

  const a = await inside((await inside(at.get("nested"))).get("a"));
  expect((await inside(a.get("b"))).get("c")).toMatchObject({ value: "'deep'", evaluateName: "nested.a.b.c" });

  const entries = await inside(at.get("map"));
  expect(valuesOf([...entries.values()])).toMatchObject({
    0: "{'one' => 1}",
    1: "{'two' => {…}}",
    "[[Prototype]]": "Map",
  });

  const prototype = await inside((await inside(at.get("point"))).get("[[Prototype]]"));
  const getter = prototype.get("length");
  expect(getter).toMatchObject({ value: "(...)", presentationHint: { lazy: true } });
  expect(valuesOf([...(await inside(getter)).values()])).toEqual({ length: "5" });
});

it("pages long arrays", async () => {
  const { client, at } = await stopAtShapes();
  const long = at.get("long");
  expect(long).toMatchObject({ indexedVariables: 250 });

  const { body } = await client.variablesRequest({
    variablesReference: long?.variablesReference ?? 0,
    filter: "indexed",
    start: 200,
    count: 3,
  });
  const named = await client.variablesRequest({
    variablesReference: long?.variablesReference ?? 0,
    filter: "named",
  });

  expect(body.variables.map(({ name, value }) => [name, value])).toEqual([
    ["200", "400"],
    ["201", "402"],
    ["202", "404"],
  ]);
  expect(body.variables[0]?.evaluateName).toBe("long[200]");
  expect(named.body.variables.map(({ name }) => name)).toContain("length");
});

it("changes locals and properties, and the function goes on with them", async () => {
  const { client, stop, at } = await stopAtShapes();
  const { scopes } = (await client.scopesRequest({ frameId: stop.top.id })).body;
  const local = scopes[0]?.variablesReference ?? 0;

  const set = await client.setVariableRequest({ variablesReference: local, name: "count", value: "100 + 1" });
  const point = at.get("point")?.variablesReference ?? 0;
  await client.setVariableRequest({ variablesReference: point, name: "x", value: "1000" });

  expect(set.body).toMatchObject({ value: "101", type: "number" });
  const after = await variablesOf(client, stop.top.id);
  expect(after.get("count")?.value).toBe("101");
  expect(after.get("point")?.value).toBe("Point {x: 1000, y: 4}");
  await expect(
    client.setVariableRequest({ variablesReference: local, name: "count", value: "nonsense +" }),
  ).rejects.toThrow("SyntaxError");
  await client.continueRequest({ threadId: stop.threadId });
  await client.next("terminated");
  // 101 + 3 + 250 + 2 + 2 + 1000 + 3 + 10 + 0 + 3 + 4 + 0
  expect(client.output("console")).toContain("shapes returned 1378");
});

it("shows a function's parameters and variables as one scope, and changes either", async () => {
  const folder = copyProject();
  const file = path.join(folder, "src/orders.ts");
  const line = lineOf(file, "const rounded");
  const client = await connect(createHostTarget(folder));
  await launch(client, { function: `${file}#total`, args: [[{ price: 2, quantity: 3 }], "note"] }, async () => {
    await client.setBreakpointsRequest({ source: { path: file }, breakpoints: [{ line }] });
  });
  const stop = await stopped(client);

  const [first, second] = (await client.scopesRequest({ frameId: stop.top.id })).body.scopes;
  const local = first?.variablesReference ?? 0;
  const names = (await membersOf(client, local)).map(({ name }) => name);
  await client.setVariableRequest({ variablesReference: local, name: "note", value: "note + '!'" });
  await client.setVariableRequest({ variablesReference: local, name: "sum", value: "sum + 1000" });

  expect(first?.name).toBe("Local");
  expect(second?.name).not.toBe("Local");
  expect(names).toEqual(["items", "note", "sum"]);
  expect(valuesOf(await membersOf(client, local))).toMatchObject({ note: "'note!'", sum: "1006" });
  await client.continueRequest({ threadId: stop.threadId });
  await client.next("terminated");
  expect(client.output("stdout")).toBe("note! 1 items\n");
  expect(client.output("console")).toContain("total returned 1006");
});

it("evaluates watches, hovers and console lines", async () => {
  const { client, stop } = await stopAtShapes();
  const frameId = stop.top.id;
  const evaluate = async (expression: string, context: string) =>
    (await client.evaluateRequest({ expression, frameId, context })).body;

  expect(await evaluate("list.map((n) => n * count)", "watch")).toMatchObject({ result: "(3) [1, 2, 3]" });
  expect(await evaluate("nested.a", "hover")).toMatchObject({ result: "{b: {…}}", type: "Object" });
  expect(await evaluate("{ left: 1 }", "repl")).toMatchObject({ result: "{left: 1}" });
  await expect(evaluate("list.push(4)", "hover")).rejects.toThrow("side-effect");
  await expect(evaluate("missing", "watch")).rejects.toThrow("ReferenceError: missing is not defined");
  expect(await evaluate("list.push(4)", "watch")).toMatchObject({ result: "4" });
  expect((await variablesOf(client, frameId)).get("list")?.value).toBe("(4) [1, 2, 3, 4]");
  const changed = await evaluate("point", "watch");
  expect(valuesOf(await membersOf(client, changed.variablesReference))).toMatchObject({ x: "3", y: "4" });
  const set = await client.customRequest("setExpression", { expression: "point.y", value: "7", frameId });
  expect(set.body).toMatchObject({ value: "7" });
});

it("completes variables and members in the console, and copies values", async () => {
  const { client, stop } = await stopAtShapes();
  const frameId = stop.top.id;
  const items = async (text: string): Promise<DebugProtocol.CompletionItem[]> => {
    const { body } = await client.customRequest("completions", { text, column: text.length + 1, frameId });
    return (body as DebugProtocol.CompletionsResponse["body"]).targets;
  };
  const complete = async (text: string): Promise<string[]> => (await items(text)).map(({ label }) => label);

  expect(await complete("1 + ne")).toContain("nested");
  expect(await complete("nested.")).toEqual(expect.arrayContaining(["a", "list", "hasOwnProperty"]));
  expect(await complete("nested.list.fi")).toEqual(expect.arrayContaining(["filter", "find"]));
  expect(await complete("missing.")).toEqual([]);
  const sorted = (await items("point.")).toSorted((a, b) => ((a.sortText ?? "") < (b.sortText ?? "") ? -1 : 1));
  expect(sorted.slice(0, 4).map(({ label }) => label)).toEqual(["x", "y", "constructor", "length"]);
  expect(sorted.at(-1)?.label).toMatch(/^__/);
  expect(sorted.find(({ label }) => label === "hasOwnProperty")?.type).toBe("method");
  const copied = await client.evaluateRequest({ expression: "nested.a", frameId, context: "clipboard" });
  expect(JSON.parse(copied.body.result)).toEqual({ b: { c: "deep" } });
});

it("says that values are gone once the function runs on", async () => {
  const { client, stop, at } = await stopAtShapes();
  await client.continueRequest({ threadId: stop.threadId });

  await expect(membersOf(client, at.get("nested")?.variablesReference ?? 0)).rejects.toThrow("the function has run on");
  await expect(client.evaluateRequest({ expression: "1", frameId: stop.top.id })).rejects.toThrow("has run on");
  await expect(client.stackTraceRequest({ threadId: 4711 })).rejects.toThrow("its sandbox has ended");
});

it("passes terminal styles on to clients that show them, and to no others", async () => {
  const folder = copyProject();
  const file = path.join(folder, "src/values.ts");
  for (const supportsANSIStyling of [true, false]) {
    const client = await connect(createHostTarget(folder));
    await client.initializeRequest({ adapterID: "faasify", supportsANSIStyling });
    await client.configurationDoneRequest();
    await client.launchRequest({ function: `${file}#styled`, args: ["red"] } as object);
    await client.next("terminated");

    expect(client.output("stdout")).toBe(supportsANSIStyling ? "\u001B[31mred\u001B[0m\n" : "red\n");
  }
});

it("shows console output with its line, its kind and its values", async () => {
  const folder = copyProject();
  const file = path.join(folder, "src/orders.ts");
  const client = await connect(createHostTarget(folder));
  await launch(client, { function: `${file}#print`, args: [5] });
  await client.next("terminated");

  const [careful, values] = client.events
    .filter((event): event is DebugProtocol.OutputEvent => event.event === "output")
    .filter(({ body }) => body.category === "stdout" || body.category === "stderr");
  expect(careful?.body).toMatchObject({
    category: "stderr",
    output: "careful now\n",
    source: { path: file },
    line: lineOf(file, "careful %s"),
  });
  expect(values?.body).toMatchObject({ category: "stdout", output: "{count: 5, list: (2)}\n" });
  expect(valuesOf(await membersOf(client, values?.body.variablesReference ?? 0))).toMatchObject({
    count: "5",
    list: "(2) [1, 2]",
  });
});
