/** A debug session of a function that the AWS provider has deployed: the local platform is the endpoint. */
import { readdirSync } from "node:fs";
import net from "node:net";
import { once } from "node:events";
import path from "node:path";
import {
  type FunctionConfiguration,
  GetFunctionConfigurationCommand,
  LambdaClient,
  ListFunctionsCommand,
  PublishVersionCommand,
} from "@aws-sdk/client-lambda";
import { IAMClient, ListRolesCommand } from "@aws-sdk/client-iam";
import { expect, it, onTestFinished } from "vitest";
import { ensurePlatform } from "../../src/deploy/providers/local/platform-process.ts";
import { openLocalPlace } from "../contract/local-platform.ts";
import { openCliPlace } from "./cli-harness.ts";
import { startDap } from "./dap-process.ts";
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
const accessKey = "0123456789".repeat(4);

it("stops at a breakpoint, and leaves neither function nor role behind", async () => {
  const cloud = await openCloud();
  const { file, data, client } = await openSession(cloud);
  await launch(client, { function: `${file}#total`, target: "aws", args: [items, "cloudy"] }, breakAt(file));

  const stop = await stopped(client);

  expect(stop.top).toMatchObject({ name: "total", source: { path: file } });
  expect((await variablesOf(client, stop.top.id)).get("note")?.value).toBe("'cloudy'");
  expect(await cloud.functions()).toEqual([expect.stringMatching(/^orders-total-[0-9a-f]{8}--debug$/)]);
  await client.continueRequest({ threadId: stop.threadId });
  await client.next("terminated");
  expect(client.output("console")).toContain("total returned 6");
  await client.disconnectRequest();
  await eventually("an empty journal", () => readdirSync(path.join(data, "journal")).length === 0);
  expect(await cloud.functions()).toEqual([]);
  expect(await cloud.roles()).toEqual([]);
});

it("reaches the editor by a relay", async () => {
  const cloud = await openCloud();
  const relay = openCliPlace({ "package.json": "{}" }, { FAASIFY_RELAY_KEY: accessKey });
  onTestFinished(() => relay[Symbol.asyncDispose]());
  const serving = relay.start("relay", "--port", "0");
  const url = await eventually("the relay to listen", () => /listening on (ws:\S+)/.exec(serving.stdout())?.[1]);
  const { file, client } = await openSession(cloud, { FAASIFY_RELAY_KEY: accessKey });
  const configuration = { function: `${file}#total`, target: "aws", args: [items, "relayed"], relay: url };
  await launch(client, configuration, breakAt(file));

  expect(await continueAt(client)).toBe("'relayed'");
});

it("reaches the editor by a tunnel", async () => {
  const cloud = await openCloud();
  const relayPort = await freePort();
  const tunnel = net.createServer((socket) => {
    const onward = net.connect(relayPort, "127.0.0.1");
    socket.pipe(onward).pipe(socket);
    for (const end of [socket, onward]) end.on("error", () => socket.destroy());
  });
  tunnel.listen(0, "127.0.0.1");
  await once(tunnel, "listening");
  onTestFinished(() => void tunnel.close());
  const tunnelUrl = `ws://127.0.0.1:${(tunnel.address() as net.AddressInfo).port}`;
  const { file, client } = await openSession(cloud);
  const configuration = { function: `${file}#total`, target: "aws", args: [items, "dug"], tunnelUrl, relayPort };
  await launch(client, configuration, breakAt(file));

  expect(await continueAt(client)).toBe("'dug'");
});

it("is put back when the debugger is killed; whoever invokes a version has not noticed", async () => {
  const cloud = await openCloud();
  const { file, data, client, dap } = await openSession(cloud);
  const faasify = openCliPlace({ "package.json": "{}" }, { ...cloud.environment, FAASIFY_DATA: data });
  onTestFinished(() => faasify[Symbol.asyncDispose]());
  const id = path.relative(faasify.project, file) + "#total";
  const { deployments } = await faasify.json("deploy", id, "--target", "aws");
  const [{ name } = { name: "" }] = deployments as readonly { readonly name: string }[];
  await cloud.publish(name);
  const before = await cloud.configuration(name);

  await client.initializeRequest();
  const attached = client.attachRequest({ function: `${file}#total`, target: "aws" } as never);
  await client.next("initialized");
  await breakAt(file)(client);
  await client.configurationDoneRequest();
  await attached;
  expect((await cloud.configuration(name)).Environment?.Variables).toHaveProperty("FAASIFY_DEBUG");
  expect(
    await faasify.json("invoke", id, "--target", "aws", "--qualifier", "1", "--args", JSON.stringify([items, ""])),
  ).toMatchObject({
    result: 6,
  });

  dap.kill("SIGKILL");
  await eventually("the function to be put back", async () => {
    const now = await cloud.configuration(name);
    return now.CodeSha256 === before.CodeSha256 && now.Environment?.Variables?.["FAASIFY_DEBUG"] === undefined;
  });
});

const breakAt = (file: string) => async (client: Client) => {
  const breakpoints = [{ line: lineOf(file, "sum += item.price") }];
  await client.setBreakpointsRequest({ source: { path: file }, breakpoints });
};

/** @returns what `note` is where it has stopped */
async function continueAt(client: Client): Promise<string | undefined> {
  const stop = await stopped(client);
  const note = (await variablesOf(client, stop.top.id)).get("note")?.value;
  await client.continueRequest({ threadId: stop.threadId });
  await client.next("terminated");
  expect(client.output("console")).toContain("total returned 6");
  await client.disconnectRequest();
  return note;
}

interface Cloud {
  readonly environment: NodeJS.ProcessEnv;
  functions(): Promise<readonly (string | undefined)[]>;
  roles(): Promise<readonly (string | undefined)[]>;
  configuration(name: string): Promise<FunctionConfiguration>;
  publish(name: string): Promise<void>;
}

/** What stands in for AWS. */
async function openCloud(): Promise<Cloud> {
  const place = openLocalPlace();
  onTestFinished(() => place[Symbol.asyncDispose]());
  const { info } = await ensurePlatform(place.options, new AbortController().signal);
  const { region, endpoint, accessKeyId, secretAccessKey } = info;
  const configuration = { region, endpoint, credentials: { accessKeyId, secretAccessKey } };
  const lambda = new LambdaClient(configuration);
  const iam = new IAMClient(configuration);
  return {
    environment: {
      AWS_REGION: region,
      AWS_ENDPOINT_URL: endpoint,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
    },
    functions: async () =>
      (await lambda.send(new ListFunctionsCommand({}))).Functions?.map(({ FunctionName }) => FunctionName) ?? [],
    roles: async () => (await iam.send(new ListRolesCommand({}))).Roles?.map(({ RoleName }) => RoleName) ?? [],
    configuration: (name) => lambda.send(new GetFunctionConfigurationCommand({ FunctionName: name })),
    publish: async (name) => void (await lambda.send(new PublishVersionCommand({ FunctionName: name }))),
  };
}

async function openSession({ environment }: Cloud, more: NodeJS.ProcessEnv = {}) {
  const folder = copyProject();
  const { port, data, process: dap } = await startDap(folder, { ...environment, ...more });
  return { file: path.join(folder, "src/orders.ts"), data, dap, client: await connectTo(port) };
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
