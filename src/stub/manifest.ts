/** `.faasify/manifest.json` of a decomposed program: written by `faasify decompose`, read by the stub runtime. */
import * as v from "valibot";
import { reportSchema } from "./program-report.ts";

/** Beside the runtime, in `.faasify/`. */
export const MANIFEST_FILE = "manifest.json";

const artifactSchema = v.object({
  /** Relative to the folder of the manifest, with `/`. */
  zipPath: v.string(),
  sourceMapPath: v.string(),
  handler: v.string(),
  bytes: v.number(),
  sha256: v.string(),
  buildId: v.string(),
  /** Absolute paths of the originals. */
  inputs: v.array(v.string()),
});

const functionSchema = v.object({
  /** Its file in the copy, relative to the copy's root, with `/`. */
  file: v.string(),
  /** As in FunctionRef. */
  name: v.string(),
  artifact: artifactSchema,
  /** See transform/decompose-policy.ts. */
  mode: v.picklist(["blocking", "waiting"]),
  isAsync: v.boolean(),
  /**
   * When the program runs the function's own code instead: `unsent`: when nothing was sent, as an argument cannot travel ·
   * `unanswered`: also when what it returned or threw cannot, as nobody has noticed that it ran · `never`.
   */
  runsHere: v.picklist(["never", "unsent", "unanswered"]),
  /**
   * Whether it may talk with the program while it runs: `always`, as it gives out what cannot be copied; `onDemand`, when
   * it is given such a thing; `never`, where its target cannot reach the program.
   */
  channel: v.picklist(["always", "onDemand", "never"]),
  /** It may go on, in its own queues, when it has returned. */
  isLate: v.boolean(),
  /** How many arguments the function can see; absent: all. */
  maxArguments: v.exactOptional(v.number()),
  /** Files that travelled along: the copy's must still be the same. */
  assets: v.exactOptional(v.array(v.object({ place: v.string(), sha256: v.string() }))),
  /** Names of environment variables that are sent with each call. */
  environment: v.array(v.string()),
  /** Ids of the module variables that travel with each call. */
  state: v.array(v.string()),
  /** Of a nested function: the variables around it that travel with each call, by their names. */
  captured: v.exactOptional(v.array(v.object({ name: v.string(), id: v.string() }))),
  /** Ids of the classes whose instances the function's unit knows. */
  classes: v.array(v.string()),
});

export const manifestSchema = v.object({
  /** Version of FaaSify that wrote it. */
  faasify: v.string(),
  /** Absolute path of the folder with FaaSify's bundles. */
  dist: v.string(),
  /** Absolute path of the Node that ran it: the platform needs a newer one than the program may. */
  node: v.string(),
  target: v.string(),
  /** Absolute path of the program's folder; absent: the one that this folder lies in. */
  root: v.exactOptional(v.string()),
  /** Path of the entry and of all other files written, relative to the copy's root, with `/`. */
  entry: v.string(),
  written: v.array(v.string()),
  /** By the key that the stubs call them by: `src/prices.mjs#total`. */
  functions: v.record(v.string(), functionSchema),
  /** Absent where nothing was written. */
  report: v.exactOptional(reportSchema),
});

export type Manifest = v.InferOutput<typeof manifestSchema>;
export type RemoteFunction = v.InferOutput<typeof functionSchema>;

/** Undefined when the text is no manifest. */
export function parseManifest(text: string): Manifest | undefined {
  try {
    const result = v.safeParse(manifestSchema, JSON.parse(text));
    return result.success ? result.output : undefined;
  } catch {
    return undefined;
  }
}
