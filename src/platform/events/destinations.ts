/**
 * Where events go when they are through: to another function, or into a file. A queue or topic of this account, which the
 * platform does not have, is the file `queues/NAME.jsonl` in its folder; `file:///…` names any other one.
 */
import { randomUUID } from "node:crypto";
import { appendFileSync, mkdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { ACCOUNT, functionArn, LATEST, REGION } from "../state/function-record.ts";
import type { EventDraft, QueuedEvent } from "../state/event-store.ts";

export type Destination =
  | { readonly kind: "function"; readonly name: string; readonly qualifier: string | undefined }
  | { readonly kind: "file"; readonly file: string };

/** Why no destination comes of an ARN: it is malformed, or it is of a kind that the platform does not have. */
export type DestinationProblem = "malformed" | "unsupported";

const FUNCTION = /^arn:aws:lambda:([^:]+):([^:]+):function:([^:]+)(?::([^:]+))?$/;
const QUEUE = /^arn:aws:(?:sqs|sns):([^:]*):([^:]*):([a-zA-Z0-9_.-]+)$/;
const ARN = /^arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9-])+:([a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1})?:(\d{12})?:(.*)$/;

/** `folder`: where the files of queues are. */
export function parseDestination(text: string, folder: string): Destination | DestinationProblem {
  if (text.startsWith("file:///")) return parseFile(text);
  const [, region, account, name, qualifier] = FUNCTION.exec(text) ?? [];
  if (name !== undefined && region === REGION && account === ACCOUNT) return { kind: "function", name, qualifier };
  const [, queueRegion, queueAccount, queue] = QUEUE.exec(text) ?? [];
  if (queue !== undefined && queueRegion === REGION && queueAccount === ACCOUNT) {
    return { kind: "file", file: path.join(folder, `${queue.replaceAll("..", "__")}.jsonl`) };
  }
  return ARN.test(text) ? "unsupported" : "malformed";
}

function parseFile(url: string): Destination | DestinationProblem {
  try {
    return { kind: "file", file: fileURLToPath(url) };
  } catch {
    return "malformed";
  }
}

/** One JSON document a line. @throws when the file cannot be written */
export function appendLine(file: string, document: unknown): void {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  appendFileSync(file, `${JSON.stringify(document)}\n`, { mode: 0o600 });
}

export type Condition = "Success" | "RetriesExhausted" | "EventAgeExceeded" | "ZeroReservedConcurrency";

/** How the last attempt ended; undefined if there was none. */
export interface LastAttempt {
  readonly executedVersion: string;
  readonly functionError: string | undefined;
  readonly payload: Buffer;
}

/** What a destination gets: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html */
export function destinationRecord(
  event: QueuedEvent,
  condition: Condition,
  last: LastAttempt | undefined,
  nowMs: number,
): unknown {
  return {
    version: "1.0",
    timestamp: new Date(nowMs).toISOString(),
    requestContext: {
      requestId: event.requestId,
      functionArn: functionArn(event.functionName, event.qualifier ?? LATEST),
      condition,
      approximateInvokeCount: event.attempts + (last ? 1 : 0),
    },
    requestPayload: jsonOf(event.payload),
    ...(last && {
      responseContext: {
        statusCode: 200,
        executedVersion: last.executedVersion,
        ...(last.functionError === undefined ? {} : { functionError: last.functionError }),
      },
      responsePayload: jsonOf(last.payload),
    }),
  };
}

/** What a dead-letter queue gets: the event as it came, and why it is dead, as a message of SQS shows it. */
export function deadLetter(event: QueuedEvent, errorMessage: string): unknown {
  return {
    MessageId: randomUUID(),
    Body: event.payload.toString(),
    MessageAttributes: {
      RequestID: { DataType: "String", StringValue: event.requestId },
      ErrorCode: { DataType: "Number", StringValue: "200" },
      ErrorMessage: { DataType: "String", StringValue: errorMessage },
    },
  };
}

/** A new event for the function that is a destination. */
export function followUp({ name, qualifier }: Destination & { kind: "function" }, document: unknown): EventDraft {
  return {
    requestId: randomUUID(),
    functionName: name,
    qualifier,
    payload: Buffer.from(JSON.stringify(document)),
    clientContext: undefined,
  };
}

/** A payload that is no JSON, or empty, as a string. */
function jsonOf(payload: Buffer): unknown {
  const text = payload.toString();
  try {
    return text === "" ? {} : (JSON.parse(text) as unknown);
  } catch {
    return text;
  }
}
