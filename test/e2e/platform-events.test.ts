/** Events outlive the platform. */
import { appendFileSync, existsSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { InvokeCommand, PutFunctionEventInvokeConfigCommand } from "@aws-sdk/client-lambda";
import { expect, it } from "vitest";
import { deploy, eventually, signedFetch, startPlatform, temporaryFolder } from "./platform-harness.ts";

const EVENTS = 3_000;

it("a kill -9 loses no event that was accepted, and retries go on as configured", async () => {
  const folder = temporaryFolder();
  const file = path.join(folder, "ran");
  appendFileSync(file, "");
  const ran = (): number[] =>
    readFileSync(file, "utf8")
      .trimEnd()
      .split("\n")
      .filter((line) => line !== "")
      .map(Number);
  const place = path.join(folder, "platform");
  try {
    const first = await startPlatform({ folder: place, arguments: ["--retry-delay-ms", "50"] });
    await deploy(
      first,
      "note",
      `import { appendFileSync } from "node:fs";
       export const handler = async ({ index }) => {
         appendFileSync(${JSON.stringify(file)}, index + "\\n");
         if (index % 100 === 0) throw new Error("again");
       };`,
    );
    await first.client.send(new PutFunctionEventInvokeConfigCommand({ FunctionName: "note", MaximumRetryAttempts: 1 }));
    const accepted: number[] = [];
    const send = async (from: number): Promise<void> => {
      for (let index = from; index < EVENTS; index += 20) {
        await first.client.send(
          new InvokeCommand({ FunctionName: "note", InvocationType: "Event", Payload: JSON.stringify({ index }) }),
        );
        accepted.push(index);
      }
    };
    const sending = Promise.allSettled(Array.from({ length: 20 }, (_, index) => send(index)));
    await eventually("a third has run", () => (ran().length > EVENTS / 3 ? true : undefined));
    await first.kill();
    await sending;
    first.client.destroy();
    const before = accepted.length;

    await using second = await startPlatform({ folder: place, arguments: ["--retry-delay-ms", "50"] });
    await eventually("the queue is empty", async () => {
      const status = (await (await signedFetch(second.info, "GET", "/_faasify/status")).json()) as { events: number };
      return status.events === 0 ? true : undefined;
    });

    const counts = new Map<number, number>();
    for (const index of ran()) counts.set(index, (counts.get(index) ?? 0) + 1);
    expect(before).toBeGreaterThan(EVENTS / 4);
    expect(accepted.filter((index) => !counts.has(index))).toEqual([]);
    expect(accepted.filter((index) => index % 100 === 0 && (counts.get(index) ?? 0) < 2)).toEqual([]);
    expect(existsSync(place)).toBe(true);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
