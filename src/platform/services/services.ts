/** All services besides Lambda, by the name that requests to them are signed for. */
import { unknownOperation } from "../http/lambda-error.ts";
import type { Reply } from "../http/reply.ts";
import type { ApiRequest } from "../http/request.ts";
import type { Catalogue } from "../api/catalogue.ts";
import type { Schedules } from "../events/schedules.ts";
import type { LogBook } from "../observe/log-book.ts";
import type { Invoker } from "../runtime/invoker.ts";
import type { StateStore } from "../state/state-store.ts";
import { createCloudWatch, type MetricsSource } from "./cloudwatch.ts";
import { createEventRules, ruleSchema } from "./event-rules.ts";
import { createIam, policySchema, roleSchema } from "./iam.ts";
import { LogGroups, logGroupSchema } from "./log-groups.ts";
import { createLogs } from "./logs.ts";
import { createScheduler } from "./scheduler.ts";
import { serve } from "./protocols.ts";
import type { Service } from "./service.ts";
import { createSts } from "./sts.ts";

export interface ServicesOptions {
  readonly store: StateStore;
  readonly catalogue: Catalogue;
  readonly invoker: Invoker;
  readonly logs: LogBook;
  readonly schedules: Schedules;
}

/** `name`: that of the signature. */
export type HandleService = (name: string, request: ApiRequest) => Reply;

export function createServices({ store, catalogue, invoker, logs, schedules }: ServicesOptions): HandleService {
  const functionNames = (): string[] => catalogue.all().map(({ name }) => name);
  const services: Readonly<Record<string, Service>> = {
    sts: createSts(store.credentials),
    iam: createIam(store.collection("role", roleSchema), store.collection("policy", policySchema)),
    logs: createLogs({
      logs,
      groups: new LogGroups(store.collection("log-group", logGroupSchema)),
      functionNames,
      hasFunction: (name) => catalogue.find(name) !== undefined,
    }),
    events: createEventRules({ rules: store.collection("rule", ruleSchema), schedules, catalogue }),
    monitoring: createCloudWatch(metricsOf(invoker, functionNames)),
  };
  const scheduler = createScheduler({ schedules, catalogue });
  return (name, request) => {
    if (name === "scheduler") return scheduler(request);
    const service = services[name];
    if (!service) throw unknownOperation();
    return serve(service, request);
  };
}

function metricsOf(invoker: Invoker, functionNames: () => string[]): MetricsSource {
  return {
    minutes: ({ functionName, series }, startMs, endMs) => {
      const names = functionName === undefined ? functionNames() : [functionName];
      return names.flatMap((name) => invoker.findMetrics(name)?.findSeries(series)?.between(startMs, endMs) ?? []);
    },
    places: () =>
      functionNames().flatMap((functionName) =>
        (invoker.findMetrics(functionName)?.seriesKeys ?? []).map((series) => ({ functionName, series })),
      ),
  };
}
