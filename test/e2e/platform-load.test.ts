/** Many of everything: what is used is given back. `npm run bench -- load` does the same with a million. */
import { readdirSync, readFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { DeleteFunctionCommand, PutFunctionConcurrencyCommand } from "@aws-sdk/client-lambda";
import aws4 from "aws4";
import { describe, expect, it, onTestFinished } from "vitest";
import { deploy, eventually, startPlatform, type RunningPlatform } from "./platform-harness.ts";

const slow = "export const handler = async ({ ms }) => new Promise((resolve) => setTimeout(resolve, ms, 'done'));";

/** Of the platform's own process. Descriptors and memory as Linux tells them. */
function usage({ process: { pid } }: RunningPlatform): { readonly descriptors: number; readonly memoryMb: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return {
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    memoryMb: Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024,
  };
}

/** Signed, over connections of its own: the SDK's client has only fifty. */
function post({ info }: RunningPlatform, agent: Agent, name: string, event: unknown): Promise<number> {
  const { host, hostname, port } = new URL(info.endpoint);
  const path = `/2015-03-31/functions/${name}/invocations`;
  const body = JSON.stringify(event);
  const { headers } = aws4.sign({ host, path, method: "POST", service: "lambda", region: info.region, body }, info);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, method: "POST", headers: { ...headers }, agent }, (answer) => {
      answer.resume().on("end", () => resolve(answer.statusCode ?? 0));
    });
    sent.on("error", reject).end(body);
  });
}

async function sandboxesEnd(platform: RunningPlatform, agent: Agent, descriptors: number): Promise<void> {
  agent.destroy();
  await eventually("descriptors are given back", () => {
    const now = usage(platform).descriptors;
    return now <= descriptors || undefined;
  });
}

/** A sandbox is kept in stock, and a few files are open for a moment. */
const SPARE_DESCRIPTORS = 12;

describe.skipIf(process.platform !== "linux")("the platform", () => {
  it("runs 200 slow invocations at once, and gives back what they took", async () => {
    await using platform = await startPlatform({ arguments: ["--idle-ms", "1000"] });
    const agent = new Agent({ keepAlive: true });
    await deploy(platform, "slow", slow, { Timeout: 120 });
    expect(await post(platform, agent, "slow", { ms: 0 })).toBe(200);
    const before = usage(platform);

    const ms = 3_000;
    const statuses = await Promise.all(Array.from({ length: 200 }, () => post(platform, agent, "slow", { ms })));

    expect(statuses.filter((status) => status === 200)).toHaveLength(200);
    await sandboxesEnd(platform, agent, before.descriptors + SPARE_DESCRIPTORS);
    expect(usage(platform).memoryMb).toBeLessThan(before.memoryMb + 150);
  });

  it("throttles exactly what is above the reserved concurrency", async () => {
    await using platform = await startPlatform();
    const agent = new Agent({ keepAlive: true });
    onTestFinished(() => agent.destroy());
    await deploy(platform, "slow", slow, { Timeout: 120 });
    const reserved = { FunctionName: "slow", ReservedConcurrentExecutions: 17 };
    await platform.client.send(new PutFunctionConcurrencyCommand(reserved));

    const statuses = await Promise.all(Array.from({ length: 60 }, () => post(platform, agent, "slow", { ms: 8_000 })));

    expect(statuses.filter((status) => status === 200)).toHaveLength(17);
    expect(statuses.filter((status) => status === 429)).toHaveLength(43);
  });

  it("takes 10,000 invocations and 400 functions without keeping anything of them", async () => {
    await using platform = await startPlatform({ arguments: ["--idle-ms", "1000"] });
    const agent = new Agent({ keepAlive: true, maxSockets: 20 });
    await deploy(platform, "quick", "export const handler = async (event) => event;");
    const invokeMany = async (count: number): Promise<void> => {
      let left = count;
      const work = async (): Promise<void> => {
        while (left-- > 0) expect(await post(platform, agent, "quick", { left })).toBe(200);
      };
      await Promise.all(Array.from({ length: 20 }, work));
    };
    const deployMany = async (count: number): Promise<void> => {
      for (let first = 0; first < count; first += 20) {
        const numbers = Array.from({ length: 20 }, (_, index) => first + index);
        await Promise.all(
          numbers.map((number) => deploy(platform, `many-${number}`, `export const handler = async () => ${number};`)),
        );
        await Promise.all(
          numbers.map((number) => platform.client.send(new DeleteFunctionCommand({ FunctionName: `many-${number}` }))),
        );
      }
    };
    // What is kept on purpose is there after this: code, caches, the last lines of the log.
    await invokeMany(6_000);
    await deployMany(100);
    const before = usage(platform);

    await invokeMany(10_000);
    await deployMany(400);

    const after = usage(platform);
    expect(after.memoryMb).toBeLessThan(before.memoryMb + 60);
    await sandboxesEnd(platform, agent, before.descriptors + SPARE_DESCRIPTORS);
  });
});
