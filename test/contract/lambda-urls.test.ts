/** Function URLs and resource policies: made by the official AWS SDK, called by any HTTP client. */
import { request } from "node:http";
import {
  AddPermissionCommand,
  CreateAliasCommand,
  CreateFunctionUrlConfigCommand,
  DeleteFunctionUrlConfigCommand,
  GetFunctionUrlConfigCommand,
  GetPolicyCommand,
  ListFunctionUrlConfigsCommand,
  PublishVersionCommand,
  RemovePermissionCommand,
  UpdateFunctionUrlConfigCommand,
  type CreateFunctionUrlConfigCommandInput,
} from "@aws-sdk/client-lambda";
import aws4 from "aws4";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { deploy, startPlatform, type RunningPlatform } from "../e2e/platform-harness.ts";

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

const arn = (rest: string): string => `arn:aws:lambda:us-east-1:000000000000:function:${rest}`;
const echo = "export const handler = async (event) => event;";

const permit = (more: object = {}) =>
  platform.client.send(
    new AddPermissionCommand({
      FunctionName: name,
      StatementId: "public",
      Action: "lambda:InvokeFunctionUrl",
      Principal: "*",
      FunctionUrlAuthType: "NONE",
      ...more,
    }),
  );

/** The address of a public function. */
async function publish(source: string, more: Partial<CreateFunctionUrlConfigCommandInput> = {}): Promise<string> {
  await deploy(platform, name, source);
  await permit();
  const { FunctionUrl = "" } = await platform.client.send(
    new CreateFunctionUrlConfigCommand({ FunctionName: name, AuthType: "NONE", ...more }),
  );
  return FunctionUrl;
}

describe("a function URL", () => {
  it("gives the function the event that Lambda gives", async () => {
    const url = await publish(echo);

    const response = await fetch(`${url}a/b%20c?x=1&x=2&y=%C3%BC`, {
      method: "PUT",
      headers: { "Content-Type": "application/json", Cookie: "one=1; two=2", "X-Custom": "yes", "User-Agent": "test" },
      body: '{"ü":1}',
    });
    const event = (await response.json()) as Record<string, unknown>;

    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(event).toMatchObject({
      version: "2.0",
      routeKey: "$default",
      rawPath: "/a/b%20c",
      rawQueryString: "x=1&x=2&y=%C3%BC",
      cookies: ["one=1", "two=2"],
      queryStringParameters: { x: "1,2", y: "ü" },
      body: '{"ü":1}',
      isBase64Encoded: false,
      requestContext: {
        accountId: "anonymous",
        http: { method: "PUT", path: "/a/b%20c", protocol: "HTTP/1.1", sourceIp: "127.0.0.1", userAgent: "test" },
        routeKey: "$default",
        stage: "$default",
        requestId: response.headers.get("x-amzn-requestid"),
        time: expect.stringMatching(/^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/),
        timeEpoch: expect.any(Number),
      },
    });
    expect(event["headers"]).toMatchObject({ "x-custom": "yes", "content-type": "application/json" });
    expect(event["headers"]).not.toHaveProperty("cookie");
  });

  it("carries binary bodies in both directions", async () => {
    const url = await publish(
      `export const handler = async (event) => ({
         statusCode: 201, headers: { "content-type": "application/octet-stream", "x-was": String(event.isBase64Encoded) },
         cookies: ["a=1", "b=2; Path=/"], body: event.body, isBase64Encoded: true });`,
    );
    const bytes = Buffer.from([0, 255, 1, 254]);

    const response = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/octet-stream" },
      body: bytes,
    });

    expect(response.status).toBe(201);
    expect(response.headers.get("x-was")).toBe("true");
    expect(response.headers.getSetCookie()).toEqual(["a=1", "b=2; Path=/"]);
    expect(Buffer.from(await response.arrayBuffer())).toEqual(bytes);
  });

  it.each([
    ["'text'", 200, '"text"'],
    ["({ a: 1 })", 200, '{"a":1}'],
    ["({ statusCode: 204 })", 204, ""],
    ["({ statusCode: 404, body: 'gone' })", 404, "gone"],
    ["({ statusCode: 200, body: { no: 1 } })", 502, "Internal Server Error"],
    ["({ statusCode: 'x' })", 502, "Internal Server Error"],
    ["(() => { throw new Error('no'); })()", 502, "Internal Server Error"],
  ])("answers what the function returns: %s", async (value, status, text) => {
    const response = await fetch(await publish(`export const handler = async () => ${value};`));

    expect([response.status, await response.text()]).toEqual([status, text]);
  });

  it("streams", async () => {
    const url = await publish(
      `export const handler = awslambda.streamifyResponse(async (event, stream) => {
         const http = awslambda.HttpResponseStream.from(stream, {
           statusCode: 418, headers: { "Content-Type": "text/plain", "X-Custom": "yes" }, cookies: ["a=1"] });
         http.write("first,");
         await new Promise((resolve) => setTimeout(resolve, 300));
         http.end("second");
       });`,
      { InvokeMode: "RESPONSE_STREAM" },
    );

    const response = await fetch(url);
    const pieces: string[] = [];
    for await (const piece of response.body ?? []) pieces.push(Buffer.from(piece).toString());

    expect(response.status).toBe(418);
    expect(response.headers.get("content-type")).toBe("text/plain");
    expect(response.headers.get("x-custom")).toBe("yes");
    expect(response.headers.getSetCookie()).toEqual(["a=1"]);
    expect(pieces).toEqual(["first,", "second"]);
  });

  it("of a host name below localhost is the same", async () => {
    const url = new URL(await publish(echo));
    const id = url.pathname.split("/")[2] ?? "";

    const event = await new Promise<string>((resolve, reject) => {
      const sent = request(
        {
          host: "127.0.0.1",
          port: url.port,
          path: "/there?a=1",
          headers: { Host: `${id}.lambda-url.us-east-1.localhost` },
        },
        (response) => {
          let text = "";
          response.on("data", (chunk: Buffer) => (text += chunk.toString()));
          response.on("end", () => resolve(text));
        },
      );
      sent.on("error", reject);
      sent.end();
    });

    expect(JSON.parse(event)).toMatchObject({ rawPath: "/there", requestContext: { domainPrefix: id } });
  });

  it("lets web pages in as far as its CORS configuration goes", async () => {
    const url = await publish(echo, {
      Cors: { AllowOrigins: ["https://*.example.com"], AllowMethods: ["GET"], AllowHeaders: ["x-a"], MaxAge: 60 },
    });
    const preflight = (origin: string) =>
      fetch(url, { method: "OPTIONS", headers: { Origin: origin, "Access-Control-Request-Method": "GET" } });

    const allowed = await preflight("https://app.example.com");
    const stranger = await preflight("https://example.org");
    const read = await fetch(url, { headers: { Origin: "https://app.example.com" } });

    expect(Object.fromEntries(allowed.headers)).toMatchObject({
      "access-control-allow-origin": "https://app.example.com",
      "access-control-allow-methods": "GET",
      "access-control-allow-headers": "x-a",
      "access-control-max-age": "60",
    });
    expect(stranger.headers.get("access-control-allow-origin")).toBeNull();
    expect(read.headers.get("access-control-allow-origin")).toBe("https://app.example.com");
  });

  it("is for everybody only when its policy says so", async () => {
    await deploy(platform, name, echo);
    const { FunctionUrl = "" } = await platform.client.send(
      new CreateFunctionUrlConfigCommand({ FunctionName: name, AuthType: "NONE" }),
    );

    const before = await fetch(FunctionUrl);
    await permit();
    const between = await fetch(FunctionUrl);
    await platform.client.send(new RemovePermissionCommand({ FunctionName: name, StatementId: "public" }));
    const after = await fetch(FunctionUrl);

    expect([before.status, between.status, after.status]).toEqual([403, 200, 403]);
    expect(await before.json()).toEqual({
      Message:
        "Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html",
    });
    expect((await fetch(FunctionUrl.replace(/lambda-url\/../, "lambda-url/zz"))).status).toBe(404);
  });

  it("with AWS_IAM takes signed requests only", async () => {
    await deploy(platform, name, echo);
    const { FunctionUrl = "" } = await platform.client.send(
      new CreateFunctionUrlConfigCommand({ FunctionName: name, AuthType: "AWS_IAM" }),
    );
    const url = new URL(FunctionUrl);
    const call = (credentials: { accessKeyId: string; secretAccessKey: string }) => {
      const signed = aws4.sign(
        {
          host: url.host,
          path: `${url.pathname}x`,
          method: "POST",
          service: "lambda",
          region: "us-east-1",
          body: "a=1",
        },
        credentials,
      );
      const headers = { ...(signed.headers as Record<string, string>) };
      delete headers["Host"];
      return fetch(`${FunctionUrl}x`, { method: "POST", headers, body: "a=1" });
    };

    const signed = await call(platform.info);

    expect(signed.status).toBe(200);
    expect(await signed.json()).toMatchObject({
      rawPath: "/x",
      body: Buffer.from("a=1").toString("base64"),
      isBase64Encoded: true,
      requestContext: {
        accountId: "000000000000",
        authorizer: { iam: { accessKey: platform.info.accessKeyId, accountId: "000000000000" } },
      },
    });
    expect((await fetch(FunctionUrl)).status).toBe(403);
    expect((await call({ ...platform.info, secretAccessKey: "wrong" })).status).toBe(403);
  });

  it("is created, read, changed, listed and deleted, also of an alias", async () => {
    await deploy(platform, name, "export const handler = async (event, context) => context.invokedFunctionArn;");
    await platform.client.send(new PublishVersionCommand({ FunctionName: name }));
    await platform.client.send(new CreateAliasCommand({ FunctionName: name, Name: "live", FunctionVersion: "1" }));
    const of = { FunctionName: name, Qualifier: "live" };
    const created = await platform.client.send(new CreateFunctionUrlConfigCommand({ ...of, AuthType: "NONE" }));
    await permit({ Qualifier: "live" });

    expect(created).toMatchObject({
      $metadata: { httpStatusCode: 201 },
      FunctionArn: arn(`${name}:live`),
      FunctionUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/lambda-url\/[a-z2-7]{32}\/$/),
      AuthType: "NONE",
      InvokeMode: "BUFFERED",
      CreationTime: expect.stringMatching(/Z$/),
    });
    expect(await (await fetch(created.FunctionUrl ?? "")).json()).toBe(arn(`${name}:live`));
    await expect(
      platform.client.send(new CreateFunctionUrlConfigCommand({ ...of, AuthType: "NONE" })),
    ).rejects.toMatchObject({
      name: "ResourceConflictException",
      message: `Failed to create function url config for [functionArn = ${arn(`${name}:live`)}]. Error message:  FunctionUrlConfig exists for this Lambda function`,
    });
    const updated = await platform.client.send(
      new UpdateFunctionUrlConfigCommand({ ...of, AuthType: "AWS_IAM", Cors: { AllowOrigins: ["*"] } }),
    );
    expect(updated).toMatchObject({
      FunctionUrl: created.FunctionUrl,
      AuthType: "AWS_IAM",
      Cors: { AllowOrigins: ["*"] },
    });
    const list = await platform.client.send(new ListFunctionUrlConfigsCommand({ FunctionName: name }));
    expect(list.FunctionUrlConfigs?.map(({ FunctionArn }) => FunctionArn)).toEqual([arn(`${name}:live`)]);
    await platform.client.send(new DeleteFunctionUrlConfigCommand(of));
    await expect(platform.client.send(new GetFunctionUrlConfigCommand(of))).rejects.toMatchObject({
      name: "ResourceNotFoundException",
      message: "The resource you requested does not exist.",
    });
    expect((await fetch(created.FunctionUrl ?? "")).status).toBe(404);
  });

  it.each([
    [
      { AuthType: "OTHER" },
      "ValidationException",
      "Value 'OTHER' at 'authType' failed to satisfy constraint: Member must satisfy enum value set: [NONE, AWS_IAM]",
    ],
    [{ Qualifier: "1" }, "ValidationException", "Value '1' at 'qualifier' failed to satisfy constraint"],
    [{ Qualifier: "nobody" }, "ResourceNotFoundException", "Function does not exist"],
    [{ InvokeMode: "FAST" }, "ValidationException", "Member must satisfy enum value set: [RESPONSE_STREAM, BUFFERED]"],
  ])("is refused: %j", async (wrong, error, message) => {
    await deploy(platform, name, echo);
    const input = { FunctionName: name, AuthType: "NONE", ...wrong } as CreateFunctionUrlConfigCommandInput;

    await expect(platform.client.send(new CreateFunctionUrlConfigCommand(input))).rejects.toMatchObject({
      name: error,
      message: expect.stringContaining(message),
    });
  });
});

describe("a resource policy", () => {
  it("grows and shrinks statement by statement", async () => {
    await deploy(platform, name, echo);
    const add = await platform.client.send(
      new AddPermissionCommand({
        FunctionName: name,
        StatementId: "s3",
        Action: "lambda:InvokeFunction",
        Principal: "s3.amazonaws.com",
        SourceArn: "arn:aws:s3:::bucket",
        SourceAccount: "111111111111",
      }),
    );
    await permit();
    const policy = await platform.client.send(new GetPolicyCommand({ FunctionName: name }));

    expect(JSON.parse(add.Statement ?? "")).toEqual({
      Sid: "s3",
      Effect: "Allow",
      Principal: { Service: "s3.amazonaws.com" },
      Action: "lambda:InvokeFunction",
      Resource: arn(name),
      Condition: {
        StringEquals: { "AWS:SourceAccount": "111111111111" },
        ArnLike: { "AWS:SourceArn": "arn:aws:s3:::bucket" },
      },
    });
    expect(JSON.parse(policy.Policy ?? "")).toMatchObject({
      Version: "2012-10-17",
      Id: "default",
      Statement: [{ Sid: "s3" }, { Sid: "public", Principal: "*" }],
    });
    await expect(permit()).rejects.toMatchObject({
      name: "ResourceConflictException",
      message:
        "The statement id (public) provided already exists. Please provide a new statement id, or remove the existing statement.",
    });
    await expect(
      platform.client.send(new RemovePermissionCommand({ FunctionName: name, StatementId: "s3", RevisionId: "other" })),
    ).rejects.toMatchObject({ name: "PreconditionFailedException" });
    for (const StatementId of ["s3", "public"]) {
      await platform.client.send(new RemovePermissionCommand({ FunctionName: name, StatementId }));
    }
    await expect(platform.client.send(new GetPolicyCommand({ FunctionName: name }))).rejects.toMatchObject({
      name: "ResourceNotFoundException",
      message: "The resource you requested does not exist.",
    });
    await expect(
      platform.client.send(new RemovePermissionCommand({ FunctionName: name, StatementId: "s3" })),
    ).rejects.toMatchObject({ message: "No policy is associated with the given resource." });
  });

  it.each([
    [{ Principal: "nonsense" }, "InvalidParameterValueException", "The provided principal was invalid."],
    [{ Action: "s3:Get" }, "ValidationException", "at 'action' failed to satisfy constraint"],
    [{ StatementId: "a b" }, "ValidationException", "at 'statementId' failed to satisfy constraint"],
    [
      { Qualifier: "$LATEST" },
      "InvalidParameterValueException",
      "We currently do not support adding policies for $LATEST.",
    ],
    [{ Qualifier: "9" }, "ResourceNotFoundException", "Function not found: "],
  ])("is refused: %j", async (wrong, error, message) => {
    await deploy(platform, name, echo);

    await expect(permit(wrong)).rejects.toMatchObject({ name: error, message: expect.stringContaining(message) });
  });
});
