/** CloudWatch metrics of functions: namespace AWS/Lambda. */
import type { Minute } from "../observe/minutes.ts";
import {
  list,
  number,
  object,
  requiredText,
  ServiceError,
  text,
  timestampMs,
  type Json,
  type Service,
} from "./service.ts";
import { statisticOf } from "./statistics.ts";

export interface MetricsSource {
  /** Of a function's series (see FunctionMetrics.series), or of all functions together without a name. */
  minutes(place: SeriesPlace, startMs: number, endMs: number): readonly Minute[];
  /** All series there are. */
  places(): readonly SeriesPlace[];
}

export interface SeriesPlace {
  readonly functionName: string | undefined;
  /** As FunctionMetrics calls it. */
  readonly series: string;
}

const NAMESPACE = "AWS/Lambda";
const MAX_DATAPOINTS = 1_440;
const units: Readonly<Record<string, string>> = {
  Invocations: "Count",
  Errors: "Count",
  Throttles: "Count",
  Duration: "Milliseconds",
  ConcurrentExecutions: "Count",
  AsyncEventsReceived: "Count",
  AsyncEventsDropped: "Count",
  AsyncEventAge: "Milliseconds",
};

export function createCloudWatch(source: MetricsSource): Service {
  return {
    xmlNamespace: "http://monitoring.amazonaws.com/doc/2010-08-01/",
    operations: {
      GetMetricStatistics: (input) => getMetricStatistics(source, input),
      GetMetricData: (input) => getMetricData(source, input),
      ListMetrics: (input) => listMetrics(source, input),
    },
  };
}

interface Metric {
  readonly name: string;
  readonly place: SeriesPlace | undefined;
}

/** Undefined place: the metric is nobody's, which is no error in CloudWatch. */
function readMetric(input: Json): Metric {
  const name = requiredText(input, "MetricName");
  const dimensions = new Map(
    list(input, "Dimensions").map((each) => [text(object(each), "Name") ?? "", text(object(each), "Value") ?? ""]),
  );
  if (requiredText(input, "Namespace") !== NAMESPACE || !(name in units)) return { name, place: undefined };
  const functionName = dimensions.get("FunctionName");
  const [, qualifier] = (dimensions.get("Resource") ?? "").split(":");
  const executed = dimensions.get("ExecutedVersion");
  const series = [qualifier, executed].filter((part) => part !== undefined).join(":");
  return { name, place: { functionName, series } };
}

interface Range {
  readonly startMs: number;
  readonly endMs: number;
  readonly periodSeconds: number;
}

function readRange(input: Json, periodSeconds: number | undefined): Range {
  const [startMs, endMs] = [timestampMs(input, "StartTime"), timestampMs(input, "EndTime")];
  if (startMs === undefined || endMs === undefined || periodSeconds === undefined) {
    throw new ServiceError("MissingParameter", "The parameters StartTime, EndTime and Period are required.");
  }
  if (startMs >= endMs) {
    throw new ServiceError(
      "InvalidParameterCombination",
      "The parameter StartTime must be less than the parameter EndTime.",
    );
  }
  if (periodSeconds < 60 || periodSeconds % 60 !== 0) {
    throw new ServiceError("InvalidParameterValue", "The parameter Period must be a multiple of 60.");
  }
  const periodMs = periodSeconds * 1000;
  return { startMs: Math.floor(startMs / periodMs) * periodMs, endMs, periodSeconds };
}

/** The minutes of each period that has any, with the period's start. */
function periods(source: MetricsSource, metric: Metric, range: Range): (readonly [Date, readonly Minute[]])[] {
  if (!metric.place) return [];
  const periodMs = range.periodSeconds * 1000;
  const groups = new Map<number, Minute[]>();
  for (const minute of source.minutes(metric.place, range.startMs, range.endMs)) {
    const start = Math.floor((minute.minute * 60_000) / periodMs) * periodMs;
    groups.set(start, [...(groups.get(start) ?? []), minute]);
  }
  return [...groups].toSorted(([a], [b]) => a - b).map(([start, minutes]) => [new Date(start), minutes]);
}

function getMetricStatistics(source: MetricsSource, input: Json): Json {
  const metric = readMetric(input);
  const range = readRange(input, number(input, "Period"));
  const statistics = list(input, "Statistics").map(String);
  const extended = list(input, "ExtendedStatistics").map(String);
  if (statistics.length + extended.length === 0) {
    throw new ServiceError("MissingParameter", "Must specify either Statistics or ExtendedStatistics");
  }
  if ((range.endMs - range.startMs) / 1000 / range.periodSeconds > MAX_DATAPOINTS) {
    throw new ServiceError(
      "InvalidParameterCombination",
      `You have requested up to ${Math.ceil((range.endMs - range.startMs) / 1000 / range.periodSeconds)} datapoints, which exceeds the limit of ${MAX_DATAPOINTS}. You may reduce the datapoints requested by increasing Period, or decreasing the time range.`,
    );
  }
  const values = (names: readonly string[], minutes: readonly Minute[]): Record<string, number> =>
    Object.fromEntries(names.map((statistic) => [statistic, statisticOf(metric.name, statistic, minutes)]));
  return {
    Label: metric.name,
    Datapoints: periods(source, metric, range).map(([start, minutes]) => ({
      Timestamp: start,
      ...values(statistics, minutes),
      Unit: units[metric.name],
      ...(extended.length > 0 && { ExtendedStatistics: values(extended, minutes) }),
    })),
  };
}

function getMetricData(source: MetricsSource, input: Json): Json {
  const results = list(input, "MetricDataQueries").map((each) => {
    const query = object(each);
    const id = requiredText(query, "Id");
    if (query["Expression"] !== undefined) {
      throw new ServiceError("ValidationError", `This platform computes no metric math: ${id} has an Expression.`);
    }
    const stat = object(query["MetricStat"]);
    const metric = readMetric(object(stat["Metric"]));
    const statistic = requiredText(stat, "Stat");
    const points = periods(source, metric, readRange(input, number(stat, "Period")));
    if (text(input, "ScanBy") !== "TimestampAscending") points.reverse();
    return {
      Id: id,
      Label: text(query, "Label") ?? metric.name,
      Timestamps: points.map(([start]) => start),
      Values: points.map(([, minutes]) => statisticOf(metric.name, statistic, minutes)),
      StatusCode: "Complete",
    };
  });
  return { MetricDataResults: results, Messages: [] };
}

function listMetrics(source: MetricsSource, input: Json): Json {
  const wantedName = text(input, "MetricName");
  const filters = list(input, "Dimensions").map(object);
  if ((text(input, "Namespace") ?? NAMESPACE) !== NAMESPACE) return { Metrics: [] };
  const names = Object.keys(units).filter((name) => wantedName === undefined || name === wantedName);
  const metrics = source.places().flatMap((place) => {
    const dimensions = dimensionsOf(place);
    const matches = filters.every((filter) =>
      dimensions.some(
        ({ Name, Value }) =>
          Name === text(filter, "Name") && (filter["Value"] === undefined || Value === text(filter, "Value")),
      ),
    );
    if (!matches) return [];
    return names.map((MetricName) => ({ Namespace: NAMESPACE, MetricName, Dimensions: dimensions }));
  });
  return { Metrics: metrics };
}

function dimensionsOf({ functionName, series }: SeriesPlace): { Name: string; Value: string }[] {
  if (functionName === undefined) return [];
  const [qualifier, executed] = series.split(":");
  return [
    { Name: "FunctionName", Value: functionName },
    ...(series === "" ? [] : [{ Name: "Resource", Value: `${functionName}:${qualifier}` }]),
    ...(executed === undefined ? [] : [{ Name: "ExecutedVersion", Value: executed }]),
  ];
}
