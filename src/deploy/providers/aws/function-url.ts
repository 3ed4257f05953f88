/** The address at which a function answers to plain HTTP, for everybody or for callers with rights. */
import {
  AddPermissionCommand,
  type AddPermissionRequest,
  CreateFunctionUrlConfigCommand,
  type FunctionUrlAuthType,
  GetFunctionUrlConfigCommand,
  GetPolicyCommand,
  UpdateFunctionUrlConfigCommand,
} from "@aws-sdk/client-lambda";
import type { UrlAccess } from "../../../core/function-model.ts";
import type { DeployRequest } from "../../provider.ts";
import type { Aws, SendOptions } from "./aws-clients.ts";
import { isAwsError, isNotFound } from "./aws-error.ts";
import { untilReady } from "./retry.ts";

/** What everybody must be allowed for a public URL: both, since October 2025. */
const PUBLIC_ACCESS: readonly Omit<AddPermissionRequest, "FunctionName">[] = [
  {
    StatementId: "faasify-url",
    Action: "lambda:InvokeFunctionUrl",
    Principal: "*",
    FunctionUrlAuthType: "NONE",
  },
  {
    StatementId: "faasify-url-invoke",
    Action: "lambda:InvokeFunction",
    Principal: "*",
    InvokedViaFunctionUrl: true,
  },
];

/** Has the function the URL that it is to have? One that nobody asks for any more stays. */
export async function hasUrl(
  aws: Aws,
  { name, configuration: { url } }: DeployRequest,
  signal: AbortSignal,
): Promise<boolean> {
  if (url === undefined) return true;
  if ((await authTypeOf(aws, name, signal)) !== authTypeFor(url)) return false;
  return url === "iam" || (await missingPermissions(aws, name, signal)).length === 0;
}

export async function ensureUrl(
  aws: Aws,
  { name: FunctionName, configuration: { url } }: DeployRequest,
  signal: AbortSignal,
): Promise<void> {
  if (url === undefined) return;
  const AuthType = authTypeFor(url);
  const now = await authTypeOf(aws, FunctionName, signal);
  if (now === undefined) {
    const create = new CreateFunctionUrlConfigCommand({ FunctionName, AuthType });
    await change(aws, "lambda:CreateFunctionUrlConfig", (http) => aws.lambda.send(create, http), signal);
  } else if (now !== AuthType) {
    const update = new UpdateFunctionUrlConfigCommand({ FunctionName, AuthType });
    await change(aws, "lambda:UpdateFunctionUrlConfig", (http) => aws.lambda.send(update, http), signal);
  }
  if (url === "iam") return;
  for (const permission of await missingPermissions(aws, FunctionName, signal)) {
    const add = new AddPermissionCommand({ FunctionName, ...permission });
    await change(aws, "lambda:AddPermission", (http) => aws.lambda.send(add, http), signal);
  }
}

const authTypeFor = (url: UrlAccess): FunctionUrlAuthType => (url === "iam" ? "AWS_IAM" : "NONE");

/** What another window was faster with is there: that is all that was wanted. */
async function change(
  aws: Aws,
  action: string,
  request: (http: SendOptions) => Promise<unknown>,
  signal: AbortSignal,
): Promise<void> {
  try {
    await untilReady(() => aws.send(action, request, signal), signal);
  } catch (error) {
    if (!isAwsError(error, "ResourceConflictException") || !/exists/i.test(error.message)) throw error;
  }
}

async function authTypeOf(aws: Aws, FunctionName: string, signal: AbortSignal): Promise<string | undefined> {
  const get = new GetFunctionUrlConfigCommand({ FunctionName });
  try {
    return (await aws.send("lambda:GetFunctionUrlConfig", (http) => aws.lambda.send(get, http), signal)).AuthType;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

async function missingPermissions(aws: Aws, FunctionName: string, signal: AbortSignal) {
  const get = new GetPolicyCommand({ FunctionName });
  try {
    const { Policy = "" } = await aws.send("lambda:GetPolicy", (http) => aws.lambda.send(get, http), signal);
    return PUBLIC_ACCESS.filter(({ StatementId }) => !Policy.includes(`"${StatementId}"`));
  } catch (error) {
    if (isNotFound(error)) return PUBLIC_ACCESS;
    throw error;
  }
}
