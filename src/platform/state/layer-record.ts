/** What is stored of a layer. */
import * as v from "valibot";
import { ACCOUNT, REGION } from "./function-record.ts";

export const layerSchema = v.object({
  name: v.string(),
  /** Never used twice, even after a deletion. */
  nextVersion: v.number(),
  /** Oldest first. */
  versions: v.array(
    v.object({
      version: v.number(),
      description: v.string(),
      license: v.optional(v.string()),
      runtimes: v.array(v.string()),
      architectures: v.array(v.string()),
      created: v.string(),
      /** Of the zip: as in a function's version. */
      codeId: v.string(),
      codeSha256: v.string(),
      codeBytes: v.number(),
    }),
  ),
});

export type LayerRecord = Readonly<v.InferOutput<typeof layerSchema>>;
export type LayerVersionRecord = LayerRecord["versions"][number];

export const layerArn = (name: string): string => `arn:aws:lambda:${REGION}:${ACCOUNT}:layer:${name}`;
