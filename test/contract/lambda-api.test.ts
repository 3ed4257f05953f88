/** The platform as the official AWS SDK sees it. */
import {
  CreateFunctionCommand,
  DeleteFunctionCommand,
  GetFunctionCommand,
  GetFunctionConfigurationCommand,
  InvokeCommand,
  ListFunctionsCommand,
  ListTagsCommand,
  ListVersionsByFunctionCommand,
  paginateListFunctions,
  PublishVersionCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
  waitUntilFunctionActiveV2,
  waitUntilFunctionUpdatedV2,
} from "@aws-sdk/client-lambda";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  createClient,
  deploy,
  invoke,
  makeZip,
  role,
  signedFetch,
  startPlatform,
  type RunningPlatform,
} from "../e2e/platform-harness.ts";

let platform: RunningPlatform;
let name: string;
let counter = 0;

const echo = "export const handler = async (event) => ({ got: event });";
const throws = (source: string): string => `export const handler = async () => { ${source} };`;

beforeAll(async () => {
  platform = await startPlatform();
});
afterAll(() => platform[Symbol.asyncDispose]());
beforeEach(() => {
  counter += 1;
  name = `fn-${counter}`;
});

describe("the life of a function", () => {
  it("creates, describes, invokes and deletes it", async () => {
    const created = await deploy(platform, name, echo, {
      Timeout: 7,
      MemorySize: 256,
      Description: "echoes",
      Environment: { Variables: { COLOUR: "blue" } },
      Tags: { team: "a" },
    });
    await waitUntilFunctionActiveV2({ client: platform.client, maxWaitTime: 20 }, { FunctionName: name });
    const found = await platform.client.send(new GetFunctionCommand({ FunctionName: name }));

    expect(created).toMatchObject({
      FunctionName: name,
      FunctionArn: `arn:aws:lambda:us-east-1:000000000000:function:${name}`,
      Runtime: "nodejs24.x",
      Timeout: 7,
      MemorySize: 256,
      State: "Active",
      LastUpdateStatus: "Successful",
      Version: "$LATEST",
      Environment: { Variables: { COLOUR: "blue" } },
      PackageType: "Zip",
    });
    expect(found.Configuration).toEqual(withoutMetadata(created));
    expect(found.Tags).toEqual({ team: "a" });
    expect(await invoke(platform, name, { a: [1, "ü"] })).toMatchObject({ value: { got: { a: [1, "ü"] } } });
    await platform.client.send(new DeleteFunctionCommand({ FunctionName: name }));
    await expect(platform.client.send(new GetFunctionCommand({ FunctionName: name }))).rejects.toMatchObject({
      name: "ResourceNotFoundException",
      message: `Function not found: arn:aws:lambda:us-east-1:000000000000:function:${name}`,
      $metadata: { httpStatusCode: 404 },
    });
  });

  it("serves the deployed zip at Code.Location, and only there", async () => {
    const zip = makeZip({ "index.mjs": echo });
    await deploy(platform, name, echo, { Code: { ZipFile: zip } });
    const location = (await platform.client.send(new GetFunctionCommand({ FunctionName: name }))).Code?.Location ?? "";

    const fetched = await fetch(location);
    const forged = await fetch(location.replace(/signature=../, "signature=00"));

    expect(Buffer.from(await fetched.arrayBuffer()).equals(zip)).toBe(true);
    expect(forged.status).toBe(403);
  });

  it("runs new code and new configuration from the next invocation on", async () => {
    await deploy(platform, name, throws("return process.env.COLOUR ?? 'none'"));
    expect((await invoke(platform, name)).value).toBe("none");

    await platform.client.send(
      new UpdateFunctionConfigurationCommand({ FunctionName: name, Environment: { Variables: { COLOUR: "red" } } }),
    );
    await waitUntilFunctionUpdatedV2({ client: platform.client, maxWaitTime: 20 }, { FunctionName: name });
    const reconfigured = (await invoke(platform, name)).value;
    const updated = await platform.client.send(
      new UpdateFunctionCodeCommand({ FunctionName: name, ZipFile: makeZip({ "index.mjs": throws("return 2") }) }),
    );

    expect(reconfigured).toBe("red");
    expect((await invoke(platform, name)).value).toBe(2);
    expect(updated.LastUpdateStatus).toBe("Successful");
    expect(updated.Environment?.Variables).toEqual({ COLOUR: "red" });
  });

  it("checks a dry run and changes nothing", async () => {
    const created = await deploy(platform, name, echo);

    const dry = await platform.client.send(
      new UpdateFunctionCodeCommand({
        FunctionName: name,
        ZipFile: makeZip({ "index.mjs": throws("return 2") }),
        DryRun: true,
      }),
    );
    const after = await platform.client.send(new GetFunctionConfigurationCommand({ FunctionName: name }));

    expect(dry.CodeSha256).not.toBe(created.CodeSha256);
    expect(after.CodeSha256).toBe(created.CodeSha256);
  });

  it("refuses to change another revision than the caller has seen", async () => {
    const created = await deploy(platform, name, echo);
    const change = { FunctionName: name, Timeout: 9, RevisionId: created.RevisionId };
    await platform.client.send(new UpdateFunctionConfigurationCommand(change));

    await expect(platform.client.send(new UpdateFunctionConfigurationCommand(change))).rejects.toMatchObject({
      name: "PreconditionFailedException",
      $metadata: { httpStatusCode: 412 },
    });
  });

  it("publishes versions that keep their code", async () => {
    await deploy(platform, name, throws("return 1"));
    const first = await platform.client.send(new PublishVersionCommand({ FunctionName: name, Description: "one" }));
    const again = await platform.client.send(new PublishVersionCommand({ FunctionName: name }));
    await platform.client.send(
      new UpdateFunctionCodeCommand({
        FunctionName: name,
        ZipFile: makeZip({ "index.mjs": throws("return 2") }),
        Publish: true,
      }),
    );
    const { Versions } = await platform.client.send(new ListVersionsByFunctionCommand({ FunctionName: name }));

    expect(first).toMatchObject({ Version: "1", Description: "one" });
    expect(again.Version).toBe("1");
    expect(Versions?.map(({ Version }) => Version)).toEqual(["$LATEST", "1", "2"]);
    expect(await invoke(platform, name, {}, { Qualifier: "1" })).toMatchObject({ value: 1, version: "1" });
    expect(await invoke(platform, `${name}:2`)).toMatchObject({ value: 2, version: "2" });
    expect(await invoke(platform, name)).toMatchObject({ value: 2, version: "$LATEST" });
    await expect(invoke(platform, name, {}, { Qualifier: "7" })).rejects.toThrow(
      `Function not found: ${first.FunctionArn?.replace(/:1$/, ":7")}`,
    );
  });

  it("takes names, partial and full ARNs", async () => {
    const { FunctionArn = "" } = await deploy(platform, name, throws("return 1"));

    for (const form of [
      name,
      `000000000000:function:${name}`,
      FunctionArn,
      `${FunctionArn}:$LATEST`,
      `function:${name}`,
    ]) {
      expect((await invoke(platform, form)).value).toBe(1);
    }
  });

  it("keeps tags", async () => {
    const { FunctionArn: Resource = "" } = await deploy(platform, name, echo);
    await platform.client.send(new TagResourceCommand({ Resource, Tags: { a: "1", b: "2" } }));
    await platform.client.send(new UntagResourceCommand({ Resource, TagKeys: ["a"] }));

    expect((await platform.client.send(new ListTagsCommand({ Resource }))).Tags).toEqual({ b: "2" });
  });

  it("lists page by page, with and without a trailing slash", async () => {
    for (const suffix of ["a", "b", "c"]) await deploy(platform, `page-${suffix}`, echo);

    const names: (string | undefined)[] = [];
    for await (const page of paginateListFunctions({ client: platform.client, pageSize: 2 }, {})) {
      expect(page.Functions?.length).toBeLessThanOrEqual(2);
      names.push(...(page.Functions ?? []).map(({ FunctionName }) => FunctionName));
    }
    const slash = await signedFetch(platform.info, "GET", "/2015-03-31/functions/");

    expect(names.filter((each) => each?.startsWith("page-"))).toEqual(["page-a", "page-b", "page-c"]);
    expect(((await slash.json()) as { Functions: unknown[] }).Functions).toHaveLength(names.length);
  });
});

describe("an invocation", () => {
  it("shows the context that Lambda shows", async () => {
    await deploy(
      platform,
      name,
      `export const handler = async (event, context) => ({
         ...context,
         left: context.getRemainingTimeInMillis(),
         env: process.env,
         cwd: process.cwd(),
       });`,
      { Timeout: 5 },
    );

    const { value } = await invoke(
      platform,
      name,
      {},
      { ClientContext: Buffer.from('{"custom":{"a":1}}').toString("base64") },
    );

    expect(value).toMatchObject({
      functionName: name,
      functionVersion: "$LATEST",
      memoryLimitInMB: "128",
      invokedFunctionArn: `arn:aws:lambda:us-east-1:000000000000:function:${name}`,
      logGroupName: `/aws/lambda/${name}`,
      callbackWaitsForEmptyEventLoop: true,
      clientContext: { custom: { a: 1 } },
      env: { AWS_LAMBDA_FUNCTION_NAME: name, AWS_REGION: "us-east-1", _HANDLER: "index.handler", TZ: ":UTC" },
    });
    const { left, env, cwd } = value as { left: number; env: Record<string, string>; cwd: string };
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(5000);
    expect(cwd).toBe(env["LAMBDA_TASK_ROOT"]);
    expect(Object.keys(env).filter((key) => /VITEST|npm_|USER/.test(key))).toEqual([]);
  });

  it("reports START, output, END and REPORT in its log", async () => {
    await deploy(
      platform,
      name,
      "export const handler = async () => { console.log('one', { a: 1 }); console.error('two'); process.stdout.write('raw\\n'); };",
    );

    const { value, log } = await invoke(platform, name);

    expect(value).toBeNull();
    expect(log).toMatch(
      /^START RequestId: ([0-9a-f-]{36}) Version: \$LATEST\n\d{4}-\S+Z\t\1\tINFO\tone { a: 1 }\n\d{4}-\S+Z\t\1\tERROR\ttwo\nraw\nEND RequestId: \1\nREPORT RequestId: \1\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB\tMax Memory Used: [1-9]\d* MB\tInit Duration: [\d.]+ ms\t\n$/,
    );
    expect((await invoke(platform, name)).log).not.toContain("Init Duration");
  });

  it("gives the last 4 KB of the log only", async () => {
    await deploy(
      platform,
      name,
      "export const handler = async () => { for (let i = 0; i < 200; i++) console.log('x'.repeat(100)); };",
    );

    expect(Buffer.byteLength((await invoke(platform, name)).log)).toBe(4096);
  });

  it.each([
    ["throw new TypeError('no')", "TypeError", "no"],
    ["throw 'text'", "string", "text"],
    ["const e = new Error('mine'); e.name = 'Mine'; throw e", "Mine", "mine"],
    ["return { big: 1n }", "Runtime.MarshalError", expect.stringContaining("BigInt")],
  ])("reports what the handler did: %s", async (source, errorType, errorMessage) => {
    await deploy(platform, name, throws(source));

    const { value, error, log } = await invoke(platform, name);

    expect(error).toBe("Unhandled");
    expect(value).toMatchObject({ errorType, errorMessage, trace: expect.any(Array) });
    expect(log).toContain("\tERROR\tInvoke Error \t{");
  });

  it.each([
    ["index.mjs", "export const other = 1;", "Runtime.HandlerNotFound", "index.handler is undefined or not exported"],
    ["index.mjs", "export const handler = ;", "Runtime.UserCodeSyntaxError", expect.stringContaining("SyntaxError")],
    [
      "index.cjs",
      "require('left-out');",
      "Runtime.ImportModuleError",
      expect.stringContaining("Cannot find module 'left-out'"),
    ],
    ["other.mjs", "", "Runtime.ImportModuleError", "Error: Cannot find module 'index'"],
    ["index.mjs", "throw new RangeError('early');", "RangeError", "early"],
    ["index.mjs", "process.exit(3);", "Runtime.ExitError", expect.stringContaining("exit status 3")],
  ])("reports initialisation that fails: %s %s", async (file, source, errorType, errorMessage) => {
    await deploy(platform, name, "", { Code: { ZipFile: makeZip({ [file]: source }) } });

    expect(await invoke(platform, name)).toMatchObject({
      error: "Unhandled",
      value: { errorType, errorMessage },
      log: expect.stringContaining("INIT_REPORT"),
    });
  });

  it.each([
    ["index.cjs", "exports.handler = (event, context, callback) => callback(null, 'called');", "called"],
    ["index.js", "module.exports.handler = async () => 'common';", "common"],
    ["index.js", "export const handler = async () => 'detected';", "detected"],
    ["index.mjs", "const v = await Promise.resolve('top'); export const handler = async () => v;", "top"],
    [
      "index.cjs",
      "exports.handler = (e, c, done) => { setTimeout(() => globalThis.late = 1, 30); setImmediate(() => done(null, 'first')); };",
      "first",
    ],
    ["index.cjs", "exports.handler = () => new Promise(() => {});", null],
    ["index.cjs", "exports.handler = () => {};", null],
  ])("runs every kind of handler, frozen between invocations or not: %s %s", async (file, source, expected) => {
    const Code = { ZipFile: makeZip({ [file]: source }) };
    await deploy(platform, name, "", { Code });
    // Nothing listens there: the value only keeps the sandbox awake.
    await deploy(platform, `${name}-awake`, "", {
      Code,
      Environment: { Variables: { FAASIFY_DEBUG: "ws://127.0.0.1:9/x" } },
    });

    for (const each of [name, name, `${name}-awake`, `${name}-awake`]) {
      expect(await invoke(platform, each)).toMatchObject({ value: expected, error: undefined });
    }
  });

  it("finds handlers in folders and objects, in packages of type module", async () => {
    const files = {
      "package.json": '{"type":"module"}',
      "src/app.js": "export const api = { get: async () => import.meta.url };",
    };
    await deploy(platform, name, "", { Handler: "src/app.api.get", Code: { ZipFile: makeZip(files) } });

    expect((await invoke(platform, name)).value).toMatch(/src\/app\.js$/);
  });

  it("answers a dry run without running, and an event before running", async () => {
    await deploy(platform, name, "export const handler = async (event) => { console.log('ran', event.a); };");

    const dry = await platform.client.send(new InvokeCommand({ FunctionName: name, InvocationType: "DryRun" }));
    const event = await platform.client.send(
      new InvokeCommand({ FunctionName: name, InvocationType: "Event", Payload: '{"a":5}' }),
    );

    expect([dry.StatusCode, event.StatusCode]).toEqual([204, 202]);
    await expect
      .poll(async () => (await signedFetch(platform.info, "GET", `/_faasify/functions/${name}/logs`)).text(), {
        timeout: 120_000,
      })
      .toContain("ran 5");
  });

  it("gives an empty payload to the handler as an empty object", async () => {
    await deploy(platform, name, echo);
    const answer = await platform.client.send(new InvokeCommand({ FunctionName: name }));

    expect(answer.Payload?.transformToString()).toBe('{"got":{}}');
  });

  it("carries 6 MB in either direction, and not more", async () => {
    await deploy(
      platform,
      name,
      "export const handler = async (event) => typeof event === 'string' ? event.length : 'x'.repeat(event.size);",
      {
        MemorySize: 512,
      },
    );
    const limit = 6 * 1024 * 1024;

    expect((await invoke(platform, name, "x".repeat(limit - 2))).value).toBe(limit - 2);
    await expect(invoke(platform, name, "x".repeat(limit - 1))).rejects.toMatchObject({
      name: "RequestTooLargeException",
      message: `${limit + 1} byte payload is too large for the RequestResponse invocation type (limit ${limit} bytes)`,
    });
    expect((await invoke(platform, name, { size: limit })).value).toHaveLength(limit);
    expect(await invoke(platform, name, { size: limit + 100 })).toMatchObject({
      error: "Unhandled",
      value: {
        errorType: "Function.ResponseSizeTooLarge",
        errorMessage: "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
      },
    });
  });
});

describe("what Lambda refuses", () => {
  it.each([
    [{ MemorySize: 64 }, "ValidationException", "Value '64' at 'memorySize'"],
    [{ Timeout: 901 }, "ValidationException", "less than or equal to 900"],
    [{ FunctionName: "no spaces" }, "ValidationException", "at 'functionName' failed to satisfy constraint"],
    [{ FunctionName: "x".repeat(65) }, "ValidationException", "length less than or equal to 64"],
    [{ Runtime: "nodejs8.10" as never }, "InvalidParameterValueException", "Member must satisfy enum value set"],
    [{ Handler: "no spaces" }, "ValidationException", "at 'handler'"],
    [{ Role: "me" }, "ValidationException", "at 'role'"],
    [
      { Environment: { Variables: { AWS_REGION: "x" } } },
      "InvalidParameterValueException",
      "Reserved keys used in this request: AWS_REGION",
    ],
    [
      { Environment: { Variables: { BIG: "x".repeat(4096) } } },
      "InvalidParameterValueException",
      "exceeded the 4KB limit",
    ],
    [
      { Code: { ZipFile: Buffer.from("not a zip") } },
      "InvalidParameterValueException",
      "Could not unzip uploaded file",
    ],
    [{ Code: { ZipFile: makeZip({ "../evil.mjs": "" }) } }, "InvalidParameterValueException", "leaves the archive"],
    [{ Code: { S3Bucket: "b", S3Key: "k" } }, "InvalidParameterValueException", "neither S3 nor container images"],
    [{ PackageType: "Image" as const }, "InvalidParameterValueException", "PackageType Zip only"],
  ])("%j", async (wrong, error, message) => {
    await expect(deploy(platform, name, echo, wrong)).rejects.toMatchObject({
      name: error,
      message: expect.stringContaining(message),
      $metadata: { httpStatusCode: 400 },
    });
  });

  it("a name that is taken", async () => {
    await deploy(platform, name, echo);

    await expect(deploy(platform, name, echo)).rejects.toMatchObject({
      name: "ResourceConflictException",
      message: `Function already exist: ${name}`,
      $metadata: { httpStatusCode: 409 },
    });
  });

  it("a payload that is not JSON", async () => {
    await deploy(platform, name, echo);

    await expect(platform.client.send(new InvokeCommand({ FunctionName: name, Payload: "{no" }))).rejects.toMatchObject(
      {
        name: "InvalidRequestContentException",
        $metadata: { httpStatusCode: 400 },
      },
    );
    expect((await invoke(platform, name, 1)).value).toEqual({ got: 1 });
  });

  it("a body that is not JSON by its own account", async () => {
    // aws4 announces a form unless it is told otherwise.
    const form = await signedFetch(platform.info, "POST", "/2015-03-31/functions", "a=1");

    expect(form.status).toBe(415);
    expect(form.headers.get("x-amzn-errortype")).toBe("UnsupportedMediaTypeException");
  });

  it("an operation that is unknown", async () => {
    const unknown = await signedFetch(platform.info, "GET", "/2015-03-31/nonsense");

    expect(unknown.status).toBe(404);
    expect(unknown.headers.get("x-amzn-errortype")).toBe("UnknownOperationException");
  });
});

describe("a caller who does not hold the credentials", () => {
  it("is refused with a wrong secret", async () => {
    const stranger = createClient(platform.info, { secretAccessKey: "wrong" });

    await expect(stranger.send(new ListFunctionsCommand({}))).rejects.toMatchObject({
      name: "InvalidSignatureException",
      $metadata: { httpStatusCode: 403 },
    });
  });

  it("is refused with an unknown key", async () => {
    const stranger = createClient(platform.info, { accessKeyId: "AKIAIOSFODNN7EXAMPLE" });

    await expect(stranger.send(new ListFunctionsCommand({}))).rejects.toMatchObject({
      name: "UnrecognizedClientException",
      message: "The security token included in the request is invalid.",
    });
  });

  it("is refused for another region", async () => {
    const stranger = createClient({ ...platform.info, region: "eu-west-1" });

    await expect(stranger.send(new ListFunctionsCommand({}))).rejects.toMatchObject({
      name: "InvalidSignatureException",
    });
  });

  it("is refused without a signature, and creates nothing", async () => {
    const response = await fetch(`${platform.info.endpoint}/2015-03-31/functions`, {
      method: "POST",
      body: JSON.stringify({
        FunctionName: name,
        Code: { ZipFile: makeZip({ "index.mjs": echo }).toString("base64") },
      }),
    });

    expect(response.status).toBe(403);
    expect(response.headers.get("x-amzn-errortype")).toBe("MissingAuthenticationTokenException");
    await expect(
      platform.client.send(new CreateFunctionCommand({ FunctionName: name, Role: role, Code: {} })),
    ).rejects.toMatchObject({
      name: "InvalidParameterValueException",
    });
    await expect(platform.client.send(new GetFunctionCommand({ FunctionName: name }))).rejects.toMatchObject({
      name: "ResourceNotFoundException",
    });
  });
});

function withoutMetadata<T extends object>(output: T): Omit<T, "$metadata"> {
  const { $metadata: _metadata, ...rest } = output as T & { $metadata: unknown };
  return rest;
}
