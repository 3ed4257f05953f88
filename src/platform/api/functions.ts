/** The operations of Lambda's REST API on functions and versions, besides Invoke. */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { Clock } from "../clock.ts";
import { invalidParameter, resourceConflict } from "../http/lambda-error.ts";
import { emptyReply, jsonReply, type Reply } from "../http/reply.ts";
import type { ApiRequest } from "../http/request.ts";
import type { CodeStore } from "../state/code-store.ts";
import { LATEST, type VersionRecord } from "../state/function-record.ts";
import type { Catalogue } from "./catalogue.ts";
import {
  checkConfiguration,
  createSchema,
  parseBody,
  publishSchema,
  tagSchema,
  updateCodeSchema,
  updateConfigurationSchema,
  type ConfigurationInput,
} from "./input.ts";
import { parseFunctionName, type FunctionName } from "./names.ts";
import { configurationView } from "./views.ts";

export interface Api {
  readonly catalogue: Catalogue;
  readonly code: CodeStore;
  readonly clock: Clock;
  /** Signs the links to deployed code. */
  readonly secret: string;
}

export function createFunction({ catalogue }: Api, request: ApiRequest): Reply {
  const input = parseBody(request.body, createSchema);
  const { name } = parseFunctionName(input.FunctionName);
  if (input.PackageType !== undefined && input.PackageType !== "Zip") {
    throw invalidParameter("This platform runs functions of PackageType Zip only.");
  }
  for (const member of ["Role", "Handler", "Runtime"] as const) {
    if (input[member] === undefined) throw invalidParameter(`${member} is required for the package type Zip.`);
  }
  checkConfiguration(input);
  catalogue.mustBeNew(name);
  const code = catalogue.addCode(input.Code.ZipFile, "CreateFunction");
  const version: VersionRecord = {
    ...defaults,
    ...changes(input),
    ...code,
    ...catalogue.stamp(),
    architecture: input.Architectures?.[0] ?? "x86_64",
    version: LATEST,
  };
  const record = catalogue.create(name, version, input.Tags ?? {});
  const shown = input.Publish === true ? catalogue.publish(name, undefined) : record.latest;
  return jsonReply(201, configurationView(name, shown, input.Publish === true));
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
};

/** Only what the request names. */
function changes(input: ConfigurationInput): Partial<VersionRecord> {
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
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

export function listFunctions({ catalogue }: Api, { query }: ApiRequest): Reply {
  const everyVersion = query.get("FunctionVersion") === "ALL";
  const items = catalogue
    .all()
    .flatMap(({ name, latest, versions }) =>
      (everyVersion ? [latest, ...versions] : [latest]).map((version) =>
        configurationView(name, version, everyVersion),
      ),
    );
  return jsonReply(200, page(items, query, "Functions"));
}

export function listVersions({ catalogue }: Api, { query }: ApiRequest, wanted: FunctionName): Reply {
  const { name, latest, versions } = catalogue.get(wanted);
  const items = [latest, ...versions].map((version) => configurationView(name, version, true));
  return jsonReply(200, page(items, query, "Versions"));
}

const PAGE_ITEMS = 50;
const MAX_ITEMS = 10_000;

/** `Marker` is the position of the next item, as text. */
function page(items: readonly unknown[], query: URLSearchParams, key: string): Record<string, unknown> {
  const wanted = Number(query.get("MaxItems") ?? PAGE_ITEMS);
  if (!Number.isInteger(wanted) || wanted < 1 || wanted > MAX_ITEMS) {
    throw invalidParameter(
      `Value '${query.get("MaxItems")}' at 'maxItems' failed to satisfy constraint: Member must have value between 1 and ${MAX_ITEMS}`,
    );
  }
  const start = query.get("Marker") ? decodeMarker(query.get("Marker") ?? "") : 0;
  const end = start + Math.min(wanted, PAGE_ITEMS);
  const shown = items.slice(start, end);
  return {
    [key]: shown,
    ...(end < items.length ? { NextMarker: Buffer.from(String(end)).toString("base64url") } : {}),
  };
}

function decodeMarker(marker: string): number {
  const start = Number(Buffer.from(marker, "base64url").toString());
  if (!Number.isInteger(start) || start < 0) throw invalidParameter("Invalid Marker");
  return start;
}

export function getFunction({ catalogue, clock, secret }: Api, request: ApiRequest, wanted: FunctionName): Reply {
  const record = catalogue.get(wanted);
  const version = catalogue.getVersion(wanted);
  const location = codeLink(request.origin, version.codeId, clock.nowMs() + LINK_LIFE_MS, secret);
  return jsonReply(200, {
    Configuration: configurationView(record.name, version, wanted.qualifier !== undefined),
    Code: { RepositoryType: "S3", Location: location },
    ...(Object.keys(record.tags).length > 0 ? { Tags: record.tags } : {}),
  });
}

export function getConfiguration({ catalogue, code }: Api, _request: ApiRequest, wanted: FunctionName): Reply {
  const version = catalogue.getVersion(wanted);
  const view = configurationView(wanted.name, version, wanted.qualifier !== undefined);
  return jsonReply(200, code.has(version.codeId) ? view : { ...view, ...codeGone });
}

/** Tells a deployer that would find nothing to change that there is. */
const codeGone = {
  State: "Failed",
  StateReasonCode: "InternalError",
  StateReason: "The function's code is gone from the platform's folder. Update the code.",
};

export function updateConfiguration({ catalogue }: Api, { body }: ApiRequest, wanted: FunctionName): Reply {
  const input = parseBody(body, updateConfigurationSchema);
  checkConfiguration(input);
  catalogue.checkRevision(catalogue.get(wanted).latest, input.RevisionId);
  const record = catalogue.update(wanted.name, changes(input));
  return jsonReply(200, configurationView(record.name, record.latest, false));
}

export function updateCode({ catalogue }: Api, { body }: ApiRequest, wanted: FunctionName): Reply {
  const input = parseBody(body, updateCodeSchema);
  const { latest } = catalogue.get(wanted);
  catalogue.checkRevision(latest, input.RevisionId);
  const code = catalogue.addCode(input.ZipFile, "UpdateFunctionCode", input.DryRun);
  if (input.DryRun === true) return jsonReply(200, configurationView(wanted.name, { ...latest, ...code }, false));
  const architecture = input.Architectures?.[0] ?? latest.architecture;
  const record = catalogue.update(wanted.name, { ...code, architecture });
  const shown = input.Publish === true ? catalogue.publish(wanted.name, undefined) : record.latest;
  return jsonReply(200, configurationView(record.name, shown, input.Publish === true));
}

export function deleteFunction({ catalogue }: Api, _request: ApiRequest, wanted: FunctionName): Reply {
  catalogue.remove(wanted);
  return emptyReply(204);
}

export function publishVersion({ catalogue }: Api, { body }: ApiRequest, wanted: FunctionName): Reply {
  const input = parseBody(body, publishSchema);
  const { latest } = catalogue.get(wanted);
  catalogue.checkRevision(latest, input.RevisionId);
  if (input.CodeSha256 !== undefined && input.CodeSha256 !== latest.codeSha256) {
    throw resourceConflict(
      `CodeSHA256 (${input.CodeSha256}) is different from current CodeSHA256 in $LATEST (${latest.codeSha256}). Please try again with the CodeSHA256 in $LATEST.`,
    );
  }
  return jsonReply(201, configurationView(wanted.name, catalogue.publish(wanted.name, input.Description), true));
}

export function listTags({ catalogue }: Api, _request: ApiRequest, wanted: FunctionName): Reply {
  return jsonReply(200, { Tags: catalogue.get(wanted).tags });
}

export function tag({ catalogue }: Api, { body }: ApiRequest, wanted: FunctionName): Reply {
  const { Tags } = parseBody(body, tagSchema);
  catalogue.setTags(wanted.name, { ...catalogue.get(wanted).tags, ...Tags });
  return emptyReply(204);
}

export function untag({ catalogue }: Api, { query }: ApiRequest, wanted: FunctionName): Reply {
  const dropped = new Set(query.getAll("tagKeys"));
  const kept = Object.entries(catalogue.get(wanted).tags).filter(([key]) => !dropped.has(key));
  catalogue.setTags(wanted.name, Object.fromEntries(kept));
  return emptyReply(204);
}

/** Terraform asks for it always: there is none. */
export function getCodeSigning({ catalogue }: Api, _request: ApiRequest, wanted: FunctionName): Reply {
  return jsonReply(200, { CodeSigningConfigArn: "", FunctionName: catalogue.get(wanted).name });
}

const LINK_LIFE_MS = 10 * 60_000;
const CODE_PATH = "/_faasify/code/";

/** As a presigned link of S3: whoever has it may fetch this zip until it expires. */
function codeLink(origin: string, codeId: string, expiresMs: number, secret: string): string {
  return `${origin}${CODE_PATH}${codeId}?expires=${expiresMs}&signature=${linkSignature(codeId, expiresMs, secret).toString("hex")}`;
}

function linkSignature(codeId: string, expiresMs: number, secret: string): Buffer {
  return createHmac("sha256", secret).update(`code:${codeId}:${expiresMs}`).digest();
}

/** Serves a link of `Code.Location`; undefined for other paths and for links that are forged or too old. */
export function serveCodeLink({ code, clock, secret }: Api, url: string): Reply | undefined {
  if (!url.startsWith(CODE_PATH)) return undefined;
  const { pathname, searchParams } = new URL(url, "http://localhost");
  const codeId = pathname.slice(CODE_PATH.length);
  const expiresMs = Number(searchParams.get("expires"));
  const given = Buffer.from(searchParams.get("signature") ?? "", "hex");
  const expected = linkSignature(codeId, expiresMs, secret);
  const valid = given.length === expected.length && timingSafeEqual(given, expected) && expiresMs >= clock.nowMs();
  const zip = valid && /^[0-9a-f]{64}$/.test(codeId) ? code.readZip(codeId) : undefined;
  return zip && { status: 200, body: zip, contentType: "application/zip" };
}
