/** What becomes of events: how often and how long they are tried, and where they go then. */
import { invalidParameter, resourceNotFound, validationFailed } from "../http/lambda-error.ts";
import { emptyReply, jsonReply, type Reply } from "../http/reply.ts";
import type { ApiRequest } from "../http/request.ts";
import { parseDestination } from "../events/destinations.ts";
import { functionArn, LATEST, type EventConfigRecord, type FunctionRecord } from "../state/function-record.ts";
import type { Api } from "./api.ts";
import { findAlias, findVersion } from "./catalogue.ts";
import { eventConfigInput, parseBody, rangeProblems, type EventConfigInput } from "./input.ts";
import { constraint, type FunctionName } from "./names.ts";
import { page } from "./paging.ts";

const DESTINATION_PATTERN =
  "^$|kafka://([^.]([a-zA-Z0-9\\-_.]{0,248}))|arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\\-])+:([a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1})?:(\\d{12})?:(.*)";

/** Replaces what there was. */
export function putEventConfig(api: Api, { body }: ApiRequest, wanted: FunctionName): Reply {
  const input = readInput(body);
  const record = mustExist(api, wanted);
  return save(api, record, wanted, fromInput(api, record, input));
}

/** Changes only what the request names. */
export function updateEventConfig(api: Api, { body }: ApiRequest, wanted: FunctionName): Reply {
  const input = readInput(body);
  const record = mustExist(api, wanted);
  const before = record.eventConfigs[wanted.qualifier ?? LATEST];
  if (!before) throw notConfigured(wanted);
  return save(api, record, wanted, { ...before, ...fromInput(api, record, input) });
}

export function getEventConfig({ catalogue }: Api, _request: ApiRequest, wanted: FunctionName): Reply {
  const qualifier = wanted.qualifier ?? LATEST;
  const config = catalogue.find(wanted.name)?.eventConfigs[qualifier];
  if (!config) throw notConfigured(wanted);
  return jsonReply(200, view(wanted.name, qualifier, config));
}

export function listEventConfigs({ catalogue }: Api, { query }: ApiRequest, wanted: FunctionName): Reply {
  const record = catalogue.find(wanted.name);
  if (!record) throw resourceNotFound("The function doesn't exist.");
  const items = Object.entries(record.eventConfigs).map(([qualifier, config]) => view(record.name, qualifier, config));
  return jsonReply(200, page(items, query, "FunctionEventInvokeConfigs", { items: 50, max: 50 }));
}

export function deleteEventConfig({ catalogue }: Api, _request: ApiRequest, wanted: FunctionName): Reply {
  const record = catalogue.find(wanted.name);
  const { [wanted.qualifier ?? LATEST]: config, ...others } = record?.eventConfigs ?? {};
  if (!record || !config) throw notConfigured(wanted);
  catalogue.change(record.name, { eventConfigs: others });
  return emptyReply(204);
}

function readInput(body: Buffer): EventConfigInput {
  const input = parseBody(body, eventConfigInput);
  const { MaximumRetryAttempts: retries, MaximumEventAgeInSeconds: age, DestinationConfig: destinations } = input;
  const problems = [
    ...rangeProblems(retries, "maximumRetryAttempts", 0, 2),
    ...rangeProblems(age, "maximumEventAgeInSeconds", 60, 21_600),
  ];
  if (problems.length > 0) throw validationFailed(problems);
  if (retries === undefined && age === undefined && destinations === undefined) {
    throw invalidParameter("You must specify at least one of error handling or destination setting.");
  }
  return input;
}

function fromInput({ clock, queueFolder }: Api, record: FunctionRecord, input: EventConfigInput): EventConfigRecord {
  const { MaximumRetryAttempts, MaximumEventAgeInSeconds, DestinationConfig } = input;
  const destination = (side: "OnSuccess" | "OnFailure"): string | undefined => {
    const target = DestinationConfig?.[side]?.Destination;
    if (!target) return undefined;
    checkDestination(target, side, record.name, queueFolder);
    return target;
  };
  return {
    ...(MaximumRetryAttempts !== undefined && { maxRetries: MaximumRetryAttempts }),
    ...(MaximumEventAgeInSeconds !== undefined && { maxAgeSeconds: MaximumEventAgeInSeconds }),
    ...(DestinationConfig !== undefined && {
      onSuccess: destination("OnSuccess"),
      onFailure: destination("OnFailure"),
    }),
    lastModifiedMs: clock.nowMs(),
  };
}

/** @throws LambdaError */
function checkDestination(target: string, side: "OnSuccess" | "OnFailure", name: string, queueFolder: string): void {
  const destination = parseDestination(target, queueFolder);
  if (destination === "malformed") {
    const member = `destinationConfig.${side === "OnSuccess" ? "onSuccess" : "onFailure"}.destination`;
    const rule = `Member must satisfy regular expression pattern: ${DESTINATION_PATTERN}`;
    throw validationFailed([constraint(target, member, rule)]);
  }
  if (destination === "unsupported") {
    throw invalidParameter(
      `The destination ARN ${target} is invalid: this platform delivers to functions, to queues and topics of its account (as files) and to file:// URLs.`,
    );
  }
  if (destination.kind === "function" && destination.name === name) {
    throw invalidParameter("You can't specify the function as a destination for itself.");
  }
}

function save(
  { catalogue }: Api,
  record: FunctionRecord,
  { qualifier = LATEST }: FunctionName,
  config: EventConfigRecord,
): Reply {
  for (const target of [config.onSuccess, config.onFailure]) {
    const [, name] = /^arn:aws:lambda:[^:]+:\d+:function:([^:]+)/.exec(target ?? "") ?? [];
    if (name !== undefined && !catalogue.find(name)) {
      throw invalidParameter(`The destination ARN ${target} is invalid.`);
    }
  }
  catalogue.change(record.name, { eventConfigs: { ...record.eventConfigs, [qualifier]: config } });
  return jsonReply(200, view(record.name, qualifier, config));
}

function view(name: string, qualifier: string, config: EventConfigRecord) {
  const target = (destination: string | undefined) => (destination === undefined ? {} : { Destination: destination });
  return {
    LastModified: config.lastModifiedMs / 1000,
    FunctionArn: functionArn(name, qualifier),
    MaximumRetryAttempts: config.maxRetries,
    MaximumEventAgeInSeconds: config.maxAgeSeconds,
    DestinationConfig: { OnSuccess: target(config.onSuccess), OnFailure: target(config.onFailure) },
  };
}

function mustExist({ catalogue }: Api, { name, qualifier }: FunctionName): FunctionRecord {
  const record = catalogue.find(name);
  if (!record || !(findAlias(record, qualifier) || findVersion(record, qualifier))) {
    throw resourceNotFound("The function doesn't exist.");
  }
  return record;
}

function notConfigured({ name, qualifier = LATEST }: FunctionName): Error {
  return resourceNotFound(`The function ${functionArn(name, qualifier)} doesn't have an EventInvokeConfig`);
}
