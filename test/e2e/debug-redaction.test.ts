import path from "node:path";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { expect, it } from "vitest";
import {
  type Client,
  connect,
  copyProject,
  createHostTarget,
  launch,
  lineOf,
  membersOf,
  type Stop,
  stopped,
  variablesOf,
} from "./debug-harness.ts";

const HIDDEN = "'[redacted]'";
const SECRETS = ["open-sesame", "sk-12345", "tok-6789", "abc.def", "s3cr3t", "hunter2"];

interface Stopped {
  readonly client: Client;
  readonly stop: Stop;
  readonly at: Map<string, DebugProtocol.Variable>;
  /** Everything that the adapter has said so far. */
  readonly heard: () => string;
}

async function stopInSecrets(more: object = {}): Promise<Stopped> {
  const folder = copyProject();
  const file = path.join(folder, "src/values.ts");
  const client = await connect(createHostTarget(folder));
  const line = lineOf(file, "return password.length");
  await launch(client, { function: `${file}#secrets`, args: ["open-sesame"], ...more }, async () => {
    await client.setBreakpointsRequest({ source: { path: file }, breakpoints: [{ line }] });
  });
  const stop = await stopped(client);
  return { client, stop, at: await variablesOf(client, stop.top.id), heard: () => client.transcript.join("\n") };
}

const expand = async (client: Client, variable: DebugProtocol.Variable | undefined) =>
  named(await membersOf(client, variable?.variablesReference ?? 0));

const valueOf = (at: ReadonlyMap<string, DebugProtocol.Variable>, name: string) => at.get(name)?.value;

const named = (members: readonly DebugProtocol.Variable[]) => new Map(members.map((member) => [member.name, member]));

it("keeps secrets in the function: in variables, previews, entries, watches, getters and output", async () => {
  const { client, stop, at, heard } = await stopInSecrets();
  const open = (variable: DebugProtocol.Variable | undefined) => expand(client, variable);
  const evaluate = async (expression: string) =>
    (await client.evaluateRequest({ expression, frameId: stop.top.id, context: "watch" })).body;

  expect(at.get("password")).toMatchObject({ value: HIDDEN, variablesReference: 0 });
  expect(valueOf(at, "config")).toContain(`apiKey: ${HIDDEN}`);
  const config = await open(at.get("config"));
  expect(valueOf(config, "user")).toBe("'ada'");
  expect(valueOf(config, "hasPassword")).toBe("true");
  expect(valueOf(await open(config.get("nested")), "accessToken")).toBe(HIDDEN);
  expect(valueOf(at, "headers")).toContain("'Accept' => 'text/html'");
  const headers = await open(at.get("headers"));
  for (const name of ["0", "1"]) await open(headers.get(name));
  expect(valueOf(await open(at.get("pair")), "value")).toBe(HIDDEN);
  expect(valueOf(at, "line")).toBe("'POST /login password=[redacted] user=ada'");
  const prototype = await open((await open(at.get("login"))).get("[[Prototype]]"));
  expect(valueOf(await open(prototype.get("clientSecret")), "clientSecret")).toBe(HIDDEN);

  expect(await evaluate("password")).toMatchObject({ result: HIDDEN, variablesReference: 0 });
  expect(await evaluate("config['apiKey'].split('-')")).toMatchObject({ result: HIDDEN });
  expect(await evaluate("JSON.stringify(config)")).toMatchObject({ result: expect.stringContaining("[redacted]") });
  expect(await evaluate("config.user")).toMatchObject({ result: "'ada'" });
  expect(client.output("stdout")).toContain("logging in");
  for (const secret of SECRETS) expect(heard()).not.toContain(secret);
  await client.continueRequest({ threadId: stop.threadId });
  await client.next("terminated");
});

it("lets a secret be changed and copied without showing it", async () => {
  const { client, stop, at, heard } = await stopInSecrets();
  const { scopes } = (await client.scopesRequest({ frameId: stop.top.id })).body;
  const variablesReference = scopes[0]?.variablesReference ?? 0;

  const set = await client.setVariableRequest({ variablesReference, name: "line", value: "password + '!'" });
  await client.setVariableRequest({
    variablesReference: at.get("pair")?.variablesReference ?? 0,
    name: "value",
    value: "''",
  });

  expect(set.body.value).toBe(HIDDEN);
  expect(heard()).not.toContain("open-sesame");
  await client.continueRequest({ threadId: stop.threadId });
  await client.next("terminated");
  // 11 + 3 + 2 + 0 + 12 + 1
  expect(client.output("console")).toContain("secrets returned 29");
});

it("hides what the launch configuration names instead, or nothing", async () => {
  const own = await stopInSecrets({ redact: ["user"] });
  expect(own.at.get("password")?.value).toBe("'open-sesame'");
  expect(own.at.get("config")?.value).toContain(`user: ${HIDDEN}`);
  await own.client.disconnectRequest();

  const nothing = await stopInSecrets({ redact: [] });
  expect(nothing.at.get("config")?.value).toContain("{user: 'ada', apiKey: 'sk-12345'");
  await nothing.client.disconnectRequest();
});
