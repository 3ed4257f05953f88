/** How the zip gets there: with the request, or through a bucket where it is too large for that. */
import { readFile } from "node:fs/promises";
import { DeleteObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { FaasifyError } from "../../../core/errors.ts";
import type { DeployRequest } from "../../provider.ts";
import type { Aws } from "./aws-clients.ts";

/** Lambda's limit on a zip that comes with the request. */
export const MAX_ZIP_BYTES = 52_428_800;
/** Lambda's limit on what it unpacks to: no zip may be larger. */
export const MAX_UNZIPPED_BYTES = 262_144_000;

export type Code = { readonly ZipFile: Uint8Array } | { readonly S3Bucket: string; readonly S3Key: string };

/** @throws FaasifyError `artifact-too-large`, `native-addon-unfit` */
export function checkArtifact({ options }: Aws, { name, artifact, configuration }: DeployRequest): void {
  const limit = options.codeBucket === undefined ? MAX_ZIP_BYTES : MAX_UNZIPPED_BYTES;
  if (artifact.bytes > limit) {
    throw new FaasifyError(
      "artifact-too-large",
      `The package of ${name} is ${mib(artifact.bytes)}, but AWS Lambda takes at most ${mib(limit)}`,
      {
        remedy:
          limit === MAX_ZIP_BYTES
            ? "Import less, or name a bucket through which it can go: --code-bucket, or faasify.aws.codeBucket"
            : "Import smaller packages, or the part of a package that you need",
      },
    );
  }
  const { architecture = "x86_64" } = configuration;
  const here = `${process.platform}-${process.arch}`;
  const there = `linux-${architecture === "arm64" ? "arm64" : "x64"}`;
  const addon = artifact.packages?.find(({ reason }) => reason?.includes("native addon"));
  if (!addon || here === there) return;
  throw new FaasifyError(
    "native-addon-unfit",
    `${addon.name} has a native addon for ${here}, but ${name} is to run on ${there}`,
    { remedy: `Deploy it from a machine of that kind, or choose the architecture of this one` },
  );
}

const mib = (bytes: number): string => `${(bytes / (1024 * 1024)).toFixed(1)} MiB`;

/** Lambda keeps a copy of its own: what went through the bucket is removed again. */
export async function withCode<T>(
  aws: Aws,
  { artifact }: DeployRequest,
  signal: AbortSignal,
  use: (code: Code) => Promise<T>,
): Promise<T> {
  const zip = await readFile(artifact.zipPath);
  const { codeBucket: Bucket } = aws.options;
  if (artifact.bytes <= MAX_ZIP_BYTES || Bucket === undefined) return use({ ZipFile: zip });
  const Key = `faasify/${Buffer.from(artifact.sha256, "base64").toString("hex")}.zip`;
  const put = new PutObjectCommand({ Bucket, Key, Body: zip });
  await aws.send("s3:PutObject", (http) => aws.s3.send(put, http), signal);
  const result = await use({ S3Bucket: Bucket, S3Key: Key });
  const drop = new DeleteObjectCommand({ Bucket, Key });
  await aws.send("s3:DeleteObject", (http) => aws.s3.send(drop, http), signal);
  return result;
}
