/** The embedded local platform, through its AWS Lambda API. The AWS SDK would cost the extension megabytes. */
import { readFile } from "node:fs/promises";
import { performance } from "node:perf_hooks";
import { FaasifyError } from "../../../core/errors.ts";
import type { InvocationInput, InvocationResult } from "../../../core/invocation.ts";
import {
  logsPath,
  metricsPath,
  type PlatformInfo,
  platformLogsSchema,
  platformMetricsSchema,
} from "../../../protocol/platform-info.ts";
import type { DeployRequest, FaasProvider, FunctionMetrics, LogEvent } from "../../provider.ts";
import { fromPayload, toPayload } from "../../lambda/invocation-payload.ts";
import { isWhole, linesOf, readLogTail, readReport, type InvocationReport } from "../../lambda/invocation-report.ts";
import { readObservations } from "../../lambda/observations.ts";
import { missingQualifier, versionNotFound } from "../../lambda/version-failures.ts";
import { deployTo } from "./deploy-to-lambda.ts";
import { API, errorOf, failureOf, functionListSchema, readAnswer } from "./lambda-messages.ts";
import { createLocalCanaries } from "./local-canaries.ts";
import { createLocalVersions } from "./local-versions.ts";
import { ensurePlatform, isOwnProcess, type LocalOptions } from "./platform-process.ts";
import { ConnectionFailure, sendSigned, type Answer, type Send } from "./signed-http.ts";

/** Everything but an invocation is answered at once; a platform that takes longer hangs. */
const ANSWER_LIMIT_MS = 60_000;
/** More than the platform keeps of one function. */
const OBSERVED_EVENTS = 100_000;

export function createLocalProvider(options: LocalOptions): FaasProvider {
  const send = createSender((signal) => ensurePlatform(options, signal).then(({ info }) => info));
  const sendQuickly: Send = (request, signal) => {
    return send(request, AbortSignal.any([signal, AbortSignal.timeout(ANSWER_LIMIT_MS)])).catch(explainTimeout(signal));
  };

  return {
    id: "local",
    traits: { label: "Local platform", maxArtifactBytes: 52_428_800, maxTimeoutMs: 900_000, reachesLoopback: true },
    deploy: async (request: DeployRequest, signal) => {
      const { zipPath } = request.artifact;
      return deployTo(sendQuickly, request, { zip: async () => (await readFile(zipPath)).toString("base64"), signal });
    },
    invoke: (name, input, signal) => invoke(send, { name, input }, signal),
    remove: async (name, signal) => {
      const answer = await sendQuickly({ method: "DELETE", path: `${API}/${name}` }, signal);
      if (answer.status >= 300 && answer.status !== 404) throw failureOf(answer, name);
    },
    list: (signal) => listNames(sendQuickly, signal),
    logs: (name, range, signal) => readLogs(sendQuickly, { name, ...range }, signal),
    metrics: async (name, signal): Promise<FunctionMetrics> => {
      const answer = await sendQuickly({ method: "GET", path: metricsPath(name) }, signal);
      if (answer.status !== 200) throw failureOf(answer, name);
      const { p50Ms, p95Ms, ...counts } = readAnswer(platformMetricsSchema, answer);
      return { ...counts, ...(p50Ms !== undefined && { p50Ms }), ...(p95Ms !== undefined && { p95Ms }) };
    },
    observations: async (name, range, signal) => {
      const events = await readLogs(sendQuickly, { name, sinceMs: range.sinceMs, limit: OBSERVED_EVENTS }, signal);
      return readObservations(events, range);
    },
    versions: createLocalVersions(sendQuickly),
    canaries: createLocalCanaries(sendQuickly),
  };
}

interface LogRange {
  readonly name: string;
  readonly sinceMs?: number;
  readonly limit?: number;
}

async function readLogs(
  send: Send,
  { name, sinceMs, limit }: LogRange,
  signal: AbortSignal,
): Promise<readonly LogEvent[]> {
  const query = new URLSearchParams();
  if (sinceMs !== undefined) query.set("since", String(sinceMs));
  if (limit !== undefined) query.set("limit", String(limit));
  const answer = await send({ method: "GET", path: `${logsPath(name)}?${query.toString()}` }, signal);
  if (answer.status !== 200) throw failureOf(answer, name);
  return readAnswer(platformLogsSchema, answer).events.map(withoutLineBreak);
}

/** Remembers where the platform is, and looks again when nobody listens there any more. */
function createSender(connectAlone: (signal: AbortSignal) => Promise<PlatformInfo>): Send {
  const connect = sharedByAll(connectAlone);
  let known: PlatformInfo | undefined;
  return async (request, signal) => {
    signal.throwIfAborted();
    // Its port may be another program's by now, which must not get to see the request.
    if (known && !isOwnProcess(known.pid)) known = undefined;
    const remembered = known;
    known ??= await connect(signal);
    try {
      const answer = await sendSigned(known, request, signal);
      if (answer.status !== 403 || !remembered) return answer;
    } catch (error) {
      if (!(error instanceof ConnectionFailure)) throw error;
      known = undefined;
      if (error.connected) throw connectionLost(error);
    }
    // It ended, or another one has its port: nothing was done yet, so this is no repetition.
    known = await connect(signal);
    try {
      return await sendSigned(known, request, signal);
    } catch (error) {
      known = undefined;
      throw error instanceof ConnectionFailure ? connectionLost(error) : error;
    }
  };
}

/** Requests that come at the same time start one platform, not one each; whoever is aborted stops waiting for it. */
function sharedByAll<T>(work: (signal: AbortSignal) => Promise<T>): (signal: AbortSignal) => Promise<T> {
  let pending: Promise<T> | undefined;
  return async (signal) => {
    pending ??= work(new AbortController().signal).finally(() => {
      pending = undefined;
    });
    let stop = (): void => {};
    const aborted = new Promise<never>((_resolve, reject) => {
      stop = () => reject(signal.reason);
    });
    signal.addEventListener("abort", stop, { once: true });
    try {
      return await Promise.race([pending, aborted]);
    } finally {
      signal.removeEventListener("abort", stop);
    }
  };
}

async function invoke(
  send: Send,
  { name, input }: { readonly name: string; readonly input: InvocationInput },
  signal: AbortSignal,
): Promise<InvocationResult> {
  const start = performance.now();
  const sinceMs = Date.now();
  const qualifier = input.qualifier === undefined ? "" : `?Qualifier=${encodeURIComponent(input.qualifier)}`;
  const answer = await send(
    {
      method: "POST",
      path: `${API}/${name}/invocations${qualifier}`,
      headers: {
        "X-Amz-Invocation-Type": "RequestResponse",
        "X-Amz-Log-Type": "Tail",
        ...clientContextHeader(input),
      },
      body: toPayload(input),
    },
    signal,
  ).catch(explainLostInvocation(name));
  const totalMs = performance.now() - start;
  const missing = answer.status === 404 ? missingQualifier(errorOf(answer).message) : undefined;
  if (missing !== undefined) throw versionNotFound(name, missing);
  if (answer.status !== 200) throw invocationFailure(answer, name);
  const version = headerOf(answer, "x-amz-executed-version");
  const tail = readLogTail(headerOf(answer, "x-amz-log-result"));
  const report = readReport(tail);
  const log = isWhole(tail) ? tail : ((await wholeLog(send, { name, report, sinceMs }, signal)) ?? tail);
  return {
    requestId: headerOf(answer, "x-amzn-requestid") ?? report.requestId ?? "",
    ...fromPayload(answer.text, { name, input, failed: headerOf(answer, "x-amz-function-error") !== undefined }),
    durationMs: report.durationMs ?? totalMs,
    totalMs,
    coldStart: report.coldStart,
    ...(version !== undefined && { version }),
    log,
  };
}

function clientContextHeader({ clientContext: custom }: InvocationInput): Record<string, string> {
  if (!custom) return {};
  return { "X-Amz-Client-Context": Buffer.from(JSON.stringify({ custom })).toString("base64") };
}

/** Lambda sends the last 4 KB of the log along; the rest must be fetched. */
async function wholeLog(
  send: Send,
  { name, report, sinceMs }: { readonly name: string; readonly report: InvocationReport; readonly sinceMs: number },
  signal: AbortSignal,
): Promise<readonly string[] | undefined> {
  const answer = await send({ method: "GET", path: `${logsPath(name)}?since=${sinceMs}` }, signal);
  if (answer.status !== 200 || report.requestId === undefined) return undefined;
  const lines = readAnswer(platformLogsSchema, answer).events.flatMap(({ message }) => message.split("\n"));
  return linesOf(lines, report.requestId);
}

async function listNames(send: Send, signal: AbortSignal): Promise<readonly string[]> {
  const names: string[] = [];
  let marker: string | undefined;
  do {
    const query = marker === undefined ? "" : `?Marker=${encodeURIComponent(marker)}`;
    const answer = await send({ method: "GET", path: `${API}${query}` }, signal);
    if (answer.status !== 200) throw failureOf(answer, "the list of functions");
    const page = readAnswer(functionListSchema, answer);
    names.push(...page.Functions.map(({ FunctionName }) => FunctionName));
    marker = page.NextMarker ?? undefined;
  } while (marker !== undefined);
  return names;
}

function invocationFailure(answer: Answer, name: string): FaasifyError {
  const failure = failureOf(answer, name);
  if (failure.code !== "deployment-failed") return failure;
  return new FaasifyError("invocation-failed", failure.message.replace("refused", "could not run"), {
    remedy: "Look into the function's log and the platform's log",
  });
}

function withoutLineBreak({ message, ...event }: LogEvent): LogEvent {
  return { ...event, message: message.replace(/\r?\n$/, "") };
}

function headerOf({ headers }: Answer, name: string): string | undefined {
  const value = headers[name];
  return typeof value === "string" ? value : undefined;
}

function connectionLost(cause: ConnectionFailure): FaasifyError {
  return new FaasifyError("platform-unreachable", `The connection to the local platform was lost (${cause.message})`, {
    remedy: "Do it again: the platform is started anew, and repeating is safe",
    cause,
  });
}

/** After a lost connection nobody knows whether the function ran: repeating may do its effects twice. */
function explainLostInvocation(name: string): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof FaasifyError) || !(error.cause instanceof ConnectionFailure)) throw error;
    throw new FaasifyError(
      "platform-unreachable",
      `The connection to the local platform was lost during the invocation of ${name} (${error.cause.message}); the function may have run`,
      { remedy: "Check what it has done, then invoke it again: the platform is started anew", cause: error },
    );
  };
}

function explainTimeout(signal: AbortSignal): (error: unknown) => never {
  return (error) => {
    if (signal.aborted || !(error instanceof DOMException) || error.name !== "TimeoutError") throw error;
    throw new FaasifyError(
      "platform-unreachable",
      `The local platform did not answer within ${ANSWER_LIMIT_MS / 1000} s`,
      {
        remedy: "Run faasify platform stop, and try again",
        cause: error,
      },
    );
  };
}
