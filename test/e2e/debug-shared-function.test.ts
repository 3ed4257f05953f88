/** Several people, or several windows, and one function on the local platform. */
import { readdirSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { askPlatform, faasify, startDap } from "./dap-process.ts";
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
const FUNCTIONS = "/2015-03-31/functions";
const configurationOf = (data: string, name: string) => askPlatform(data, `${FUNCTIONS}/${name}/configuration`);
const functionNames = async (data: string): Promise<string[]> => {
  const { Functions } = (await askPlatform(data, FUNCTIONS)) as { Functions: { FunctionName: string }[] };
  return Functions.map(({ FunctionName }) => FunctionName);
};
const breakAt = (file: string) => async (client: Client) => {
  const breakpoints = [{ line: lineOf(file, "sum += item.price") }];
  await client.setBreakpointsRequest({ source: { path: file }, breakpoints });
};

it("gives two launched sessions of one function their own invocations", async () => {
  const folder = copyProject();
  const file = path.join(folder, "src/orders.ts");
  const { port } = await startDap(folder);
  const [one, two] = [await connectTo(port), await connectTo(port)];
  await launch(one, { function: `${file}#total` }, breakAt(file));
  await launch(two, { function: `${file}#total` }, breakAt(file));
  const answers = [
    one.customRequest("faasify/invoke", { args: [items, "one"] }),
    two.customRequest("faasify/invoke", { args: [items, "two"] }),
  ];

  const stops = [await stopped(one), await stopped(two)] as const;

  expect((await variablesOf(one, stops[0].top.id)).get("note")?.value).toBe("'one'");
  expect((await variablesOf(two, stops[1].top.id)).get("note")?.value).toBe("'two'");
  await one.continueRequest({ threadId: stops[0].threadId });
  await two.continueRequest({ threadId: stops[1].threadId });
  for (const answer of answers) expect((await answer).body).toMatchObject({ result: 6 });
  await one.disconnectRequest();
  // The other session's deployment is untouched.
  const again = two.customRequest("faasify/invoke", { args: [items, "again"] });
  const stop = await stopped(two);
  await two.continueRequest({ threadId: stop.threadId });
  expect((await again).body).toMatchObject({ result: 6 });
  await two.disconnectRequest();
});

it("lets everybody else's invocations of an attached function run free with `mine`, and refuses a second attach", async () => {
  const folder = copyProject();
  const file = path.join(folder, "src/orders.ts");
  const { data, port } = await startDap(folder);
  await faasify(folder, data, "deploy", "src/orders.ts#total");
  const client = await connectTo(port);
  await client.initializeRequest();
  await breakAt(file)(client);
  const attached = client.attachRequest({ function: `${file}#total`, stop: "mine" } as object);
  await client.configurationDoneRequest();
  await attached;

  const other = await connectTo(port);
  await other.initializeRequest();
  await expect(other.attachRequest({ function: `${file}#total` } as object)).rejects.toThrow("is being debugged");
  const free = await faasify(folder, data, "invoke", "src/orders.ts#total", "--args", JSON.stringify([items, "free"]));
  const mine = client.customRequest("faasify/invoke", { args: [items, "mine"] });
  const stop = await stopped(client);

  expect(free).toMatchObject({ result: 6 });
  expect((await variablesOf(client, stop.top.id)).get("note")?.value).toBe("'mine'");
  await client.continueRequest({ threadId: stop.threadId });
  expect((await mine).body).toMatchObject({ result: 6 });
  expect(client.output("stdout")).toBe("mine 1 items\n");
  await client.disconnectRequest();
});

it("puts the function back at once when the editor is killed, with the time limit that it had", async () => {
  const folder = copyProject();
  const file = path.join(folder, "src/orders.ts");
  const cli = await startDap(folder);
  await faasify(folder, cli.data, "deploy", "src/orders.ts#total");
  const [attached, launched] = [await connectTo(cli.port), await connectTo(cli.port)];
  await attached.initializeRequest();
  await attached.attachRequest({ function: `${file}#total`, timeoutSeconds: 120, stop: { first: 1 } } as object);
  await launch(launched, { function: `${file}#chain` });
  const names = () => readdirSync(path.join(cli.data, "journal"));
  expect(names()).toHaveLength(2);
  const name =
    names()
      .find((entry) => !entry.includes("--debug"))
      ?.replace(/\.json$/, "") ?? "";
  expect(await configurationOf(cli.data, name)).toMatchObject({ Timeout: 120 });

  cli.process.kill("SIGKILL");

  await eventually("an empty journal", () => names().length === 0);
  const after = await configurationOf(cli.data, name);
  expect(after).toMatchObject({ Timeout: 30 });
  expect(JSON.stringify(after)).not.toContain("FAASIFY_DEBUG");
  expect(await functionNames(cli.data)).toEqual([name]);
});
