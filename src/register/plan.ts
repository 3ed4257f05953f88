/** What a program planner (cli/program-planner.ts) is asked, and what it leaves for the program that asked. */
import * as v from "valibot";
import { errorCodes } from "../core/errors.ts";

export interface PlanRequest {
  /** Absolute path of the file that the program is started with. */
  readonly entry: string;
  /** Globs as of `--functions`; none: functions with a directive. */
  readonly functions: readonly string[];
  /** This Node runs TypeScript by itself: only what is rewritten is given to it, as TypeScript. */
  readonly stripsTypes: boolean;
  /** Absolute path of the folder to write to; the planner makes one in it. */
  readonly programs: string;
  /** Absolute path of the folder with FaaSify's bundles. */
  readonly dist: string;
  readonly target: string;
}

const loadedFileSchema = v.object({
  text: v.string(),
  format: v.picklist(["module", "commonjs"]),
  /** The text is TypeScript. */
  typed: v.boolean(),
});

export const planSchema = v.object({
  faasify: v.string(),
  /** Absolute path of the folder with the runtime, the manifest and the packaged functions. */
  folder: v.string(),
  /** By absolute path: what is loaded instead of the file. */
  files: v.record(v.string(), loadedFileSchema),
  /** Absolute paths: the plan holds as long as none of these changes. */
  inputs: v.array(v.string()),
  /** ISO 8601, UTC: they were read after this moment. */
  builtAt: v.string(),
  moved: v.array(v.string()),
  stays: v.array(v.object({ function: v.string(), reason: v.string() })),
});

export type Plan = v.InferOutput<typeof planSchema>;
export type LoadedFile = v.InferOutput<typeof loadedFileSchema>;

export const planReplySchema = v.union([
  v.object({ plan: v.string() }),
  v.object({
    failure: v.object({
      code: v.exactOptional(v.picklist(errorCodes)),
      message: v.string(),
      remedy: v.exactOptional(v.string()),
      stack: v.exactOptional(v.string()),
    }),
  }),
]);
