/** Limits on concurrency as the official AWS SDK sees them. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import {
  DeleteFunctionConcurrencyCommand,
  GetAccountSettingsCommand,
  GetFunctionCommand,
  GetFunctionConcurrencyCommand,
  PutFunctionConcurrencyCommand,
} from "@aws-sdk/client-lambda";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  deploy,
  eventually,
  invoke,
  signedFetch,
  startPlatform,
  temporaryFolder,
  type Invoked,
  type RunningPlatform,
} from "../e2e/platform-harness.ts";

const ACCOUNT = 20;

let platform: RunningPlatform;
let folder: string;
let name: string;
let counter = 0;

beforeAll(async () => {
  platform = await startPlatform({ arguments: ["--max-concurrency", String(ACCOUNT)] });
  folder = temporaryFolder();
});
afterAll(async () => {
  await platform[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  counter += 1;
  name = `fn-${counter}`;
});

const reserve = (FunctionName: string, ReservedConcurrentExecutions: number) =>
  platform.client.send(new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions }));
const release = (FunctionName: string) => platform.client.send(new DeleteFunctionConcurrencyCommand({ FunctionName }));

/** Says that it has begun, and ends when it is let. */
async function deployHeld(): Promise<string> {
  const place = path.join(folder, name);
  mkdirSync(place);
  await deploy(
    platform,
    name,
    `import { existsSync, writeFileSync } from "node:fs";
     export const handler = async (event, context) => {
       writeFileSync(${JSON.stringify(place)} + "/" + context.awsRequestId, "");
       while (!existsSync(${JSON.stringify(place)} + "/go")) await new Promise((r) => setTimeout(r, 10));
       return "held";
     };`,
    { Timeout: 120 },
  );
  return place;
}

const letGo = (place: string): void => writeFileSync(path.join(place, "go"), "");

/** So many invocations that are in flight together. */
async function hold(count: number, place: string): Promise<Promise<Invoked>[]> {
  const held = Array.from({ length: count }, () => invoke(platform, name));
  await eventually(`${count} run`, () => (readdirSync(place).length >= count ? true : undefined));
  return held;
}

describe("reserved concurrency", () => {
  it("is put, read and deleted, and shown with the function", async () => {
    await deploy(platform, name, "export const handler = async () => 1;");
    const read = () => platform.client.send(new GetFunctionConcurrencyCommand({ FunctionName: name }));

    expect((await read()).ReservedConcurrentExecutions).toBeUndefined();
    expect((await reserve(name, 5)).ReservedConcurrentExecutions).toBe(5);
    expect((await read()).ReservedConcurrentExecutions).toBe(5);
    const shown = await platform.client.send(new GetFunctionCommand({ FunctionName: name }));
    expect(shown.Concurrency).toEqual({ ReservedConcurrentExecutions: 5 });
    await release(name);
    expect((await read()).ReservedConcurrentExecutions).toBeUndefined();
  });

  it("limits the function exactly, and guarantees it as much", async () => {
    const place = await deployHeld();
    await reserve(name, 3);
    const held = await hold(3, place);

    await expect(invoke(platform, name)).rejects.toMatchObject({
      name: "TooManyRequestsException",
      message: "Rate Exceeded.",
      Reason: "ReservedFunctionConcurrentInvocationLimitExceeded",
      Type: "User",
      retryAfterSeconds: "1",
      $metadata: { httpStatusCode: 429 },
    });
    const raw = await signedFetch(platform.info, "POST", `/2015-03-31/functions/${name}/invocations`);
    expect(raw.headers.get("x-amzn-errortype")).toBe("TooManyRequestsException");
    expect(await raw.json()).toEqual({
      Reason: "ReservedFunctionConcurrentInvocationLimitExceeded",
      Type: "User",
      message: "Rate Exceeded.",
    });
    letGo(place);
    expect((await Promise.all(held)).map(({ value }) => value)).toEqual(["held", "held", "held"]);
    expect((await invoke(platform, name)).value).toBe("held");
    await release(name);
  });

  it("takes from what the others share", async () => {
    const place = await deployHeld();
    const other = `${name}-other`;
    await deploy(platform, other, "export const handler = async () => 'other';");
    await reserve(other, 8);
    const held = await hold(ACCOUNT - 8, place);

    await expect(invoke(platform, name)).rejects.toMatchObject({
      name: "TooManyRequestsException",
      Reason: "ConcurrentInvocationLimitExceeded",
    });
    expect((await invoke(platform, other)).value).toBe("other");
    letGo(place);
    await Promise.all(held);
    await release(other);
  });

  it("of zero stops the function", async () => {
    await deploy(platform, name, "export const handler = async () => 1;");
    await reserve(name, 0);

    await expect(invoke(platform, name)).rejects.toMatchObject({
      Reason: "ReservedFunctionConcurrentInvocationLimitExceeded",
    });
    await release(name);
    expect((await invoke(platform, name)).value).toBe(1);
  });

  it("leaves the account its minimum, and knows no versions", async () => {
    await deploy(platform, name, "export const handler = async () => 1;");

    await expect(reserve(name, ACCOUNT - 1)).rejects.toMatchObject({
      name: "InvalidParameterValueException",
      message:
        "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [2].",
    });
    await expect(reserve(`${name}:1`, 1)).rejects.toMatchObject({
      name: "InvalidParameterValueException",
      message: expect.stringContaining("Aliases and versions do not support this operation."),
    });
    await expect(reserve(name, -1)).rejects.toMatchObject({
      name: "ValidationException",
      message: expect.stringContaining("Member must have value greater than or equal to 0"),
    });
    await expect(reserve("nobody", 1)).rejects.toMatchObject({ name: "ResourceNotFoundException" });
  });

  it("shows in the account's settings", async () => {
    await deploy(platform, name, "export const handler = async () => 1;");
    await reserve(name, 7);
    const { AccountLimit, AccountUsage } = await platform.client.send(new GetAccountSettingsCommand({}));
    await release(name);

    expect(AccountLimit).toEqual({
      TotalCodeSize: 80_530_636_800,
      CodeSizeUnzipped: 262_144_000,
      CodeSizeZipped: 52_428_800,
      ConcurrentExecutions: ACCOUNT,
      UnreservedConcurrentExecutions: ACCOUNT - 7,
    });
    expect(AccountUsage?.FunctionCount).toBeGreaterThan(0);
    expect(AccountUsage?.TotalCodeSize).toBeGreaterThan(0);
  });
});
