/** EventBridge Scheduler: schedules for functions, in the one group that there is. */
import * as v from "valibot";
import type { Catalogue } from "../api/catalogue.ts";
import { parseTiming } from "../events/schedule-time.ts";
import { parseDestination } from "../events/destinations.ts";
import { scheduleArn, type ScheduleRecord, type Schedules } from "../events/schedules.ts";
import { LambdaError, unknownOperation } from "../http/lambda-error.ts";
import { jsonReply, type Reply } from "../http/reply.ts";
import type { ApiRequest } from "../http/request.ts";

export interface SchedulerOptions {
  readonly schedules: Schedules;
  readonly catalogue: Catalogue;
}

const GROUP = "default";

const inputSchema = v.object({
  ScheduleExpression: v.string(),
  ScheduleExpressionTimezone: v.optional(v.string()),
  FlexibleTimeWindow: v.object({ Mode: v.string() }),
  Target: v.object({ Arn: v.string(), RoleArn: v.string(), Input: v.optional(v.string()) }),
  State: v.optional(v.picklist(["ENABLED", "DISABLED"])),
  Description: v.optional(v.string()),
  GroupName: v.optional(v.string()),
  /** Seconds since the epoch. */
  StartDate: v.optional(v.number()),
  EndDate: v.optional(v.number()),
  ActionAfterCompletion: v.optional(v.picklist(["NONE", "DELETE"])),
});

export function createScheduler(options: SchedulerOptions): (request: ApiRequest) => Reply {
  const { schedules } = options;
  return (request) => {
    const { method, segments, query } = request;
    const [resource, name] = segments;
    if (resource !== "schedules" || segments.length > 2) throw unknownOperation();
    const group = query.get("groupName") ?? query.get("ScheduleGroup") ?? GROUP;
    if (group !== GROUP) throw notFound(`Schedule group ${group} does not exist.`);
    if (name !== undefined) return onOne(options, request, name);
    if (method !== "GET") throw unknownOperation();
    return jsonReply(200, { Schedules: schedules.all().map(summary) });
  };
}

function onOne(options: SchedulerOptions, { method, body }: ApiRequest, name: string): Reply {
  const { schedules } = options;
  const known = schedules.get(name);
  if (method === "POST") {
    if (known) throw refuse(409, "ConflictException", `Schedule ${name} already exists.`);
    return save(options, name, body);
  }
  if (!known) throw notFound(`Schedule ${name} does not exist.`);
  if (method === "GET") return jsonReply(200, view(known));
  if (method === "PUT") return save(options, name, body, known);
  if (method !== "DELETE") throw unknownOperation();
  schedules.delete(name);
  return jsonReply(200, {});
}

function save({ schedules, catalogue }: SchedulerOptions, name: string, body: Buffer, known?: ScheduleRecord): Reply {
  if (!/^[0-9a-zA-Z-_.]{1,64}$/.test(name)) throw invalid(`The name ${name} is invalid.`);
  const input = parse(body);
  if ((input.GroupName ?? GROUP) !== GROUP) throw notFound(`Schedule group ${input.GroupName} does not exist.`);
  const timezone = input.ScheduleExpressionTimezone ?? "UTC";
  const timing = parseTiming(input.ScheduleExpression, timezone);
  if (typeof timing === "string") throw invalid(timing);
  const nowMs = Date.now();
  schedules.save({
    name,
    expression: input.ScheduleExpression,
    timezone,
    enabled: input.State !== "DISABLED",
    description: input.Description,
    startMs: input.StartDate === undefined ? undefined : input.StartDate * 1000,
    endMs: input.EndDate === undefined ? undefined : input.EndDate * 1000,
    deleteWhenDone: input.ActionAfterCompletion === "DELETE",
    target: readTarget(input.Target, catalogue),
    createdMs: known?.createdMs ?? nowMs,
    modifiedMs: nowMs,
  });
  return jsonReply(200, { ScheduleArn: scheduleArn(name) });
}

type Input = v.InferOutput<typeof inputSchema>;

function parse(body: Buffer): Input {
  let json: unknown;
  try {
    json = JSON.parse(body.toString());
  } catch (error) {
    throw invalid(`The body is not JSON: ${String(error)}`);
  }
  const result = v.safeParse(inputSchema, json);
  if (!result.success) throw invalid(v.summarize(result.issues));
  return result.output;
}

function readTarget({ Arn, RoleArn, Input }: Input["Target"], catalogue: Catalogue): ScheduleRecord["target"] {
  const destination = parseDestination(Arn, "/");
  if (typeof destination === "string" || destination.kind !== "function") {
    throw invalid(`This platform schedules functions only: ${Arn} is none.`);
  }
  if (!catalogue.find(destination.name)) throw invalid(`The target ${Arn} does not exist.`);
  try {
    if (Input !== undefined) JSON.parse(Input);
  } catch {
    throw invalid("Input must be valid JSON.");
  }
  return { functionName: destination.name, qualifier: destination.qualifier, arn: Arn, roleArn: RoleArn, input: Input };
}

function view(schedule: ScheduleRecord) {
  const { arn, roleArn, input } = schedule.target;
  return {
    ...summary(schedule),
    Description: schedule.description,
    ScheduleExpression: schedule.expression,
    ScheduleExpressionTimezone: schedule.timezone,
    StartDate: schedule.startMs === undefined ? undefined : schedule.startMs / 1000,
    EndDate: schedule.endMs === undefined ? undefined : schedule.endMs / 1000,
    ActionAfterCompletion: schedule.deleteWhenDone ? "DELETE" : "NONE",
    FlexibleTimeWindow: { Mode: "OFF" },
    Target: {
      Arn: arn,
      RoleArn: roleArn,
      Input: input,
      RetryPolicy: { MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185 },
    },
  };
}

function summary({ name, enabled, createdMs, modifiedMs, target }: ScheduleRecord) {
  return {
    Arn: scheduleArn(name),
    Name: name,
    GroupName: GROUP,
    State: enabled ? "ENABLED" : "DISABLED",
    CreationDate: createdMs / 1000,
    LastModificationDate: modifiedMs / 1000,
    Target: { Arn: target.arn },
  };
}

function refuse(status: number, type: string, message: string): LambdaError {
  return new LambdaError(status, type, { Message: message });
}

const invalid = (message: string): LambdaError => refuse(400, "ValidationException", message);
const notFound = (message: string): LambdaError => refuse(404, "ResourceNotFoundException", message);
