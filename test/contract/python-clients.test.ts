/** The platform as boto3 sees it, with its waiters and paginators, and the error bodies that it parses. */
import { execFile } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeZip, startPlatform, temporaryFolder, type RunningPlatform } from "../e2e/platform-harness.ts";
import { pythonClients } from "./python-packages.ts";

const run = promisify(execFile);

/** Prints one JSON document: what a test then looks at. */
const script = `
import io, json, sys
import boto3
from botocore.exceptions import ClientError

endpoint, region, zip_file, other_zip = sys.argv[1:]
make = lambda service: boto3.client(service, endpoint_url=endpoint, region_name=region)
functions, iam, sts, logs, cloudwatch = map(make, ["lambda", "iam", "sts", "logs", "cloudwatch"])
code = open(zip_file, "rb").read()
seen = {}

def refusal(operation, **parameters):
    try:
        operation(**parameters)
    except ClientError as error:
        answer = error.response
        return [type(error).__name__, answer["Error"]["Code"], answer["Error"]["Message"], answer["ResponseMetadata"]["HTTPStatusCode"]]
    return None

seen["account"] = sts.get_caller_identity()["Account"]
trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
role = iam.create_role(RoleName="boto", AssumeRolePolicyDocument=json.dumps(trust), Tags=[{"Key": "a", "Value": "b"}])["Role"]
iam.get_waiter("role_exists").wait(RoleName="boto")
seen["trust"] = iam.get_role(RoleName="boto")["Role"]["AssumeRolePolicyDocument"]
seen["no role"] = refusal(iam.get_role, RoleName="nobody")

named = {"FunctionName": "boto"}
functions.create_function(**named, Runtime="nodejs22.x", Role=role["Arn"], Handler="index.handler", Code={"ZipFile": code}, Tags={"stage": "dev"}, Environment={"Variables": {"MODE": "a"}})
for waiter in ["function_exists", "function_active", "function_active_v2", "function_updated", "function_updated_v2"]:
    functions.get_waiter(waiter).wait(**named)
seen["twice"] = refusal(functions.create_function, **named, Runtime="nodejs22.x", Role=role["Arn"], Handler="index.handler", Code={"ZipFile": code})
seen["tags"] = functions.get_function(**named)["Tags"]

answer = functions.invoke(**named, Payload=json.dumps({"n": 21}), LogType="Tail")
seen["invoked"] = [answer["StatusCode"], answer["ExecutedVersion"], json.load(answer["Payload"])]
failed = functions.invoke(**named, Payload=json.dumps({"fail": True}))
seen["failed"] = [failed["FunctionError"], json.load(failed["Payload"])["errorMessage"]]
seen["event"] = functions.invoke(**named, InvocationType="Event", Payload=b"{}")["StatusCode"]
seen["dry run"] = functions.invoke(**named, InvocationType="DryRun")["StatusCode"]
seen["not there"] = refusal(functions.invoke, FunctionName="nobody")

functions.publish_version(**named, Description="first")
functions.update_function_code(**named, ZipFile=open(other_zip, "rb").read())
functions.get_waiter("function_updated_v2").wait(**named)
functions.publish_version(**named)
functions.get_waiter("published_version_active").wait(**named, Qualifier="2")
functions.create_alias(**named, Name="live", FunctionVersion="1", RoutingConfig={"AdditionalVersionWeights": {"2": 0.5}})
alias = functions.get_alias(**named, Name="live")
seen["weights"] = alias["RoutingConfig"]["AdditionalVersionWeights"]
seen["revision"] = refusal(functions.update_alias, **named, Name="live", FunctionVersion="2", RevisionId="another")
functions.update_alias(**named, Name="live", FunctionVersion="2", RoutingConfig={"AdditionalVersionWeights": {}}, RevisionId=alias["RevisionId"])
seen["live"] = json.load(functions.invoke(FunctionName="boto:live", Payload=b"{}")["Payload"])
pages = functions.get_paginator("list_versions_by_function").paginate(**named, PaginationConfig={"PageSize": 1})
seen["versions"] = [version["Version"] for page in pages for version in page["Versions"]]

functions.put_function_concurrency(**named, ReservedConcurrentExecutions=0)
seen["throttled"] = refusal(boto3.client("lambda", endpoint_url=endpoint, region_name=region, config=__import__("botocore").config.Config(retries={"max_attempts": 0})).invoke, **named)
functions.delete_function_concurrency(**named)

events = logs.filter_log_events(logGroupName="/aws/lambda/boto", filterPattern='"doubling 21"')["events"]
seen["logged"] = len(events)
import datetime
now = datetime.datetime.now(datetime.timezone.utc)
hour = datetime.timedelta(hours=1)
figures = cloudwatch.get_metric_statistics(Namespace="AWS/Lambda", MetricName="Errors", Dimensions=[{"Name": "FunctionName", "Value": "boto"}], StartTime=now - hour, EndTime=now + hour, Period=3600, Statistics=["Sum"])
seen["errors"] = sum(point["Sum"] for point in figures["Datapoints"])

functions.delete_function(**named)
seen["gone"] = refusal(functions.get_function, **named)
iam.delete_role(RoleName="boto")
print(json.dumps(seen))
`;

describe.skipIf("problem" in pythonClients)("boto3", () => {
  let platform: RunningPlatform;
  let folder: string;
  beforeAll(async () => {
    platform = await startPlatform();
    folder = temporaryFolder();
  });
  afterAll(async () => {
    await platform[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  it("creates, waits, invokes, publishes, moves aliases, is refused, reads logs and metrics, and cleans up", async () => {
    const file = path.join(folder, "script.py");
    const zip = path.join(folder, "code.zip");
    const other = path.join(folder, "other.zip");
    const source =
      "export const handler = async ({ n = 0, fail }) => { if (fail) throw new Error('no'); console.log('doubling', n); return n * 2; };";
    writeFileSync(file, script);
    writeFileSync(zip, makeZip({ "index.mjs": source }));
    writeFileSync(other, makeZip({ "index.mjs": "export const handler = async () => 'other';" }));
    const { endpoint, region, accessKeyId, secretAccessKey } = platform.info;
    const environment = {
      ...process.env,
      ...("environment" in pythonClients && pythonClients.environment),
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
    };

    const { stdout } = await run("python3", [file, endpoint, region, zip, other], { env: environment });

    const arn = `arn:aws:lambda:${region}:000000000000:function:`;
    const notFound = (name: string): unknown[] => [
      "ResourceNotFoundException",
      "ResourceNotFoundException",
      `Function not found: ${arn}${name}`,
      404,
    ];
    expect(JSON.parse(stdout)).toEqual({
      account: "000000000000",
      trust: expect.objectContaining({ Version: "2012-10-17" }),
      "no role": ["NoSuchEntityException", "NoSuchEntity", "The role with name nobody cannot be found.", 404],
      twice: ["ResourceConflictException", "ResourceConflictException", "Function already exist: boto", 409],
      tags: { stage: "dev" },
      invoked: [200, "$LATEST", 42],
      failed: ["Unhandled", "no"],
      event: 202,
      "dry run": 204,
      "not there": notFound("nobody"),
      weights: { "2": 0.5 },
      revision: [
        "PreconditionFailedException",
        "PreconditionFailedException",
        expect.stringContaining("Revision Id"),
        412,
      ],
      live: "other",
      versions: ["$LATEST", "1", "2"],
      throttled: ["TooManyRequestsException", "TooManyRequestsException", "Rate Exceeded.", 429],
      logged: 1,
      errors: 1,
      gone: notFound("boto"),
    });
  });
});
