/** AWS Lambda, or whatever speaks its API at an endpoint that the user names. */
import { DeleteFunctionCommand, GetFunctionConfigurationCommand, ListFunctionsCommand } from "@aws-sdk/client-lambda";
import type { FaasProvider, LogEvent } from "../../provider.ts";
import { type Aws, createAws } from "./aws-clients.ts";
import { explained, isNotFound } from "./aws-error.ts";
import { type AwsOptions, endpointOf } from "./aws-options.ts";
import { createAwsVersions } from "./aws-versions.ts";
import { MAX_UNZIPPED_BYTES, MAX_ZIP_BYTES } from "./code-upload.ts";
import { deployTo, findFunction } from "./deploy-to-aws.ts";
import { removeRole } from "./execution-role.ts";
import { invokeOn } from "./invoke-on-aws.ts";
import { type LogQuery, readLogEvents, removeLogGroup } from "./log-group.ts";
import { readMetrics, readObservationsOf } from "./measure.ts";
import { mustBeOurs } from "./ownership.ts";

export function createAwsProvider(options: AwsOptions): FaasProvider {
  const aws = createAws(options);
  return {
    id: "aws",
    traits: {
      label: "AWS Lambda",
      maxArtifactBytes: options.codeBucket === undefined ? MAX_ZIP_BYTES : MAX_UNZIPPED_BYTES,
      maxTimeoutMs: 900_000,
      reachesLoopback: isLoopback(endpointOf(options)),
    },
    place: () => explained("AWS Lambda", () => aws.place()),
    deploy: (request, signal, report = () => undefined) =>
      explained(request.name, () => deployTo(aws, request, { report, signal })),
    invoke: (name, input, signal) => explained(name, () => invokeOn(aws, { name, input }, signal)),
    remove: (name, signal) => explained(name, () => remove(aws, name, signal)),
    list: (signal) => explained("The list of functions", () => listNames(aws, signal)),
    logs: (name, range, signal) => explained(name, () => readLogs(aws, { name, ...range }, signal)),
    metrics: (name, signal) => explained(name, () => readMetrics(aws, name, signal)),
    observations: (name, range, signal) => explained(name, () => readObservationsOf(aws, { name, ...range }, signal)),
    versions: createAwsVersions(aws),
  };
}

function isLoopback(endpoint: string | undefined): boolean {
  return endpoint !== undefined && /^(?:localhost|127\.[\d.]+|\[::1\])$/.test(new URL(endpoint).hostname);
}

/** The function first: what is left of a removal that was cut is found and removed by the next one. */
async function remove(aws: Aws, name: string, signal: AbortSignal): Promise<void> {
  const found = await findFunction(aws, name, signal);
  if (found) mustBeOurs(found.Tags, `The function ${name}`);
  const drop = new DeleteFunctionCommand({ FunctionName: name });
  try {
    if (found) await aws.send("lambda:DeleteFunction", (http) => aws.lambda.send(drop, http), signal);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  await removeLogGroup(aws, name, signal);
  if (aws.options.role === undefined) await removeRole(aws, name, signal);
}

async function listNames(aws: Aws, signal: AbortSignal): Promise<readonly string[]> {
  const names: string[] = [];
  let Marker: string | undefined;
  do {
    const list = new ListFunctionsCommand({ Marker });
    const page = await aws.send("lambda:ListFunctions", (http) => aws.lambda.send(list, http), signal);
    names.push(...(page.Functions ?? []).map(({ FunctionName = "" }) => FunctionName));
    Marker = page.NextMarker;
  } while (Marker !== undefined && Marker !== "");
  return names;
}

/** A function that never ran has no log; one that is not there is an error. */
async function readLogs(aws: Aws, query: LogQuery, signal: AbortSignal): Promise<readonly LogEvent[]> {
  const events = await readLogEvents(aws, query, signal);
  if (events.length === 0) await mustBeThere(aws, query.name, signal);
  return events;
}

async function mustBeThere(aws: Aws, FunctionName: string, signal: AbortSignal): Promise<void> {
  const command = new GetFunctionConfigurationCommand({ FunctionName });
  await aws.send("lambda:GetFunctionConfiguration", (http) => aws.lambda.send(command, http), signal);
}
