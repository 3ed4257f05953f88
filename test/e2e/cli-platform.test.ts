import { connect } from "node:net";
import { once } from "node:events";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { GetFunctionCommand, LambdaClient, ListFunctionsCommand } from "@aws-sdk/client-lambda";
import { expect, it, onTestFinished } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { openCliPlace, type CliPlace } from "./cli-harness.ts";

const files = {
  "package.json": `{ "type": "module" }`,
  "sum.ts": "export const sum = (a: number, b: number): number => a + b;\n",
  "other.ts": `import { base } from "./base.ts";\nexport const other = (): string => base;\n`,
  "base.ts": `export const base = "first";\n`,
};

it("starts, describes and stops the platform", async () => {
  const place = open();
  expect(await place.json("platform", "status")).toEqual({ running: false, data: place.data });

  const started = await place.json("platform", "start");
  const again = await place.json("platform", "start");
  const status = await place.json("platform", "status");
  expect(status).toMatchObject({
    memoryMb: { platform: expect.any(Number), sandboxes: expect.any(Number) },
    diskBytes: { used: expect.any(Number), free: expect.any(Number) },
    limits: { concurrency: 1_000, reserved: 0, idleMs: 300_000, cpu: "shared" },
  });
  expect(await place.run("platform", "status")).toMatchObject({
    stdout: expect.stringContaining("CPU: shared by all sandboxes, not in proportion to their memory"),
  });

  expect(started).toMatchObject({
    running: true,
    endpoint: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    region: expect.any(String),
    accessKeyId: expect.any(String),
    secretAccessKey: expect.any(String),
    pid: expect.any(Number),
    version: manifest.version,
    data: place.data,
  });
  expect(again["pid"]).toBe(started["pid"]);
  expect(status["pid"]).toBe(started["pid"]);

  expect(await place.json("platform", "stop")).toEqual({ stopped: true });
  expect(await place.json("platform", "stop")).toEqual({ stopped: false });
  expect(await place.json("platform", "status")).toMatchObject({ running: false });
});

it("is one platform, however many start it at the same moment", async () => {
  const place = open();

  const started = await Promise.all(Array.from({ length: 4 }, () => place.json("platform", "start")));

  expect(new Set(started.map(({ pid }) => pid)).size).toBe(1);
  expect(await place.json("platform", "status")).toMatchObject({ running: true, pid: started[0]?.["pid"] });
});

it("prints the environment with which AWS's own client reaches what was deployed", async () => {
  const place = open();
  await place.json("deploy", "sum.ts#sum");

  const { stdout } = await place.run("platform", "env");
  const variables = new Map(
    Array.from(stdout.matchAll(/^export (\w+)='(.*)'$/gm), ([, name, value]) => [name, value ?? ""]),
  );
  const client = new LambdaClient({
    endpoint: variables.get("AWS_ENDPOINT_URL_LAMBDA") ?? "",
    region: variables.get("AWS_REGION") ?? "",
    credentials: {
      accessKeyId: variables.get("AWS_ACCESS_KEY_ID") ?? "",
      secretAccessKey: variables.get("AWS_SECRET_ACCESS_KEY") ?? "",
    },
  });
  onTestFinished(() => client.destroy());

  const { Functions = [] } = await client.send(new ListFunctionsCommand({}));
  expect(Functions.map(({ FunctionName }) => FunctionName)).toEqual([expect.stringMatching(/^sum-sum-/)]);
  const { Configuration } = await client.send(new GetFunctionCommand({ FunctionName: Functions[0]?.FunctionName }));
  expect(Configuration).toMatchObject({ State: "Active", Handler: "index.handler" });
});

it("says that a port is taken, with status 3", async () => {
  const place = open();
  const port = new URL(String((await place.json("platform", "start"))["endpoint"])).port;

  const other = open();
  const { status, stderr } = await other.run("platform", "start", "--port", port);
  expect(status).toBe(3);
  expect(stderr).toMatch(new RegExp(`^error port-taken: .*${port}.*\\.\\n$`));

  const moved = await place.run("platform", "start", "--port", String(Number(port) === 65_000 ? 65_001 : 65_000));
  expect(moved.status).toBe(2);
  expect(moved.stderr).toContain("already runs");
});

it("says with status 3 that the platform hangs, whatever the command", async () => {
  const place = open();
  const { pid } = (await place.json("platform", "start")) as { pid: number };
  process.kill(pid, "SIGSTOP");
  try {
    for (const args of [
      ["platform", "stop"],
      ["invoke", "sum.ts#sum", "--args", "[1, 2]"],
    ]) {
      const { status, stdout, stderr } = await place.run(...args);
      expect({ status, stdout }).toEqual({ status: 3, stdout: "" });
      expect(stderr).toMatch(/^error platform-unreachable: /);
    }
  } finally {
    process.kill(pid, "SIGCONT");
  }
});

it("stays in the foreground until Ctrl+C", async () => {
  const place = open();
  const running = place.start("platform", "start", "--foreground");
  await expect
    .poll(
      async () =>
        (JSON.parse((await place.run("platform", "status", "--json")).stdout) as { running: boolean }).running,
      {
        timeout: 120_000,
      },
    )
    .toBe(true);

  const { status } = await running.interrupt();

  expect(status).toBe(0);
  expect(await place.json("platform", "status")).toMatchObject({ running: false });
});

it("--data stands for FAASIFY_DATA", async () => {
  const place = open();
  await place.json("deploy", "sum.ts#sum", "--data", "elsewhere");
  onTestFinished(async () => {
    await place.run("platform", "stop", "--data", "elsewhere");
  });

  expect(existsSync(path.join(place.project, "elsewhere/deployments"))).toBe(true);
  expect(existsSync(place.data)).toBe(false);
});

it("deploy --watch deploys what an edit touches, survives a broken edit, and ends with Ctrl+C", async () => {
  const place = open();
  const watching = place.start("deploy", "sum.ts#sum", "other.ts#other", "--watch", "--json");
  const documents = () =>
    watching
      .stdout()
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as { deployments: { function: string; unchanged: boolean }[] });
  const deployed = () => documents().flatMap(({ deployments }) => deployments.map((entry) => entry.function));
  await expect.poll(deployed, { timeout: 120_000 }).toEqual(["sum.ts#sum", "other.ts#other"]);

  place.write({ "base.ts": `export const base = "second";\n` });
  await expect.poll(deployed, { timeout: 120_000 }).toEqual(["sum.ts#sum", "other.ts#other", "other.ts#other"]);
  expect(await invoked(place, "other.ts#other", "[]")).toBe("second");

  place.write({ "sum.ts": "export const sum = (a: number, b: number): number => a +;\n" });
  await expect
    .poll(() => watching.stderr(), { timeout: 120_000 })
    .toMatch(/error (?:file-not-parsed|build-failed|function-not-found)/);

  place.write({ "sum.ts": "export const sum = (a: number, b: number): number => a + b + 1;\n" });
  await expect.poll(() => deployed().at(-1), { timeout: 120_000 }).toBe("sum.ts#sum");
  expect(await invoked(place, "sum.ts#sum", "[1, 2]")).toBe(4);

  expect((await watching.interrupt()).status).toBe(0);
});

it("dap --port serves a socket, and says where", async () => {
  const place = open();
  const running = place.start("dap", "--port", "0");
  await expect.poll(() => running.stdout(), { timeout: 120_000 }).toMatch(/^listening on 127\.0\.0\.1:\d+\n$/);

  const socket = connect(Number(/:(\d+)/.exec(running.stdout())?.[1]), "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  const request = JSON.stringify({
    seq: 1,
    type: "request",
    command: "initialize",
    arguments: { adapterID: "faasify" },
  });
  socket.write(`Content-Length: ${request.length}\r\n\r\n${request}`);
  const [answer] = (await once(socket, "data")) as [Buffer];

  expect(answer.toString()).toContain(`"command":"initialize"`);
  expect((await running.interrupt()).status).toBe(0);
});

it("puts back at its start what a debug session that crashed has left", async () => {
  const place = open();
  await place.json("deploy", "sum.ts#sum");
  const { functions } = (await place.json("list")) as { functions: { name: string }[] };
  const name = functions[0]?.name ?? "";
  mkdirSync(path.join(place.data, "journal"), { recursive: true });
  writeFileSync(
    path.join(place.data, "journal", `${name}--debug.json`),
    JSON.stringify({
      name: `${name}--debug`,
      target: "local",
      function: { file: path.join(place.project, "sum.ts"), name: "sum" },
      pid: 2 ** 22 + 1,
      instance: "gone",
      session: "gone",
    }),
  );

  const { stderr } = await place.run("list");

  expect(stderr).toContain("Put back 1 function");
  expect(existsSync(path.join(place.data, "journal", `${name}--debug.json`))).toBe(false);
});

async function invoked(place: CliPlace, id: string, args: string): Promise<unknown> {
  return (await place.json("invoke", id, "--args", args))["result"];
}

function open(): CliPlace {
  const place = openCliPlace(files);
  onTestFinished(() => place[Symbol.asyncDispose]());
  return place;
}
