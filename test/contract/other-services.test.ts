/** The services besides Lambda as the official AWS SDK sees them. */
import {
  CloudWatchClient,
  GetMetricDataCommand,
  GetMetricStatisticsCommand,
  ListMetricsCommand,
} from "@aws-sdk/client-cloudwatch";
import {
  CloudWatchLogsClient,
  DescribeLogGroupsCommand,
  DescribeLogStreamsCommand,
  FilterLogEventsCommand,
  GetLogEventsCommand,
  paginateFilterLogEvents,
} from "@aws-sdk/client-cloudwatch-logs";
import {
  AttachRolePolicyCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  DeletePolicyCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  GetPolicyCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  IAMClient,
  ListAttachedRolePoliciesCommand,
  ListInstanceProfilesForRoleCommand,
  ListRolePoliciesCommand,
  ListRolesCommand,
  PutRolePolicyCommand,
} from "@aws-sdk/client-iam";
import { CreateAliasCommand, PublishVersionCommand } from "@aws-sdk/client-lambda";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import aws4 from "aws4";
import { decode } from "cborg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { deploy, invoke, startPlatform, type RunningPlatform } from "../e2e/platform-harness.ts";

let platform: RunningPlatform;

beforeAll(async () => {
  platform = await startPlatform();
});
afterAll(() => platform[Symbol.asyncDispose]());

const configuration = () => ({
  region: platform.info.region,
  endpoint: platform.info.endpoint,
  credentials: platform.info,
  maxAttempts: 1,
});

/** Disposed with its scope. */
function using<T extends { destroy(): void }>(client: T): T & Disposable {
  return Object.assign(client, { [Symbol.dispose]: () => client.destroy() });
}

describe("STS", () => {
  it("knows its only caller, and nobody else", async () => {
    using sts = using(new STSClient(configuration()));
    using stranger = using(
      new STSClient({ ...configuration(), credentials: { ...platform.info, secretAccessKey: "x" } }),
    );

    expect(await sts.send(new GetCallerIdentityCommand({}))).toMatchObject({
      Account: "000000000000",
      Arn: "arn:aws:iam::000000000000:root",
      UserId: "000000000000",
    });
    await expect(stranger.send(new GetCallerIdentityCommand({}))).rejects.toMatchObject({
      $metadata: { httpStatusCode: 403 },
    });
  });
});

describe("IAM", () => {
  const trust = JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "sts:AssumeRole" }] });

  it("keeps roles with their policies", async () => {
    using iam = using(new IAMClient(configuration()));
    const of = { RoleName: "worker" };
    const created = await iam.send(
      new CreateRoleCommand({
        ...of,
        AssumeRolePolicyDocument: trust,
        Description: "a & <b>",
        Tags: [{ Key: "k", Value: "v" }],
      }),
    );
    await iam.send(new AttachRolePolicyCommand({ ...of, PolicyArn: "arn:aws:iam::aws:policy/service-role/Basic" }));
    await iam.send(new PutRolePolicyCommand({ ...of, PolicyName: "inline", PolicyDocument: trust }));

    expect(created.Role).toMatchObject({
      RoleName: "worker",
      Arn: "arn:aws:iam::000000000000:role/worker",
      Path: "/",
      RoleId: expect.stringMatching(/^AROA[0-9A-F]{17}$/),
    });
    const { Role } = await iam.send(new GetRoleCommand(of));
    expect(Role).toMatchObject({ Description: "a & <b>", MaxSessionDuration: 3600, Tags: [{ Key: "k", Value: "v" }] });
    expect(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? "")).toBe(trust);
    expect(Role?.CreateDate).toBeInstanceOf(Date);
    expect((await iam.send(new ListAttachedRolePoliciesCommand(of))).AttachedPolicies).toEqual([
      { PolicyName: "Basic", PolicyArn: "arn:aws:iam::aws:policy/service-role/Basic" },
    ]);
    expect((await iam.send(new ListRolePoliciesCommand(of))).PolicyNames).toEqual(["inline"]);
    const inline = await iam.send(new GetRolePolicyCommand({ ...of, PolicyName: "inline" }));
    expect(decodeURIComponent(inline.PolicyDocument ?? "")).toBe(trust);
    expect((await iam.send(new ListInstanceProfilesForRoleCommand(of))).InstanceProfiles).toEqual([]);
    expect((await iam.send(new ListRolesCommand({}))).Roles?.map(({ RoleName }) => RoleName)).toEqual(["worker"]);
    await expect(iam.send(new CreateRoleCommand({ ...of, AssumeRolePolicyDocument: trust }))).rejects.toMatchObject({
      name: "EntityAlreadyExistsException",
      message: "Role with name worker already exists.",
    });
    await expect(iam.send(new DeleteRoleCommand(of))).rejects.toMatchObject({ name: "DeleteConflictException" });
    await iam.send(new DetachRolePolicyCommand({ ...of, PolicyArn: "arn:aws:iam::aws:policy/service-role/Basic" }));
    await iam.send(new DeleteRolePolicyCommand({ ...of, PolicyName: "inline" }));
    await iam.send(new DeleteRoleCommand(of));
    await expect(iam.send(new GetRoleCommand(of))).rejects.toMatchObject({
      name: "NoSuchEntityException",
      message: "The role with name worker cannot be found.",
    });
  });

  it("keeps policies of the user's own", async () => {
    using iam = using(new IAMClient(configuration()));
    const { Policy } = await iam.send(new CreatePolicyCommand({ PolicyName: "own", PolicyDocument: trust }));
    const { Arn: PolicyArn } = Policy ?? {};

    expect(PolicyArn).toBe("arn:aws:iam::000000000000:policy/own");
    expect((await iam.send(new GetPolicyCommand({ PolicyArn }))).Policy).toMatchObject({ AttachmentCount: 0 });
    await iam.send(new DeletePolicyCommand({ PolicyArn }));
    await expect(iam.send(new GetPolicyCommand({ PolicyArn }))).rejects.toMatchObject({
      name: "NoSuchEntityException",
    });
  });
});

describe("CloudWatch Logs", () => {
  it("shows what functions wrote", async () => {
    using logs = using(new CloudWatchLogsClient(configuration()));
    await deploy(platform, "talker", "export const handler = async (e) => { console.log('said', e.n); };");
    for (const n of [1, 2, 3]) await invoke(platform, "talker", { n });
    const of = { logGroupName: "/aws/lambda/talker" };

    const groups = await logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: "/aws/lambda/talk" }));
    const streams = await logs.send(
      new DescribeLogStreamsCommand({ ...of, orderBy: "LastEventTime", descending: true }),
    );
    const all = await logs.send(new FilterLogEventsCommand(of));
    const said = await logs.send(new FilterLogEventsCommand({ ...of, filterPattern: '"said" -"said 2"' }));
    const reports = await logs.send(new FilterLogEventsCommand({ ...of, filterPattern: "REPORT" }));
    const logStreamName = streams.logStreams?.[0]?.logStreamName ?? "";
    const head = await logs.send(new GetLogEventsCommand({ ...of, logStreamName, startFromHead: true, limit: 2 }));
    const next = await logs.send(
      new GetLogEventsCommand({ ...of, logStreamName, startFromHead: true, nextToken: head.nextForwardToken }),
    );
    const end = await logs.send(new GetLogEventsCommand({ ...of, logStreamName, nextToken: next.nextForwardToken }));

    expect(groups.logGroups?.map(({ logGroupName }) => logGroupName)).toEqual(["/aws/lambda/talker"]);
    expect(logStreamName).toMatch(/^\d{4}\/\d\d\/\d\d\/\[\$LATEST\][0-9a-f]{32}$/);
    expect(all.events?.map(({ message }) => message?.split(" ")[0]?.split("\t").at(-1))).toEqual(
      [1, 2, 3].flatMap(() => ["START", "said", "END", "REPORT"]),
    );
    expect(said.events?.map(({ message }) => message?.trimEnd().slice(-6))).toEqual(["said 1", "said 3"]);
    expect(reports.events).toHaveLength(3);
    expect(reports.events?.[0]).toMatchObject({
      logStreamName,
      eventId: expect.any(String),
      timestamp: expect.any(Number),
    });
    expect(head.events).toHaveLength(2);
    expect(next.events).toHaveLength(10);
    expect(end.events).toEqual([]);
    expect(end.nextForwardToken).toBe(next.nextForwardToken);
    const paged: (string | undefined)[] = [];
    for await (const { events } of paginateFilterLogEvents({ client: logs, pageSize: 5 }, of)) {
      paged.push(...(events ?? []).map(({ eventId }) => eventId));
    }
    expect(paged).toEqual(all.events?.map(({ eventId }) => eventId));
    await expect(logs.send(new FilterLogEventsCommand({ logGroupName: "/aws/lambda/nobody" }))).rejects.toMatchObject({
      name: "ResourceNotFoundException",
      message: "The specified log group does not exist.",
    });
    await expect(logs.send(new FilterLogEventsCommand({ ...of, filterPattern: "{ $.a = 1 }" }))).rejects.toMatchObject({
      name: "InvalidParameterException",
    });
  });
});

describe("CloudWatch", () => {
  const range = () => ({ StartTime: new Date(Date.now() - 600_000), EndTime: new Date(Date.now() + 60_000) });
  const dimensions = (rest: Record<string, string>) => Object.entries(rest).map(([Name, Value]) => ({ Name, Value }));

  it("counts and times invocations, by function, alias and version", async () => {
    using cloudWatch = using(new CloudWatchClient(configuration()));
    await deploy(
      platform,
      "measured",
      "export const handler = async (e) => { await new Promise((r) => setTimeout(r, e.ms)); if (e.fail) throw new Error('no'); };",
    );
    await platform.client.send(new PublishVersionCommand({ FunctionName: "measured" }));
    await platform.client.send(
      new CreateAliasCommand({ FunctionName: "measured", Name: "live", FunctionVersion: "1" }),
    );
    for (const ms of [0, 0, 0, 100]) await invoke(platform, "measured", { ms });
    await invoke(platform, "measured:live", { ms: 0, fail: true });
    const statistics = async (MetricName: string, rest: Record<string, string> = {}) => {
      const { Datapoints = [] } = await cloudWatch.send(
        new GetMetricStatisticsCommand({
          Namespace: "AWS/Lambda",
          MetricName,
          Dimensions: dimensions({ FunctionName: "measured", ...rest }),
          Period: 3600,
          Statistics: ["Sum", "Average", "Maximum", "SampleCount"],
          ...range(),
        }),
      );
      const sum = (of: "Sum" | "SampleCount"): number => Datapoints.reduce((total, each) => total + (each[of] ?? 0), 0);
      return { sum: sum("Sum"), samples: sum("SampleCount"), points: Datapoints };
    };

    expect((await statistics("Invocations")).sum).toBe(5);
    expect(await statistics("Errors")).toMatchObject({ sum: 1, samples: 5 });
    expect((await statistics("Throttles")).sum).toBe(0);
    expect((await statistics("Errors", { Resource: "measured:live" })).sum).toBe(1);
    expect((await statistics("Invocations", { Resource: "measured:live", ExecutedVersion: "1" })).sum).toBe(1);
    expect((await statistics("Invocations", { Resource: "measured:other" })).points).toEqual([]);
    const duration = await statistics("Duration");
    expect(duration.points.at(-1)).toMatchObject({ Unit: "Milliseconds", Timestamp: expect.any(Date) });
    expect(Math.max(...duration.points.map(({ Maximum = 0 }) => Maximum))).toBeGreaterThanOrEqual(99);
    const { MetricDataResults = [] } = await cloudWatch.send(
      new GetMetricDataCommand({
        ...range(),
        MetricDataQueries: [
          ["invocations", "Invocations", "Sum"],
          ["slowest", "Duration", "p99"],
          ["median", "Duration", "p50"],
        ].map(([Id, MetricName, Stat]) => ({
          Id,
          MetricStat: {
            Metric: { Namespace: "AWS/Lambda", MetricName, Dimensions: dimensions({ FunctionName: "measured" }) },
            Period: 3600,
            Stat,
          },
        })),
      }),
    );
    const values = Object.fromEntries(MetricDataResults.map(({ Id, Values = [] }) => [Id, Math.max(...Values)]));
    expect(values["invocations"]).toBeGreaterThan(0);
    expect(values["slowest"]).toBeGreaterThanOrEqual(98);
    expect(values["median"]).toBeLessThan(98);
    const { Metrics = [] } = await cloudWatch.send(
      new ListMetricsCommand({ MetricName: "Errors", Dimensions: [{ Name: "FunctionName", Value: "measured" }] }),
    );
    expect(Metrics.map(({ Dimensions }) => Dimensions?.map(({ Value }) => Value).join(" "))).toContain(
      "measured measured:live",
    );
    await expect(
      cloudWatch.send(
        new GetMetricStatisticsCommand({
          Namespace: "AWS/Lambda",
          MetricName: "Errors",
          Period: 7,
          Statistics: ["Sum"],
          ...range(),
        }),
      ),
    ).rejects.toMatchObject({ message: "The parameter Period must be a multiple of 60." });
  });

  it("also speaks CBOR, and the query protocol of old", async () => {
    const call = (path: string, headers: Record<string, string>, body: string | Buffer) => {
      const signed = aws4.sign(
        {
          host: new URL(platform.info.endpoint).host,
          path,
          method: "POST",
          service: "monitoring",
          region: "us-east-1",
          headers,
          body,
        },
        platform.info,
      );
      const sent = { ...(signed.headers as Record<string, string>) };
      delete sent["Host"];
      return fetch(platform.info.endpoint + path, { method: "POST", headers: sent, body });
    };
    const cborHeaders = { "smithy-protocol": "rpc-v2-cbor", "Content-Type": "application/cbor" };

    const cbor = await call(
      "/service/GraniteServiceVersion20100801/operation/ListMetrics",
      cborHeaders,
      Buffer.from([0xa0]),
    );
    const query = await call(
      "/",
      { "Content-Type": "application/x-www-form-urlencoded" },
      "Action=GetMetricStatistics&Version=2010-08-01&Namespace=AWS%2FLambda&MetricName=Invocations&Period=60&Statistics.member.1=Sum&StartTime=2026-01-01T00%3A00%3A00Z&EndTime=2026-01-01T01%3A00%3A00Z",
    );

    expect(cbor.headers.get("smithy-protocol")).toBe("rpc-v2-cbor");
    expect(decode(Buffer.from(await cbor.arrayBuffer()))).toHaveProperty("Metrics");
    expect(await query.text()).toMatch(
      /^<GetMetricStatisticsResponse xmlns="http:\/\/monitoring\.amazonaws\.com\/doc\/2010-08-01\/"><GetMetricStatisticsResult><Label>Invocations<\/Label>/,
    );
  });
});

describe("a request for a service that is not there", () => {
  it("is refused", async () => {
    const signed = aws4.sign(
      { host: new URL(platform.info.endpoint).host, path: "/", service: "s3", region: "us-east-1" },
      platform.info,
    );
    const headers = { ...(signed.headers as Record<string, string>) };
    delete headers["Host"];

    const response = await fetch(platform.info.endpoint, { headers });

    expect(response.status).toBe(403);
  });
});
