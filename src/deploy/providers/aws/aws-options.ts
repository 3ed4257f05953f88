/** How the AWS provider is set up: types and names only, so that nobody loads the SDK for their sake. */
import type { DeploymentPlace } from "../../provider.ts";

export interface AwsOptions {
  /** Absent: the profile's, or AWS_REGION. */
  readonly region?: string | undefined;
  /** Of ~/.aws; absent: AWS_PROFILE, or the default chain of credentials. */
  readonly profile?: string | undefined;
  /** URL of LocalStack, the local platform or another stand-in; absent: AWS_ENDPOINT_URL, or AWS itself. */
  readonly endpoint?: string | undefined;
  /** ARN of the role that functions run with; absent: each gets one that may only write its own log. */
  readonly role?: string | undefined;
  /** S3 bucket through which zips over 50 MB go; absent: they are refused. */
  readonly codeBucket?: string | undefined;
}

/** Where requests for functions go, if not to AWS itself. */
export function endpointOf({ endpoint }: AwsOptions, env: NodeJS.ProcessEnv = process.env): string | undefined {
  return endpoint ?? (env["AWS_ENDPOINT_URL_LAMBDA"] || env["AWS_ENDPOINT_URL"] || undefined);
}

/** What of the options is needed to find a function again. */
export function withPlace(options: AwsOptions, place: DeploymentPlace | undefined): AwsOptions {
  if (!place) return options;
  const { region, profile, endpoint } = place;
  return { ...options, region, profile, endpoint };
}
