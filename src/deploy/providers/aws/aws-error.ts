import { FaasifyError, type ErrorCode } from "../../../core/errors.ts";

/** What a service answered to a request, or why there was no answer. Becomes a FaasifyError at the provider's edge. */
export class AwsError extends Error {
  override readonly name = "AwsError";
  /** What was asked, as policies name it: `lambda:GetFunction`. */
  readonly action: string;
  /** `ResourceNotFoundException`, `ECONNRESET`, … */
  readonly type: string;

  /** @param profile - whose credentials were to be used */
  constructor(action: string, cause: unknown, profile?: string) {
    const message = cause instanceof Error ? cause.message : String(cause);
    super(profile === undefined ? message : `${message} [profile ${profile}]`, { cause });
    this.action = action;
    const { name, code } = (cause ?? {}) as { readonly name?: unknown; readonly code?: unknown };
    this.type = typeof code === "string" && /^E[A-Z_]+$/.test(code) ? code : String(name);
  }
}

/** Did the service answer with an error of one of these types? */
export function isAwsError(error: unknown, ...types: readonly string[]): error is AwsError {
  return error instanceof AwsError && types.includes(error.type);
}

/** Is there no such thing, as each of the services says it? */
export const isNotFound = (error: unknown): error is AwsError =>
  error instanceof AwsError && NOT_FOUND.test(error.type);

const NOT_FOUND = /^(?:ResourceNotFoundException|NoSuchEntity(?:Exception)?)$/;

interface Explanation {
  readonly code: ErrorCode;
  readonly what: string;
  readonly remedy: string;
}

/** Runs a method of the provider: what a service answers reaches the user in the user's words. */
export async function explained<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof AwsError ? toFailure(error, name) : error;
  }
}

/** What an answer means for the user. */
export function toFailure(error: AwsError, name: string): FaasifyError {
  const { code, what, remedy } = explain(error, name);
  return new FaasifyError(code, what, { remedy, cause: error });
}

function explain(error: AwsError, name: string): Explanation {
  return explainIdentity(error) ?? explainConnection(error) ?? explainRights(error) ?? explainAnswer(error, name);
}

const EXPIRED = /^(?:ExpiredToken(?:Exception)?|RequestExpired|TokenRefreshRequired)$/;
const REJECTED =
  /^(?:UnrecognizedClient(?:Exception)?|InvalidClientTokenId|InvalidAccessKeyId|InvalidSignature(?:Exception)?|SignatureDoesNotMatch|IncompleteSignature(?:Exception)?|MissingAuthenticationToken(?:Exception)?|AuthFailure|InvalidToken)$/;
const NO_CREDENTIALS = /^(?:CredentialsProviderError|TokenProviderError|ProviderError)$/;

function explainIdentity({ type, message }: AwsError): Explanation | undefined {
  const text = shorten(message);
  if (EXPIRED.test(type) || (NO_CREDENTIALS.test(type) && /expired|sso login/i.test(message))) {
    return {
      code: "credentials-expired",
      what: `The AWS credentials have expired (${text})`,
      remedy: "Log in again, for example with aws sso login, or get new ones",
    };
  }
  if (NO_CREDENTIALS.test(type)) {
    return {
      code: "credentials-missing",
      what: `There are no AWS credentials (${text})`,
      remedy: "Run aws configure or aws sso login, name a profile, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    };
  }
  if (!REJECTED.test(type)) return undefined;
  const clock = /signature (?:expired|not yet current)/i.test(message);
  return {
    code: "credentials-rejected",
    what: `AWS refused the credentials (${text})`,
    remedy: clock
      ? "Set the clock of this machine"
      : "Check the keys and the profile, and that the region is enabled for the account",
  };
}

const NETWORK =
  /^(?:ECONNREFUSED|ECONNRESET|ECONNABORTED|ETIMEDOUT|EPIPE|ENETUNREACH|EHOSTUNREACH|ENETDOWN|EAI_AGAIN|EPROTO|TimeoutError)$/;

function explainConnection({ type, message, action }: AwsError): Explanation | undefined {
  if (/region is missing/i.test(message)) {
    return {
      code: "region-missing",
      what: "No AWS region is given",
      remedy: "Give --region, set faasify.aws.region or AWS_REGION, or run aws configure",
    };
  }
  if (type === "ENOTFOUND" || /invalid.*region|region.*(?:invalid|not.*valid)/i.test(message)) {
    return {
      code: "region-unknown",
      what: `There is no such AWS region, or no network (${shorten(message)})`,
      remedy: "Correct the region, or check the connection",
    };
  }
  if (!NETWORK.test(type) && !/socket hang up|network|TLS/i.test(message)) return undefined;
  return {
    code: "platform-unreachable",
    what: `AWS did not answer to ${action} (${type}: ${shorten(message)})`,
    remedy: "Check the connection, then do it again: what was begun is completed",
  };
}

function explainRights({ type, message, action }: AwsError): Explanation | undefined {
  if (!/^(?:AccessDenied(?:Exception)?|UnauthorizedOperation|UnauthorizedException)$/.test(type)) return undefined;
  const right = /not authorized to perform: ([\w-]+:\w+)/.exec(message)?.[1] ?? action;
  return {
    code: "access-denied",
    what: `The right ${right} is missing (${shorten(message)})`,
    remedy: `Have ${right} allowed: docs/aws.md lists all rights that deploying needs`,
  };
}

const QUOTA =
  /^(?:LimitExceeded(?:Exception)?|CodeStorageExceededException|ServiceQuotaExceededException|TooManyRequestsException|ThrottlingException|Throttling|RequestLimitExceeded)$/;

function explainAnswer({ type, action, message }: AwsError, name: string): Explanation {
  const text = shorten(message);
  if (QUOTA.test(type)) {
    return {
      code: "quota-exceeded",
      what: `A quota of the AWS account is used up: ${type} (${text})`,
      remedy: "Remove what is not needed any more, wait, or have the quota raised",
    };
  }
  if (NOT_FOUND.test(type)) {
    return { code: "function-not-deployed", what: `${name} is not there (${text})`, remedy: "Deploy the function" };
  }
  if (/^Request(?:EntityTooLarge|TooLarge)Exception$/.test(type) || /unzipped size must be smaller/i.test(message)) {
    return {
      code: "artifact-too-large",
      what: `The package of ${name} is too large (${text})`,
      remedy: "Import smaller packages, or the part of a package that you need",
    };
  }
  return {
    code: "deployment-failed",
    what: `AWS refused ${action} for ${name}: ${type} (${text})`,
    remedy: "Correct what it names, then do it again: what was begun is completed",
  };
}

const shorten = (text: string): string => text.replaceAll(/\s+/g, " ").replace(/\.$/, "").slice(0, 300);
