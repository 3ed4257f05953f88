import * as v from "valibot";
import { canaryStateSchema } from "../../protocol/canary.ts";

/** What is stored of a canary, by the name of its function. */
export const canaryRecordSchema = v.object({ functionName: v.string(), state: canaryStateSchema });

export type CanaryRecord = v.InferOutput<typeof canaryRecordSchema>;
