/** What CloudWatch has counted of a function, and what its log tells of single invocations. */
import { GetMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { GetFunctionConfigurationCommand } from "@aws-sdk/client-lambda";
import type { Observation } from "../../../core/observation.ts";
import { OBSERVED_EVENTS, readObservations } from "../../lambda/observations.ts";
import type { FunctionMetrics } from "../../provider.ts";
import type { Aws } from "./aws-clients.ts";
import { readLogEvents } from "./log-group.ts";

const DAY_MS = 86_400_000;
const PERIOD_S = 3600;

const counted = { invocations: "Invocations", errors: "Errors", throttles: "Throttles" } as const;

/** Of the last day; counts come a minute or two late. */
export async function readMetrics(aws: Aws, name: string, signal: AbortSignal): Promise<FunctionMetrics> {
  const command = new GetFunctionConfigurationCommand({ FunctionName: name });
  // What is not there has no metrics either, but the user is to be told.
  await aws.send("lambda:GetFunctionConfiguration", (http) => aws.lambda.send(command, http), signal);
  const [counts, observations] = await Promise.all([
    readCounts(aws, name, signal),
    readObservationsOf(aws, { name, sinceMs: Date.now() - DAY_MS }, signal),
  ]);
  const durations = observations.map(({ durationMs }) => durationMs).toSorted((a, b) => a - b);
  const percentile = (share: number): number | undefined => durations[Math.ceil(share * durations.length) - 1];
  const [p50Ms, p95Ms] = [percentile(0.5), percentile(0.95)];
  return {
    name,
    ...counts,
    coldStarts: observations.filter(({ initMs }) => initMs !== undefined).length,
    ...(p50Ms !== undefined && { p50Ms }),
    ...(p95Ms !== undefined && { p95Ms }),
  };
}

async function readCounts(aws: Aws, name: string, signal: AbortSignal) {
  const now = Date.now();
  const command = new GetMetricDataCommand({
    StartTime: new Date(now - DAY_MS),
    EndTime: new Date(now + 60_000),
    MetricDataQueries: Object.entries(counted).map(([Id, MetricName]) => ({
      Id,
      MetricStat: {
        Metric: { Namespace: "AWS/Lambda", MetricName, Dimensions: [{ Name: "FunctionName", Value: name }] },
        Period: PERIOD_S,
        Stat: "Sum",
      },
    })),
  });
  const { MetricDataResults = [] } = await aws.send(
    "cloudwatch:GetMetricData",
    (http) => aws.cloudWatch.send(command, http),
    signal,
  );
  const sum = (id: keyof typeof counted): number =>
    MetricDataResults.filter(({ Id }) => Id === id)
      .flatMap(({ Values = [] }) => Values)
      .reduce((total, value) => total + value, 0);
  return { invocations: sum("invocations"), errors: sum("errors"), throttles: sum("throttles") };
}

export interface ObservationWish {
  readonly name: string;
  readonly sinceMs: number;
  readonly version?: string;
}

export async function readObservationsOf(
  aws: Aws,
  { name, ...range }: ObservationWish,
  signal: AbortSignal,
): Promise<readonly Observation[]> {
  const events = await readLogEvents(aws, { name, sinceMs: range.sinceMs, pattern: OBSERVED_EVENTS }, signal);
  return readObservations(events, range);
}
