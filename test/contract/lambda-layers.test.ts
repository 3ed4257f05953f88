/** Layers, and the reads that tools make as a matter of course. */
import {
  DeleteLayerVersionCommand,
  GetFunctionCodeSigningConfigCommand,
  GetFunctionCommand,
  DeleteProvisionedConcurrencyConfigCommand,
  GetFunctionRecursionConfigCommand,
  GetLayerVersionPolicyCommand,
  GetLayerVersionByArnCommand,
  GetLayerVersionCommand,
  GetProvisionedConcurrencyConfigCommand,
  GetRuntimeManagementConfigCommand,
  ListCodeSigningConfigsCommand,
  ListEventSourceMappingsCommand,
  ListLayersCommand,
  ListLayerVersionsCommand,
  ListProvisionedConcurrencyConfigsCommand,
  PublishLayerVersionCommand,
  PublishVersionCommand,
  PutFunctionRecursionConfigCommand,
  UpdateFunctionConfigurationCommand,
} from "@aws-sdk/client-lambda";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { deploy, invoke, makeZip, startPlatform, type RunningPlatform } from "../e2e/platform-harness.ts";

let platform: RunningPlatform;
let name: string;
let counter = 0;

beforeAll(async () => {
  platform = await startPlatform();
});
afterAll(() => platform[Symbol.asyncDispose]());
beforeEach(() => {
  counter += 1;
  name = `fn-${counter}`;
});

const publish = (LayerName: string, files: Record<string, string>, more: object = {}) =>
  platform.client.send(
    new PublishLayerVersionCommand({ LayerName, Content: { ZipFile: makeZip(files) }, Description: "d", ...more }),
  );
const library = (value: string) => ({ "nodejs/node_modules/lib/index.js": `module.exports = ${value};` });

describe("a layer", () => {
  it("gives functions its packages and files, the later layer on top", async () => {
    const first = await publish(`${name}-a`, { ...library("1"), "data/a.txt": "a", "data/both.txt": "first" });
    const second = await publish(`${name}-b`, { "data/both.txt": "second", "bin/tool": "" });
    const Layers = [first.LayerVersionArn ?? "", second.LayerVersionArn ?? ""];
    await deploy(platform, name, "", {
      Layers,
      Code: {
        ZipFile: makeZip({
          "index.cjs": `const { readFileSync } = require("node:fs");
            const read = (file) => readFileSync(process.env.FAASIFY_LAYERS + "/data/" + file, "utf8");
            exports.handler = async () => [require("lib"), read("a.txt"), read("both.txt"), process.env.PATH.split(":")[0] === process.env.FAASIFY_LAYERS + "/bin"];`,
        }),
      },
    });

    expect((await invoke(platform, name)).value).toEqual([1, "a", "second", true]);
    const { Configuration } = await platform.client.send(new GetFunctionCommand({ FunctionName: name }));
    expect(Configuration?.Layers?.map(({ Arn }) => Arn)).toEqual(Layers);
  });

  it("is replaced from the next invocation on, and stays with the versions that have it", async () => {
    const one = await publish(name, library("1"));
    await deploy(platform, name, "", {
      Layers: [one.LayerVersionArn ?? ""],
      Code: { ZipFile: makeZip({ "index.cjs": "exports.handler = async () => require('lib');" }) },
    });
    await platform.client.send(new PublishVersionCommand({ FunctionName: name }));
    expect((await invoke(platform, name)).value).toBe(1);
    const two = await publish(name, library("2"));
    await platform.client.send(
      new UpdateFunctionConfigurationCommand({ FunctionName: name, Layers: [two.LayerVersionArn ?? ""] }),
    );
    await platform.client.send(new DeleteLayerVersionCommand({ LayerName: name, VersionNumber: 1 }));

    expect((await invoke(platform, name)).value).toBe(2);
    expect((await invoke(platform, `${name}:1`)).value).toBe(1);
  });

  it("is published, read, listed and deleted", async () => {
    const published = await publish(name, library("1"), {
      CompatibleRuntimes: ["nodejs24.x"],
      CompatibleArchitectures: ["x86_64"],
      LicenseInfo: "MIT",
    });
    await publish(name, library("2"));
    const LayerArn = `arn:aws:lambda:us-east-1:000000000000:layer:${name}`;
    const read = await platform.client.send(new GetLayerVersionCommand({ LayerName: name, VersionNumber: 1 }));
    const byArn = await platform.client.send(new GetLayerVersionByArnCommand({ Arn: `${LayerArn}:1` }));
    const versions = await platform.client.send(new ListLayerVersionsCommand({ LayerName: LayerArn }));
    const layers = await platform.client.send(new ListLayersCommand({ CompatibleRuntime: "nodejs24.x" }));

    expect(published).toMatchObject({
      $metadata: { httpStatusCode: 201 },
      LayerArn,
      LayerVersionArn: `${LayerArn}:1`,
      Version: 1,
      Description: "d",
      CompatibleRuntimes: ["nodejs24.x"],
      CompatibleArchitectures: ["x86_64"],
      LicenseInfo: "MIT",
      Content: { CodeSize: expect.any(Number), CodeSha256: expect.any(String) },
    });
    expect((await fetch(read.Content?.Location ?? "")).status).toBe(200);
    expect(byArn.LayerVersionArn).toBe(read.LayerVersionArn);
    expect(versions.LayerVersions?.map(({ Version }) => Version)).toEqual([2, 1]);
    expect(layers.Layers?.find(({ LayerName }) => LayerName === name)?.LatestMatchingVersion?.Version).toBe(1);
    for (const VersionNumber of [1, 1, 2]) {
      await platform.client.send(new DeleteLayerVersionCommand({ LayerName: name, VersionNumber }));
    }
    await expect(
      platform.client.send(new GetLayerVersionCommand({ LayerName: name, VersionNumber: 1 })),
    ).rejects.toMatchObject({
      name: "ResourceNotFoundException",
      message: "The resource you requested does not exist.",
    });
    expect((await publish(name, library("3"))).Version).toBe(3);
  });

  it("that does not exist is refused", async () => {
    const Arn = "arn:aws:lambda:us-east-1:000000000000:layer:nobody:1";

    await expect(deploy(platform, name, "", { Layers: [Arn] })).rejects.toMatchObject({
      name: "InvalidParameterValueException",
      message: `Layer version ${Arn} does not exist.`,
    });
    await expect(publish("a b", library("1"))).rejects.toMatchObject({ name: "ValidationException" });
  });
});

describe("what tools always read", () => {
  it("has an answer", async () => {
    await deploy(platform, name, "export const handler = async () => 1;");
    const { client } = platform;
    const of = { FunctionName: name };

    expect((await client.send(new GetFunctionCodeSigningConfigCommand(of))).CodeSigningConfigArn).toBe("");
    expect((await client.send(new ListCodeSigningConfigsCommand({}))).CodeSigningConfigs).toEqual([]);
    expect((await client.send(new GetRuntimeManagementConfigCommand(of))).UpdateRuntimeOn).toBe("Auto");
    expect((await client.send(new ListEventSourceMappingsCommand(of))).EventSourceMappings).toEqual([]);
    expect((await client.send(new ListProvisionedConcurrencyConfigsCommand(of))).ProvisionedConcurrencyConfigs).toEqual(
      [],
    );
    await expect(
      client.send(new GetProvisionedConcurrencyConfigCommand({ ...of, Qualifier: "$LATEST" })),
    ).rejects.toMatchObject({
      name: "ProvisionedConcurrencyConfigNotFoundException",
      message: "No Provisioned Concurrency Config found for this function",
    });
    await client.send(new DeleteProvisionedConcurrencyConfigCommand({ ...of, Qualifier: "$LATEST" }));
    await expect(
      client.send(new GetLayerVersionPolicyCommand({ LayerName: "none", VersionNumber: 1 })),
    ).rejects.toMatchObject({ name: "ResourceNotFoundException", message: expect.stringContaining("No policy") });
    expect((await client.send(new GetFunctionRecursionConfigCommand(of))).RecursiveLoop).toBe("Terminate");
    await client.send(new PutFunctionRecursionConfigCommand({ ...of, RecursiveLoop: "Allow" }));
    expect((await client.send(new GetFunctionRecursionConfigCommand(of))).RecursiveLoop).toBe("Allow");
  });
});
