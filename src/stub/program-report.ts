/** The part of a copy's manifest that tells people and tools what was done: nothing in it is needed to run the program. */
import * as v from "valibot";

const callSiteSchema = v.object({
  /** Relative to the copy's root, with `/`. */
  file: v.string(),
  /** From 1. */
  line: v.number(),
  /** The function around it; absent at the top level. */
  within: v.exactOptional(v.string()),
  /**
   * `value`: the function is handed on, as in `list.map(f)` · `perhaps`: a property of the method's name, of an object
   * that is not known before it runs.
   */
  kind: v.picklist(["call", "value", "perhaps"]),
});

/** In the terms of AWS's policies, as other providers' are translated from these. */
const statementSchema = v.object({
  Effect: v.literal("Allow"),
  Action: v.literal("lambda:InvokeFunction"),
  /** One function, by its name at the provider. */
  Resource: v.string(),
});

export const reportSchema = v.object({
  /** By the function's key. */
  moved: v.record(
    v.string(),
    v.object({
      verdict: v.string(),
      effects: v.array(v.string()),
      /** Functions that are in its unit because it calls them. */
      along: v.array(v.string()),
      /** Where the program's code now gets the stub. */
      rewired: v.array(callSiteSchema),
    }),
  ),
  stays: v.array(v.object({ function: v.string(), reason: v.string() })),
  /** Who calls whom across a border, each with the one right that this takes. */
  edges: v.array(v.object({ caller: v.string(), callee: v.string(), statement: statementSchema })),
  /** Files whose text is another one than the original's, with the hash of what was written. */
  rewritten: v.record(v.string(), v.object({ sha256: v.string() })),
});

export type ProgramReport = v.InferOutput<typeof reportSchema>;
