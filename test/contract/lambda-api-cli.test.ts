/** The platform as the `aws` command sees it. Skipped, visibly, where there is no such command. */
import { execFile, execFileSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeZip, role, startPlatform, temporaryFolder, type RunningPlatform } from "../e2e/platform-harness.ts";

const run = promisify(execFile);

function awsVersion(): number | undefined {
  try {
    return Number(/aws-cli\/(\d)/.exec(execFileSync("aws", ["--version"], { encoding: "utf8" }))?.[1]);
  } catch {
    return undefined;
  }
}

const version = awsVersion();

describe.skipIf(version === undefined)("the aws command", () => {
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

  const aws = async (...parameters: string[]): Promise<string> => {
    const { stdout } = await run(
      "aws",
      ["lambda", ...parameters, "--endpoint-url", platform.info.endpoint, "--output", "json"],
      {
        env: {
          ...process.env,
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
});
