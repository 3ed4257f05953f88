/** The attributes of a `faasify` launch configuration (package.json describes them to the user). */
import * as v from "valibot";
import { providerIds } from "../core/invocation.ts";
import type { StopPolicy } from "./stop-policy.ts";

const count = v.pipe(v.number(), v.integer(), v.minValue(1));

/** See {@link StopPolicy}; what is misspelt would never stop, or always. */
const stopPolicy: v.GenericSchema<unknown, StopPolicy> = v.union([
  v.picklist(["all", "mine"]),
  v.strictObject({ condition: v.pipe(v.string(), v.trim(), v.minLength(1)) }),
  v.strictObject({ first: count }),
  v.strictObject({ oneIn: count }),
]);

const common = {
  /** `path/to/file.ts#name`, absolute once the editor has replaced its variables. */
  function: v.string(),
  /** More functions of the session: deployed with it, stopped in, and put back like the first one. */
  functions: v.optional(v.array(v.string()), []),
  target: v.optional(v.picklist(providerIds), "local"),
  /** Which invocations stop; the others run free. */
  stop: v.optional(stopPolicy, "all"),
  /** The debugged function's time limit; what it was is put back. */
  timeoutSeconds: v.optional(count, 900),
  /** A session that nobody has used for so long ends by itself. */
  expireMinutes: v.optional(v.pipe(v.number(), v.minValue(0.001), v.maxValue(30_000)), 720),
  /** A standalone relay, where functions cannot reach the editor: `wss://HOST[:PORT]`. */
  relay: v.optional(v.string()),
  /** A tunnel that leads to `relayPort` of this machine: what functions dial. Excludes `relay`. */
  tunnelUrl: v.optional(v.string()),
  relayPort: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535))),
  /** The relay's access key; without it FAASIFY_RELAY_KEY in the environment. */
  relayKey: v.optional(v.string()),
  stopOnEntry: v.optional(v.boolean(), false),
  /** Globs of files that stepping passes over; `<node_internals>/**` is always among them. */
  skipFiles: v.optional(v.array(v.string()), []),
  /** Show the callers of asynchronous code. Costs 25 to 40 times on promise-heavy code. */
  asyncStacks: v.optional(v.boolean(), false),
  /** Words that make a name a secret's: its values do not leave the function. Empty: all do. Unset: the usual ones. */
  redact: v.optional(v.array(v.string())),
};

export const launchConfigurationSchema = v.object({
  ...common,
  args: v.optional(v.array(v.unknown())),
  event: v.optional(v.unknown()),
});

export const attachConfigurationSchema = v.object(common);

export type LaunchConfiguration = v.InferOutput<typeof launchConfigurationSchema>;
export type AttachConfiguration = v.InferOutput<typeof attachConfigurationSchema>;

/**
 * Custom requests of the adapter, for the editor:
 * `faasify/invoke` {function?, args? | event?} → InvocationResult: invokes a debugged deployment, `function` as the configuration has it;
 * `faasify/hotDeploy` {} → {buildId, durationMs}: packages and deploys all functions again, breakpoints stay.
 * And an event: `faasify/snapshot` {@link Snapshot}: a breakpoint that takes snapshots was passed.
 */
export const INVOKE_REQUEST = "faasify/invoke";
export const SNAPSHOT_EVENT = "faasify/snapshot";
export const HOT_DEPLOY_REQUEST = "faasify/hotDeploy";

export interface Snapshot {
  readonly breakpointId: number;
  readonly threadId: number;
  readonly requestId?: string;
  /** Absolute path of the user's file. */
  readonly source: string;
  /** From 1. */
  readonly line: number;
  /** In the user's files, innermost first. */
  readonly stack: readonly string[];
  readonly variables: readonly SnapshotVariable[];
  /** Snapshots of this breakpoint left out since the last one, as they came too fast. */
  readonly dropped: number;
}

export interface SnapshotVariable {
  readonly name: string;
  /** Of objects the class. */
  readonly type: string;
  /** Of strings the text, of dates the milliseconds, of objects the class. */
  readonly value: string;
  /** Of arrays, maps and sets: how many members there are. */
  readonly count?: number | undefined;
  readonly children?: SnapshotVariable[] | undefined;
}
