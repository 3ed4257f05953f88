/** Aliases: names for versions that invocations can be moved between, at once or by weight. */
import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { invalidParameter, resourceConflict, resourceNotFound, validationFailed } from "../http/lambda-error.ts";
import { emptyReply, jsonReply, type Reply } from "../http/reply.ts";
import type { ApiRequest } from "../http/request.ts";
import { functionArn, LATEST, type AliasRecord, type FunctionRecord } from "../state/function-record.ts";
import type { Api } from "./api.ts";
import { findAlias, type Catalogue } from "./catalogue.ts";
import { aliasSchema, checkDescription, parseBody, updateAliasSchema } from "./input.ts";
import { constraint, type FunctionName } from "./names.ts";
import { page } from "./paging.ts";

const NAME = /^(?!\d+$)[a-zA-Z0-9-_]{1,128}$/;
const NAME_PATTERN = "(?!^[0-9]+$)([a-zA-Z0-9-_]+)";

type Weights = Readonly<Record<string, number>>;

export function createAlias({ catalogue }: Api, { body }: ApiRequest, wanted: FunctionName): Reply {
  const { Name, FunctionVersion, Description = "", RoutingConfig } = parseBody(body, aliasSchema);
  if (!NAME.test(Name)) {
    const rule = `Member must satisfy regular expression pattern: ${NAME_PATTERN}`;
    throw validationFailed([constraint(Name, "name", rule)]);
  }
  checkDescription(Description);
  const record = catalogue.get({ ...wanted, qualifier: undefined });
  mustExist(catalogue, record, FunctionVersion);
  if (findAlias(record, Name)) throw resourceConflict(`Alias already exists: ${functionArn(record.name, Name)}`);
  const alias: AliasRecord = {
    name: Name,
    version: FunctionVersion,
    description: Description,
    weights: checkWeights(catalogue, record, { main: FunctionVersion, weights: weightsOf(RoutingConfig) ?? {} }),
    revisionId: randomUUID(),
  };
  save(catalogue, record, alias);
  return jsonReply(201, view(record.name, alias));
}

export function getAlias({ catalogue }: Api, _request: ApiRequest, wanted: FunctionName, name: string): Reply {
  return jsonReply(200, view(wanted.name, find(catalogue.get({ ...wanted, qualifier: undefined }), name)));
}

export function listAliases({ catalogue }: Api, { query }: ApiRequest, wanted: FunctionName): Reply {
  const { name, aliases } = catalogue.get({ ...wanted, qualifier: undefined });
  const version = query.get("FunctionVersion");
  const shown = aliases.filter((alias) => version === null || alias.version === version);
  return jsonReply(
    200,
    page(
      shown.map((alias) => view(name, alias)),
      query,
      "Aliases",
    ),
  );
}

export function updateAlias({ catalogue }: Api, { body }: ApiRequest, wanted: FunctionName, name: string): Reply {
  const input = parseBody(body, updateAliasSchema);
  checkDescription(input.Description);
  const record = catalogue.get({ ...wanted, qualifier: undefined });
  const before = find(record, name);
  catalogue.checkRevision(before, input.RevisionId);
  const version = input.FunctionVersion ?? before.version;
  mustExist(catalogue, record, version);
  const weights = checkWeights(catalogue, record, {
    main: version,
    weights: weightsOf(input.RoutingConfig) ?? before.weights,
  });
  const description = input.Description ?? before.description;
  const alias: AliasRecord = { name, version, description, weights, revisionId: randomUUID() };
  save(catalogue, record, alias);
  return jsonReply(200, view(record.name, alias));
}

/** One that is not there is no error. */
export function deleteAlias({ catalogue }: Api, _request: ApiRequest, wanted: FunctionName, alias: string): Reply {
  const record = catalogue.get({ ...wanted, qualifier: undefined });
  if (findAlias(record, alias)) {
    const { [alias]: _config, ...eventConfigs } = record.eventConfigs;
    const { [alias]: _url, ...urls } = record.urls;
    const { [alias]: _policy, ...policies } = record.policies;
    const aliases = record.aliases.filter(({ name }) => name !== alias);
    catalogue.change(record.name, { aliases, eventConfigs, urls, policies });
  }
  return emptyReply(204);
}

function view(functionName: string, { name, version, description, weights, revisionId }: AliasRecord) {
  return {
    AliasArn: functionArn(functionName, name),
    Name: name,
    FunctionVersion: version,
    Description: description,
    ...(Object.keys(weights).length > 0 ? { RoutingConfig: { AdditionalVersionWeights: weights } } : {}),
    RevisionId: revisionId,
  };
}

function find(record: FunctionRecord, name: string): AliasRecord {
  const alias = findAlias(record, name);
  if (!alias) throw resourceNotFound(`Cannot find alias arn: ${functionArn(record.name, name)}`);
  return alias;
}

/** Makes an alias that there is what is given; nothing changes if it is that already. */
export function routeAlias(
  catalogue: Catalogue,
  record: FunctionRecord,
  { name, version, weights }: Pick<AliasRecord, "name" | "version" | "weights">,
): void {
  const before = findAlias(record, name);
  if (!before || isDeepStrictEqual({ version, weights }, { version: before.version, weights: before.weights })) return;
  save(catalogue, record, { ...before, version, weights, revisionId: randomUUID() });
}

function save(catalogue: Catalogue, record: FunctionRecord, alias: AliasRecord): void {
  const others = record.aliases.filter(({ name }) => name !== alias.name);
  catalogue.change(record.name, { aliases: [...others, alias].toSorted((a, b) => (a.name < b.name ? -1 : 1)) });
}

/** Undefined: the request does not speak of them. */
function weightsOf(
  config: { readonly AdditionalVersionWeights?: Weights | null | undefined } | null | undefined,
): Weights | undefined {
  return config === undefined ? undefined : (config?.AdditionalVersionWeights ?? {});
}

/** A published version or `$LATEST`; never another alias. */
function mustExist(catalogue: Catalogue, record: FunctionRecord, version: string): void {
  if (version !== LATEST && !/^\d{1,1024}$/.test(version)) {
    const rule = "Member must satisfy regular expression pattern: (\\$LATEST|[0-9]+)";
    throw validationFailed([constraint(version, "functionVersion", rule)]);
  }
  catalogue.resolve({ name: record.name, qualifier: version });
}

interface Routing {
  readonly main: string;
  readonly weights: Weights;
}

function checkWeights(catalogue: Catalogue, record: FunctionRecord, { main, weights }: Routing): Weights {
  const entries = Object.entries(weights);
  if (entries.length > 1) {
    throw invalidParameter("Number of items in AdditionalVersionWeights cannot be greater than 1");
  }
  for (const [version, weight] of entries) {
    checkWeight(version, weight);
    if (version === main) {
      throw invalidParameter(
        `Invalid function version ${main}. Function version ${main} is already included in routing configuration.`,
      );
    }
    if (main === LATEST) {
      throw invalidParameter("$LATEST is not supported for an alias pointing to more than 1 version");
    }
    catalogue.resolve({ name: record.name, qualifier: version });
  }
  return weights;
}

function checkWeight(version: string, weight: number): void {
  const refuse = (rule: string): never => {
    throw validationFailed([constraint(`{${version}=${weight}}`, "routingConfig.additionalVersionWeights", rule)]);
  };
  if (weight < 0 || weight > 1) {
    refuse(
      "Map value must satisfy constraint: [Member must have value less than or equal to 1.0, Member must have value greater than or equal to 0.0, Member must not be null]",
    );
  }
  if (!/^\d{1,1024}$/.test(version)) {
    refuse(
      "Map keys must satisfy constraint: [Member must have length less than or equal to 1024, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [0-9]+, Member must not be null]",
    );
  }
}
