/** Requests that are wrong, cancelled, or never come. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { routes } from "../../src/debug-adapter/routes.ts";
import { askPlatform, startDap } from "./dap-process.ts";
import { type Client, connect, connectTo, copyProject, createHostTarget, eventually, launch } from "./debug-harness.ts";

const refusalOf = (request: Promise<unknown>): Promise<string> => request.then(() => "done", String);

it("says of every malformed request what is wrong with it", async () => {
  const folder = copyProject();
  const client = await connect(createHostTarget(folder));
  await launch(client, { function: `${path.join(folder, "src/orders.ts")}#total` });
  client.speakNonsense();
  const answers = new Map<string, string>();
  for (const command of routes.keys()) {
    if (["launch", "attach", "disconnect", "terminate", "restart", "configurationDone"].includes(command)) continue;
    if (["threads", "loadedSources", "faasify/hotDeploy", "faasify/invoke"].includes(command)) continue;
    const nonsense = {
      threadId: "1",
      frameId: {},
      breakpoints: 7,
      source: [],
      variablesReference: null,
      pathFormat: 1,
    };
    const rest = {
      name: 1,
      line: 1.5,
      filters: "x",
      text: 1,
      memoryReference: 0,
      sourceReference: "a",
      expression: [],
    };
    const moreRest = { threadIds: "all", startModule: "first" };
    answers.set(command, await refusalOf(client.send(command, { ...nonsense, ...rest, ...moreRest })));
  }

  const unclear = [...answers].filter(
    ([command, answer]) => !answer.includes(`${command}: `) || !answer.includes("is malformed"),
  );
  expect(unclear).toEqual([]);
  expect(answers.get("setBreakpoints")).toContain(
    "setBreakpoints: breakpoints is malformed (Invalid type: Expected Array but received 7)",
  );
  // Some clients write null for what they leave out.
  const source = { path: path.join(folder, "src/orders.ts") };
  const withNulls = { source, breakpoints: [{ line: 9, column: null, condition: null }], lines: null };
  expect(await refusalOf(client.send("setBreakpoints", withNulls))).toBe("done");
  await client.disconnectRequest();
});

it("cancels a deployment by its progress, and leaves nothing behind", async () => {
  const folder = copyProject();
  const file = path.join(folder, "src/orders.ts");
  const { data, port } = await startDap(folder);
  const client = await connectTo(port);
  await client.initializeRequest({ adapterID: "faasify", pathFormat: "path", supportsProgressReporting: true });
  const cancel = async (): Promise<void> => {
    const { body } = await client.next("progressStart");
    expect(body).toMatchObject({ cancellable: true, title: "Deploying total for debugging" });
    await client.send("cancel", { progressId: body.progressId });
    await client.next("progressEnd", (event) => event.body.progressId === body.progressId);
  };
  const names = async (): Promise<unknown[]> => {
    const { Functions } = (await askPlatform(data, "/2015-03-31/functions")) as {
      Functions: { FunctionName: string }[];
    };
    return Functions.map(({ FunctionName }) => FunctionName);
  };

  const launched = refusalOf(client.launchRequest({ function: `${file}#total` } as object));
  await cancel();
  expect(await launched).toContain("cancelled");
  await eventually("an empty journal", () => journalOf(data).length === 0);

  // The session can be begun again, and goes on with what it has when a later deployment is cancelled.
  const again = client.launchRequest({ function: `${file}#total` } as object);
  await client.next("progressStart");
  await client.configurationDoneRequest();
  await again;
  expect(await names()).toHaveLength(1);
  writeFileSync(file, readFileSync(file, "utf8").replace("let sum = 0", "let sum = 100"));
  const deployed = refusalOf(client.customRequest("faasify/hotDeploy", {}));
  await cancel();
  expect(await deployed).toContain("cancelled");
  const { body } = await client.customRequest("faasify/invoke", { args: [[{ name: "a", price: 1, quantity: 1 }]] });
  expect((body as { result: number }).result).toBe(1);
  await client.disconnectRequest();
  await eventually("an empty journal", () => journalOf(data).length === 0);
  expect(await names()).toEqual([]);
});

function journalOf(data: string): string[] {
  return readdirSync(path.join(data, "journal"));
}

it("ends a session that nobody uses, and none that somebody does", async () => {
  const folder = copyProject();
  const target = createHostTarget(folder);
  const client: Client = await connect(target);
  await launch(client, { function: `${path.join(folder, "src/orders.ts")}#total`, expireMinutes: 0.05 });
  const until = Date.now() + 5000;
  while (Date.now() < until) {
    await client.threadsRequest();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(target.restored()).toBe(false);

  await client.next("terminated");
  expect(target.restored()).toBe(true);
  expect(client.output("important")).toContain("Nobody has used this debug session for 0.05 minutes");
  await client.disconnectRequest();
});
