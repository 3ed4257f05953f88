/** Asynchronous invocations: retries, destinations, dead letters. */
import { existsSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { CloudWatchClient, GetMetricStatisticsCommand } from "@aws-sdk/client-cloudwatch";
import {
  DeleteFunctionEventInvokeConfigCommand,
  GetFunctionConfigurationCommand,
  GetFunctionEventInvokeConfigCommand,
  InvokeCommand,
  ListFunctionEventInvokeConfigsCommand,
  PublishVersionCommand,
  PutFunctionConcurrencyCommand,
  PutFunctionEventInvokeConfigCommand,
  UpdateFunctionConfigurationCommand,
  UpdateFunctionEventInvokeConfigCommand,
  type PutFunctionEventInvokeConfigCommandInput,
} from "@aws-sdk/client-lambda";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { deploy, eventually, startPlatform, temporaryFolder, type RunningPlatform } from "../e2e/platform-harness.ts";

let platform: RunningPlatform;
let folder: string;
let name: string;
let counter = 0;

beforeAll(async () => {
  platform = await startPlatform({ arguments: ["--retry-delay-ms", "20"] });
  folder = temporaryFolder();
});
afterAll(async () => {
  await platform[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  counter += 1;
  name = `fn-${counter}`;
});

const arn = (rest: string): string => `arn:aws:lambda:us-east-1:000000000000:function:${rest}`;
const fileIn = (file: string): string => path.join(folder, `${name}-${file}`);
const urlOf = (file: string): string => pathToFileURL(file).href;

/** The lines of a file once it has so many, as JSON. */
async function lines<T = Record<string, unknown>>(file: string, count: number): Promise<T[]> {
  return eventually(`${file} has ${count} lines`, () => {
    const found = existsSync(file) ? readFileSync(file, "utf8").trimEnd().split("\n") : [];
    return found.length >= count ? found.map((line) => JSON.parse(line) as T) : undefined;
  });
}

/** Notes every attempt, and fails as often as the event says. */
const failing = (file: string): string => `
  import { appendFileSync, readFileSync } from "node:fs";
  const file = ${JSON.stringify(file)};
  export const handler = async (event, context) => {
    appendFileSync(file, JSON.stringify({ event, id: context.awsRequestId, arn: context.invokedFunctionArn, at: Date.now() }) + "\\n");
    const attempts = readFileSync(file, "utf8").split("\\n").filter((line) => line.includes(context.awsRequestId)).length;
    if (attempts <= event.failures) throw new TypeError("attempt " + attempts);
    return { attempts };
  };`;

const send = (event: unknown, Qualifier?: string) =>
  platform.client.send(
    new InvokeCommand({ FunctionName: name, InvocationType: "Event", Payload: JSON.stringify(event), Qualifier }),
  );
const configure = (config: Omit<PutFunctionEventInvokeConfigCommandInput, "FunctionName">) =>
  platform.client.send(new PutFunctionEventInvokeConfigCommand({ FunctionName: name, ...config }));

describe("an event", () => {
  it("is tried again twice, under the same id, later each time", async () => {
    const file = fileIn("attempts");
    await deploy(platform, name, failing(file));

    const { StatusCode, $metadata } = await send({ failures: 2 });

    expect(StatusCode).toBe(202);
    const attempts = await lines<{ id: string; at: number }>(file, 3);
    expect(attempts.map(({ id }) => id)).toEqual(Array.from({ length: 3 }, () => $metadata.requestId));
    const [first, second, third] = attempts.map(({ at }) => at) as [number, number, number];
    expect(second - first).toBeGreaterThanOrEqual(19);
    expect(third - second).toBeGreaterThanOrEqual(39);
  });

  it("goes to the destination for failures when its retries are exhausted", async () => {
    const [attempts, failures] = [fileIn("attempts"), fileIn("failures")];
    await deploy(platform, name, failing(attempts));
    await configure({ MaximumRetryAttempts: 1, DestinationConfig: { OnFailure: { Destination: urlOf(failures) } } });

    const { $metadata } = await send({ failures: 9 });

    expect(await lines(failures, 1)).toEqual([
      {
        version: "1.0",
        timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        requestContext: {
          requestId: $metadata.requestId,
          functionArn: arn(`${name}:$LATEST`),
          condition: "RetriesExhausted",
          approximateInvokeCount: 2,
        },
        requestPayload: { failures: 9 },
        responseContext: { statusCode: 200, executedVersion: "$LATEST", functionError: "Unhandled" },
        responsePayload: { errorType: "TypeError", errorMessage: "attempt 2", trace: expect.any(Array) },
      },
    ]);
    expect(await lines(attempts, 2)).toHaveLength(2);
  });

  it("goes to another function when it has succeeded, and from there on", async () => {
    const [successes, next] = [fileIn("successes"), `${name}-next`];
    await deploy(platform, name, failing(fileIn("attempts")));
    await deploy(
      platform,
      next,
      `import { appendFileSync } from "node:fs";
       export const handler = async (event) => appendFileSync(${JSON.stringify(successes)}, JSON.stringify(event) + "\\n");`,
    );
    await configure({ DestinationConfig: { OnSuccess: { Destination: arn(next) } } });

    await send({ failures: 1 });

    expect(await lines(successes, 1)).toMatchObject([
      {
        requestContext: { functionArn: arn(`${name}:$LATEST`), condition: "Success", approximateInvokeCount: 2 },
        requestPayload: { failures: 1 },
        responseContext: { statusCode: 200, executedVersion: "$LATEST" },
        responsePayload: { attempts: 2 },
      },
    ]);
  });

  it("is a dead letter in the file of its queue", async () => {
    await deploy(platform, name, failing(fileIn("attempts")), {
      DeadLetterConfig: { TargetArn: "arn:aws:sqs:us-east-1:000000000000:dead" },
    });
    await configure({ MaximumRetryAttempts: 0 });

    const { $metadata } = await send({ failures: 1 });

    expect(await lines(path.join(platform.folder, "queues/dead.jsonl"), 1)).toEqual([
      {
        MessageId: expect.any(String),
        Body: '{"failures":1}',
        MessageAttributes: {
          RequestID: { DataType: "String", StringValue: $metadata.requestId },
          ErrorCode: { DataType: "Number", StringValue: "200" },
          ErrorMessage: { DataType: "String", StringValue: "attempt 1" },
        },
      },
    ]);
    const shown = await platform.client.send(new GetFunctionConfigurationCommand({ FunctionName: name }));
    expect(shown.DeadLetterConfig).toEqual({ TargetArn: "arn:aws:sqs:us-east-1:000000000000:dead" });
    const cleared = await platform.client.send(
      new UpdateFunctionConfigurationCommand({ FunctionName: name, DeadLetterConfig: { TargetArn: "" } }),
    );
    expect(cleared.DeadLetterConfig).toBeUndefined();
  });

  it("follows the configuration of the version or alias that it was sent to", async () => {
    const [latest, published] = [fileIn("latest"), fileIn("published")];
    await deploy(platform, name, failing(fileIn("attempts")));
    await platform.client.send(new PublishVersionCommand({ FunctionName: name }));
    await configure({ DestinationConfig: { OnSuccess: { Destination: urlOf(latest) } } });
    await configure({ Qualifier: "1", DestinationConfig: { OnSuccess: { Destination: urlOf(published) } } });

    await send({ failures: 0 }, "1");
    await send({ failures: 0 });

    expect(await lines(published, 1)).toMatchObject([
      { requestContext: { functionArn: arn(`${name}:1`) }, responseContext: { executedVersion: "1" } },
    ]);
    expect(await lines(latest, 1)).toMatchObject([{ requestContext: { functionArn: arn(`${name}:$LATEST`) } }]);
  });

  it("waits for its turn under reserved concurrency, and is refused under none", async () => {
    const [attempts, failures] = [fileIn("attempts"), fileIn("failures")];
    await deploy(platform, name, failing(attempts));
    await configure({ DestinationConfig: { OnFailure: { Destination: urlOf(failures) } } });
    const reserve = (ReservedConcurrentExecutions: number) =>
      platform.client.send(new PutFunctionConcurrencyCommand({ FunctionName: name, ReservedConcurrentExecutions }));
    await reserve(1);

    await Promise.all(Array.from({ length: 200 }, (_, index) => send({ failures: 0, index })));
    const ran = await lines<{ event: { index: number } }>(attempts, 200);
    await reserve(0);
    await send({ failures: 0, index: -1 });

    expect(new Set(ran.map(({ event }) => event.index)).size).toBe(200);
    expect(await lines(failures, 1)).toMatchObject([
      { requestContext: { condition: "ZeroReservedConcurrency", approximateInvokeCount: 0 } },
    ]);
  });

  it("must be JSON of at most 1 MB", async () => {
    await deploy(platform, name, "export const handler = async () => 1;");
    const invoke = (Payload: string) =>
      platform.client.send(new InvokeCommand({ FunctionName: name, InvocationType: "Event", Payload }));

    await expect(invoke("{no")).rejects.toMatchObject({ name: "InvalidRequestContentException" });
    await expect(invoke(JSON.stringify("x".repeat(1_048_576)))).rejects.toMatchObject({
      name: "RequestTooLargeException",
      message: "1048578 byte payload is too large for the Event invocation type (limit 1048576 bytes)",
    });
  });
});

it("events are counted in CloudWatch: received, given up, and how long they had waited", async () => {
  await deploy(platform, name, failing(fileIn("attempts")));
  await configure({ MaximumRetryAttempts: 1 });
  const client = new CloudWatchClient({ ...platform.info, credentials: platform.info });
  onTestFinished(() => client.destroy());
  const statistics = async (MetricName: string) => {
    const { Datapoints = [] } = await client.send(
      new GetMetricStatisticsCommand({
        Namespace: "AWS/Lambda",
        MetricName,
        Dimensions: [{ Name: "FunctionName", Value: name }],
        Period: 3600,
        Statistics: ["Sum", "SampleCount", "Maximum"],
        StartTime: new Date(Date.now() - 600_000),
        EndTime: new Date(Date.now() + 60_000),
      }),
    );
    const total = (of: "Sum" | "SampleCount"): number => Datapoints.reduce((sum, each) => sum + (each[of] ?? 0), 0);
    return { sum: total("Sum"), samples: total("SampleCount"), unit: Datapoints[0]?.Unit };
  };

  await send({ failures: 9 });
  await send({ failures: 0 });

  await eventually("one is given up", async () => (await statistics("AsyncEventsDropped")).sum === 1 || undefined);
  expect(await statistics("AsyncEventsReceived")).toEqual({ sum: 2, samples: 2, unit: "Count" });
  const ages = await eventually("three attempts", async () => {
    const found = await statistics("AsyncEventAge");
    return found.samples === 3 ? found : undefined;
  });
  expect(ages.unit).toBe("Milliseconds");
  // The second attempt of the one that failed was put off by 20 ms.
  expect(ages.sum).toBeGreaterThanOrEqual(20);
});

describe("the configuration for events", () => {
  it("is put, changed, read, listed and deleted", async () => {
    await deploy(platform, name, "export const handler = async () => 1;");
    const put = await configure({ MaximumRetryAttempts: 1, MaximumEventAgeInSeconds: 60 });
    const updated = await platform.client.send(
      new UpdateFunctionEventInvokeConfigCommand({ FunctionName: name, MaximumRetryAttempts: 0 }),
    );
    const read = () => platform.client.send(new GetFunctionEventInvokeConfigCommand({ FunctionName: name }));
    const list = await platform.client.send(new ListFunctionEventInvokeConfigsCommand({ FunctionName: name }));

    expect(put).toMatchObject({
      FunctionArn: arn(`${name}:$LATEST`),
      MaximumRetryAttempts: 1,
      MaximumEventAgeInSeconds: 60,
      DestinationConfig: { OnSuccess: {}, OnFailure: {} },
    });
    expect(Math.abs((put.LastModified?.getTime() ?? 0) - Date.now())).toBeLessThan(120_000);
    expect(updated).toMatchObject({ MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 });
    expect(await read()).toMatchObject({ MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 });
    expect(list.FunctionEventInvokeConfigs).toHaveLength(1);
    await platform.client.send(new DeleteFunctionEventInvokeConfigCommand({ FunctionName: name }));
    await expect(read()).rejects.toMatchObject({
      name: "ResourceNotFoundException",
      message: `The function ${arn(`${name}:$LATEST`)} doesn't have an EventInvokeConfig`,
    });
  });

  it.each([
    [{ MaximumRetryAttempts: 3 }, "ValidationException", "less than or equal to 2"],
    [{ MaximumEventAgeInSeconds: 59 }, "ValidationException", "greater than or equal to 60"],
    [{}, "InvalidParameterValueException", "You must specify at least one of error handling or destination setting."],
    [
      { DestinationConfig: { OnSuccess: { Destination: "nonsense" } } },
      "ValidationException",
      "Value 'nonsense' at 'destinationConfig.onSuccess.destination' failed to satisfy constraint",
    ],
    [
      { DestinationConfig: { OnFailure: { Destination: arn("nobody") } } },
      "InvalidParameterValueException",
      `The destination ARN ${arn("nobody")} is invalid.`,
    ],
    [
      { DestinationConfig: { OnFailure: { Destination: "arn:aws:s3:::bucket" } } },
      "InvalidParameterValueException",
      "this platform delivers to functions",
    ],
    [{ Qualifier: "7", MaximumRetryAttempts: 1 }, "ResourceNotFoundException", "The function doesn't exist."],
  ])("is refused: %j", async (config, error, message) => {
    await deploy(platform, name, "export const handler = async () => 1;");

    await expect(configure(config)).rejects.toMatchObject({ name: error, message: expect.stringContaining(message) });
    await expect(configure({ DestinationConfig: { OnSuccess: { Destination: arn(name) } } })).rejects.toMatchObject({
      message: "You can't specify the function as a destination for itself.",
    });
  });
});
