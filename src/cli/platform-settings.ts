/** Options of `deploy` for what not every platform has. */
import { architectures, urlAccesses } from "../core/function-model.ts";
import type { PlatformSettings } from "../deploy/provider.ts";
import { wrongUsage, type Command, type CommandInput } from "./command.ts";

export const platformSettingOptions = {
  arch: { type: "string" },
  url: { type: "string" },
  layer: { type: "string", multiple: true },
  subnet: { type: "string", multiple: true },
  "security-group": { type: "string", multiple: true },
} as const;

export const platformSettingHelp: readonly string[] = [
  "  --arch A    x86_64 (the default) or arm64, where the target has both",
  "  --url WHO   an address for plain HTTP: public, or iam for signed requests only",
  "  --layer ARN, --subnet ID, --security-group ID",
  "              layers and the private network, for aws; may be given several times",
];

/** @throws FaasifyError `wrong-usage` */
export function readPlatformSettings(command: Command, input: CommandInput): PlatformSettings {
  const architecture = oneOf(command, input, { option: "arch", values: architectures });
  const url = oneOf(command, input, { option: "url", values: urlAccesses });
  const layers = input.texts("layer");
  return {
    ...(architecture !== undefined && { architecture }),
    ...(url !== undefined && { url }),
    ...(layers.length > 0 && { layers }),
    ...readVpc(command, input),
  };
}

function readVpc(command: Command, input: CommandInput): Pick<PlatformSettings, "vpc"> {
  const [subnetIds, securityGroupIds] = [input.texts("subnet"), input.texts("security-group")];
  if (subnetIds.length === 0 && securityGroupIds.length === 0) return {};
  if (subnetIds.length > 0 && securityGroupIds.length > 0) return { vpc: { subnetIds, securityGroupIds } };
  throw wrongUsage(command, "--subnet and --security-group belong together");
}

interface Choice<T> {
  readonly option: string;
  readonly values: readonly T[];
}

function oneOf<const T extends string>(
  command: Command,
  input: CommandInput,
  { option, values }: Choice<T>,
): T | undefined {
  const given = input.text(option);
  if (given === undefined) return undefined;
  const value = values.find((each) => each === given);
  if (value !== undefined) return value;
  throw wrongUsage(command, `--${option} needs one of ${values.join(", ")}, not "${given}"`);
}
