/** What Lambda's REST API says, as far as we read it. */
import * as v from "valibot";
import { FaasifyError } from "../../../core/errors.ts";
import type { Answer } from "./signed-http.ts";

export const API = "/2015-03-31/functions";

export const functionConfigurationSchema = v.object({
  FunctionName: v.string(),
  FunctionArn: v.string(),
  CodeSha256: v.string(),
  Handler: v.string(),
  Version: v.string(),
  MemorySize: v.number(),
  /** In seconds. */
  Timeout: v.number(),
  Environment: v.optional(v.object({ Variables: v.optional(v.record(v.string(), v.string()), {}) }), {}),
  State: v.optional(v.string()),
  StateReason: v.optional(v.string()),
  LastUpdateStatus: v.optional(v.string()),
  LastUpdateStatusReason: v.optional(v.string()),
});

export type RemoteConfiguration = v.InferOutput<typeof functionConfigurationSchema>;

export const functionListSchema = v.object({
  Functions: v.array(v.object({ FunctionName: v.string() })),
  NextMarker: v.nullish(v.string()),
});

/** Reads an answer of the platform. What does not fit is a platform of another kind, not a bug of ours. */
export function readAnswer<T>(schema: v.GenericSchema<unknown, T>, { text }: Answer): T {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  const result = v.safeParse(schema, json);
  if (result.success) return result.output;
  throw new FaasifyError(
    "protocol-mismatch",
    `The local platform gave an answer that FaaSify does not know: ${text.slice(0, 200)}`,
    {
      remedy: "Run faasify platform stop, so that the platform of this version starts",
    },
  );
}

/** What an answer that is no success means, in the user's words. */
export function failureOf(answer: Answer, name: string): FaasifyError {
  const { type, message } = errorOf(answer);
  switch (answer.status) {
    case 403:
      return new FaasifyError("credentials-rejected", `The local platform refused the credentials (${message})`, {
        remedy: "Run faasify platform stop, and try again",
      });
    case 404:
      return new FaasifyError("function-not-deployed", `${name} is not on the local platform`, {
        remedy: "Deploy the function",
      });
    case 413:
      return new FaasifyError("bad-arguments", `The input for ${name} is too large (${message})`, {
        remedy: "Send at most 6 MB, and pass larger data by a file or a url",
      });
    case 429:
      return new FaasifyError(
        "invocation-throttled",
        `${name} was not run, because too many invocations are in flight`,
        {
          remedy: "Wait until they have ended, or raise the function's reserved concurrency",
        },
      );
    default:
      return new FaasifyError("deployment-failed", `The local platform refused ${name}: ${type} (${message})`, {
        remedy: "Look into the platform's log; deploying again is safe",
      });
  }
}

export function errorOf({ status, headers, text }: Answer): { readonly type: string; readonly message: string } {
  const header = headers["x-amzn-errortype"];
  const type = (typeof header === "string" ? header.split(":")[0] : undefined) ?? `status ${status}`;
  const body = v.safeParse(
    v.object({ message: v.optional(v.string()), Message: v.optional(v.string()) }),
    jsonOf(text),
  );
  return { type, message: (body.success && (body.output.message ?? body.output.Message)) || text.slice(0, 200) };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
