/** Canaries as users start them, on the real platform: driven by it, judged by what really ran, and kept through a kill. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { GetAliasCommand, InvokeCommand, LambdaClient, UpdateAliasCommand } from "@aws-sdk/client-lambda";
import * as v from "valibot";
import { expect, it, onTestFinished } from "vitest";
import { PLATFORM_INFO_FILE, platformInfoSchema, type PlatformInfo } from "../../src/protocol/platform-info.ts";
import { openCliPlace, type CliPlace } from "./cli-harness.ts";
import { eventually } from "./platform-harness.ts";

const good = (name: string): string => `export const price = (): string => ${JSON.stringify(name)};\n`;
const broken = `export const price = (): string => { throw new Error("out of stock"); };\n`;
const fn = "price.ts#price";
/** Longer than any test: only the gate, the user or a kill ends it. */
const long = ["--weight", "50", "--for", "1h"];

function open(): CliPlace {
  const place = openCliPlace({ "package.json": `{ "type": "module" }`, "price.ts": good("first") });
  onTestFinished(() => place[Symbol.asyncDispose]());
  return place;
}

function infoOf(place: CliPlace): PlatformInfo {
  return v.parse(
    platformInfoSchema,
    JSON.parse(readFileSync(path.join(place.data, "platform", PLATFORM_INFO_FILE), "utf8")),
  );
}

function clientOf(place: CliPlace): LambdaClient {
  const { endpoint, region, accessKeyId, secretAccessKey } = infoOf(place);
  return new LambdaClient({ endpoint, region, credentials: { accessKeyId, secretAccessKey }, maxAttempts: 1 });
}

async function nameOf(place: CliPlace): Promise<string> {
  const { functions } = (await place.json("list")) as { functions: readonly { readonly name: string }[] };
  return functions[0]?.name ?? "";
}

async function send(client: LambdaClient, FunctionName: string, count: number): Promise<void> {
  const Payload = JSON.stringify({ faasify: 1, args: [] });
  for (let sent = 0; sent < count; sent += 1) {
    await client.send(new InvokeCommand({ FunctionName, Qualifier: "live", Payload }));
  }
}

const status = (place: CliPlace) =>
  place.run("canary", fn, "--status", "--json").then(({ stdout }) => JSON.parse(stdout) as Record<string, unknown>);

function invocationsOf(summary: Record<string, unknown>, side: "stable" | "canary"): number {
  return (summary[side] as { readonly invocations: number }).invocations;
}

it("moves all traffic when the time is over, and rollback moves it back in one call", async () => {
  const place = open();
  await place.json("deploy", fn);
  place.write({ "price.ts": good("second") });

  const started = await place.json("canary", fn, "--weight", "50", "--for", "3s");
  expect(started).toMatchObject({
    alias: "live",
    state: "running",
    schedule: "50 % for 3 s",
    gate: "on",
    stable: { version: "1", weight: 0.5 },
    canary: { version: "2", weight: 0.5 },
  });
  await send(clientOf(place), await nameOf(place), 40);
  const ended = await eventually("the canary is over", async () => {
    const now = await status(place);
    return now["state"] === "running" ? undefined : now;
  });
  expect(ended).toMatchObject({
    state: "promoted",
    stable: { version: "1", weight: 0, errors: 0 },
    canary: { version: "2", weight: 1, errors: 0 },
  });
  const [stable, canary] = [invocationsOf(ended, "stable"), invocationsOf(ended, "canary")];
  expect(stable + canary).toBe(40);
  expect(Math.abs(canary - 20)).toBeLessThanOrEqual(2);
  expect(await place.json("invoke", fn, "--qualifier", "live")).toMatchObject({ result: "second", version: "2" });

  expect(await place.json("rollback", fn)).toMatchObject({ alias: "live", from: "2", to: "1" });
  expect(await place.json("invoke", fn, "--qualifier", "live")).toMatchObject({ result: "first", version: "1" });
  // What was deployed last is not what the alias is at.
  expect(await place.json("invoke", fn)).toMatchObject({ result: "second" });
  const { status: code, stderr } = await place.run("rollback", fn);
  expect({ code, stderr }).toMatchObject({ code: 3, stderr: expect.stringContaining("has no version before 1") });
  expect(await place.json("rollback", fn, "--to", "2")).toMatchObject({ from: "1", to: "2" });
});

it("is rolled back by the gate when it fails more often, and a command that waits says so", async () => {
  const place = open();
  await place.json("deploy", fn);
  place.write({ "price.ts": broken });

  // Looks come each twentieth of it: every second.
  const waiting = place.start("canary", fn, "--weight", "50", "--for", "20s", "--wait");
  const name = await nameOf(place);
  await eventually("the canary has its share", async () => waiting.stderr().includes("gets 50 %") || undefined);
  const client = clientOf(place);
  while (waiting.child.exitCode === null) await send(client, name, 1);

  const { status: code, stdout } = await waiting.ended;
  expect(code).toBe(1);
  expect(stdout).toMatch(/^live: rolled back: version 2 fails more often than version 1 \(p = /);
  const alias = await client.send(new GetAliasCommand({ FunctionName: name, Name: "live" }));
  expect(alias.FunctionVersion).toBe("1");
  expect(alias.RoutingConfig).toBeUndefined();
});

it.each([
  ["continue", "running", { 2: 0.5 }],
  ["rollback", "rolled-back", undefined],
] as const)("after a kill -9 of the platform it does as it was told: %s", async (choice, state, weights) => {
  const place = open();
  await place.json("deploy", fn);
  place.write({ "price.ts": good("second") });
  await place.json("canary", fn, ...long, "--if-interrupted", choice);
  const name = await nameOf(place);
  await send(clientOf(place), name, 10);
  // Saved every two seconds.
  const before = await eventually("what was counted is on disk", async () => {
    const now = await status(place);
    return Number(now["elapsedMs"]) > 4_500 ? now : undefined;
  });

  process.kill(infoOf(place).pid, "SIGKILL");
  await place.json("platform", "start");

  const after = await status(place);
  expect(after["state"]).toBe(state);
  for (const side of ["stable", "canary"] as const)
    expect(invocationsOf(after, side)).toBe(invocationsOf(before, side));
  expect(Number(after["elapsedMs"])).toBeGreaterThan(1_900);
  const alias = await clientOf(place).send(new GetAliasCommand({ FunctionName: name, Name: "live" }));
  expect(alias).toMatchObject({ FunctionVersion: "1" });
  expect(alias.RoutingConfig?.AdditionalVersionWeights).toEqual(weights);
});

it("leaves the alias alone that somebody else has moved", async () => {
  const place = open();
  await place.json("deploy", fn);
  place.write({ "price.ts": good("second") });
  await place.json("canary", fn, ...long);
  const name = await nameOf(place);

  const client = clientOf(place);
  await client.send(
    new UpdateAliasCommand({
      FunctionName: name,
      Name: "live",
      RoutingConfig: { AdditionalVersionWeights: { 2: 0.3 } },
    }),
  );

  const ended = await eventually("it has noticed", async () => {
    const now = await status(place);
    return now["state"] === "running" ? undefined : now;
  });
  expect(ended).toMatchObject({ state: "superseded", reason: "the alias was changed" });
  const alias = await client.send(new GetAliasCommand({ FunctionName: name, Name: "live" }));
  expect(alias.RoutingConfig?.AdditionalVersionWeights).toEqual({ 2: 0.3 });
});

it("is promoted or rolled back by hand", async () => {
  const place = open();
  await place.json("deploy", fn);
  place.write({ "price.ts": good("second") });
  await place.json("canary", fn, ...long);
  expect(await place.json("canary", fn, "--promote")).toMatchObject({ state: "promoted", reason: "by hand" });
  expect(await place.json("invoke", fn, "--qualifier", "live")).toMatchObject({ result: "second" });

  place.write({ "price.ts": good("third") });
  await place.json("canary", fn, "--schedule", "Linear10PercentEvery10Minutes");
  expect(await place.json("rollback", fn)).toMatchObject({ from: "3", to: "2" });
  expect(await place.json("canary", fn, "--status").catch(() => status(place))).toMatchObject({ state: "rolled-back" });

  expect(await place.json("canary", fn, "--schedule", "CodeDeployDefault.LambdaAllAtOnce")).toMatchObject({
    state: "promoted",
    canary: { version: "3", weight: 1 },
  });
});

it("is refused with the reason", async () => {
  const place = open();
  const refused = async (...args: readonly string[]) => {
    const { status: code, stderr } = await place.run("canary", ...args);
    return { code, stderr };
  };
  expect(await refused(fn)).toMatchObject({ code: 3, stderr: expect.stringContaining("function-not-deployed") });
  await place.json("deploy", fn);

  expect(await refused(fn)).toMatchObject({
    code: 3,
    stderr: expect.stringMatching(
      /^error version-conflict: Nothing of \S+ has changed since version 1, which live is at/,
    ),
  });
  expect(await refused(fn, "--promote")).toMatchObject({
    code: 3,
    stderr: expect.stringContaining("canary-not-running"),
  });
  place.write({ "price.ts": good("second") });
  await place.json("canary", fn, ...long);
  expect(await refused(fn)).toMatchObject({ code: 3, stderr: expect.stringContaining("canary-running") });

  for (const [args, problem] of [
    [["--weight", "0"], "--weight needs a whole number from 1 to 99"],
    [["--for", "5"], "--for needs a time such as 90s"],
    [["--schedule", "Canary50Percent"], 'There is no schedule "Canary50Percent"'],
    [["--schedule", "AllAtOnce", "--for", "5m"], "not both"],
    [["--promote", "--rollback"], "Give only one of"],
    [["--status", "--weight", "5"], "--status takes no --weight"],
    [["--if-interrupted", "maybe"], "continue or rollback"],
  ] as const) {
    expect(await refused(fn, ...args)).toMatchObject({ code: 2, stderr: expect.stringContaining(problem) });
  }
});
