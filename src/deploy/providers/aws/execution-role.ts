/** The role that a function runs with: one of its own, which may write the function's own log and nothing else. */
import { createHash } from "node:crypto";
import {
  CreateRoleCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  GetRoleCommand,
  ListRoleTagsCommand,
  PutRolePolicyCommand,
} from "@aws-sdk/client-iam";
import type { Aws } from "./aws-clients.ts";
import { isAwsError, isNotFound } from "./aws-error.ts";
import { logGroupName } from "./log-group.ts";
import { isOurs, mustBeOurs, ownTags } from "./ownership.ts";

const MAX_ROLE_NAME = 64;
const HASH_LENGTH = 8;
const PREFIX = "faasify-";
const POLICY_NAME = "faasify";

const trustPolicy = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }],
});

/** What Lambda needs to put a function into a VPC; these actions know no narrower resources. */
const VPC_ACTIONS = [
  "ec2:CreateNetworkInterface",
  "ec2:DescribeNetworkInterfaces",
  "ec2:DescribeSubnets",
  "ec2:DeleteNetworkInterface",
  "ec2:AssignPrivateIpAddresses",
  "ec2:UnassignPrivateIpAddresses",
];

/** Roles belong to the whole account: functions of the same name in two regions have one each. */
export function roleName(name: string, region: string): string {
  const hash = createHash("sha256").update(`${region}:${name}`).digest("hex").slice(0, HASH_LENGTH);
  const room = MAX_ROLE_NAME - PREFIX.length - HASH_LENGTH - 1;
  return `${PREFIX}${name.slice(0, room)}-${hash}`;
}

export interface RoleWish {
  /** Of the function. */
  readonly name: string;
  readonly vpc: boolean;
}

/** Makes the role, or brings it up to date. @returns its ARN */
export async function ensureRole(aws: Aws, { name, vpc }: RoleWish, signal: AbortSignal): Promise<string> {
  const region = await aws.region();
  const RoleName = roleName(name, region);
  const arn = (await findRole(aws, RoleName, signal)) ?? (await createRole(aws, { name, RoleName }, signal));
  const { account, partition } = await aws.identity(signal);
  const logGroup = `arn:${partition}:logs:${region}:${account}:log-group:${logGroupName(name)}:*`;
  const statements = [
    { Effect: "Allow", Action: ["logs:CreateLogStream", "logs:PutLogEvents"], Resource: logGroup },
    ...(vpc ? [{ Effect: "Allow", Action: VPC_ACTIONS, Resource: "*" }] : []),
  ];
  const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: statements });
  const put = new PutRolePolicyCommand({ RoleName, PolicyName: POLICY_NAME, PolicyDocument });
  await aws.send("iam:PutRolePolicy", (http) => aws.iam.send(put, http), signal);
  return arn;
}

async function createRole(
  aws: Aws,
  { name, RoleName }: { readonly name: string; readonly RoleName: string },
  signal: AbortSignal,
): Promise<string> {
  const create = new CreateRoleCommand({
    RoleName,
    AssumeRolePolicyDocument: trustPolicy,
    Description: `Made by FaaSify for the function ${name}`,
    Tags: Object.entries(ownTags(name)).map(([Key, Value]) => ({ Key, Value })),
  });
  try {
    const { Role } = await aws.send("iam:CreateRole", (http) => aws.iam.send(create, http), signal);
    return Role?.Arn ?? "";
  } catch (error) {
    // Another window was faster, or the answer to an earlier attempt was lost.
    const found = isAwsError(error, "EntityAlreadyExistsException", "EntityAlreadyExists");
    const arn = found ? await findRole(aws, RoleName, signal) : undefined;
    if (arn === undefined) throw error;
    return arn;
  }
}

/** @throws FaasifyError `function-name-taken` if it is not ours */
async function findRole(aws: Aws, RoleName: string, signal: AbortSignal): Promise<string | undefined> {
  const get = new GetRoleCommand({ RoleName });
  try {
    const { Role } = await aws.send("iam:GetRole", (http) => aws.iam.send(get, http), signal);
    mustBeOurs(await tagsOf(aws, RoleName, signal), `The role ${RoleName}`);
    return Role?.Arn;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

async function tagsOf(aws: Aws, RoleName: string, signal: AbortSignal): Promise<Record<string, string>> {
  const list = new ListRoleTagsCommand({ RoleName });
  const { Tags = [] } = await aws.send("iam:ListRoleTags", (http) => aws.iam.send(list, http), signal);
  return Object.fromEntries(Tags.map(({ Key = "", Value = "" }) => [Key, Value]));
}

/** Succeeds if it is gone already; leaves what is not ours. */
export async function removeRole(aws: Aws, name: string, signal: AbortSignal): Promise<void> {
  const RoleName = roleName(name, await aws.region());
  const dropPolicy = new DeleteRolePolicyCommand({ RoleName, PolicyName: POLICY_NAME });
  const dropRole = new DeleteRoleCommand({ RoleName });
  try {
    if (!isOurs(await tagsOf(aws, RoleName, signal))) return;
    await aws
      .send("iam:DeleteRolePolicy", (http) => aws.iam.send(dropPolicy, http), signal)
      .catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      });
    await aws.send("iam:DeleteRole", (http) => aws.iam.send(dropRole, http), signal);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
