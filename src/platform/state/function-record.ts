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
  /** Of the zip, base64. */
  codeSha256: v.string(),
  /** Of the zip, hex: its folder in the code store. */
  codeId: v.string(),
  codeBytes: v.number(),
  lastModified: v.string(),
  revisionId: v.string(),
});

export const functionRecordSchema = v.object({
  name: v.string(),
  latest: versionSchema,
  /** Oldest first. */
  versions: v.array(versionSchema),
  /** The number of the next published version: never used twice, even after a deletion. */
  nextVersion: v.number(),
  tags: v.record(v.string(), v.string()),
});

export type VersionRecord = Readonly<v.InferOutput<typeof versionSchema>>;

export interface FunctionRecord {
  readonly name: string;
  readonly latest: VersionRecord;
  readonly versions: readonly VersionRecord[];
  readonly nextVersion: number;
  readonly tags: Readonly<Record<string, string>>;
}

export function functionArn(name: string, version?: string): string {
  const arn = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${name}`;
  return version === undefined ? arn : `${arn}:${version}`;
}
