/**
 * Brings a function on AWS Lambda into the wanted state. Every step looks first and changes only what is not as wanted,
 * so a deployment that was cut anywhere is completed by the next one.
 */
import {
  type Architecture,
  CreateFunctionCommand,
  type FunctionConfiguration as RemoteConfiguration,
  GetFunctionCommand,
  type GetFunctionCommandOutput,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
  waitUntilFunctionActiveV2,
  waitUntilFunctionUpdatedV2,
} from "@aws-sdk/client-lambda";
import { FaasifyError } from "../../../core/errors.ts";
import type { DeployOutcome, DeployRequest, Report } from "../../provider.ts";
import type { Aws, SendOptions } from "./aws-clients.ts";
import { isAwsError, isNotFound } from "./aws-error.ts";
import { checkArtifact, type Code, withCode } from "./code-upload.ts";
import { ensureRole, roleName } from "./execution-role.ts";
import { ensureUrl, hasUrl } from "./function-url.ts";
import { ensureLogGroup } from "./log-group.ts";
import { mustBeOurs, ownTags } from "./ownership.ts";
import { untilReady } from "./retry.ts";

const RUNTIME = "nodejs22.x";
/** A function in a VPC takes minutes the first time. */
const SETTLE_LIMIT_S = 600;
const POLL_S = { minDelay: 1, maxDelay: 5 };

export interface DeployContext {
  readonly report: Report;
  readonly signal: AbortSignal;
}

/** @throws AwsError, FaasifyError */
export async function deployTo(aws: Aws, request: DeployRequest, context: DeployContext): Promise<DeployOutcome> {
  const { signal, report } = context;
  checkArtifact(aws, request);
  report("Looking at what is there");
  const found = await findFunction(aws, request.name, signal);
  if (found) mustBeOurs(found.Tags, `The function ${request.name}`);
  const before = found?.Configuration && (await settled(aws, found.Configuration, context));
  if (before && isAsWanted(aws, before, request) && (await hasUrl(aws, request, signal))) {
    return { deployment: await deploymentOf(aws, request, before), unchanged: true };
  }
  report("Making its log and its role");
  await ensureLogGroup(aws, request.name, signal);
  const role = await roleFor(aws, request, signal);
  const wanted: Wanted = { ...request, role };
  const after = before ? await update(aws, wanted, { ...context, before }) : await create(aws, wanted, context);
  if (!after) return deployTo(aws, request, context);
  await ensureUrl(aws, request, signal);
  return { deployment: await deploymentOf(aws, request, after), unchanged: false };
}

type Wanted = DeployRequest & { readonly role: string };

/** @returns undefined if there is none */
export async function findFunction(
  aws: Aws,
  FunctionName: string,
  signal: AbortSignal,
): Promise<GetFunctionCommandOutput | undefined> {
  const get = new GetFunctionCommand({ FunctionName });
  try {
    return await aws.send("lambda:GetFunction", (http) => aws.lambda.send(get, http), signal);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

function roleFor(aws: Aws, { name, configuration }: DeployRequest, signal: AbortSignal): Promise<string> {
  const { role } = aws.options;
  return role === undefined
    ? ensureRole(aws, { name, vpc: configuration.vpc !== undefined }, signal)
    : Promise.resolve(role);
}

/** @returns undefined if another window was faster: what it made is to be brought up to date */
async function create(
  aws: Aws,
  wanted: Wanted,
  { report, signal }: DeployContext,
): Promise<RemoteConfiguration | undefined> {
  report("Creating the function");
  const { name, function: ref } = wanted;
  return withCode(aws, wanted, signal, async (Code) => {
    const command = new CreateFunctionCommand({
      FunctionName: name,
      Runtime: RUNTIME,
      Description: `FaaSify: ${ref.name}`,
      Code,
      Tags: ownTags(name),
      Architectures: [architectureOf(wanted)],
      ...settingsOf(wanted),
    });
    try {
      const made = await untilReady(
        () => aws.send("lambda:CreateFunction", (http) => aws.lambda.send(command, http), signal),
        signal,
      );
      return await settled(aws, made, { report, signal });
    } catch (error) {
      if (isAwsError(error, "ResourceConflictException") && /already exist/i.test(error.message)) return undefined;
      throw error;
    }
  });
}

async function update(
  aws: Aws,
  wanted: Wanted,
  { before, report, signal }: DeployContext & { readonly before: RemoteConfiguration },
): Promise<RemoteConfiguration> {
  const { name } = wanted;
  const settle = (now: RemoteConfiguration) => settled(aws, now, { report, signal });
  const putCode = (): Promise<RemoteConfiguration> =>
    withCode(aws, wanted, signal, async (code: Code) => {
      report("Sending the code");
      const input = { FunctionName: name, ...code, Architectures: [architectureOf(wanted)] };
      const command = new UpdateFunctionCodeCommand(input);
      const request = (http: SendOptions) => aws.lambda.send(command, http);
      return settle(await untilReady(() => aws.send("lambda:UpdateFunctionCode", request, signal), signal));
    });
  const putSettings = async (): Promise<RemoteConfiguration> => {
    report("Changing the configuration");
    const command = new UpdateFunctionConfigurationCommand({ FunctionName: name, ...settingsOf(wanted) });
    const request = (http: SendOptions) => aws.lambda.send(command, http);
    return settle(await untilReady(() => aws.send("lambda:UpdateFunctionConfiguration", request, signal), signal));
  };

  const newCode = !hasCode(before, wanted);
  const newSettings = !hasSettings(before, wanted) || before.Role !== wanted.role;
  let after = before;
  // The shim's handler must be there before it is named; the plain one is in every artifact.
  const codeFirst = wanted.artifact.debug;
  if (newCode && codeFirst) after = await putCode();
  if (newSettings) after = await putSettings();
  if (newCode && !codeFirst) after = await putCode();
  return after;
}

const architectureOf = ({ configuration }: DeployRequest): Architecture => configuration.architecture ?? "x86_64";

/** Layers and VPC are sent always: an empty list takes back what was there. */
function settingsOf({ artifact, configuration, role }: Wanted) {
  const { memoryMb, timeoutMs, environment, layers = [], vpc } = configuration;
  return {
    Role: role,
    Handler: artifact.handler,
    MemorySize: memoryMb,
    Timeout: Math.ceil(timeoutMs / 1000),
    Environment: { Variables: environment },
    Layers: [...layers],
    VpcConfig: { SubnetIds: [...(vpc?.subnetIds ?? [])], SecurityGroupIds: [...(vpc?.securityGroupIds ?? [])] },
  };
}

function isAsWanted(aws: Aws, remote: RemoteConfiguration, request: DeployRequest): boolean {
  return remote.State !== "Failed" && hasCode(remote, request) && hasSettings(remote, request) && hasRole(aws, remote);
}

function hasCode({ CodeSha256, Architectures = ["x86_64"], State }: RemoteConfiguration, request: DeployRequest) {
  return (
    State !== "Failed" && CodeSha256 === request.artifact.sha256 && Architectures.includes(architectureOf(request))
  );
}

/** The one that is configured, or the one that we would make. */
function hasRole({ options }: Aws, { Role, FunctionName, FunctionArn = "" }: RemoteConfiguration): boolean {
  const own = roleName(FunctionName ?? "", FunctionArn.split(":")[3] ?? "");
  return options.role === undefined ? Role?.endsWith(`/${own}`) === true : Role === options.role;
}

function hasSettings(remote: RemoteConfiguration, request: DeployRequest): boolean {
  const wanted = settingsOf({ ...request, role: "" });
  return (
    remote.Handler === wanted.Handler &&
    remote.MemorySize === wanted.MemorySize &&
    remote.Timeout === wanted.Timeout &&
    sameEntries(remote.Environment?.Variables ?? {}, wanted.Environment.Variables) &&
    (remote.Layers ?? []).map(({ Arn }) => Arn).join() === wanted.Layers.join() &&
    sameSet(remote.VpcConfig?.SubnetIds, wanted.VpcConfig.SubnetIds) &&
    sameSet(remote.VpcConfig?.SecurityGroupIds, wanted.VpcConfig.SecurityGroupIds)
  );
}

function sameSet(a: readonly string[] = [], b: readonly string[]): boolean {
  return a.length === b.length && a.every((each) => b.includes(each));
}

function sameEntries(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}

/** Waits until AWS has finished with the function's last change. */
async function settled(
  aws: Aws,
  start: RemoteConfiguration,
  { report, signal }: DeployContext,
): Promise<RemoteConfiguration> {
  const { FunctionName = "", State = "Active", LastUpdateStatus = "Successful" } = start;
  if (State !== "Pending" && LastUpdateStatus !== "InProgress") return start;
  report(State === "Pending" ? "Waiting until it is active" : "Waiting until it is updated");
  const waiter = State === "Pending" ? waitUntilFunctionActiveV2 : waitUntilFunctionUpdatedV2;
  const limits = { client: aws.lambda, maxWaitTime: SETTLE_LIMIT_S, abortSignal: signal, ...POLL_S };
  try {
    await waiter(limits, { FunctionName });
  } catch (cause) {
    signal.throwIfAborted();
    throw await unsettled(aws, FunctionName, { cause, signal });
  }
  return (await findFunction(aws, FunctionName, signal))?.Configuration ?? start;
}

async function unsettled(
  aws: Aws,
  name: string,
  { cause, signal }: { readonly cause: unknown; readonly signal: AbortSignal },
): Promise<FaasifyError> {
  const now = (await findFunction(aws, name, signal))?.Configuration;
  const reason = now?.StateReason ?? now?.LastUpdateStatusReason ?? "no reason given";
  return new FaasifyError("deployment-failed", `${name} could not be changed (${reason})`, {
    remedy: "Correct what it names, then deploy the function again",
    cause,
  });
}

async function deploymentOf(
  aws: Aws,
  request: DeployRequest,
  remote: RemoteConfiguration,
): Promise<DeployOutcome["deployment"]> {
  const { artifact, configuration, name } = request;
  return {
    function: request.function,
    target: "aws",
    place: await aws.place(),
    name,
    version: remote.Version ?? "",
    id: remote.FunctionArn ?? "",
    sha256: artifact.sha256,
    buildId: artifact.buildId,
    artifactBytes: artifact.bytes,
    deployedAt: new Date().toISOString(),
    configuration,
    inputs: artifact.inputs,
    sourceMapPath: artifact.sourceMapPath,
    ...(artifact.convention && { convention: artifact.convention }),
  };
}
