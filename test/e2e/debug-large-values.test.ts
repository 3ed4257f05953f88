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

type Variables = Map<string, DebugProtocol.Variable>;

interface Stopped {
  readonly client: Client;
  readonly stop: Stop;
  readonly at: Variables;
}

async function stopIn(name: string, text: string, args: unknown[]): Promise<Stopped> {
  const folder = copyProject();
  const file = path.join(folder, "src/values.ts");
  const client = await connect(createHostTarget(folder));
  await launch(client, { function: `${file}#${name}`, args }, async () => {
    await client.setBreakpointsRequest({ source: { path: file }, breakpoints: [{ line: lineOf(file, text) }] });
  });
  const stop = await stopped(client);
  return { client, stop, at: await variablesOf(client, stop.top.id) };
}

const referenceOf = (at: Variables, name: string): number => at.get(name)?.variablesReference ?? 0;

const named = (members: readonly DebugProtocol.Variable[]): Variables =>
  new Map(members.map((member) => [member.name, member]));

async function finish({ client, stop }: Stopped): Promise<void> {
  await client.continueRequest({ threadId: stop.threadId });
  await client.next("terminated");
}

it("opens an array of a million elements, a page at a time or from its beginning", async () => {
  const session = await stopIn("large", "return list.length", [1_000_000]);
  const { client, at } = session;
  const variablesReference = referenceOf(at, "list");
  expect(at.get("list")).toMatchObject({ indexedVariables: 1_000_000 });

  const page = await client.variablesRequest({ variablesReference, filter: "indexed", start: 999_900, count: 100 });
  expect(page.body.variables).toHaveLength(100);
  expect(page.body.variables.at(-1)).toMatchObject({ name: "999999", value: "1999998", evaluateName: "list[999999]" });

  const whole = named(await membersOf(client, variablesReference));
  expect(whole.get("999")).toMatchObject({ value: "1998" });
  expect(whole.get("length")).toMatchObject({ value: "1000000" });
  expect(whole.get("…")).toMatchObject({ value: "999,000 more" });
  const more = named(await membersOf(client, referenceOf(whole, "…")));
  expect(more.get("1000")).toMatchObject({ value: "2000", evaluateName: "list[1000]" });
  expect(more.get("…")).toMatchObject({ value: "998,000 more" });
  await finish(session);
});

it("opens objects, maps and sets of 100,000 members in pages, to the last one", async () => {
  const session = await stopIn("large", "return list.length", [1_000_000]);
  const { client, at } = session;

  const keys = named(await membersOf(client, referenceOf(at, "keys")));
  expect(keys.get("key999")).toMatchObject({ value: "{n: 999}", evaluateName: "keys.key999" });
  expect(keys.get("[[Prototype]]")?.value).toBe("Object");
  expect(keys.get("…")).toMatchObject({ value: "99,000 more" });
  let rest = keys;
  for (let page = 1; page < 100; page++) rest = named(await membersOf(client, referenceOf(rest, "…")));
  expect(rest.get("key99999")).toMatchObject({ value: "{n: 99999}" });
  expect(rest.has("…")).toBe(false);

  const map = named(await membersOf(client, referenceOf(at, "map")));
  expect(map.get("999")).toMatchObject({ value: "{1998 => {…}}" });
  expect(map.get("…")).toMatchObject({ value: "99,000 more" });
  const set = named(await membersOf(client, referenceOf(at, "set")));
  expect(set.get("999")).toMatchObject({ value: "1998" });
  expect(set.get("[[Prototype]]")?.value).toBe("Set");
  await finish(session);
});

it("shows what a class says of itself, but runs nothing that changes or takes long", async () => {
  const session = await stopIn("described", "return price.cents", [1250]);
  const { client, at } = session;

  expect(at.get("price")).toMatchObject({ value: "12.50 €", type: "Money" });
  expect(at.get("liar")?.value).toBe("Meddler {n: 1}");
  expect(at.get("sleeper")?.value).toBe("Sleeper {n: 2}");
  await membersOf(client, referenceOf(at, "proxy"));
  expect(named(await membersOf(client, referenceOf(at, "price"))).get("cents")?.value).toBe("1250");
  await finish(session);
  // 1250 + 10 + 1 + 1 + 2: nobody has meddled
  expect(client.output("console")).toContain("described returned 1264");
});

it("shows whole numbers in hexadecimal when asked to", async () => {
  const session = await stopIn("described", "return price.cents", [1250]);
  const { client, at, stop } = session;

  const { body } = await client.variablesRequest({
    variablesReference: referenceOf(at, "numbers"),
    format: { hex: true },
  });
  const evaluated = await client.evaluateRequest({
    expression: "numbers",
    frameId: stop.top.id,
    format: { hex: true },
  });

  expect(Object.fromEntries(body.variables.map(({ name, value }) => [name, value]))).toMatchObject({
    small: "0xa",
    negative: "-0xff",
    half: "0.5",
    huge: "0xffn",
    list: "(2) [0x10, 0x11]",
  });
  expect(evaluated.body.result).toBe("{small: 0xa, negative: -0xff, half: 0.5, huge: 0xffn, list: (2)}");
  await finish(session);
});
