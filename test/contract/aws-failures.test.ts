/** What AWS refuses, and what is missing to ask it, as users read it. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { CreateFunctionCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import type { Artifact } from "../../src/core/artifact.ts";
import type { DeployRequest } from "../../src/deploy/provider.ts";
import { createAwsProvider } from "../../src/deploy/providers/aws/aws-provider.ts";
import { ensurePlatform } from "../../src/deploy/providers/local/platform-process.ts";
import { makeZip, role } from "../e2e/platform-harness.ts";
import { makeArtifact } from "./faas-provider.ts";
import { openLocalPlace } from "./local-platform.ts";

const never = new AbortController().signal;
const region = "us-east-1";

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), "faasify-aws-")));
  vi.stubEnv("AWS_ACCESS_KEY_ID", "key");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "secret");
  // Nothing of the user's own may be found, and no machine's metadata asked for.
  for (const name of ["AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"]) {
    vi.stubEnv(name, undefined);
  }
  vi.stubEnv("AWS_CONFIG_FILE", path.join(folder, "config"));
  vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", path.join(folder, "credentials"));
  vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

async function request(name: string, changes: Partial<Artifact> = {}): Promise<DeployRequest> {
  return {
    function: { file: "/src/test.ts", name: "handler" },
    name,
    artifact: { ...(await makeArtifact(folder, "export const handler = async () => 1;")), ...changes },
    configuration: { memoryMb: 256, timeoutMs: 20_000, environment: {} },
  };
}

describe("before anything is sent", () => {
  it("misses credentials", async () => {
    vi.stubEnv("AWS_ACCESS_KEY_ID", undefined);
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", undefined);

    await expect(createAwsProvider({ region, endpoint: "http://127.0.0.1:9" }).list(never)).rejects.toMatchObject({
      code: "credentials-missing",
      remedy: expect.stringContaining("aws configure"),
    });
  });

  it("misses a profile, and names it", async () => {
    writeFileSync(path.join(folder, "config"), "[profile other]\nregion = us-east-1\n");

    const provider = createAwsProvider({ region, profile: "nobody", endpoint: "http://127.0.0.1:9" });
    await expect(provider.list(never)).rejects.toMatchObject({
      code: "credentials-missing",
      message: expect.stringContaining("nobody"),
    });
  });

  it("takes region and keys of a profile", async () => {
    vi.stubEnv("AWS_ACCESS_KEY_ID", undefined);
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", undefined);
    writeFileSync(path.join(folder, "config"), "[profile mine]\nregion = eu-west-3\n");
    writeFileSync(path.join(folder, "credentials"), "[mine]\naws_access_key_id = A\naws_secret_access_key = B\n");
    const { endpoint, seen } = await answering(200, { Functions: [] });

    const provider = createAwsProvider({ profile: "mine", endpoint });
    expect(await provider.list(never)).toEqual([]);
    expect(await provider.place?.()).toEqual({ region: "eu-west-3", profile: "mine", endpoint });
    expect(seen[0]).toMatch(/Credential=A\/\d+\/eu-west-3\/lambda/);
  });

  it("misses a region", async () => {
    await expect(createAwsProvider({}).list(never)).rejects.toMatchObject({
      code: "region-missing",
      remedy: expect.stringContaining("--region"),
    });
  });

  it("finds nobody at the endpoint", async () => {
    await expect(createAwsProvider({ region, endpoint: "http://127.0.0.1:9" }).list(never)).rejects.toMatchObject({
      code: "platform-unreachable",
    });
  });

  it("refuses a package that is too large, and says how it could go", async () => {
    const provider = createAwsProvider({ region, endpoint: "http://127.0.0.1:9" });
    const large = await request("large", { bytes: 60 * 1024 * 1024 });

    await expect(provider.deploy(large, never)).rejects.toMatchObject({
      code: "artifact-too-large",
      message: expect.stringContaining("60.0 MiB"),
      remedy: expect.stringContaining("--code-bucket"),
    });
    const bucket = createAwsProvider({ region, endpoint: "http://127.0.0.1:9", codeBucket: "b" });
    const larger = await request("larger", { bytes: 300 * 1024 * 1024 });
    await expect(bucket.deploy(larger, never)).rejects.toMatchObject({ code: "artifact-too-large" });
  });

  it("refuses a native addon for another machine", async () => {
    const addon = {
      name: "sharp",
      version: "1.0.0",
      place: "node_modules/sharp",
      bytes: 1,
      reason: "has a native addon",
    };
    const wanted = await request("native", { packages: [addon] });
    const architecture = process.arch === "arm64" ? "x86_64" : "arm64";
    const configuration = { ...wanted.configuration, architecture } as const;

    const provider = createAwsProvider({ region, endpoint: "http://127.0.0.1:9" });
    await expect(provider.deploy({ ...wanted, configuration }, never)).rejects.toMatchObject({
      code: "native-addon-unfit",
      message: expect.stringContaining("sharp"),
    });
  });
});

describe("what AWS answers", () => {
  const user = "User: arn:aws:iam::123456789012:user/dev is not authorized to perform: iam:CreateRole on resource: x";

  it.each([
    [403, "ExpiredTokenException", "The security token included in the request is expired", "credentials-expired"],
    [
      403,
      "UnrecognizedClientException",
      "The security token included in the request is invalid.",
      "credentials-rejected",
    ],
    [403, "InvalidSignatureException", "Signature expired: 2026 is now earlier than 2027", "credentials-rejected"],
    [403, "AccessDeniedException", user, "access-denied"],
    [400, "CodeStorageExceededException", "Code storage limit exceeded.", "quota-exceeded"],
    [400, "InvalidParameterValueException", "Unzipped size must be smaller than 262144000 bytes", "artifact-too-large"],
    [400, "InvalidParameterValueException", "'MemorySize' value failed to satisfy constraint", "deployment-failed"],
  ])("%i %s (%s) is %s", async (status, type, message, code) => {
    const { endpoint } = await answering(status, { message }, type);

    const failure = createAwsProvider({ region, endpoint }).list(never);
    await expect(failure).rejects.toMatchObject({ code, message: expect.stringContaining(message.slice(0, 20)) });
  });

  it("names the right that is missing, and the clock that is wrong", async () => {
    const denied = await answering(403, { Message: user }, "AccessDeniedException");
    await expect(createAwsProvider({ region, ...denied }).list(never)).rejects.toMatchObject({
      remedy: expect.stringContaining("iam:CreateRole"),
    });
    const late = await answering(
      403,
      { message: "Signature expired: a is now earlier than b" },
      "InvalidSignatureException",
    );
    await expect(createAwsProvider({ region, ...late }).list(never)).rejects.toMatchObject({
      remedy: expect.stringContaining("clock"),
    });
  });

  it("ends with the reason when aborted while it waits", async () => {
    const server = createServer(() => undefined);
    const endpoint = await listen(server);
    const abort = new AbortController();
    const reason = new Error("cancelled by the user");

    const listing = createAwsProvider({ region, endpoint }).list(abort.signal);
    await once(server, "request");
    abort.abort(reason);

    await expect(listing).rejects.toBe(reason);
  });
});

describe("what others have made", () => {
  it("is neither changed nor removed", async () => {
    const place = openLocalPlace();
    onTestFinished(() => place[Symbol.asyncDispose]());
    const { info } = await ensurePlatform(place.options, never);
    vi.stubEnv("AWS_ACCESS_KEY_ID", info.accessKeyId);
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", info.secretAccessKey);
    const client = new LambdaClient({ region, endpoint: info.endpoint });
    const code = { ZipFile: makeZip({ "index.mjs": "export const handler = async () => 'theirs';" }) };
    const theirs = {
      FunctionName: "theirs",
      Runtime: "nodejs22.x",
      Handler: "index.handler",
      Role: role,
      Code: code,
    } as const;
    await client.send(new CreateFunctionCommand(theirs));
    const provider = createAwsProvider({ region: info.region, endpoint: info.endpoint });

    const wanted = await request("theirs");
    for (const attempt of [() => provider.deploy(wanted, never), () => provider.remove("theirs", never)]) {
      await expect(attempt()).rejects.toMatchObject({
        code: "function-name-taken",
        remedy: expect.stringContaining("faasify:managed"),
      });
    }
    expect(await provider.invoke("theirs", { kind: "event", event: {} }, never)).toMatchObject({ result: "theirs" });
  });
});

/** A server that has one answer to everything. */
async function answering(
  status: number,
  body: object,
  type?: string,
): Promise<{ readonly endpoint: string; readonly seen: readonly string[] }> {
  const seen: string[] = [];
  const server = createServer((incoming, response) => {
    seen.push(incoming.headers.authorization ?? "");
    const headers = { "Content-Type": "application/json", ...(type && { "x-amzn-ErrorType": type }) };
    response.writeHead(status, headers).end(JSON.stringify(body));
  });
  return { endpoint: await listen(server), seen };
}

async function listen(server: ReturnType<typeof createServer>): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
