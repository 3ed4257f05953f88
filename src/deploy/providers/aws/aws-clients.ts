/** The SDK's clients of one region and one identity, and the one way in which requests are sent. */
import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { IAMClient } from "@aws-sdk/client-iam";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { S3Client } from "@aws-sdk/client-s3";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { version } from "../../../core/version.ts";
import type { DeploymentPlace } from "../../provider.ts";
import { AwsError } from "./aws-error.ts";
import { type AwsOptions, endpointOf } from "./aws-options.ts";

const CONNECT_LIMIT_MS = 10_000;
/** Of a connection on which nothing comes or goes. */
const IDLE_LIMIT_MS = 60_000;
const ATTEMPTS = 4;

export interface Identity {
  readonly account: string;
  /** `aws`, `aws-cn` or `aws-us-gov`. */
  readonly partition: string;
}

/** What every command of the SDK takes beside its input. */
export interface SendOptions {
  readonly abortSignal: AbortSignal;
}

export interface Aws {
  readonly options: AwsOptions;
  readonly lambda: LambdaClient;
  /** Sends once: after a lost connection the function may have run. */
  readonly invoker: LambdaClient;
  readonly iam: IAMClient;
  readonly logs: CloudWatchLogsClient;
  readonly cloudWatch: CloudWatchClient;
  readonly s3: S3Client;
  region(): Promise<string>;
  identity(signal: AbortSignal): Promise<Identity>;
  /** With the endpoint that the environment names: a deployment must be found without it, too. */
  place(): Promise<DeploymentPlace>;
  /**
   * @param action - as policies name it: `lambda:GetFunction`
   * @throws AwsError for what the service answers; the signal's reason when aborted
   */
  send<T>(action: string, request: (options: SendOptions) => Promise<T>, signal: AbortSignal): Promise<T>;
}

export function createAws(options: AwsOptions): Aws {
  const { profile = process.env["AWS_PROFILE"] || undefined } = options;
  const common = clientConfiguration({ ...options, profile });
  const lambda = new LambdaClient(common);
  const sts = new STSClient(common);
  let identity: Promise<Identity> | undefined;

  const send: Aws["send"] = async (action, request, signal) => {
    signal.throwIfAborted();
    try {
      return await request({ abortSignal: signal });
    } catch (error) {
      signal.throwIfAborted();
      throw new AwsError(action, error, profile);
    }
  };
  const ask = async (signal: AbortSignal): Promise<Identity> => {
    const { Account = "", Arn = "" } = await send(
      "sts:GetCallerIdentity",
      (http) => sts.send(new GetCallerIdentityCommand({}), http),
      signal,
    );
    return { account: Account, partition: Arn.split(":")[1] ?? "aws" };
  };
  const region = async (): Promise<string> => {
    try {
      return await lambda.config.region();
    } catch (error) {
      throw new AwsError("lambda:GetFunction", error);
    }
  };

  return {
    options,
    lambda,
    invoker: new LambdaClient({ ...common, maxAttempts: 1, requestHandler: { connectionTimeout: CONNECT_LIMIT_MS } }),
    iam: new IAMClient(common),
    logs: new CloudWatchLogsClient(common),
    cloudWatch: new CloudWatchClient(common),
    // Stand-ins have no names for buckets.
    s3: new S3Client({ ...common, forcePathStyle: endpointOf(options) !== undefined }),
    region,
    // A failed question is asked again.
    identity: (signal) =>
      (identity ??= ask(signal).catch((error: unknown) => {
        identity = undefined;
        throw error;
      })),
    place: async () => {
      const elsewhere = endpointOf(options);
      return {
        region: await region(),
        ...(profile !== undefined && { profile }),
        ...(elsewhere !== undefined && { endpoint: elsewhere }),
      };
    },
    send,
  };
}

function clientConfiguration({ region, profile, endpoint }: AwsOptions) {
  return {
    ...(region !== undefined && { region }),
    ...(profile !== undefined && { profile }),
    ...(endpoint !== undefined && { endpoint }),
    maxAttempts: ATTEMPTS,
    customUserAgent: `faasify/${version}`,
    requestHandler: { connectionTimeout: CONNECT_LIMIT_MS, socketTimeout: IDLE_LIMIT_MS },
  };
}
