/** What is stored of a function. The schema checks what comes from disk. */
import * as v from "valibot";

export const REGION = "us-east-1";
export const ACCOUNT = "000000000000";
export const LATEST = "$LATEST";

const versionSchema = v.object({
  /** `$LATEST` or a number. */
  version: v.string(),
  runtime: v.string(),
  role: v.string(),
  handler: v.string(),
  description: v.string(),
  timeoutSeconds: v.number(),
  memoryMb: v.number(),
  environment: v.record(v.string(), v.string()),
  architecture: v.string(),
  ephemeralMb: v.number(),
  tracing: v.string(),
  /** The first at the bottom; what is deployed stays usable when the layer is deleted. */
  layers: v.array(v.object({ arn: v.string(), codeId: v.string(), codeBytes: v.number() })),
  /** Where events go that could not be processed: see runtime/destinations.ts. */
  deadLetterArn: v.optional(v.string()),
  /** Of the zip, base64. */
  codeSha256: v.string(),
  /** Of the zip, hex: its folder in the code store. */
  codeId: v.string(),
  codeBytes: v.number(),
  lastModified: v.string(),
  revisionId: v.string(),
});

const aliasSchema = v.object({
  name: v.string(),
  /** The number of a version, or `$LATEST`. */
  version: v.string(),
  description: v.string(),
  /** The share of invocations, from 0 to 1, that goes to another version. Lambda allows one. */
  weights: v.record(v.string(), v.number()),
  revisionId: v.string(),
});

const eventConfigSchema = v.object({
  maxRetries: v.optional(v.number()),
  maxAgeSeconds: v.optional(v.number()),
  onSuccess: v.optional(v.string()),
  onFailure: v.optional(v.string()),
  lastModifiedMs: v.number(),
});

const corsSchema = v.object({
  AllowCredentials: v.optional(v.boolean()),
  AllowHeaders: v.optional(v.array(v.string())),
  AllowMethods: v.optional(v.array(v.string())),
  AllowOrigins: v.optional(v.array(v.string())),
  ExposeHeaders: v.optional(v.array(v.string())),
  MaxAge: v.optional(v.number()),
});

const urlSchema = v.object({
  /** 32 letters and digits, in the address. */
  id: v.string(),
  authType: v.picklist(["NONE", "AWS_IAM"]),
  invokeMode: v.picklist(["BUFFERED", "RESPONSE_STREAM"]),
  cors: v.optional(corsSchema),
  created: v.string(),
  lastModified: v.string(),
});

/** One statement of a resource policy, as IAM writes it. */
const statementSchema = v.looseObject({ Sid: v.string() });

export const functionRecordSchema = v.object({
  name: v.string(),
  latest: versionSchema,
  /** Oldest first. */
  versions: v.array(versionSchema),
  /** The number of the next published version: never used twice, even after a deletion. */
  nextVersion: v.number(),
  tags: v.record(v.string(), v.string()),
  /** In the order of their names. */
  aliases: v.array(aliasSchema),
  /** Undefined: the function shares what the account has left. */
  reservedConcurrency: v.optional(v.number()),
  /** By qualifier: `$LATEST`, a version or an alias. */
  eventConfigs: v.record(v.string(), eventConfigSchema),
  /** By qualifier: `$LATEST` or an alias. */
  urls: v.record(v.string(), urlSchema),
  /** By qualifier. */
  policies: v.record(v.string(), v.object({ revisionId: v.string(), statements: v.array(statementSchema) })),
  recursiveLoop: v.picklist(["Allow", "Terminate"]),
});

export type VersionRecord = Readonly<v.InferOutput<typeof versionSchema>>;
export type AliasRecord = Readonly<v.InferOutput<typeof aliasSchema>>;

export type EventConfigRecord = Readonly<v.InferOutput<typeof eventConfigSchema>>;
export type UrlRecord = Readonly<v.InferOutput<typeof urlSchema>>;
export type PolicyStatement = Readonly<v.InferOutput<typeof statementSchema>>;
export type FunctionRecord = Readonly<v.InferOutput<typeof functionRecordSchema>>;

/** What a function has of its own when it is created. */
export function newFunction(
  name: string,
  latest: VersionRecord,
  tags: Readonly<Record<string, string>>,
): FunctionRecord {
  return {
    name,
    latest,
    versions: [],
    nextVersion: 1,
    tags,
    aliases: [],
    eventConfigs: {},
    urls: {},
    policies: {},
    recursiveLoop: "Terminate",
  };
}

export function functionArn(name: string, qualifier?: string): string {
  const arn = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${name}`;
  return qualifier === undefined ? arn : `${arn}:${qualifier}`;
}
