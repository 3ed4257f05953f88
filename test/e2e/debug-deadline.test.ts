import path from "node:path";
import { expect, it } from "vitest";
import { connect, copyProject, createHostTarget, lineOf, stopped } from "./debug-harness.ts";

const items = [{ name: "pen", price: 2, quantity: 3 }];

it("shows what is left of a pause, warns, counts down, and leaves a snapshot when the time is over", async () => {
  const folder = copyProject();
  const file = path.join(folder, "src/orders.ts");
  const target = createHostTarget(folder);
  target.limitMs = 8000;
  const client = await connect(target);
  await client.initializeRequest({ adapterID: "faasify", supportsProgressReporting: true });
  const launched = client.launchRequest({ function: `${file}#total`, args: [items, "late"] } as object);
  const breakpoints = [{ line: lineOf(file, "const rounded") }];
  await client.setBreakpointsRequest({ source: { path: file }, breakpoints });
  await client.configurationDoneRequest();
  await launched;
  const { threadId } = await stopped(client);

  const { threads } = (await client.threadsRequest()).body;
  expect(threads.find(({ id }) => id === threadId)?.name).toMatch(/^total · \d{8} · \d s left$/);
  await client.next("progressStart", ({ body }) => body.progressId.startsWith("faasify-deadline"));
  const update = await client.next("progressUpdate", ({ body }) => body.progressId.startsWith("faasify-deadline"));
  expect(client.output("important")).toMatch(/total · \d{8} will be resumed in \d s/);
  await client.next("continued");
  await client.next("progressEnd", ({ body }) => body.progressId === update.body.progressId);
  await client.next("terminated");

  expect(client.output("important")).toContain("was resumed: the platform was about to kill it");
  expect(client.output("console")).toContain(`  at total (orders.ts:${lineOf(file, "const rounded")})`);
  expect(client.output("console")).toContain("      sum = 6\n");
  expect(client.output("console")).toContain("      items = (1) [{…}]\n");
  expect(client.output("console")).toContain("total returned 6");
});
