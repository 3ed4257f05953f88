/**
 * `platform.json` in the data folder: how a client finds the running local platform. The platform
 * writes it (mode 0600) once it answers, and removes it when it ends; after a `kill -9` it stays,
 * so readers check that the endpoint answers.
 */
import * as v from "valibot";

export const platformInfoSchema = v.object({
  /** Of the platform process. */
  pid: v.pipe(v.number(), v.integer()),
  /** `http://127.0.0.1:PORT` */
  endpoint: v.string(),
  region: v.string(),
  accessKeyId: v.string(),
  secretAccessKey: v.string(),
  /** FaaSify's version: a client of another one restarts the platform when no function runs. */
  version: v.string(),
});

export type PlatformInfo = v.InferOutput<typeof platformInfoSchema>;

export const PLATFORM_INFO_FILE = "platform.json";

/**
 * GET, signed: answers {@link PlatformStatus}. The client sends a fresh random {@link CHALLENGE_HEADER}, and believes only
 * a `proof` made of it: after a `kill -9` somebody else may listen on the port that platform.json names. All paths below `/_faasify/` are ours,
 * the others are Lambda's.
 */
export const STATUS_PATH = "/_faasify/status";
export const CHALLENGE_HEADER = "x-faasify-challenge";
/** What `proof` is the HMAC-SHA-256 of, in hex, under the secret access key. */
export const proofText = (challenge: string): string => `faasify-platform:${challenge}`;
/** GET, signed: answers {@link PlatformUsage}; takes a while, unlike the status. */
export const USAGE_PATH = "/_faasify/usage";
/** GET, signed, `/_faasify/functions/{name}/metrics`: answers the platform's part of FunctionMetrics. */
export const metricsPath = (name: string): string => `/_faasify/functions/${encodeURIComponent(name)}/metrics`;
/** GET, signed, `?since=MS&limit=N`: answers `{events: [{timestampMs, message, stream}]}`. */
export const logsPath = (name: string): string => `/_faasify/functions/${encodeURIComponent(name)}/logs`;
/**
 * In a request of UpdateFunctionCode: sandboxes that can load the new code go on with it instead of being replaced. In the
 * answer: how many do.
 */
export const SWAP_HEADER = "x-faasify-swap";
/** POST, signed: ends the platform after the invocations in flight. */
export const SHUTDOWN_PATH = "/_faasify/shutdown";

export const platformMetricsSchema = v.object({
  name: v.string(),
  invocations: v.number(),
  errors: v.number(),
  throttles: v.number(),
  coldStarts: v.number(),
  p50Ms: v.optional(v.number()),
  p95Ms: v.optional(v.number()),
});

export const platformLogsSchema = v.object({
  events: v.array(v.object({ timestampMs: v.number(), message: v.string(), stream: v.string() })),
});

export const platformStatusSchema = v.object({
  version: v.string(),
  pid: v.number(),
  /** Milliseconds since start. */
  uptimeMs: v.number(),
  functions: v.number(),
  sandboxes: v.number(),
  /** Invocations that run or wait. */
  running: v.number(),
  /** Accepted and not yet done with. */
  events: v.number(),
  /** See {@link STATUS_PATH}; absent without a challenge. */
  proof: v.optional(v.string()),
});

export type PlatformStatus = v.InferOutput<typeof platformStatusSchema>;

export const platformUsageSchema = v.object({
  /** In MiB: of the platform's own process, and of all sandboxes together. */
  memoryMb: v.object({ platform: v.number(), sandboxes: v.number() }),
  /** What the platform's folder takes on disk, and what is left there. */
  diskBytes: v.object({ used: v.number(), free: v.number() }),
  limits: v.object({
    /** Invocations at once, of all functions. */
    concurrency: v.number(),
    /** What functions have reserved of it. */
    reserved: v.number(),
    /** After so many milliseconds without an invocation a sandbox ends. */
    idleMs: v.number(),
    /** `shared`: sandboxes have the machine's processors in common, whatever memory they have; Lambda gives in proportion. */
    cpu: v.literal("shared"),
  }),
});

export type PlatformUsage = v.InferOutput<typeof platformUsageSchema>;
