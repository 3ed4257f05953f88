/** Layers: code that functions share. */
import { invalidParameter, resourceNotFound, validationFailed } from "../http/lambda-error.ts";
import { emptyReply, jsonReply, type Reply } from "../http/reply.ts";
import type { ApiRequest } from "../http/request.ts";
import { ACCOUNT, REGION, type VersionRecord } from "../state/function-record.ts";
import { layerArn, type LayerVersionRecord } from "../state/layer-record.ts";
import type { Api } from "./api.ts";
import { codeLink } from "./code-link.ts";
import { checkDescription, layerInput, parseBody } from "./input.ts";
import type { LayerShelf } from "./layer-shelf.ts";
import { constraint } from "./names.ts";
import { page } from "./paging.ts";

const MAX_LAYERS = 5;
const NAME_PATTERN = "(arn:[a-zA-Z0-9-]+:lambda:[a-zA-Z0-9-]+:\\d{12}:layer:[a-zA-Z0-9-_]+)|[a-zA-Z0-9-_]+";
const LAYER = /^(?:arn:aws:lambda:([a-z0-9-]+):(\d{12}):layer:)?([a-zA-Z0-9-_]{1,140})$/;

type LayerOperation = (api: Api, request: ApiRequest, parameters: readonly string[]) => Reply;

export const publishLayer: LayerOperation = (api, { body, origin }, [nameText = ""]) => {
  const name = parseName(nameText);
  const input = parseBody(body, layerInput);
  checkDescription(input.Description);
  const code = api.catalogue.addCode(input.Content.ZipFile, "PublishLayerVersion");
  const version = api.layers.add(name, {
    ...code,
    description: input.Description ?? "",
    ...(input.LicenseInfo !== undefined && { license: input.LicenseInfo }),
    runtimes: input.CompatibleRuntimes ?? [],
    architectures: input.CompatibleArchitectures ?? [],
    created: api.catalogue.stamp().lastModified,
  });
  return jsonReply(201, fullView(api, name, version, origin));
};

export const getLayerVersion: LayerOperation = (api, { origin }, [nameText = "", number = ""]) => {
  const name = parseName(nameText);
  const version = api.layers.find(name, parseVersion(number));
  if (!version) throw noSuchResource();
  return jsonReply(200, fullView(api, name, version, origin));
};

/** `?find=LayerVersion&Arn=…` is another operation on the same path. */
export const listLayers: LayerOperation = (api, request) => {
  const { query, origin } = request;
  if (query.get("find") === "LayerVersion") {
    const found = api.layers.findByArn(query.get("Arn") ?? "");
    if (!found) throw noSuchResource();
    return jsonReply(200, fullView(api, found.name, found.version, origin));
  }
  const items = api.layers.all().flatMap(({ name, versions }) => {
    const latest = versions.findLast((version) => isCompatible(version, query));
    if (!latest) return [];
    return [{ LayerName: name, LayerArn: layerArn(name), LatestMatchingVersion: view(name, latest) }];
  });
  return jsonReply(200, page(items, query, "Layers", { items: 50, max: 50 }));
};

export const listLayerVersions: LayerOperation = ({ layers }, { query }, [nameText = ""]) => {
  const name = parseName(nameText);
  const versions = (layers.get(name)?.versions ?? []).filter((version) => isCompatible(version, query)).toReversed();
  const items = versions.map((version) => view(name, version));
  return jsonReply(200, page(items, query, "LayerVersions", { items: 50, max: 50 }));
};

/** One that is not there is no error. */
export const deleteLayerVersion: LayerOperation = ({ layers }, _request, [nameText = "", number = ""]) => {
  layers.remove(parseName(nameText), parseVersion(number));
  return emptyReply(204);
};

/** What a function is given by ARN. @throws LambdaError */
export function resolveLayers(layers: LayerShelf, arns: readonly string[]): VersionRecord["layers"] {
  if (arns.length > MAX_LAYERS) throw invalidParameter(`Cannot reference more than ${MAX_LAYERS} layers.`);
  const names = arns.map((arn) => arn.replace(/:\d+$/, ""));
  const twice = names.findIndex((name, index) => names.indexOf(name) !== index);
  if (twice !== -1) {
    throw invalidParameter(
      `Two different versions of the same layer are not allowed to be referenced in the same function. ${arns[names.indexOf(names[twice] ?? "")]} and ${arns[twice]} are versions of the same layer.`,
    );
  }
  return arns.map((arn) => {
    const found = layers.findByArn(arn);
    if (!found) throw invalidParameter(`Layer version ${arn} does not exist.`);
    return { arn, codeId: found.version.codeId, codeBytes: found.version.codeBytes };
  });
}

function parseName(text: string): string {
  const [, region = REGION, account = ACCOUNT, name] = LAYER.exec(text) ?? [];
  if (name === undefined) {
    throw validationFailed([
      constraint(text, "layerName", `Member must satisfy regular expression pattern: ${NAME_PATTERN}`),
    ]);
  }
  if (region !== REGION || account !== ACCOUNT) throw noSuchResource();
  return name;
}

function parseVersion(text: string): number {
  const version = Number(text);
  if (!Number.isInteger(version)) throw noSuchResource();
  if (version < 1) throw invalidParameter("Layer Version Cannot be less than 1");
  return version;
}

function isCompatible({ runtimes, architectures }: LayerVersionRecord, query: URLSearchParams): boolean {
  const [runtime, architecture] = [query.get("CompatibleRuntime"), query.get("CompatibleArchitecture")];
  return (
    (runtime === null || runtimes.includes(runtime)) && (architecture === null || architectures.includes(architecture))
  );
}

function view(name: string, version: LayerVersionRecord) {
  return {
    LayerVersionArn: `${layerArn(name)}:${version.version}`,
    Version: version.version,
    Description: version.description,
    CreatedDate: version.created,
    ...(version.runtimes.length > 0 && { CompatibleRuntimes: version.runtimes }),
    ...(version.architectures.length > 0 && { CompatibleArchitectures: version.architectures }),
    ...(version.license !== undefined && { LicenseInfo: version.license }),
  };
}

function fullView({ clock, secret }: Api, name: string, version: LayerVersionRecord, origin: string) {
  return {
    Content: {
      Location: codeLink(origin, version.codeId, clock.nowMs(), secret),
      CodeSha256: version.codeSha256,
      CodeSize: version.codeBytes,
    },
    LayerArn: layerArn(name),
    ...view(name, version),
  };
}

function noSuchResource(): Error {
  return resourceNotFound("The resource you requested does not exist.");
}
