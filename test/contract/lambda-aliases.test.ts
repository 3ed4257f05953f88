/** Versions and aliases as the official AWS SDK sees them. */
import {
  CreateAliasCommand,
  DeleteAliasCommand,
  DeleteFunctionCommand,
  GetAliasCommand,
  GetFunctionCommand,
  GetFunctionConfigurationCommand,
  InvokeCommand,
  ListAliasesCommand,
  ListFunctionsCommand,
  ListVersionsByFunctionCommand,
  paginateListAliases,
  PublishVersionCommand,
  UpdateAliasCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
  waitUntilPublishedVersionActive,
} from "@aws-sdk/client-lambda";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { deploy, invoke, makeZip, startPlatform, type RunningPlatform } from "../e2e/platform-harness.ts";

let platform: RunningPlatform;
let name: string;
let counter = 0;

const arn = (rest: string): string => `arn:aws:lambda:us-east-1:000000000000:function:${rest}`;
const answers = (value: string): string => `export const handler = async () => ${value};`;

beforeAll(async () => {
  platform = await startPlatform();
});
afterAll(() => platform[Symbol.asyncDispose]());
beforeEach(() => {
  counter += 1;
  name = `fn-${counter}`;
});

/** A function with as many published versions, each answering its number. */
async function deployVersions(count: number): Promise<void> {
  for (let version = 1; version <= count; version += 1) {
    if (version === 1) await deploy(platform, name, answers("1"));
    else await updateCode(answers(String(version)));
    await platform.client.send(new PublishVersionCommand({ FunctionName: name }));
  }
}

async function updateCode(source: string): Promise<void> {
  const ZipFile = makeZip({ "index.mjs": source });
  await platform.client.send(new UpdateFunctionCodeCommand({ FunctionName: name, ZipFile }));
}

const alias = (Name: string, FunctionVersion: string, weights?: Record<string, number>) =>
  platform.client.send(
    new CreateAliasCommand({
      FunctionName: name,
      Name,
      FunctionVersion,
      ...(weights && { RoutingConfig: { AdditionalVersionWeights: weights } }),
    }),
  );

describe("an alias", () => {
  it("is created, read, moved, listed and deleted", async () => {
    await deployVersions(2);
    const created = await platform.client.send(
      new CreateAliasCommand({ FunctionName: name, Name: "live", FunctionVersion: "1", Description: "what users get" }),
    );
    await alias("canary", "2");
    const read = await platform.client.send(new GetAliasCommand({ FunctionName: name, Name: "live" }));
    const updated = await platform.client.send(
      new UpdateAliasCommand({ FunctionName: name, Name: "live", FunctionVersion: "2", RevisionId: read.RevisionId }),
    );
    const all = await platform.client.send(new ListAliasesCommand({ FunctionName: name }));
    const one = await platform.client.send(new ListAliasesCommand({ FunctionName: name, FunctionVersion: "1" }));
    await platform.client.send(new DeleteAliasCommand({ FunctionName: name, Name: "live" }));
    await platform.client.send(new DeleteAliasCommand({ FunctionName: name, Name: "live" }));

    expect(created).toMatchObject({
      $metadata: { httpStatusCode: 201 },
      AliasArn: arn(`${name}:live`),
      Name: "live",
      FunctionVersion: "1",
      Description: "what users get",
      RevisionId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(created.RoutingConfig).toBeUndefined();
    expect(read.RevisionId).toBe(created.RevisionId);
    expect(updated).toMatchObject({ FunctionVersion: "2", Description: "what users get" });
    expect(updated.RevisionId).not.toBe(created.RevisionId);
    expect(all.Aliases?.map(({ Name }) => Name)).toEqual(["canary", "live"]);
    expect(one.Aliases).toEqual([]);
    await expect(platform.client.send(new GetAliasCommand({ FunctionName: name, Name: "live" }))).rejects.toMatchObject(
      {
        name: "ResourceNotFoundException",
        message: `Cannot find alias arn: ${arn(`${name}:live`)}`,
        $metadata: { httpStatusCode: 404 },
      },
    );
  });

  it("stands for its version wherever a qualifier may stand", async () => {
    await deployVersions(2);
    await alias("live", "1");
    await updateCode("export const handler = async (e, context) => context.invokedFunctionArn;");
    await alias("edge", "$LATEST");
    const { client } = platform;

    for (const [FunctionName, more] of [
      [name, { Qualifier: "live" }],
      [`${name}:live`, {}],
      [arn(`${name}:live`), {}],
      [`000000000000:function:${name}:live`, {}],
    ] as const) {
      expect(await invoke(platform, FunctionName, {}, more)).toMatchObject({ value: 1, version: "1" });
    }
    expect(await invoke(platform, `${name}:edge`)).toMatchObject({ value: arn(`${name}:edge`), version: "$LATEST" });
    expect(await client.send(new GetFunctionConfigurationCommand({ FunctionName: `${name}:live` }))).toMatchObject({
      FunctionArn: arn(`${name}:live`),
      Version: "1",
    });
    const { Configuration } = await client.send(new GetFunctionCommand({ FunctionName: name, Qualifier: "live" }));
    expect(Configuration).toMatchObject({ FunctionArn: arn(`${name}:live`), Version: "1" });
    await waitUntilPublishedVersionActive({ client, maxWaitTime: 20 }, { FunctionName: name, Qualifier: "live" });
    await expect(invoke(platform, `${name}:live`, {}, { Qualifier: "edge" })).rejects.toMatchObject({
      name: "InvalidParameterValueException",
      message: "The derived qualifier from the function name does not match the specified qualifier.",
    });
  });

  it("splits invocations by weight, within 1 % over 20,000", async () => {
    await deployVersions(2);
    await alias("live", "1", { "2": 0.1 });
    const counts = new Map<string | undefined, number>();
    const send = async (times: number): Promise<void> => {
      for (let index = 0; index < times; index += 1) {
        const { ExecutedVersion, Payload } = await platform.client.send(
          new InvokeCommand({ FunctionName: name, Qualifier: "live" }),
        );
        expect(Payload?.transformToString()).toBe(ExecutedVersion);
        counts.set(ExecutedVersion, (counts.get(ExecutedVersion) ?? 0) + 1);
      }
    };

    await Promise.all(Array.from({ length: 10 }, () => send(2_000)));

    expect(Math.abs((counts.get("2") ?? 0) / 20_000 - 0.1)).toBeLessThan(0.01);
    expect((counts.get("1") ?? 0) + (counts.get("2") ?? 0)).toBe(20_000);
  }, 900_000);

  it("loses its weights only when it is told so", async () => {
    await deployVersions(2);
    await alias("live", "1", { "2": 0.5 });
    const update = (more: object) =>
      platform.client.send(new UpdateAliasCommand({ FunctionName: name, Name: "live", ...more }));

    expect((await update({ Description: "x" })).RoutingConfig).toEqual({ AdditionalVersionWeights: { "2": 0.5 } });
    expect((await update({ RoutingConfig: {} })).RoutingConfig).toBeUndefined();
  });

  it("takes all or none at the ends of the scale", async () => {
    await deployVersions(2);
    await alias("all", "1", { "2": 1 });
    await alias("none", "1", { "2": 0 });

    for (let round = 0; round < 20; round += 1) {
      expect((await invoke(platform, `${name}:all`)).value).toBe(2);
      expect((await invoke(platform, `${name}:none`)).value).toBe(1);
    }
  });

  it.each([
    [
      { Name: "12" },
      "ValidationException",
      "1 validation error detected: Value '12' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)",
    ],
    [
      { FunctionVersion: "live" },
      "ValidationException",
      "Member must satisfy regular expression pattern: (\\$LATEST|[0-9]+)",
    ],
    [{ FunctionVersion: "9" }, "ResourceNotFoundException", `Function not found: `],
    [
      { RoutingConfig: { AdditionalVersionWeights: { "1": 0.5 } } },
      "InvalidParameterValueException",
      "Invalid function version 1. Function version 1 is already included in routing configuration.",
    ],
    [
      { RoutingConfig: { AdditionalVersionWeights: { "2": 0.5, "3": 0.1 } } },
      "InvalidParameterValueException",
      "Number of items in AdditionalVersionWeights cannot be greater than 1",
    ],
    [
      { RoutingConfig: { AdditionalVersionWeights: { "2": 1.5 } } },
      "ValidationException",
      "Value '{2=1.5}' at 'routingConfig.additionalVersionWeights' failed to satisfy constraint: Map value must satisfy constraint: [Member must have value less than or equal to 1.0, Member must have value greater than or equal to 0.0, Member must not be null]",
    ],
    [
      { RoutingConfig: { AdditionalVersionWeights: { live: 0.5 } } },
      "ValidationException",
      "Map keys must satisfy constraint",
    ],
    [
      { FunctionVersion: "$LATEST", RoutingConfig: { AdditionalVersionWeights: { "2": 0.5 } } },
      "InvalidParameterValueException",
      "$LATEST is not supported for an alias pointing to more than 1 version",
    ],
    [
      { RoutingConfig: { AdditionalVersionWeights: { "9": 0.5 } } },
      "ResourceNotFoundException",
      "Function not found: ",
    ],
    [{ Description: "x".repeat(257) }, "ValidationException", "length less than or equal to 256"],
  ])("is refused: %j", async (wrong, error, message) => {
    await deployVersions(2);

    await expect(
      platform.client.send(
        new CreateAliasCommand({ FunctionName: name, Name: "live", FunctionVersion: "1", ...wrong }),
      ),
    ).rejects.toMatchObject({ name: error, message: expect.stringContaining(message) });
  });

  it("is refused twice, for another revision, and for no function", async () => {
    await deployVersions(1);
    await alias("live", "1");
    const update = new UpdateAliasCommand({ FunctionName: name, Name: "live", Description: "x", RevisionId: "other" });

    await expect(alias("live", "1")).rejects.toMatchObject({
      name: "ResourceConflictException",
      message: `Alias already exists: ${arn(`${name}:live`)}`,
      $metadata: { httpStatusCode: 409 },
    });
    await expect(platform.client.send(update)).rejects.toMatchObject({
      name: "PreconditionFailedException",
      message:
        "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id",
      $metadata: { httpStatusCode: 412 },
    });
    await expect(platform.client.send(new ListAliasesCommand({ FunctionName: "nobody" }))).rejects.toMatchObject({
      message: `Function not found: ${arn("nobody")}`,
    });
  });

  it("is listed page by page", async () => {
    await deployVersions(1);
    const names = Array.from({ length: 5 }, (_, index) => `a${index}`);
    for (const each of names) await alias(each, "1");

    const seen: (string | undefined)[] = [];
    for await (const { Aliases } of paginateListAliases(
      { client: platform.client, pageSize: 2 },
      { FunctionName: name },
    )) {
      expect(Aliases?.length).toBeLessThanOrEqual(2);
      seen.push(...(Aliases ?? []).map(({ Name }) => Name));
    }

    expect(seen).toEqual(names);
    await expect(
      platform.client.send(new ListAliasesCommand({ FunctionName: name, MaxItems: 10_001 })),
    ).rejects.toMatchObject({
      name: "ValidationException",
      message:
        "1 validation error detected: Value '10001' at 'maxItems' failed to satisfy constraint: Member must have value less than or equal to 10000",
    });
  });
});

describe("a published version", () => {
  it("never changes", async () => {
    await deployVersions(1);
    const message =
      "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. Please specify either a function name or an unqualified function ARN.";

    const zip = makeZip({ "index.mjs": answers("9") });
    const changes = [
      () => platform.client.send(new UpdateFunctionConfigurationCommand({ FunctionName: `${name}:1`, Timeout: 9 })),
      () => platform.client.send(new UpdateFunctionCodeCommand({ FunctionName: `${name}:1`, ZipFile: zip })),
      () => platform.client.send(new PublishVersionCommand({ FunctionName: `${name}:1` })),
    ];
    for (const change of changes) {
      await expect(change()).rejects.toMatchObject({
        name: "InvalidParameterValueException",
        message,
      });
    }
    await platform.client.send(
      new UpdateFunctionConfigurationCommand({ FunctionName: name, Environment: { Variables: { COLOUR: "1" } } }),
    );
    await updateCode(answers("9"));
    expect((await invoke(platform, `${name}:1`)).value).toBe(1);
  });

  it("is deleted alone, unless an alias refers to it; its number is not used again", async () => {
    await deployVersions(2);
    await alias("live", "1", { "2": 0.1 });
    const remove = (FunctionName: string, Qualifier?: string) =>
      platform.client.send(new DeleteFunctionCommand({ FunctionName, Qualifier }));

    await expect(remove(name, "1")).rejects.toMatchObject({ name: "ResourceConflictException" });
    await expect(remove(name, "2")).rejects.toMatchObject({ name: "ResourceConflictException" });
    await expect(remove(`${name}:live`)).rejects.toMatchObject({ name: "InvalidParameterValueException" });
    await expect(remove(name, "$LATEST")).rejects.toMatchObject({
      name: "InvalidParameterValueException",
      message: "$LATEST version cannot be deleted without deleting the function.",
    });
    await platform.client.send(new DeleteAliasCommand({ FunctionName: name, Name: "live" }));
    await remove(`${name}:2`);
    await remove(name, "2");

    await expect(invoke(platform, `${name}:2`)).rejects.toMatchObject({
      name: "ResourceNotFoundException",
      message: `Function not found: ${arn(`${name}:2`)}`,
    });
    await updateCode(answers("3"));
    const next = await platform.client.send(new PublishVersionCommand({ FunctionName: name }));
    const { Versions } = await platform.client.send(new ListVersionsByFunctionCommand({ FunctionName: name }));
    expect(next.Version).toBe("3");
    expect(Versions?.map(({ Version }) => Version)).toEqual(["$LATEST", "1", "3"]);
    expect(Versions?.[1]).toMatchObject({ FunctionArn: arn(`${name}:1`) });
    expect(Versions?.[1]?.State).toBeUndefined();
  });

  it("is made of the code and the revision that its publisher has seen", async () => {
    const { RevisionId, CodeSha256 } = await deploy(platform, name, answers("1"));
    await platform.client.send(new UpdateFunctionConfigurationCommand({ FunctionName: name, Timeout: 9 }));

    await expect(
      platform.client.send(new PublishVersionCommand({ FunctionName: name, RevisionId })),
    ).rejects.toMatchObject({ name: "PreconditionFailedException" });
    await expect(
      platform.client.send(new PublishVersionCommand({ FunctionName: name, CodeSha256: "x" })),
    ).rejects.toMatchObject({
      name: "InvalidParameterValueException",
      message: `CodeSHA256 (x) is different from current CodeSHA256 in $LATEST (${CodeSha256}). Please try again with the CodeSHA256 in $LATEST.`,
    });
  });
});

describe("a name", () => {
  it("of another region or account is refused as Lambda does", async () => {
    const read = (FunctionName: string) => platform.client.send(new GetFunctionConfigurationCommand({ FunctionName }));

    await expect(read("arn:aws:lambda:eu-west-1:000000000000:function:f")).rejects.toMatchObject({
      name: "ResourceNotFoundException",
      message: "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')",
    });
    await expect(read("111111111111:function:f")).rejects.toMatchObject({
      name: "AccessDeniedException",
      $metadata: { httpStatusCode: 403 },
    });
  });

  it("is listed with all its versions on request", async () => {
    await deployVersions(2);

    const { Functions } = await platform.client.send(new ListFunctionsCommand({ FunctionVersion: "ALL" }));

    expect(
      Functions?.filter(({ FunctionName }) => FunctionName === name).map(({ FunctionArn }) => FunctionArn),
    ).toEqual(["$LATEST", "1", "2"].map((version) => arn(`${name}:${version}`)));
  });
});
