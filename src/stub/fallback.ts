/**
 * What becomes of a call whose target cannot be reached: by default its error; or the function's own code runs, if the
 * program's user allows that. Never when the call may have been sent: the function may have run.
 */
import { FaasifyError } from "../core/errors.ts";
import { ConnectionFailure } from "../deploy/providers/local/signed-http.ts";

const unsent = new WeakSet();

/** Notes that a failure came before anything was sent. Returns it. */
export function beforeSending(error: unknown): unknown {
  if (typeof error === "object" && error !== null) unsent.add(error);
  return error;
}

/** Of a failed invocation: nobody has listened, or there was no platform to be had at all. */
export function wasSent(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof ConnectionFailure) return cause.connected;
    // It did not answer in time: what it has done meanwhile is not known.
    if (cause instanceof DOMException) return true;
  }
  return !(error instanceof FaasifyError) || !unreachable.has(error.code);
}

const unreachable: ReadonlySet<string> = new Set([
  "credentials-rejected",
  "node-missing",
  "platform-state-corrupt",
  "platform-state-not-writable",
  "platform-unreachable",
  "platform-version-mismatch",
]);

/** The target could not be reached, and nothing was sent. */
export function isUnreached(error: unknown): boolean {
  return error instanceof FaasifyError && unsent.has(error) && unreachable.has(error.code);
}

export type FallbackPolicy = "off" | "warn" | "silent";

/** @throws FaasifyError `wrong-usage` for a policy that there is not */
export function fallbackPolicy(text: string | undefined): FallbackPolicy {
  if (text === undefined || text === "") return "off";
  if (text === "off" || text === "warn" || text === "silent") return text;
  throw new FaasifyError("wrong-usage", `FAASIFY_FALLBACK is "${text}"`, { remedy: "Set it to off, warn or silent" });
}

const warned = new Set<string>();

/** Once per function. */
export function warnOf(key: string, why: string): void {
  if (warned.has(key)) return;
  warned.add(key);
  process.stderr.write(`faasify: ${key} runs here: ${why}\n`);
}
