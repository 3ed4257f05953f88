/** Scheduled rules of EventBridge as the official AWS SDK sees them. */
import {
  DeleteRuleCommand,
  DescribeRuleCommand,
  DisableRuleCommand,
  EventBridgeClient,
  ListRuleNamesByTargetCommand,
  ListRulesCommand,
  ListTagsForResourceCommand,
  ListTargetsByRuleCommand,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
  TagResourceCommand,
  UntagResourceCommand,
  type PutRuleCommandInput,
  type Target,
} from "@aws-sdk/client-eventbridge";
import { ListSchedulesCommand, SchedulerClient } from "@aws-sdk/client-scheduler";
import { afterAll, beforeAll, expect, it } from "vitest";
import { deploy, startPlatform, type RunningPlatform } from "../e2e/platform-harness.ts";

let platform: RunningPlatform;
let events: EventBridgeClient;

const Arn = "arn:aws:lambda:us-east-1:000000000000:function:ticks";

const configuration = () => {
  const { region, endpoint } = platform.info;
  return { region, endpoint, credentials: platform.info, maxAttempts: 1 };
};

beforeAll(async () => {
  platform = await startPlatform();
  events = new EventBridgeClient(configuration());
  await deploy(platform, "ticks", "export const handler = async () => 1;");
});
afterAll(async () => {
  events.destroy();
  await platform[Symbol.asyncDispose]();
});

it("has targets, and goes when it has none any more", async () => {
  const { RuleArn } = await events.send(
    new PutRuleCommand({ Name: "minutely", ScheduleExpression: "cron(* * * * ? *)", Description: "each minute" }),
  );
  expect(RuleArn).toBe("arn:aws:events:us-east-1:000000000000:rule/minutely");
  await events.send(
    new PutTargetsCommand({
      Rule: "minutely",
      Targets: [
        { Id: "plain", Arn },
        { Id: "with-input", Arn, Input: '{"a":1}' },
      ],
    }),
  );
  expect(await events.send(new DescribeRuleCommand({ Name: "minutely" }))).toMatchObject({
    ScheduleExpression: "cron(* * * * ? *)",
    State: "ENABLED",
    Description: "each minute",
  });
  expect((await events.send(new ListTargetsByRuleCommand({ Rule: "minutely" }))).Targets).toEqual([
    { Id: "plain", Arn },
    { Id: "with-input", Arn, Input: '{"a":1}' },
  ]);
  expect((await events.send(new ListRuleNamesByTargetCommand({ TargetArn: Arn }))).RuleNames).toEqual(["minutely"]);

  // They are no schedules of the Scheduler.
  const scheduler = new SchedulerClient(configuration());
  expect((await scheduler.send(new ListSchedulesCommand({}))).Schedules).toEqual([]);
  scheduler.destroy();

  await expect(events.send(new DeleteRuleCommand({ Name: "minutely" }))).rejects.toThrow("since it has targets");
  await events.send(new RemoveTargetsCommand({ Rule: "minutely", Ids: ["plain", "with-input"] }));
  await events.send(new DeleteRuleCommand({ Name: "minutely" }));
  expect((await events.send(new ListRulesCommand({}))).Rules).toEqual([]);
});

it("keeps rules, their state and their tags", async () => {
  await events.send(
    new PutRuleCommand({ Name: "kept", ScheduleExpression: "rate(1 day)", Tags: [{ Key: "a", Value: "1" }] }),
  );
  await events.send(new DisableRuleCommand({ Name: "kept" }));
  expect((await events.send(new ListRulesCommand({ NamePrefix: "k" }))).Rules).toMatchObject([
    { Name: "kept", State: "DISABLED", EventBusName: "default" },
  ]);
  const ResourceARN = "arn:aws:events:us-east-1:000000000000:rule/kept";
  await events.send(new TagResourceCommand({ ResourceARN, Tags: [{ Key: "b", Value: "2" }] }));
  await events.send(new UntagResourceCommand({ ResourceARN, TagKeys: ["a"] }));
  expect((await events.send(new ListTagsForResourceCommand({ ResourceARN }))).Tags).toEqual([{ Key: "b", Value: "2" }]);
});

const ruleOf = (more: Partial<PutRuleCommandInput>) =>
  events.send(new PutRuleCommand({ Name: "refused", ScheduleExpression: "rate(1 day)", ...more }));

it.each<[Partial<PutRuleCommandInput>, string]>([
  [{ ScheduleExpression: "at(2030-01-01T00:00:00)" }, "ScheduleExpression is not valid"],
  [{ ScheduleExpression: "cron(* * * * * *)" }, "ScheduleExpression is not valid"],
  [{ ScheduleExpression: undefined }, "must be specified"],
  [{ EventPattern: "{}" }, "EventPattern"],
  [{ Name: "a b" }, "regular expression pattern"],
  [{ EventBusName: "mine" }, "Event bus mine does not exist"],
])("refuses the rule %j", async (more, message) => {
  await expect(ruleOf(more)).rejects.toThrow(message);
});

it.each<[Target, string]>([
  [{ Id: "t", Arn: "arn:aws:sqs:us-east-1:000000000000:q" }, "functions as targets only"],
  [{ Id: "t", Arn: `${Arn}none` }, "does not exist"],
  [{ Id: "t", Arn, Input: "{" }, "JSON syntax error"],
  [{ Id: "t", Arn, InputPath: "$.detail" }, "InputPath"],
])("refuses the target %j", async (target, message) => {
  await ruleOf({});
  await expect(events.send(new PutTargetsCommand({ Rule: "refused", Targets: [target] }))).rejects.toThrow(message);
  await expect(events.send(new PutTargetsCommand({ Rule: "none", Targets: [target] }))).rejects.toThrow("Rule none");
});
