/** The platform as the `aws` command sees it: the one that is installed, or that of PyPI. Skipped, visibly, where there is none. */
import { execFile, execFileSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeZip, role, startPlatform, temporaryFolder, type RunningPlatform } from "../e2e/platform-harness.ts";
import { pythonClients } from "./python-packages.ts";

const run = promisify(execFile);

interface AwsCommand {
  readonly command: readonly [string, ...string[]];
  readonly environment: Readonly<Record<string, string>>;
  /** Major. */
  readonly version: number;
}

function findAws({ command, environment }: Omit<AwsCommand, "version">): AwsCommand | undefined {
  try {
    const [program, ...rest] = command;
    const env = { ...process.env, ...environment };
    const said = execFileSync(program, [...rest, "--version"], { encoding: "utf8", env });
    return { command, environment, version: Number(/aws-cli\/(\d)/.exec(said)?.[1]) };
  } catch {
    return undefined;
  }
}

const found =
  findAws({ command: ["aws"], environment: {} }) ??
  ("environment" in pythonClients
    ? findAws({ command: ["python3", "-m", "awscli"], environment: pythonClients.environment })
    : undefined);
const version = found?.version;

describe.skipIf(found === undefined)("the aws command", () => {
  let platform: RunningPlatform;
  let folder: string;

  beforeAll(async () => {
    platform = await startPlatform();
    folder = temporaryFolder();
  });
  afterAll(async () => {
    await platform[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  const aws = (...parameters: string[]): Promise<string> => awsOf("lambda", ...parameters);

  const awsOf = async (service: string, ...parameters: string[]): Promise<string> => {
    const [program = "aws", ...rest] = found?.command ?? [];
    const { stdout } = await run(
      program,
      [...rest, service, ...parameters, "--endpoint-url", platform.info.endpoint, "--output", "json"],
      {
        env: {
          ...process.env,
          ...found?.environment,
          AWS_ACCESS_KEY_ID: platform.info.accessKeyId,
          AWS_SECRET_ACCESS_KEY: platform.info.secretAccessKey,
          AWS_DEFAULT_REGION: platform.info.region,
          AWS_PAGER: "",
        },
      },
    );
    return stdout;
  };

  it("creates, waits, invokes, updates, publishes, lists and deletes", { timeout: 240_000 }, async () => {
    const zip = path.join(folder, "code.zip");
    const out = path.join(folder, "out.json");
    const named = ["--function-name", "cli"];
    const write = (source: string): void => writeFileSync(zip, makeZip({ "index.mjs": source }));
    write("export const handler = async ({ n }) => n * 2;");
    await aws(
      "create-function",
      ...named,
      "--runtime",
      "nodejs22.x",
      "--handler",
      "index.handler",
      "--role",
      role,
      "--zip-file",
      `fileb://${zip}`,
    );
    await aws("wait", "function-active-v2", ...named);
    const payload =
      version === 2 ? ["--cli-binary-format", "raw-in-base64-out", "--payload", '{"n":21}'] : ["--payload", '{"n":21}'];
    const answer = JSON.parse(await aws("invoke", ...named, ...payload, "--log-type", "Tail", out)) as Record<
      string,
      unknown
    >;

    expect(answer).toMatchObject({ StatusCode: 200, ExecutedVersion: "$LATEST" });
    expect(Buffer.from(String(answer["LogResult"]), "base64").toString()).toContain("REPORT RequestId");
    expect(readFileSync(out, "utf8")).toBe("42");

    write("export const handler = async () => 'new';");
    await aws("update-function-code", ...named, "--zip-file", `fileb://${zip}`);
    await aws("wait", "function-updated-v2", ...named);
    await aws("invoke", ...named, out);
    expect(readFileSync(out, "utf8")).toBe('"new"');

    expect(JSON.parse(await aws("publish-version", ...named))).toMatchObject({ Version: "1" });
    expect(JSON.parse(await aws("list-functions", "--query", "Functions[].FunctionName"))).toEqual(["cli"]);
    await aws("delete-function", ...named);
    await expect(aws("get-function", ...named)).rejects.toThrow("ResourceNotFoundException");
  });

  it("moves aliases, and reads identity, logs, metrics and roles", { timeout: 240_000 }, async () => {
    const zip = path.join(folder, "services.zip");
    const out = path.join(folder, "services.json");
    const named = ["--function-name", "services"];
    writeFileSync(zip, makeZip({ "index.mjs": "export const handler = async () => { console.log('said'); };" }));
    const code = ["--runtime", "nodejs22.x", "--handler", "index.handler", "--zip-file", `fileb://${zip}`];
    await aws("create-function", ...named, ...code, "--role", role, "--publish");
    await aws("create-alias", ...named, "--name", "live", "--function-version", "1");
    await aws("invoke", ...named, "--qualifier", "live", out);

    expect(JSON.parse(await aws("list-aliases", ...named, "--query", "Aliases[].Name"))).toEqual(["live"]);
    expect(JSON.parse(await awsOf("sts", "get-caller-identity"))).toMatchObject({ Account: "000000000000" });
    const said = ["--log-group-name", "/aws/lambda/services", "--filter-pattern", "said", "--query", "length(events)"];
    expect(JSON.parse(await awsOf("logs", "filter-log-events", ...said))).toBe(1);
    const from = new Date(Date.now() - 600_000).toISOString();
    const to = new Date(Date.now() + 60_000).toISOString();
    const range = ["--start-time", from, "--end-time", to, "--period", "3600", "--statistics", "Sum"];
    const metric = ["--namespace", "AWS/Lambda", "--metric-name", "Invocations"];
    const dimensions = ["--dimensions", "Name=FunctionName,Value=services", "--query", "Datapoints[].Sum"];
    const sums = JSON.parse(
      await awsOf("cloudwatch", "get-metric-statistics", ...metric, ...range, ...dimensions),
    ) as number[];
    expect(sums.reduce((sum, each) => sum + each, 0)).toBe(1);
    const trust = ["--assume-role-policy-document", '{"Version":"2012-10-17","Statement":[]}'];
    await awsOf("iam", "create-role", "--role-name", "cli", ...trust);
    expect(JSON.parse(await awsOf("iam", "get-role", "--role-name", "cli", "--query", "Role.RoleName"))).toBe("cli");
  });
});
