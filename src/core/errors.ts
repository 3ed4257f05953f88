/**
 * The failures a user can meet. Everything else that is thrown is a bug.
 *
 * The codes appear in logs, on the command line, in docs/troubleshooting.md (one heading each) and
 * in tests; messages may change, codes may not.
 */
export const errorCodes = [
  "access-denied",
  "artifact-too-large",
  "asset-changed",
  "asset-missing",
  "bad-arguments",
  "build-failed",
  "canary-not-running",
  "canary-running",
  "copy-changed",
  "credentials-expired",
  "credentials-missing",
  "credentials-rejected",
  "debug-session-failed",
  "dependency-missing",
  "deployment-failed",
  "file-not-found",
  "file-not-parsed",
  "file-not-saved",
  "function-name-taken",
  "function-not-deployed",
  "function-not-found",
  "function-stays-local",
  "invocation-failed",
  "invocation-throttled",
  "native-addon-unfit",
  "node-missing",
  "not-verifiable",
  "platform-state-corrupt",
  "platform-state-not-writable",
  "platform-unreachable",
  "platform-version-mismatch",
  "port-taken",
  "protocol-mismatch",
  "quota-exceeded",
  "region-missing",
  "region-unknown",
  "selection-not-extractable",
  "server-unavailable",
  "shim-silent",
  "target-unknown",
  "value-not-portable",
  "version-conflict",
  "version-not-found",
  "workspace-untrusted",
  "wrong-usage",
] as const;

export type ErrorCode = (typeof errorCodes)[number];

export interface FaasifyErrorDetails {
  /** What the user can do about it: one imperative sentence, without a trailing dot. */
  readonly remedy: string;
  readonly cause?: unknown;
}

const BRAND: unique symbol = Symbol.for("faasify.error") as never;

/**
 * A failure that was foreseen and that the user can act on.
 *
 * `message` says what happened, with the values that matter and without a trailing dot; `remedy`
 * says what to do about it.
 */
export class FaasifyError extends Error {
  /** Each bundle of one process has its own copy of this class: an instance of any of them is one. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof Error && BRAND in value;
  }

  readonly [BRAND] = true;
  override readonly name = "FaasifyError";
  readonly code: ErrorCode;
  readonly remedy: string;

  constructor(code: ErrorCode, message: string, { remedy, cause }: FaasifyErrorDetails) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.remedy = remedy;
  }
}

/** What crosses a process border of ours when something failed. */
export interface SerializedError {
  /** Absent for a bug. */
  readonly code?: ErrorCode;
  readonly message: string;
  readonly remedy?: string;
  readonly stack?: string;
}

export function serializeError(error: unknown): SerializedError {
  if (error instanceof FaasifyError) return { code: error.code, message: error.message, remedy: error.remedy };
  if (error instanceof Error) {
    return error.stack === undefined ? { message: error.message } : { message: error.message, stack: error.stack };
  }
  return { message: String(error) };
}

/** The inverse of {@link serializeError}: a foreseen failure stays one on the other side. */
export function deserializeError({ code, message, remedy, stack }: SerializedError): Error {
  if (code !== undefined && remedy !== undefined) return new FaasifyError(code, message, { remedy });
  const error = new Error(message);
  if (stack !== undefined) error.stack = stack;
  return error;
}

/** One line for people: what happened, and what to do where that is known. */
export function describeError(error: unknown): string {
  if (error instanceof FaasifyError) return `${error.message}. ${error.remedy}.`;
  return error instanceof Error ? error.message : String(error);
}
