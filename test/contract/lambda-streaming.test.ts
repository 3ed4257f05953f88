/** Results that come piece by piece, as the official AWS SDK sees them. */
import { InvokeWithResponseStreamCommand, type InvokeWithResponseStreamCommandInput } from "@aws-sdk/client-lambda";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { deploy, invoke, startPlatform, type RunningPlatform } from "../e2e/platform-harness.ts";

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

const streaming = (body: string): string =>
  `export const handler = awslambda.streamifyResponse(async (event, stream, context) => { ${body} });`;

interface Streamed {
  readonly chunks: readonly Buffer[];
  readonly text: string;
  readonly errorCode: string | undefined;
  readonly error: unknown;
  readonly log: string;
  readonly version: string | undefined;
}

async function stream(
  event: unknown = {},
  more: Partial<InvokeWithResponseStreamCommandInput> = {},
): Promise<Streamed> {
  const answer = await platform.client.send(
    new InvokeWithResponseStreamCommand({
      FunctionName: name,
      Payload: JSON.stringify(event),
      LogType: "Tail",
      ...more,
    }),
  );
  const chunks: Buffer[] = [];
  let complete: { ErrorCode?: string | undefined; ErrorDetails?: string | undefined; LogResult?: string | undefined } =
    {};
  for await (const { PayloadChunk, InvokeComplete } of answer.EventStream ?? []) {
    if (PayloadChunk?.Payload) chunks.push(Buffer.from(PayloadChunk.Payload));
    if (InvokeComplete) complete = InvokeComplete;
  }
  return {
    chunks,
    text: Buffer.concat(chunks).toString(),
    errorCode: complete.ErrorCode,
    error: complete.ErrorDetails === undefined ? undefined : JSON.parse(complete.ErrorDetails),
    log: Buffer.from(complete.LogResult ?? "", "base64").toString(),
    version: answer.ExecutedVersion,
  };
}

describe("a streaming handler", () => {
  it("answers before it has ended", async () => {
    await deploy(
      platform,
      name,
      `
       export const handler = awslambda.streamifyResponse(async (event, stream) => {
         stream.write("first");
         await new Promise((resolve) => setTimeout(resolve, 300));
         stream.write(Buffer.from("second"));
         stream.end({ third: 3 });
       });`,
    );

    const { chunks, text, log, version, errorCode } = await stream();

    expect(text).toBe('firstsecond{"third":3}');
    expect(chunks[0]?.toString()).toBe("first");
    expect(chunks.length).toBeGreaterThan(1);
    expect(log).toMatch(/^START RequestId[^]+REPORT RequestId/);
    expect(version).toBe("$LATEST");
    expect(errorCode).toBeUndefined();
  });

  it("gives its result whole to whoever asks for it whole", async () => {
    await deploy(platform, name, streaming("stream.write('[1,'); stream.write('2]'); stream.end();"));

    expect((await invoke(platform, name)).value).toEqual([1, 2]);
  });

  it("carries more than fits into one answer, and binary data", async () => {
    await deploy(
      platform,
      name,
      streaming("for (let i = 0; i < 20; i++) stream.write(Buffer.alloc(1 << 20, i)); stream.end();"),
      { MemorySize: 512, Timeout: 60 },
    );

    const { chunks } = await stream();

    const bytes = Buffer.concat(chunks);
    expect(bytes.length).toBe(20 << 20);
    expect(bytes[0]).toBe(0);
    expect(bytes.at(-1)).toBe(19);
    expect(await invoke(platform, name)).toMatchObject({
      error: "Unhandled",
      value: { errorType: "Function.ResponseSizeTooLarge" },
    });
  });

  it.each([
    ["throw new TypeError('early')", "", "TypeError", "early"],
    ["stream.write('begun'); throw new RangeError('late')", "begun", "RangeError", "late"],
    ["stream.write('begun'); process.exit(3)", "begun", "Runtime.ExitError", expect.stringContaining("exit status 3")],
  ])("tells how it failed: %s", async (body, text, errorType, errorMessage) => {
    await deploy(platform, name, streaming(body));

    expect(await stream()).toMatchObject({ text, errorCode: "Unhandled", error: { errorType, errorMessage } });
    expect(await invoke(platform, name)).toMatchObject({ error: "Unhandled", value: { errorType } });
  });

  it("ends at its timeout", async () => {
    await deploy(platform, name, streaming("stream.write('begun'); await new Promise((r) => setTimeout(r, 60000));"), {
      Timeout: 1,
    });

    expect(await stream()).toMatchObject({ text: "begun", error: { errorType: "Sandbox.Timedout" } });
  });

  it("serves one caller after another, and ends its result for itself when nothing is left to do", async () => {
    await deploy(platform, name, streaming("stream.write(String(event.n));"));

    for (const n of [1, 2, 3]) expect((await stream({ n })).text).toBe(String(n));
  });
});

describe("any other handler", () => {
  it("gives its result in one piece", async () => {
    await deploy(platform, name, "export const handler = async (event) => ({ got: event });");

    expect(await stream({ a: 1 })).toMatchObject({ text: '{"got":{"a":1}}', errorCode: undefined });
  });

  it("is refused as in Invoke", async () => {
    await expect(stream()).rejects.toMatchObject({
      name: "ResourceNotFoundException",
      message: `Function not found: arn:aws:lambda:us-east-1:000000000000:function:${name}`,
    });
    await deploy(platform, name, "export const handler = async () => { throw new Error('no'); };");
    await expect(stream({}, { InvocationType: "Event" as never })).rejects.toMatchObject({
      name: "ValidationException",
      message:
        "1 validation error detected: Value 'Event' at 'invocationType' failed to satisfy constraint: Member must satisfy enum value set: [RequestResponse, DryRun]",
    });
    expect(await stream()).toMatchObject({ text: "", errorCode: "Unhandled", error: { errorMessage: "no" } });
  });
});
