/** The function's log in CloudWatch Logs. FaaSify makes its group, so that the function's role need not. */
import {
  CreateLogGroupCommand,
  DeleteLogGroupCommand,
  FilterLogEventsCommand,
  ListTagsForResourceCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import type { LogEvent } from "../../provider.ts";
import type { Aws } from "./aws-clients.ts";
import { isAwsError, isNotFound } from "./aws-error.ts";
import { isOurs, ownTags } from "./ownership.ts";

export const logGroupName = (name: string): string => `/aws/lambda/${name}`;

export async function ensureLogGroup(aws: Aws, name: string, signal: AbortSignal): Promise<void> {
  const create = new CreateLogGroupCommand({ logGroupName: logGroupName(name), tags: ownTags(name) });
  try {
    await aws.send("logs:CreateLogGroup", (http) => aws.logs.send(create, http), signal);
  } catch (error) {
    // Also one that is not ours: of a function of the same name that is gone. It is written to, and left in the end.
    if (!isAwsError(error, "ResourceAlreadyExistsException")) throw error;
  }
}

/** Succeeds if it is gone already; leaves what is not ours. */
export async function removeLogGroup(aws: Aws, name: string, signal: AbortSignal): Promise<void> {
  const { account, partition } = await aws.identity(signal);
  const resourceArn = `arn:${partition}:logs:${await aws.region()}:${account}:log-group:${logGroupName(name)}`;
  const list = new ListTagsForResourceCommand({ resourceArn });
  const drop = new DeleteLogGroupCommand({ logGroupName: logGroupName(name) });
  try {
    const { tags } = await aws.send("logs:ListTagsForResource", (http) => aws.logs.send(list, http), signal);
    if (!isOurs(tags)) return;
    await aws.send("logs:DeleteLogGroup", (http) => aws.logs.send(drop, http), signal);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

export interface LogQuery {
  readonly name: string;
  readonly sinceMs?: number | undefined;
  /** Of CloudWatch Logs. */
  readonly pattern?: string;
  /** The last so many are kept. */
  readonly limit?: number | undefined;
}

/** Of 10,000 events each; whoever wants more must ask for less time. */
const MAX_PAGES = 100;

/** Oldest first. A function that has never run has none. */
export async function readLogEvents(aws: Aws, query: LogQuery, signal: AbortSignal): Promise<readonly LogEvent[]> {
  const { name, sinceMs, pattern, limit = Number.POSITIVE_INFINITY } = query;
  let events: LogEvent[] = [];
  let nextToken: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const filter = new FilterLogEventsCommand({
      logGroupName: logGroupName(name),
      ...(sinceMs !== undefined && { startTime: Math.max(0, Math.floor(sinceMs)) }),
      ...(pattern !== undefined && { filterPattern: pattern }),
      ...(nextToken !== undefined && { nextToken }),
    });
    try {
      const found = await aws.send("logs:FilterLogEvents", (http) => aws.logs.send(filter, http), signal);
      events.push(...(found.events ?? []).map(toLogEvent));
      if (events.length > limit) events = events.slice(-limit);
      nextToken = found.nextToken;
    } catch (error) {
      if (isNotFound(error)) return [];
      throw error;
    }
    if (nextToken === undefined) break;
  }
  return events.toSorted((a, b) => a.timestampMs - b.timestampMs);
}

function toLogEvent({
  timestamp = 0,
  message = "",
  logStreamName = "",
  eventId = "",
}: {
  readonly timestamp?: number | undefined;
  readonly message?: string | undefined;
  readonly logStreamName?: string | undefined;
  readonly eventId?: string | undefined;
}): LogEvent {
  return { id: eventId, timestampMs: timestamp, message: message.replace(/\r?\n$/, ""), stream: logStreamName };
}
