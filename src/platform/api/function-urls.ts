/** Function URLs: an HTTP address of a function's own. What comes in there is answered by url-gateway.ts. */
import { randomBytes } from "node:crypto";
import { resourceConflict, resourceNotFound, validationFailed } from "../http/lambda-error.ts";
import { emptyReply, jsonReply, type Reply } from "../http/reply.ts";
import type { ApiRequest } from "../http/request.ts";
import { functionArn, LATEST, type FunctionRecord, type UrlRecord } from "../state/function-record.ts";
import type { Api } from "./api.ts";
import { findAlias } from "./catalogue.ts";
import { parseBody, urlInput } from "./input.ts";
import { constraint, type FunctionName } from "./names.ts";
import { page } from "./paging.ts";

/** `/lambda-url/ID/…` on the platform's own address: names below `localhost` do not resolve everywhere. */
export const URL_PATH = "/lambda-url/";

export function createUrl({ catalogue }: Api, { body, origin }: ApiRequest, wanted: FunctionName): Reply {
  const changes = readInput(body);
  if (changes.authType === undefined) {
    throw validationFailed(["Value null at 'authType' failed to satisfy constraint: Member must not be null"]);
  }
  const record = mustExist({ catalogue }, wanted);
  const qualifier = wanted.qualifier ?? LATEST;
  if (record.urls[qualifier]) {
    throw resourceConflict(
      `Failed to create function url config for [functionArn = ${functionArn(record.name, wanted.qualifier)}]. Error message:  FunctionUrlConfig exists for this Lambda function`,
    );
  }
  const created = catalogue.stamp().lastModified.replace(/\+0000$/, "Z");
  const url: UrlRecord = {
    id: randomId(),
    authType: changes.authType,
    invokeMode: changes.invokeMode ?? "BUFFERED",
    cors: changes.cors,
    created,
    lastModified: created,
  };
  save(catalogue, record, qualifier, url);
  return jsonReply(201, view(record.name, qualifier, url, origin));
}

export function getUrl({ catalogue }: Api, { origin }: ApiRequest, wanted: FunctionName): Reply {
  checkQualifier(wanted);
  const url = catalogue.find(wanted.name)?.urls[wanted.qualifier ?? LATEST];
  if (!url) throw noSuchResource();
  return jsonReply(200, view(wanted.name, wanted.qualifier ?? LATEST, url, origin));
}

export function updateUrl({ catalogue }: Api, { body, origin }: ApiRequest, wanted: FunctionName): Reply {
  const changes = readInput(body);
  const record = mustExist({ catalogue }, wanted);
  const qualifier = wanted.qualifier ?? LATEST;
  const before = record.urls[qualifier];
  if (!before) throw noSuchResource();
  const url: UrlRecord = {
    ...before,
    ...Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)),
    lastModified: catalogue.stamp().lastModified.replace(/\+0000$/, "Z"),
  };
  save(catalogue, record, qualifier, url);
  return jsonReply(200, view(record.name, qualifier, url, origin));
}

export function deleteUrl({ catalogue }: Api, _request: ApiRequest, wanted: FunctionName): Reply {
  checkQualifier(wanted);
  const record = catalogue.find(wanted.name);
  const { [wanted.qualifier ?? LATEST]: url, ...others } = record?.urls ?? {};
  if (!record || !url) throw noSuchResource();
  catalogue.change(record.name, { urls: others });
  return emptyReply(204);
}

export function listUrls({ catalogue }: Api, { query, origin }: ApiRequest, wanted: FunctionName): Reply {
  const record = catalogue.find(wanted.name);
  if (!record) throw resourceNotFound("Function does not exist");
  const items = Object.entries(record.urls).map(([qualifier, url]) => view(record.name, qualifier, url, origin));
  return jsonReply(200, page(items, query, "FunctionUrlConfigs", { items: 50, max: 50 }));
}

/** As AWS makes them: 32 letters and digits, so that nobody guesses one. */
function randomId(): string {
  const alphabet = "abcdefghijklmnopqrstuvwxyz234567";
  return Array.from(randomBytes(32), (byte) => alphabet[byte & 31] ?? "a").join("");
}

function readInput(body: Buffer): Partial<Pick<UrlRecord, "authType" | "invokeMode" | "cors">> {
  const { AuthType, InvokeMode, Cors } = parseBody(body, urlInput);
  const problems = [];
  if (AuthType !== undefined && AuthType !== "NONE" && AuthType !== "AWS_IAM") {
    problems.push(constraint(AuthType, "authType", "Member must satisfy enum value set: [NONE, AWS_IAM]"));
  }
  if (InvokeMode !== undefined && InvokeMode !== "BUFFERED" && InvokeMode !== "RESPONSE_STREAM") {
    const rule = "Member must satisfy enum value set: [RESPONSE_STREAM, BUFFERED]";
    problems.push(constraint(InvokeMode, "invokeMode", rule));
  }
  if (problems.length > 0) throw validationFailed(problems);
  return {
    ...(AuthType !== undefined && { authType: AuthType as UrlRecord["authType"] }),
    ...(InvokeMode !== undefined && { invokeMode: InvokeMode as UrlRecord["invokeMode"] }),
    ...(Cors !== undefined && { cors: Cors }),
  };
}

/** Only the function itself and its aliases have URLs. */
function checkQualifier({ qualifier }: FunctionName): void {
  if (qualifier === undefined || /^(?!\d+$)[0-9a-zA-Z-_]+$/.test(qualifier)) return;
  const rule = "Member must satisfy regular expression pattern: ((?!^\\d+$)^[0-9a-zA-Z-_]+$)";
  throw validationFailed([constraint(qualifier, "qualifier", rule)]);
}

function mustExist({ catalogue }: Pick<Api, "catalogue">, wanted: FunctionName): FunctionRecord {
  checkQualifier(wanted);
  const record = catalogue.find(wanted.name);
  if (!record || (wanted.qualifier !== undefined && !findAlias(record, wanted.qualifier))) {
    throw resourceNotFound("Function does not exist");
  }
  return record;
}

function save(catalogue: Api["catalogue"], record: FunctionRecord, qualifier: string, url: UrlRecord): void {
  catalogue.change(record.name, { urls: { ...record.urls, [qualifier]: url } });
}

function view(name: string, qualifier: string, url: UrlRecord, origin: string) {
  return {
    FunctionUrl: `${origin}${URL_PATH}${url.id}/`,
    FunctionArn: functionArn(name, qualifier === LATEST ? undefined : qualifier),
    AuthType: url.authType,
    ...(url.cors && { Cors: url.cors }),
    CreationTime: url.created,
    LastModifiedTime: url.lastModified,
    InvokeMode: url.invokeMode,
  };
}

function noSuchResource(): Error {
  return resourceNotFound("The resource you requested does not exist.");
}
