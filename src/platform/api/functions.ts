/** Functions: their code and their configuration. */
import { SWAP_HEADER } from "../../protocol/platform-info.ts";
import { invalidParameter, validationFailed } from "../http/lambda-error.ts";
import { emptyReply, jsonReply, type Reply } from "../http/reply.ts";
import { parseDestination } from "../events/destinations.ts";
import type { ApiRequest } from "../http/request.ts";
import { LATEST, type VersionRecord } from "../state/function-record.ts";
import { mustBeUnqualified, type Api } from "./api.ts";
import { codeLink } from "./code-link.ts";
import {
  checkConfiguration,
  createSchema,
  parseBody,
  updateCodeSchema,
  updateConfigurationSchema,
  type ConfigurationInput,
} from "./input.ts";
import { resolveLayers } from "./layers.ts";
import { constraint, parseFunctionName, type FunctionName } from "./names.ts";
import { page } from "./paging.ts";
import { configurationView, listView } from "./views.ts";

export function createFunction(api: Api, request: ApiRequest): Reply {
  const { catalogue } = api;
  const input = parseBody(request.body, createSchema);
  const { name } = parseFunctionName(input.FunctionName);
  if (input.PackageType !== undefined && input.PackageType !== "Zip") {
    throw invalidParameter("This platform runs functions of PackageType Zip only.");
  }
  for (const member of ["Role", "Handler", "Runtime"] as const) {
    if (input[member] === undefined) throw invalidParameter(`${member} is required for the package type Zip.`);
  }
  checkConfiguration(input);
  checkDeadLetters(input, api);
  catalogue.mustBeNew(name);
  const code = catalogue.addCode(input.Code.ZipFile, "CreateFunction");
  const version: VersionRecord = {
    ...defaults,
    ...changes(input, api),
    ...code,
    ...catalogue.stamp(),
    architecture: input.Architectures?.[0] ?? "x86_64",
    version: LATEST,
  };
  const record = catalogue.create(name, version, input.Tags ?? {});
  const shown = input.Publish === true ? catalogue.publish(name, undefined) : record.latest;
  return jsonReply(201, configurationView(name, shown, input.Publish === true ? shown.version : undefined));
}

const defaults = {
  runtime: "nodejs24.x",
  role: "",
  handler: "",
  description: "",
  timeoutSeconds: 3,
  memoryMb: 128,
  environment: {},
  ephemeralMb: 512,
  tracing: "PassThrough",
  layers: [],
};

/** Only what the request names. */
function changes(input: ConfigurationInput, { layers }: Api): Partial<VersionRecord> {
  const all = {
    runtime: input.Runtime,
    role: input.Role,
    handler: input.Handler,
    description: input.Description,
    timeoutSeconds: input.Timeout,
    memoryMb: input.MemorySize,
    environment: input.Environment === undefined ? undefined : (input.Environment?.Variables ?? {}),
    ephemeralMb: input.EphemeralStorage?.Size,
    tracing: input.TracingConfig?.Mode,
    layers: input.Layers && resolveLayers(layers, input.Layers),
  };
  return {
    ...Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)),
    ...(input.DeadLetterConfig !== undefined && { deadLetterArn: input.DeadLetterConfig?.TargetArn || undefined }),
  };
}

/** Lambda takes queues and topics only. */
function checkDeadLetters({ DeadLetterConfig }: ConfigurationInput, { queueFolder }: Api): void {
  const target = DeadLetterConfig?.TargetArn;
  if (!target) return;
  const destination = parseDestination(target, queueFolder);
  if (destination === "malformed") {
    const rule = "Member must satisfy regular expression pattern: (arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|()";
    throw validationFailed([constraint(target, "deadLetterConfig.targetArn", rule)]);
  }
  if (destination === "unsupported" || destination.kind !== "file") {
    throw invalidParameter(
      `Invalid target ARN ${target}: dead letters go to a queue or topic of this platform's account (as a file), or to a file:// URL.`,
    );
  }
}

export function listFunctions({ catalogue }: Api, { query }: ApiRequest): Reply {
  const wanted = query.get("FunctionVersion");
  if (wanted !== null && wanted !== "ALL") {
    throw validationFailed([constraint(wanted, "functionVersion", "Member must satisfy enum value set: [ALL]")]);
  }
  const everyVersion = wanted === "ALL";
  const items = catalogue
    .all()
    .flatMap(({ name, latest, versions }) =>
      (everyVersion ? [latest, ...versions] : [latest]).map((version) => listView(name, version, everyVersion)),
    );
  return jsonReply(200, page(items, query, "Functions"));
}

export function getFunction({ catalogue, clock, secret }: Api, request: ApiRequest, wanted: FunctionName): Reply {
  const { record, version } = catalogue.resolve(wanted);
  const { tags, reservedConcurrency } = record;
  return jsonReply(200, {
    Configuration: configurationView(record.name, version, wanted.qualifier),
    Code: { RepositoryType: "S3", Location: codeLink(request.origin, version.codeId, clock.nowMs(), secret) },
    ...(Object.keys(tags).length > 0 ? { Tags: tags } : {}),
    ...(reservedConcurrency === undefined
      ? {}
      : { Concurrency: { ReservedConcurrentExecutions: reservedConcurrency } }),
  });
}

export function getConfiguration({ catalogue, code }: Api, _request: ApiRequest, wanted: FunctionName): Reply {
  const { version } = catalogue.resolve(wanted);
  const view = configurationView(wanted.name, version, wanted.qualifier);
  return jsonReply(200, code.has(version.codeId) ? view : { ...view, ...codeGone });
}

/** Tells a deployer that would find nothing to change that there is. */
const codeGone = {
  State: "Failed",
  StateReasonCode: "InternalError",
  StateReason: "The function's code is gone from the platform's folder. Update the code.",
};

export function updateConfiguration(api: Api, { body }: ApiRequest, wanted: FunctionName): Reply {
  const { catalogue } = api;
  const input = parseBody(body, updateConfigurationSchema);
  mustBeUnqualified(wanted);
  checkConfiguration(input);
  checkDeadLetters(input, api);
  catalogue.checkRevision(catalogue.get(wanted).latest, input.RevisionId);
  const record = catalogue.update(wanted.name, changes(input, api));
  return jsonReply(200, configurationView(record.name, record.latest));
}

export function updateCode({ catalogue }: Api, request: ApiRequest, wanted: FunctionName): Reply {
  const input = parseBody(request.body, updateCodeSchema);
  mustBeUnqualified(wanted);
  const { latest } = catalogue.get(wanted);
  catalogue.checkRevision(latest, input.RevisionId);
  const code = catalogue.addCode(input.ZipFile, "UpdateFunctionCode", input.DryRun);
  if (input.DryRun === true) return jsonReply(200, configurationView(wanted.name, { ...latest, ...code }));
  const architecture = input.Architectures?.[0] ?? latest.architecture;
  const changed = { ...code, architecture };
  if (input.Publish !== true && request.header(SWAP_HEADER) !== undefined) {
    const { record, taken } = catalogue.swapCode(wanted.name, changed);
    return { ...jsonReply(200, configurationView(record.name, record.latest)), headers: [SWAP_HEADER, String(taken)] };
  }
  const record = catalogue.update(wanted.name, changed);
  const shown = input.Publish === true ? catalogue.publish(wanted.name, undefined) : record.latest;
  return jsonReply(200, configurationView(record.name, shown, input.Publish === true ? shown.version : undefined));
}

export function deleteFunction({ catalogue }: Api, _request: ApiRequest, wanted: FunctionName): Reply {
  catalogue.remove(wanted);
  return emptyReply(204);
}
