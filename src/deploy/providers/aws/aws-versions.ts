/** Versions and aliases on AWS Lambda. */
import {
  type AliasConfiguration,
  CreateAliasCommand,
  DeleteAliasCommand,
  DeleteFunctionCommand,
  GetAliasCommand,
  ListAliasesCommand,
  ListVersionsByFunctionCommand,
  PublishVersionCommand,
  UpdateAliasCommand,
  waitUntilPublishedVersionActive,
} from "@aws-sdk/client-lambda";
import { isAboutAlias, missingQualifier, versionConflict, versionNotFound } from "../../lambda/version-failures.ts";
import type { DeployedAlias, FunctionAlias, FunctionVersion, FunctionVersions } from "../../provider.ts";
import type { Aws } from "./aws-clients.ts";
import { explained, isAwsError, isNotFound } from "./aws-error.ts";
import { untilReady } from "./retry.ts";

const LATEST = "$LATEST";
const PUBLISH_LIMIT_S = 300;

export function createAwsVersions(aws: Aws): FunctionVersions {
  return {
    publish: (name, options, signal) => explained(name, () => publish(aws, { name, ...options }, signal)),
    list: (name, signal) => explained(name, () => listVersions(aws, name, signal)),
    remove: (name, version, signal) => explained(name, () => removeVersion(aws, { name, version }, signal)),
    alias: (name, alias, signal) => explained(name, () => readAlias(aws, { name, alias }, signal)),
    aliases: (name, signal) => explained(name, () => listAliases(aws, name, signal)),
    setAlias: (name, wanted, { revision }, signal) =>
      explained(name, () => setAlias(aws, { name, wanted, revision }, signal)),
    removeAlias: (name, alias, signal) => explained(name, () => removeAlias(aws, { name, alias }, signal)),
  };
}

interface Publication {
  readonly name: string;
  readonly sha256?: string;
  readonly description?: string;
}

async function publish(
  aws: Aws,
  { name: FunctionName, sha256, description }: Publication,
  signal: AbortSignal,
): Promise<FunctionVersion> {
  const command = new PublishVersionCommand({ FunctionName, CodeSha256: sha256, Description: description });
  try {
    const published = await untilReady(
      () => aws.send("lambda:PublishVersion", (http) => aws.lambda.send(command, http), signal),
      signal,
    );
    const { Version: Qualifier = "", State } = published;
    if (State === "Pending") {
      const limits = {
        client: aws.lambda,
        maxWaitTime: PUBLISH_LIMIT_S,
        abortSignal: signal,
        minDelay: 1,
        maxDelay: 5,
      };
      await waitUntilPublishedVersionActive(limits, { FunctionName, Qualifier });
    }
    return toVersion(published);
  } catch (error) {
    if (isAwsError(error, "InvalidParameterValueException") && error.message.includes("CodeSHA256")) {
      throw versionConflict(`${FunctionName} was deployed by somebody else meanwhile, so it was not published`);
    }
    throw error;
  }
}

async function listVersions(aws: Aws, FunctionName: string, signal: AbortSignal): Promise<readonly FunctionVersion[]> {
  const versions: FunctionVersion[] = [];
  let Marker: string | undefined;
  do {
    const list = new ListVersionsByFunctionCommand({ FunctionName, Marker });
    const page = await aws.send("lambda:ListVersionsByFunction", (http) => aws.lambda.send(list, http), signal);
    versions.push(...(page.Versions ?? []).filter(({ Version }) => Version !== LATEST).map(toVersion));
    Marker = page.NextMarker;
  } while (Marker !== undefined && Marker !== "");
  return versions;
}

async function removeVersion(
  aws: Aws,
  { name: FunctionName, version: Qualifier }: { readonly name: string; readonly version: string },
  signal: AbortSignal,
): Promise<void> {
  const drop = new DeleteFunctionCommand({ FunctionName, Qualifier });
  try {
    await aws.send("lambda:DeleteFunction", (http) => aws.lambda.send(drop, http), signal);
  } catch (error) {
    if (isAwsError(error, "ResourceConflictException")) {
      throw versionConflict(`Version ${Qualifier} of ${FunctionName} is in use by an alias`);
    }
    if (!isNotFound(error) || missingQualifier(error.message) === undefined) throw error;
  }
}

interface AliasName {
  readonly name: string;
  readonly alias: string;
}

async function readAlias(
  aws: Aws,
  { name: FunctionName, alias: Name }: AliasName,
  signal: AbortSignal,
): Promise<DeployedAlias | undefined> {
  const get = new GetAliasCommand({ FunctionName, Name });
  try {
    return toAlias(await aws.send("lambda:GetAlias", (http) => aws.lambda.send(get, http), signal));
  } catch (error) {
    if (isNotFound(error) && isAboutAlias(error.message)) return undefined;
    throw error;
  }
}

async function listAliases(aws: Aws, FunctionName: string, signal: AbortSignal): Promise<readonly DeployedAlias[]> {
  const aliases: DeployedAlias[] = [];
  let Marker: string | undefined;
  do {
    const list = new ListAliasesCommand({ FunctionName, Marker });
    const page = await aws.send("lambda:ListAliases", (http) => aws.lambda.send(list, http), signal);
    aliases.push(...(page.Aliases ?? []).map(toAlias));
    Marker = page.NextMarker;
  } while (Marker !== undefined && Marker !== "");
  return aliases;
}

interface AliasChange {
  readonly name: string;
  readonly wanted: FunctionAlias;
  readonly revision: string | undefined;
}

async function setAlias(
  aws: Aws,
  { name: FunctionName, wanted, revision }: AliasChange,
  signal: AbortSignal,
): Promise<DeployedAlias> {
  const { name: Name, version: FunctionVersion, canary } = wanted;
  const known = revision ?? (await readAlias(aws, { name: FunctionName, alias: Name }, signal))?.revision ?? "new";
  const RoutingConfig = { AdditionalVersionWeights: canary ? { [canary.version]: canary.weight } : {} };
  const input = { FunctionName, Name, FunctionVersion, RoutingConfig };
  const create = new CreateAliasCommand(input);
  const update = new UpdateAliasCommand({ ...input, RevisionId: known });
  try {
    return toAlias(
      known === "new"
        ? await aws.send("lambda:CreateAlias", (http) => aws.lambda.send(create, http), signal)
        : await aws.send("lambda:UpdateAlias", (http) => aws.lambda.send(update, http), signal),
    );
  } catch (error) {
    const missing = isNotFound(error) ? missingQualifier(error.message) : undefined;
    if (
      isAwsError(error, "ResourceConflictException", "ConflictException", "PreconditionFailedException") ||
      (isNotFound(error) && isAboutAlias(error.message))
    ) {
      throw versionConflict(`The alias ${Name} of ${FunctionName} was changed by somebody else meanwhile`);
    }
    if (missing !== undefined) throw versionNotFound(FunctionName, missing);
    throw error;
  }
}

async function removeAlias(
  aws: Aws,
  { name: FunctionName, alias: Name }: AliasName,
  signal: AbortSignal,
): Promise<void> {
  const drop = new DeleteAliasCommand({ FunctionName, Name });
  try {
    await aws.send("lambda:DeleteAlias", (http) => aws.lambda.send(drop, http), signal);
  } catch (error) {
    if (!isNotFound(error) || !isAboutAlias(error.message)) throw error;
  }
}

function toVersion({
  Version = "",
  CodeSha256 = "",
  Description = "",
}: {
  readonly Version?: string | undefined;
  readonly CodeSha256?: string | undefined;
  readonly Description?: string | undefined;
}): FunctionVersion {
  return { version: Version, sha256: CodeSha256, description: Description };
}

function toAlias({ Name = "", FunctionVersion = "", RevisionId = "", RoutingConfig }: AliasConfiguration) {
  const [canary] = Object.entries(RoutingConfig?.AdditionalVersionWeights ?? {});
  return {
    name: Name,
    version: FunctionVersion,
    ...(canary && { canary: { version: canary[0], weight: canary[1] } }),
    revision: RevisionId,
  };
}
