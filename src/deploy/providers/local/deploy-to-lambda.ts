/** Brings a function on a Lambda API into the wanted state with as few requests as possible. */
import { FaasifyError } from "../../../core/errors.ts";
import type { DeployOutcome, DeployRequest } from "../../provider.ts";
import { SWAP_HEADER } from "../../../protocol/platform-info.ts";
import { wait } from "../../wait.ts";
import {
  API,
  errorOf,
  failureOf,
  functionConfigurationSchema,
  readAnswer,
  type RemoteConfiguration,
} from "./lambda-messages.ts";
import type { Send } from "./signed-http.ts";

/** The platform runs every function on its own Node; the name is what Lambda's clients expect. */
const RUNTIME = "nodejs22.x";
const ROLE = "arn:aws:iam::000000000000:role/faasify";
const SETTLE_LIMIT_MS = 30_000;
const POLL_MS = 20;

export interface DeployContext {
  /** The artifact's zip in base64; read only when it is sent. */
  readonly zip: () => Promise<string>;
  readonly signal: AbortSignal;
}

/**
 * Creates or replaces the function. Between two requests it runs either the old or the new code with a handler that
 * both have.
 *
 * @throws FaasifyError `deployment-failed`, `platform-unreachable`, …
 */
export async function deployTo(send: Send, request: DeployRequest, context: DeployContext): Promise<DeployOutcome> {
  const path = `${API}/${request.name}/configuration`;
  const answer = await send({ method: "GET", path }, context.signal);
  if (answer.status === 404) return create(send, request, context);
  if (answer.status !== 200) throw failureOf(answer, request.name);
  return update(send, request, { ...context, before: readAnswer(functionConfigurationSchema, answer) });
}

async function create(send: Send, request: DeployRequest, context: DeployContext): Promise<DeployOutcome> {
  const body = JSON.stringify({
    FunctionName: request.name,
    Runtime: RUNTIME,
    Role: ROLE,
    Description: `FaaSify: ${request.function.name}`,
    Code: { ZipFile: await context.zip() },
    ...settingsOf(request),
  });
  const answer = await send({ method: "POST", path: API, body }, context.signal);
  // Another window was faster: what it made is brought up to date.
  if (answer.status === 409 && errorOf(answer).type === "ResourceConflictException") {
    return deployTo(send, request, context);
  }
  if (answer.status !== 201) throw failureOf(answer, request.name);
  const after = await settled(send, readAnswer(functionConfigurationSchema, answer), context.signal);
  return { deployment: deploymentOf(request, after), unchanged: false };
}

async function update(
  send: Send,
  request: DeployRequest,
  { zip, signal, before }: DeployContext & { readonly before: RemoteConfiguration },
): Promise<DeployOutcome> {
  const path = `${API}/${request.name}`;
  let swapped = 0;
  const put = async (
    what: string,
    body: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<RemoteConfiguration> => {
    const answer = await send({ method: "PUT", path: `${path}/${what}`, body, headers }, signal);
    if (answer.status !== 200) throw failureOf(answer, request.name);
    swapped = Number(answer.headers[SWAP_HEADER] ?? 0);
    return settled(send, readAnswer(functionConfigurationSchema, answer), signal);
  };
  const swap = request.swap ? { [SWAP_HEADER]: "1" } : {};
  const putCode = async () => put("code", JSON.stringify({ ZipFile: await zip() }), swap);
  const putSettings = () => put("configuration", JSON.stringify(settingsOf(request)));

  const broken = before.State === "Failed";
  const newCode = broken || before.CodeSha256 !== request.artifact.sha256;
  const newSettings = !hasSettings(before, request);
  let after = broken ? before : await settled(send, before, signal);
  // The shim's handler must be there before it is named; the plain one is in every artifact.
  const codeFirst = request.artifact.debug;
  if (newCode && codeFirst) after = await putCode();
  if (newSettings) after = await putSettings();
  if (newCode && !codeFirst) after = await putCode();
  return {
    deployment: deploymentOf(request, after),
    unchanged: !newCode && !newSettings,
    ...(request.swap && { swapped }),
  };
}

function settingsOf({ artifact, configuration }: DeployRequest) {
  return {
    Handler: artifact.handler,
    MemorySize: configuration.memoryMb,
    Timeout: Math.ceil(configuration.timeoutMs / 1000),
    Environment: { Variables: configuration.environment },
  };
}

function hasSettings(remote: RemoteConfiguration, request: DeployRequest): boolean {
  const { Handler, MemorySize, Timeout, Environment } = settingsOf(request);
  return (
    remote.Handler === Handler &&
    remote.MemorySize === MemorySize &&
    remote.Timeout === Timeout &&
    sameEntries(remote.Environment.Variables ?? {}, Environment.Variables)
  );
}

function sameEntries(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}

/** Waits until the platform has finished with the function's last change. */
async function settled(send: Send, start: RemoteConfiguration, signal: AbortSignal): Promise<RemoteConfiguration> {
  const limit = Date.now() + SETTLE_LIMIT_MS;
  let now = start;
  while (now.State === "Pending" || now.LastUpdateStatus === "InProgress") {
    if (Date.now() > limit) throw unsettled(now, `is still being changed after ${SETTLE_LIMIT_MS / 1000} s`);
    await wait(POLL_MS, signal);
    const answer = await send({ method: "GET", path: `${API}/${now.FunctionName}/configuration` }, signal);
    if (answer.status !== 200) throw failureOf(answer, now.FunctionName);
    now = readAnswer(functionConfigurationSchema, answer);
  }
  if (now.State === "Failed") throw unsettled(now, `could not be created (${now.StateReason ?? "no reason given"})`);
  if (now.LastUpdateStatus === "Failed" && now !== start) {
    throw unsettled(now, `could not be changed (${now.LastUpdateStatusReason ?? "no reason given"})`);
  }
  return now;
}

function unsettled({ FunctionName }: RemoteConfiguration, what: string): FaasifyError {
  return new FaasifyError("deployment-failed", `${FunctionName} ${what}`, { remedy: "Deploy the function again" });
}

function deploymentOf(request: DeployRequest, remote: RemoteConfiguration): DeployOutcome["deployment"] {
  const { artifact, configuration, name } = request;
  return {
    function: request.function,
    target: "local",
    name,
    version: remote.Version,
    id: remote.FunctionArn,
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
