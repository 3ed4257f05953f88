/** The system's clock is set while the platform runs, by hours in either direction. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import {
  CreateAliasCommand,
  InvokeCommand,
  LambdaClient,
  PublishVersionCommand,
  PutFunctionEventInvokeConfigCommand,
  UpdateFunctionCodeCommand,
} from "@aws-sdk/client-lambda";
import aws4 from "aws4";
import { expect, it, onTestFinished } from "vitest";
import { deploy, eventually, invoke, makeZip, startPlatform, type RunningPlatform } from "./platform-harness.ts";

const HOUR_MS = 3_600_000;

/** Stands in for the clock of the platform's process alone: what `Date` says is off by what the file says. */
const CLOCK = `
const { readFileSync } = require("node:fs");
const real = Date.now;
const RealDate = Date;
const offset = () => Number(readFileSync(process.env.CLOCK_FILE, "utf8"));
globalThis.Date = class Date extends RealDate {
  constructor(...values) { if (values.length === 0) super(real() + offset()); else super(...values); }
  static now() { return real() + offset(); }
};
`;

interface Clocked {
  readonly platform: RunningPlatform;
  /** Sets the clock off by so much; the client's follows. */
  readonly set: (offsetMs: number) => LambdaClient;
  /** The answer, of a caller whose clock is the platform's. */
  readonly send: (method: string, path: string, body?: string) => Promise<unknown>;
}

async function startClocked(...more: readonly string[]): Promise<Clocked> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "faasify-clock-"));
  const file = path.join(folder, "offset");
  const preload = path.join(folder, "clock.cjs");
  writeFileSync(file, "0");
  writeFileSync(preload, CLOCK);
  const platform = await startPlatform({
    arguments: more,
    environment: { NODE_OPTIONS: `--require ${preload}`, CLOCK_FILE: file },
  });
  const clients: LambdaClient[] = [];
  let offset = 0;
  onTestFinished(async () => {
    for (const client of clients) client.destroy();
    await platform[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    platform,
    send: async (method, url, body) => {
      const { host } = new URL(platform.info.endpoint);
      const time = new Date(Date.now() + offset).toISOString().replaceAll(/[-:]|\.\d{3}/g, "");
      const { headers } = aws4.sign(
        {
          host,
          path: url,
          method,
          service: "lambda",
          region: platform.info.region,
          headers: { "X-Amz-Date": time },
          ...(body !== undefined && { body }),
        },
        platform.info,
      );
      const { Host: _host, ...rest } = headers as Record<string, string>;
      const answer = await fetch(platform.info.endpoint + url, {
        method,
        headers: rest,
        ...(body !== undefined && { body }),
      });
      expect(answer.status).toBe(200);
      return answer.json();
    },
    set: (systemClockOffset) => {
      offset = systemClockOffset;
      writeFileSync(file, String(systemClockOffset));
      const { endpoint, region, accessKeyId, secretAccessKey } = platform.info;
      const credentials = { accessKeyId, secretAccessKey };
      const client = new LambdaClient({ endpoint, region, credentials, systemClockOffset, maxAttempts: 1 });
      clients.push(client);
      return client;
    },
  };
}

it("requests of the same clock are served, those of another one refused with both times", async () => {
  const { platform, set } = await startClocked();
  await deploy(platform, "echo", "export const handler = async (event) => event;");

  for (const offsetMs of [2 * HOUR_MS, -26 * HOUR_MS, 0]) {
    const client = set(offsetMs);
    expect((await invoke({ client }, "echo", { offsetMs })).value).toEqual({ offsetMs });
  }
  set(2 * HOUR_MS);
  await expect(invoke(platform, "echo")).rejects.toThrow(/Signature expired: \S+ is now earlier than \S+/);
});

it.each([5 * HOUR_MS, -5 * HOUR_MS])(
  "an event is tried again when it is due, whatever the clock says (%i ms)",
  async (jumpMs) => {
    const { platform, set, send } = await startClocked("--retry-delay-ms", "400");
    await deploy(
      platform,
      "flaky",
      `let calls = 0; export const handler = async () => { if (++calls < 3) throw new Error("not yet"); };`,
    );
    await platform.client.send(
      new PutFunctionEventInvokeConfigCommand({ FunctionName: "flaky", MaximumEventAgeInSeconds: 3_600 }),
    );
    await platform.client.send(
      new InvokeCommand({ FunctionName: "flaky", InvocationType: "Event", Payload: Buffer.from("{}") }),
    );
    const metrics = () => send("GET", "/_faasify/functions/flaky/metrics") as Promise<Record<string, number>>;
    await eventually("the first attempt", async () => ((await metrics())["errors"] === 1 ? true : undefined));

    set(jumpMs);

    await eventually("no event is left", async () => {
      const { events } = (await send("GET", "/_faasify/status")) as { readonly events: number };
      return events === 0 || undefined;
    });
    expect(await metrics()).toMatchObject({ invocations: 3, errors: 2 });
  },
);

it("a canary takes as long as it takes", async () => {
  const { platform, set, send } = await startClocked();
  await deploy(platform, "tried", "export const handler = async () => 1;");
  await platform.client.send(new PublishVersionCommand({ FunctionName: "tried" }));
  await platform.client.send(new CreateAliasCommand({ FunctionName: "tried", Name: "live", FunctionVersion: "1" }));
  const ZipFile = makeZip({ "index.mjs": "export const handler = async () => 2;" });
  await platform.client.send(new UpdateFunctionCodeCommand({ FunctionName: "tried", ZipFile, Publish: true }));
  const schedule = { name: "10 % for an hour", steps: [{ weight: 0.1, forMs: HOUR_MS }] };
  const plan = { schedule, gated: true, onInterrupted: "continue", alias: "live", canary: "2" };
  const path = "/_faasify/functions/tried/canary";
  await send("PUT", path, JSON.stringify(plan));
  interface Answer {
    readonly canary: { readonly elapsedMs: number; readonly outcome?: unknown };
  }
  const goesOnTo = (elapsedMs: number) =>
    eventually(`${elapsedMs} ms`, async () => {
      const { canary } = (await send("GET", path)) as Answer;
      return canary.elapsedMs >= elapsedMs ? canary : undefined;
    });

  await goesOnTo(400);
  set(2 * HOUR_MS);
  await goesOnTo(1_000);
  set(-2 * HOUR_MS);
  const { outcome, elapsedMs } = await goesOnTo(1_600);

  expect(outcome).toBeUndefined();
  expect(elapsedMs).toBeLessThan(HOUR_MS / 2);
});
