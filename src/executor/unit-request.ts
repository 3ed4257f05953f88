/** What a program asks of the process that makes units (cli/unit-builder.ts), and what it gets. */
import * as v from "valibot";
import { errorCodes } from "../core/errors.ts";
import { artifactSchema } from "../deploy/artifact-record.ts";

export interface UnitRequest {
  /** Absolute path. */
  readonly file: string;
  /** Where the engine says that the function begins. From 0. */
  readonly line0: number;
  readonly column0: number;
  /** Absolute path of the file that the program was started with: it may change what the function uses. */
  readonly entry: string | undefined;
  /** What the engine says that the function's text is. */
  readonly source: string;
  /** Absolute path of the folder where artifacts are kept. */
  readonly artifacts: string;
}

export const builtUnitSchema = v.object({
  /** The version of FaaSify that made it. */
  faasify: v.string(),
  artifact: artifactSchema,
  /** Absolute path of the function's file. */
  file: v.string(),
  /** For people, and for the name at the provider: `price`, `function-1a2b3c4d` for one without a name. */
  name: v.string(),
  /** Variables around the function, whose values are sent along. */
  captured: v.array(v.string()),
  /** Variables of its file that change while the program runs, by id: their values are sent along. */
  state: v.array(v.object({ id: v.string(), name: v.string() })),
  /** Names of environment variables that are sent along. */
  environment: v.array(v.string()),
  /** Classes whose instances may cross. */
  classes: v.array(v.object({ id: v.string(), file: v.string(), name: v.string(), line: v.number() })),
  effects: v.array(v.string()),
  /** Nobody notices when it runs twice. */
  repeatable: v.boolean(),
  /** Where its text stands in the original and in the unit, from 1. */
  line: v.number(),
  liftedLine: v.number(),
  /** Absolute paths of the program's files: another text of one may make another unit. */
  sources: v.array(v.string()),
  /** ISO 8601, UTC: its sources were read after this moment. */
  builtAt: v.string(),
});

export type BuiltUnit = v.InferOutput<typeof builtUnitSchema>;

export const unitReplySchema = v.union([
  v.object({ built: builtUnitSchema }),
  v.object({
    failure: v.object({
      code: v.exactOptional(v.picklist(errorCodes)),
      message: v.string(),
      remedy: v.exactOptional(v.string()),
      stack: v.exactOptional(v.string()),
    }),
  }),
]);
