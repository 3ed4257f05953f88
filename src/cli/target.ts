/** Which target a command is for, and where that is. */
import type { ProviderId } from "../core/invocation.ts";
import type { Deployer } from "../deploy/deploy-function.ts";
import type { AwsOptions } from "../deploy/providers/aws/aws-options.ts";
import { wrongUsage, type Command, type CommandInput } from "./command.ts";

/** Of targets that have several places. */
export const placeOptions = {
  region: { type: "string" },
  profile: { type: "string" },
  endpoint: { type: "string" },
  role: { type: "string" },
  "code-bucket": { type: "string" },
} as const;

/** Without places: what a decomposed program deploys goes where its own environment says. */
export const targetNameOption = { target: { type: "string" } } as const;

export const targetOption = { ...targetNameOption, ...placeOptions } as const;

export const targetHelp: readonly string[] = [
  "  --target T  where: local (the default), or aws",
  "  --region R, --profile P, --endpoint URL",
  "              which AWS: the region, the profile of ~/.aws, and the address of LocalStack or another stand-in;",
  "              without them what AWS's own tools would take (AWS_REGION, AWS_PROFILE, AWS_ENDPOINT_URL, …)",
];

/** As given to a command; one that has no such options has none of them. */
export function readAwsOptions(input: CommandInput): AwsOptions {
  return {
    region: input.text("region"),
    profile: input.text("profile"),
    endpoint: input.text("endpoint"),
    role: input.text("role"),
    codeBucket: input.text("code-bucket"),
  };
}

/** @throws FaasifyError `target-unknown`; `wrong-usage` for a region of a target that has none */
export async function chooseTarget(command: Command, input: CommandInput, deployer: Deployer): Promise<ProviderId> {
  const provider = await deployer.provider(input.text("target") ?? "local");
  const given = Object.keys(placeOptions).find((option) => input.text(option) !== undefined);
  if (given === undefined || provider.place) return provider.id;
  throw wrongUsage(command, `--${given} means nothing for ${provider.id}: it is for --target aws`);
}
