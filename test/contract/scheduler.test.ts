/** Schedules as the official AWS SDK sees them. */
import { existsSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import {
  CreateScheduleCommand,
  DeleteScheduleCommand,
  GetScheduleCommand,
  ListSchedulesCommand,
  SchedulerClient,
  UpdateScheduleCommand,
} from "@aws-sdk/client-scheduler";
import { afterAll, beforeAll, expect, it } from "vitest";
import { deploy, eventually, startPlatform, temporaryFolder, type RunningPlatform } from "../e2e/platform-harness.ts";

let platform: RunningPlatform;
let scheduler: SchedulerClient;
let folder: string;
let file: string;

const Arn = "arn:aws:lambda:us-east-1:000000000000:function:ticks";
const Target = { Arn, RoleArn: "arn:aws:iam::000000000000:role/r" };
const FlexibleTimeWindow = { Mode: "OFF" } as const;

beforeAll(async () => {
  platform = await startPlatform();
  folder = temporaryFolder();
  file = path.join(folder, "ticks");
  const { info } = platform;
  scheduler = new SchedulerClient({ region: info.region, endpoint: info.endpoint, credentials: info, maxAttempts: 1 });
  await deploy(
    platform,
    "ticks",
    `import { appendFileSync } from "node:fs";
     export const handler = async (event) => appendFileSync(${JSON.stringify(file)}, JSON.stringify(event) + "\\n");`,
  );
});
afterAll(async () => {
  scheduler.destroy();
  await platform[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** The time in so many seconds, as `at(…)` has it. */
const inSeconds = (seconds: number): string =>
  `at(${new Date(Date.now() + seconds * 1000).toISOString().slice(0, 19)})`;

const lines = (): unknown[] =>
  existsSync(file)
    ? readFileSync(file, "utf8")
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as unknown)
    : [];

it("runs a function at its time, and forgets the schedule if it is told so", async () => {
  await scheduler.send(
    new CreateScheduleCommand({
      Name: "once",
      ScheduleExpression: inSeconds(2),
      FlexibleTimeWindow,
      ActionAfterCompletion: "DELETE",
      Target: { ...Target, Input: '{"given":1}' },
    }),
  );

  await eventually("the function ran", () => (lines().length > 0 ? true : undefined));

  expect(lines()).toEqual([{ given: 1 }]);
  await expect(scheduler.send(new GetScheduleCommand({ Name: "once" }))).rejects.toMatchObject({
    name: "ResourceNotFoundException",
    message: "Schedule once does not exist.",
  });
});

it("keeps, changes, lists and deletes schedules", async () => {
  const StartDate = new Date(Date.now() + 3_600_000);
  const input = { Name: "often", ScheduleExpression: "rate(5 minutes)", FlexibleTimeWindow, Target, StartDate };
  const created = await scheduler.send(new CreateScheduleCommand(input));
  const read = await scheduler.send(new GetScheduleCommand({ Name: "often" }));
  await scheduler.send(new UpdateScheduleCommand({ ...input, State: "DISABLED" }));
  const list = await scheduler.send(new ListSchedulesCommand({}));

  expect(created.ScheduleArn).toBe("arn:aws:scheduler:us-east-1:000000000000:schedule/default/often");
  expect(read).toMatchObject({
    Name: "often",
    State: "ENABLED",
    ScheduleExpression: "rate(5 minutes)",
    ScheduleExpressionTimezone: "UTC",
    Target: { Arn },
    CreationDate: expect.any(Date),
  });
  expect(list.Schedules).toMatchObject([{ Name: "often", State: "DISABLED" }]);
  await expect(scheduler.send(new CreateScheduleCommand(input))).rejects.toMatchObject({ name: "ConflictException" });
  await scheduler.send(new DeleteScheduleCommand({ Name: "often" }));
  expect((await scheduler.send(new ListSchedulesCommand({}))).Schedules).toEqual([]);
});

it.each([
  [{ ScheduleExpression: "cron(0 12 * * * *)" }, "Invalid Schedule Expression"],
  [{ ScheduleExpression: "often" }, "Invalid Schedule Expression often."],
  [{ Target: { ...Target, Arn: "arn:aws:sqs:us-east-1:000000000000:q" } }, "schedules functions only"],
  [{ Target: { ...Target, Arn: `${Arn}-missing` } }, "does not exist"],
  [{ Target: { ...Target, Input: "{no" } }, "Input must be valid JSON."],
])("refuses %j", async (wrong, message) => {
  const input = { Name: "wrong", ScheduleExpression: "rate(5 minutes)", FlexibleTimeWindow, Target, ...wrong };

  await expect(scheduler.send(new CreateScheduleCommand(input))).rejects.toMatchObject({
    name: "ValidationException",
    message: expect.stringContaining(message),
  });
});
