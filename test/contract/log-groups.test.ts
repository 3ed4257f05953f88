/** Log groups as infrastructure tools handle them: created before their function, kept for some days, tagged, deleted. */
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  DeleteLogGroupCommand,
  DeleteRetentionPolicyCommand,
  DescribeLogGroupsCommand,
  FilterLogEventsCommand,
  ListTagsForResourceCommand,
  ListTagsLogGroupCommand,
  PutRetentionPolicyCommand,
  TagResourceCommand,
  UntagResourceCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { deploy, invoke, startPlatform, type RunningPlatform } from "../e2e/platform-harness.ts";

let platform: RunningPlatform;
let logs: CloudWatchLogsClient;

beforeAll(async () => {
  platform = await startPlatform();
  const { region, endpoint } = platform.info;
  logs = new CloudWatchLogsClient({ region, endpoint, credentials: platform.info, maxAttempts: 1 });
});
afterAll(async () => {
  logs.destroy();
  await platform[Symbol.asyncDispose]();
});

const groupsOf = async (logGroupNamePrefix: string) =>
  (await logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix }))).logGroups ?? [];

describe("log groups", () => {
  it("are created before their function, with retention and tags", async () => {
    const logGroupName = "/aws/lambda/later";
    await logs.send(new CreateLogGroupCommand({ logGroupName, tags: { a: "1" } }));
    await logs.send(new PutRetentionPolicyCommand({ logGroupName, retentionInDays: 7 }));
    const [group] = await groupsOf(logGroupName);
    expect(group).toMatchObject({ logGroupName, retentionInDays: 7, storedBytes: 0, logGroupClass: "STANDARD" });
    await expect(logs.send(new CreateLogGroupCommand({ logGroupName }))).rejects.toMatchObject({
      name: "ResourceAlreadyExistsException",
    });

    const resourceArn = group?.logGroupArn ?? "";
    await logs.send(new TagResourceCommand({ resourceArn, tags: { b: "2" } }));
    expect((await logs.send(new ListTagsForResourceCommand({ resourceArn }))).tags).toEqual({ a: "1", b: "2" });
    await logs.send(new UntagResourceCommand({ resourceArn, tagKeys: ["a"] }));
    expect((await logs.send(new ListTagsLogGroupCommand({ logGroupName }))).tags).toEqual({ b: "2" });

    await deploy(platform, "later", "export const handler = () => console.log('here');");
    await invoke(platform, "later", {});
    await expect
      .poll(async () => (await logs.send(new FilterLogEventsCommand({ logGroupName }))).events?.map((e) => e.message))
      .toContainEqual(expect.stringContaining("here"));
    expect((await groupsOf(logGroupName)).map((one) => one.retentionInDays)).toEqual([7]);
  });

  it("are deleted with their events, and are there again with the next event", async () => {
    const logGroupName = "/aws/lambda/again";
    await deploy(platform, "again", "export const handler = () => console.log('here');");
    await invoke(platform, "again", {});
    await expect.poll(() => groupsOf(logGroupName)).toHaveLength(1);
    await logs.send(new PutRetentionPolicyCommand({ logGroupName, retentionInDays: 1 }));
    await logs.send(new DeleteRetentionPolicyCommand({ logGroupName }));
    expect((await groupsOf(logGroupName))[0]?.retentionInDays).toBeUndefined();
    await logs.send(new DeleteLogGroupCommand({ logGroupName }));
    expect(await groupsOf(logGroupName)).toEqual([]);
    await invoke(platform, "again", {});
    await expect.poll(() => groupsOf(logGroupName)).toHaveLength(1);
  });

  it("refuse what CloudWatch refuses", async () => {
    await expect(logs.send(new DeleteLogGroupCommand({ logGroupName: "/none" }))).rejects.toMatchObject({
      name: "ResourceNotFoundException",
    });
    await expect(logs.send(new CreateLogGroupCommand({ logGroupName: "a b" }))).rejects.toMatchObject({
      name: "InvalidParameterException",
    });
    await logs.send(new CreateLogGroupCommand({ logGroupName: "/any/other" }));
    await expect(
      logs.send(new PutRetentionPolicyCommand({ logGroupName: "/any/other", retentionInDays: 2 })),
    ).rejects.toMatchObject({ name: "InvalidParameterException" });
    // Nothing of the platform's own is at the place that such a name would point to.
    const escaping = "/aws/lambda/../../state";
    await logs.send(new CreateLogGroupCommand({ logGroupName: escaping }));
    await logs.send(new DeleteLogGroupCommand({ logGroupName: escaping }));
    await expect(logs.send(new FilterLogEventsCommand({ logGroupName: escaping }))).rejects.toMatchObject({
      name: "ResourceNotFoundException",
    });
  });
});
