/** CloudWatch Logs over the functions' logs: groups, streams and events. */
import type { LogBook, LogEvent } from "../observe/log-book.ts";
import { ACCOUNT, REGION } from "../state/function-record.ts";
import { list, number, ServiceError, text, type Json, type Service } from "./service.ts";
import { parseFilterPattern } from "./filter-pattern.ts";

const PREFIX = "/aws/lambda/";
const MAX_EVENTS = 10_000;
const MAX_STREAMS = 50;

export interface LogsOptions {
  readonly logs: LogBook;
  /** Names of all functions, in order. */
  readonly functionNames: () => readonly string[];
  readonly hasFunction: (name: string) => boolean;
}

export function createLogs({ logs, functionNames, hasFunction }: LogsOptions): Service {
  const eventsOf = (input: Json): NumberedEvent[] => {
    const group = groupNameOf(input);
    const name = group.startsWith(PREFIX) ? group.slice(PREFIX.length) : "";
    if (!hasFunction(name)) throw noSuchGroup();
    return numbered(logs.events(name));
  };
  return {
    xmlNamespace: "http://logs.amazonaws.com/doc/2014-03-28/",
    operations: {
      DescribeLogGroups: (input) => describeGroups(input, functionNames(), logs),
      DescribeLogStreams: (input) => describeStreams(input, eventsOf(input)),
      FilterLogEvents: (input) => filterEvents(input, eventsOf(input)),
      GetLogEvents: (input) => getEvents(input, eventsOf(input)),
      /** Groups are there with their functions, and go with them. */
      CreateLogGroup: (input) => {
        const group = groupNameOf(input);
        if (group.startsWith(PREFIX) && hasFunction(group.slice(PREFIX.length))) {
          throw new ServiceError("ResourceAlreadyExistsException", "The specified log group already exists");
        }
        throw new ServiceError(
          "InvalidParameterException",
          `This platform has log groups of functions only (${PREFIX}NAME), which need not be created`,
        );
      },
      /** Everything is kept until it is rotated away. */
      PutRetentionPolicy: (input) => {
        eventsOf(input);
        return {};
      },
      ListTagsForResource: () => ({ tags: {} }),
    },
  };
}

interface NumberedEvent extends LogEvent {
  /** The place in what is kept of the log. */
  readonly index: number;
}

/** END and REPORT are printed together, and are two events. */
function numbered(events: readonly LogEvent[]): NumberedEvent[] {
  return events
    .flatMap((event) => {
      const end = event.message.startsWith("END RequestId: ") ? event.message.indexOf("\n") + 1 : 0;
      if (end === 0 || end === event.message.length) return [event];
      return [
        { ...event, message: event.message.slice(0, end) },
        { ...event, message: event.message.slice(end) },
      ];
    })
    .map((event, index) => ({ ...event, index }));
}

function describeGroups(input: Json, names: readonly string[], logs: LogBook): Json {
  const prefix = text(input, "logGroupNamePrefix") ?? "";
  const pattern = text(input, "logGroupNamePattern") ?? "";
  const wanted = names.filter((name) => {
    const group = PREFIX + name;
    return group.startsWith(prefix) && group.includes(pattern) && logs.events(name).length > 0;
  });
  const { shown, next } = pageOf(wanted, input, MAX_STREAMS);
  return {
    logGroups: shown.map((name) => {
      const events = logs.events(name);
      return {
        logGroupName: PREFIX + name,
        creationTime: events[0]?.timestampMs,
        metricFilterCount: 0,
        arn: `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:${PREFIX}${name}:*`,
        logGroupArn: `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:${PREFIX}${name}`,
        storedBytes: events.reduce((sum, { message }) => sum + message.length, 0),
        logGroupClass: "STANDARD",
      };
    }),
    ...next,
  };
}

function describeStreams(input: Json, events: readonly NumberedEvent[]): Json {
  const group = groupNameOf(input);
  const prefix = text(input, "logStreamNamePrefix") ?? "";
  const streams = new Map<string, { first: number; last: number }>();
  for (const { stream, timestampMs } of events) {
    const known = streams.get(stream);
    if (known) known.last = timestampMs;
    else streams.set(stream, { first: timestampMs, last: timestampMs });
  }
  const byTime = text(input, "orderBy") === "LastEventTime";
  const sorted = [...streams]
    .filter(([name]) => name.startsWith(prefix))
    .toSorted(([a, x], [b, y]) => (byTime ? x.last - y.last : a < b ? -1 : 1));
  if (input["descending"] === true) sorted.reverse();
  const { shown, next } = pageOf(sorted, input, MAX_STREAMS);
  return {
    logStreams: shown.map(([name, { first, last }]) => ({
      logStreamName: name,
      creationTime: first,
      firstEventTimestamp: first,
      lastEventTimestamp: last,
      lastIngestionTime: last,
      uploadSequenceToken: "1",
      arn: `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:${group}:log-stream:${name}`,
      storedBytes: 0,
    })),
    ...next,
  };
}

function filterEvents(input: Json, events: readonly NumberedEvent[]): Json {
  const names = list(input, "logStreamNames").map(String);
  const prefix = text(input, "logStreamNamePrefix") ?? "";
  const matches = parseFilterPattern(text(input, "filterPattern") ?? "");
  const wanted = events.filter(
    (event) =>
      isWithin(event, input) &&
      (names.length === 0 || names.includes(event.stream)) &&
      event.stream.startsWith(prefix) &&
      matches(event.message),
  );
  const { shown, next } = pageOf(wanted, input, MAX_EVENTS);
  return {
    events: shown.map(({ stream, index, ...event }) => ({
      logStreamName: stream,
      ...eventView(event),
      eventId: `${event.timestampMs}${String(index).padStart(20, "0")}`,
    })),
    searchedLogStreams: [],
    ...next,
  };
}

function getEvents(input: Json, all: readonly NumberedEvent[]): Json {
  const stream = text(input, "logStreamName");
  const events = all.filter((event) => event.stream === stream && isWithin(event, input));
  if (!all.some((event) => event.stream === stream)) {
    throw new ServiceError("ResourceNotFoundException", "The specified log stream does not exist.");
  }
  const limit = Math.min(number(input, "limit") ?? MAX_EVENTS, MAX_EVENTS);
  const [direction, position] = /^([fb])\/(\d+)$/.exec(text(input, "nextToken") ?? "")?.slice(1) ?? [];
  const at = Number(position ?? 0);
  let [from, to] = input["startFromHead"] === true ? [0, limit] : [Math.max(0, events.length - limit), events.length];
  if (direction === "f") [from, to] = [at, at + limit];
  if (direction === "b") [from, to] = [Math.max(0, at - limit), at];
  return {
    events: events.slice(from, to).map(eventView),
    nextForwardToken: `f/${Math.min(to, events.length)}`,
    nextBackwardToken: `b/${from}`,
  };
}

function eventView({ timestampMs, message }: Pick<LogEvent, "timestampMs" | "message">) {
  return { timestamp: timestampMs, message, ingestionTime: timestampMs };
}

/** Times of CloudWatch Logs are milliseconds; the end is not included. */
function isWithin({ timestampMs }: LogEvent, input: Json): boolean {
  return (
    timestampMs >= (number(input, "startTime") ?? 0) &&
    timestampMs < (number(input, "endTime") ?? Number.POSITIVE_INFINITY)
  );
}

function pageOf<T>(items: readonly T[], input: Json, max: number): { shown: readonly T[]; next: Json } {
  const start = Number(text(input, "nextToken") ?? 0);
  if (!Number.isInteger(start) || start < 0) {
    throw new ServiceError("InvalidParameterException", "The specified nextToken is invalid.");
  }
  const end = start + Math.min(number(input, "limit") ?? max, max);
  return { shown: items.slice(start, end), next: end < items.length ? { nextToken: String(end) } : {} };
}

function groupNameOf(input: Json): string {
  const name = text(input, "logGroupName") ?? text(input, "logGroupIdentifier")?.replace(/^arn:[^]*:log-group:/, "");
  if (name === undefined) {
    throw new ServiceError(
      "InvalidParameterException",
      "1 validation error detected: Value null at 'logGroupName' failed to satisfy constraint: Member must not be null",
    );
  }
  return name.replace(/:\*$/, "");
}

function noSuchGroup(): ServiceError {
  return new ServiceError("ResourceNotFoundException", "The specified log group does not exist.");
}
