/** Statistics of CloudWatch over some minutes. */
import type { Minute } from "../observe/minutes.ts";
import { ServiceError } from "./service.ts";

/** Sum, Average, Minimum, Maximum, SampleCount, or a percentile such as `p95`. @throws ServiceError */
export function statisticOf(metric: string, statistic: string, minutes: readonly Minute[]): number {
  const { sum, min, max, samples } = summaries[metric]?.(minutes) ?? { sum: 0, min: 0, max: 0, samples: 0 };
  const percentile = /^p(\d{1,2}(?:\.\d+)?|100)$/.exec(statistic)?.[1];
  if (percentile !== undefined) return metric === "Duration" ? percentileOf(minutes, Number(percentile) / 100) : max;
  switch (statistic) {
    case "Sum":
      return sum;
    case "Average":
      return samples === 0 ? 0 : sum / samples;
    case "Minimum":
      return min;
    case "Maximum":
      return max;
    case "SampleCount":
      return samples;
    default:
      throw new ServiceError("InvalidParameterValue", `The value ${statistic} for parameter Stat is not supported.`);
  }
}

interface Summary {
  readonly sum: number;
  readonly min: number;
  readonly max: number;
  readonly samples: number;
}

type Summarise = (minutes: readonly Minute[]) => Summary;

/** Lambda sends one sample an invocation: 1 for an error, 0 for none. */
const count =
  (of: (minute: Minute) => number): Summarise =>
  (minutes) => {
    const samples = total(minutes, ({ invocations, throttles }) => Math.max(invocations, throttles));
    const sum = total(minutes, of);
    return { sum, samples, min: sum >= samples && samples > 0 ? 1 : 0, max: sum > 0 ? 1 : 0 };
  };

/** One sample, of 1, for each. */
const each =
  (of: (minute: Minute) => number): Summarise =>
  (minutes) => {
    const sum = total(minutes, of);
    return { sum, samples: sum, min: sum > 0 ? 1 : 0, max: sum > 0 ? 1 : 0 };
  };

const summaries: Readonly<Record<string, Summarise>> = {
  Invocations: count(({ invocations }) => invocations),
  Errors: count(({ errors }) => errors),
  Throttles: count(({ throttles }) => throttles),
  Duration: (minutes) => {
    const used = minutes.filter(({ invocations }) => invocations > 0);
    return {
      sum: total(used, ({ durationSumMs }) => durationSumMs),
      samples: total(used, ({ invocations }) => invocations),
      min: used.length === 0 ? 0 : Math.min(...used.map(({ durationMinMs }) => durationMinMs)),
      max: Math.max(0, ...used.map(({ durationMaxMs }) => durationMaxMs)),
    };
  },
  AsyncEventsReceived: each(({ eventsReceived }) => eventsReceived),
  AsyncEventsDropped: each(({ eventsDropped }) => eventsDropped),
  AsyncEventAge: (minutes) => {
    const ages = minutes.flatMap(({ eventAges }) => eventAges ?? []);
    return {
      sum: ages.reduce((sum, { sumMs }) => sum + sumMs, 0),
      samples: ages.reduce((sum, { count }) => sum + count, 0),
      min: ages.length === 0 ? 0 : Math.min(...ages.map(({ minMs }) => minMs)),
      max: Math.max(0, ...ages.map(({ maxMs }) => maxMs)),
    };
  },
  ConcurrentExecutions: (minutes) => ({
    sum: total(minutes, ({ concurrency }) => concurrency),
    samples: minutes.length,
    min: minutes.length === 0 ? 0 : Math.min(...minutes.map(({ concurrency }) => concurrency)),
    max: Math.max(0, ...minutes.map(({ concurrency }) => concurrency)),
  }),
};

function total(minutes: readonly Minute[], of: (minute: Minute) => number): number {
  return minutes.reduce((sum, minute) => sum + of(minute), 0);
}

/** By nearest rank. */
function percentileOf(minutes: readonly Minute[], share: number): number {
  const durations = minutes.flatMap((minute) => minute.durations()).toSorted(([a], [b]) => a - b);
  const wanted = Math.max(1, Math.ceil(share * durations.reduce((sum, [, times]) => sum + times, 0)));
  let seen = 0;
  for (const [durationMs, times] of durations) {
    seen += times;
    if (seen >= wanted) return durationMs;
  }
  return 0;
}
