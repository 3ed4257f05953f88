/** CloudWatch Logs over the functions' logs: groups, streams and events. */
import type { LogBook, LogEvent } from "../observe/log-book.ts";
import { ACCOUNT, REGION } from "../state/function-record.ts";
import type { LogGroups } from "./log-groups.ts";
import { list, number, ServiceError, text, type Json, type Service } from "./service.ts";
import { parseFilterPattern } from "./filter-pattern.ts";

const PREFIX = "/aws/lambda/";
const MAX_EVENTS = 10_000;
const MAX_STREAMS = 50;
const DAY_MS = 24 * 60 * 60 * 1000;

export interface LogsOptions {
  readonly logs: LogBook;
  readonly groups: LogGroups;
  /** Names of all functions, in order. */
  readonly functionNames: () => readonly string[];
  readonly hasFunction: (name: string) => boolean;
}

export function createLogs(options: LogsOptions): Service {
  const { groups } = options;
  /** @throws ServiceError ResourceNotFoundException */
  const existing = (name: string): string => {
    if (groups.get(name) || options.hasFunction(functionNameOf(name))) return name;
    throw noSuchGroup();
  };
  const eventsOf = (input: Json): NumberedEvent[] => keptEvents(options, existing(groupNameOf(input)));
  return {
    xmlNamespace: "http://logs.amazonaws.com/doc/2014-03-28/",
    operations: {
      DescribeLogGroups: (input) => describeGroups(input, options),
      DescribeLogStreams: (input) => describeStreams(input, eventsOf(input)),
      FilterLogEvents: (input) => filterEvents(input, eventsOf(input)),
      GetLogEvents: (input) => getEvents(input, eventsOf(input)),
      CreateLogGroup: (input) => createGroup(options, input),
      DeleteLogGroup: (input) => {
        const name = existing(groupNameOf(input));
        groups.remove(name);
        if (options.hasFunction(functionNameOf(name))) options.logs.remove(functionNameOf(name));
        return {};
      },
      PutRetentionPolicy: (input) => {
        groups.retain(existing(groupNameOf(input)), input);
        return {};
      },
      DeleteRetentionPolicy: (input) => {
        groups.retain(existing(groupNameOf(input)), undefined);
        return {};
      },
      ...tagOperations(groups, existing),
    },
  };
}

/** A function's group is there from its first event on, as CloudWatch's is. */
function createGroup({ groups, logs, hasFunction }: LogsOptions, input: Json): Json {
  const group = groupNameOf(input);
  const name = functionNameOf(group);
  if (groups.get(group) || (hasFunction(name) && logs.events(name).length > 0)) {
    throw new ServiceError("ResourceAlreadyExistsException", "The specified log group already exists");
  }
  groups.create(group, input);
  return {};
}

/** The operations that end in LogGroup are the older ones; clients use both. */
function tagOperations(groups: LogGroups, existing: (name: string) => string): Service["operations"] {
  const named = (input: Json): string => existing(groupNameOf(input));
  const addressed = (input: Json): string => {
    const [, name] = /:log-group:([^:]+)/.exec(text(input, "resourceArn") ?? "") ?? [];
    return existing(name ?? "");
  };
  const tagsOf = (name: string): Json => ({ tags: groups.get(name)?.tags ?? {} });
  const tag = (name: string, input: Json): Json => {
    groups.tag(name, input);
    return {};
  };
  const untag = (name: string, keys: readonly unknown[]): Json => {
    groups.untag(name, keys);
    return {};
  };
  return {
    ListTagsForResource: (input) => tagsOf(addressed(input)),
    ListTagsLogGroup: (input) => tagsOf(named(input)),
    TagResource: (input) => tag(addressed(input), input),
    TagLogGroup: (input) => tag(named(input), input),
    UntagResource: (input) => untag(addressed(input), list(input, "tagKeys")),
    UntagLogGroup: (input) => untag(named(input), list(input, "tags")),
  };
}

const functionNameOf = (group: string): string => (group.startsWith(PREFIX) ? group.slice(PREFIX.length) : "");

/** Of a group that exists; without those that its retention policy has let go. */
function keptEvents({ logs, groups, hasFunction }: LogsOptions, group: string): NumberedEvent[] {
  const name = functionNameOf(group);
  const days = groups.get(group)?.retentionDays;
  const sinceMs = days === undefined ? 0 : Date.now() - days * DAY_MS;
  const events = hasFunction(name) ? logs.events(name) : [];
  return numbered(events).filter(({ timestampMs }) => timestampMs >= sinceMs);
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

function describeGroups(input: Json, options: LogsOptions): Json {
  const { groups, logs } = options;
  const prefix = text(input, "logGroupNamePrefix") ?? "";
  const pattern = text(input, "logGroupNamePattern") ?? "";
  const withEvents = options.functionNames().filter((name) => logs.events(name).length > 0);
  const wanted = [...new Set([...groups.names(), ...withEvents.map((name) => PREFIX + name)])]
    .filter((group) => group.startsWith(prefix) && group.includes(pattern))
    .toSorted();
  const { shown, next } = pageOf(wanted, input, MAX_STREAMS);
  return { logGroups: shown.map((group) => groupView(group, options)), ...next };
}

function groupView(name: string, options: LogsOptions): Json {
  const events = keptEvents(options, name);
  const group = options.groups.get(name);
  const arn = `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:${name}`;
  return {
    logGroupName: name,
    creationTime: group?.createdMs ?? events[0]?.timestampMs,
    ...(group?.retentionDays !== undefined && { retentionInDays: group.retentionDays }),
    metricFilterCount: 0,
    arn: `${arn}:*`,
    logGroupArn: arn,
    storedBytes: events.reduce((sum, { message }) => sum + message.length, 0),
    logGroupClass: group?.logGroupClass ?? "STANDARD",
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
