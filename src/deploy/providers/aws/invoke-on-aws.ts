import { performance } from "node:perf_hooks";
import { InvokeCommand, type InvokeCommandOutput } from "@aws-sdk/client-lambda";
import { FaasifyError } from "../../../core/errors.ts";
import type { InvocationInput, InvocationResult } from "../../../core/invocation.ts";
import { fromPayload, toPayload } from "../../lambda/invocation-payload.ts";
import { isWhole, linesOf, readLogTail, readReport } from "../../lambda/invocation-report.ts";
import { missingQualifier, versionNotFound } from "../../lambda/version-failures.ts";
import { wait } from "../../wait.ts";
import type { Aws } from "./aws-clients.ts";
import { AwsError, isAwsError, isNotFound, toFailure } from "./aws-error.ts";
import { readLogEvents } from "./log-group.ts";

/** CloudWatch shows what was printed some seconds later. */
const LOG_LIMIT_MS = 10_000;
const LOG_POLL_MS = 500;
/** Clocks differ. */
const CLOCK_MARGIN_MS = 5000;

export interface Invocation {
  readonly name: string;
  readonly input: InvocationInput;
}

export async function invokeOn(aws: Aws, invocation: Invocation, signal: AbortSignal): Promise<InvocationResult> {
  const { name, input } = invocation;
  const start = performance.now();
  const sinceMs = Date.now() - CLOCK_MARGIN_MS;
  const answer = await send(aws, invocation, signal);
  const totalMs = performance.now() - start;
  const tail = readLogTail(answer.LogResult);
  const report = readReport(tail);
  const requestId = answer.$metadata.requestId ?? report.requestId ?? "";
  const whole = isWhole(tail) ? tail : await wholeLog(aws, { name, requestId, sinceMs }, signal);
  const text = Buffer.from(answer.Payload ?? []).toString("utf8");
  return {
    requestId,
    ...fromPayload(text, { name, input, failed: answer.FunctionError !== undefined }),
    durationMs: report.durationMs ?? totalMs,
    totalMs,
    coldStart: report.coldStart,
    ...(answer.ExecutedVersion !== undefined && { version: answer.ExecutedVersion }),
    log: whole ?? tail,
  };
}

async function send(aws: Aws, { name, input }: Invocation, signal: AbortSignal): Promise<InvokeCommandOutput> {
  const { clientContext: custom, qualifier } = input;
  const command = new InvokeCommand({
    FunctionName: name,
    Payload: Buffer.from(toPayload(input)),
    LogType: "Tail",
    ...(qualifier !== undefined && { Qualifier: qualifier }),
    ...(custom && { ClientContext: Buffer.from(JSON.stringify({ custom })).toString("base64") }),
  });
  try {
    return await aws.send("lambda:InvokeFunction", (http) => aws.invoker.send(command, http), signal);
  } catch (error) {
    if (error instanceof AwsError) throw failureOf(error, name) ?? lost(error, name);
    throw error;
  }
}

function failureOf(error: AwsError, name: string): FaasifyError | undefined {
  const { message } = error;
  const missing = isNotFound(error) ? missingQualifier(message) : undefined;
  if (missing !== undefined && missing !== "$LATEST") return versionNotFound(name, missing);
  if (isAwsError(error, "TooManyRequestsException")) {
    return new FaasifyError("invocation-throttled", `${name} was not run, because too many invocations are in flight`, {
      remedy: "Wait until they have ended, or raise the function's reserved concurrency or the account's limit",
      cause: error,
    });
  }
  if (isAwsError(error, "RequestTooLargeException", "RequestEntityTooLargeException")) {
    return new FaasifyError("bad-arguments", `The input for ${name} is too large (${message})`, {
      remedy: "Send at most 6 MB, and pass larger data by a file or a url",
      cause: error,
    });
  }
  return undefined;
}

/** After a lost connection nobody knows whether the function ran: repeating may do its effects twice. */
function lost(error: AwsError, name: string): FaasifyError {
  const failure = toFailure(error, name);
  if (failure.code === "deployment-failed") {
    return new FaasifyError("invocation-failed", failure.message, { remedy: "Look into its log", cause: error });
  }
  if (failure.code !== "platform-unreachable" || error.type === "ECONNREFUSED") return failure;
  return new FaasifyError(
    "platform-unreachable",
    `The connection to AWS was lost during the invocation of ${name} (${error.type}); the function may have run`,
    { remedy: "Check what it has done, then invoke it again", cause: error },
  );
}

interface LogWish {
  readonly name: string;
  readonly requestId: string;
  readonly sinceMs: number;
}

/** Lambda sends the last 4 KB of the log along; the rest must be fetched. */
async function wholeLog(
  aws: Aws,
  { name, requestId, sinceMs }: LogWish,
  signal: AbortSignal,
): Promise<readonly string[] | undefined> {
  const limit = Date.now() + LOG_LIMIT_MS;
  for (;;) {
    const events = await readLogEvents(aws, { name, sinceMs }, signal);
    const stream = events.find(({ message }) => message.startsWith(`START RequestId: ${requestId}`))?.stream;
    const lines = events.filter((event) => event.stream === stream).flatMap(({ message }) => message.split("\n"));
    const found = stream === undefined ? undefined : linesOf(lines, requestId);
    if (found || Date.now() > limit) return found;
    await wait(LOG_POLL_MS, signal);
  }
}
