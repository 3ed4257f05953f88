/** A canary as it is kept on disk, and as the local platform tells of it. */
import * as v from "valibot";
import type { CanaryState } from "../core/canary/canary.ts";

const trafficSchema = v.object({
  invocations: v.number(),
  errors: v.number(),
  durations: v.array(v.tuple([v.number(), v.number()])),
});

const stratumSchema = v.object({ stable: trafficSchema, canary: trafficSchema });

const weightSchema = v.pipe(v.number(), v.gtValue(0), v.ltValue(1));
const MAX_STEPS = 100;

export const canaryPlanSchema = v.object({
  schedule: v.object({
    name: v.string(),
    steps: v.pipe(
      v.array(v.object({ weight: weightSchema, forMs: v.pipe(v.number(), v.gtValue(0)) })),
      v.maxLength(MAX_STEPS),
    ),
  }),
  gated: v.boolean(),
  onInterrupted: v.picklist(["continue", "rollback"]),
});

export const canaryStateSchema: v.GenericSchema<unknown, CanaryState> = v.object({
  ...canaryPlanSchema.entries,
  alias: v.string(),
  stable: v.string(),
  canary: v.string(),
  startedAtMs: v.number(),
  elapsedMs: v.number(),
  step: v.number(),
  looks: v.number(),
  reading: v.exactOptional(
    v.object({
      errorsP: v.number(),
      latencyP: v.number(),
      threshold: v.number(),
      worse: v.exactOptional(v.picklist(["errors", "latency"])),
    }),
  ),
  past: v.array(stratumSchema),
  current: stratumSchema,
  outcome: v.exactOptional(
    v.object({
      kind: v.picklist(["promoted", "rolled-back", "superseded"]),
      reason: v.string(),
      atMs: v.number(),
    }),
  ),
});

/** PUT: starts one. GET: `{canary}`, the last one there was, if any. Signed. */
export const canaryPath = (name: string): string => `/_faasify/functions/${encodeURIComponent(name)}/canary`;
/** POST, signed: ends the one that runs. Answers as GET does. */
export const canaryEndPath = (name: string, how: "promote" | "rollback"): string => `${canaryPath(name)}/${how}`;

export const canaryRequestSchema = v.object({
  ...canaryPlanSchema.entries,
  alias: v.string(),
  /** The version to try. */
  canary: v.string(),
});

export const canaryAnswerSchema = v.object({ canary: v.exactOptional(canaryStateSchema) });
