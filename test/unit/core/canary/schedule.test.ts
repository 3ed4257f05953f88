import { describe, expect, it } from "vitest";
import {
  findSchedule,
  namedSchedules,
  oneStep,
  parseDurationMs,
  shortName,
  totalMs,
} from "../../../../src/core/canary/schedule.ts";

describe("the named schedules", () => {
  it("are those of CodeDeploy for Lambda", () => {
    // https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-configurations.html
    expect(namedSchedules.map(({ name }) => name)).toEqual([
      "CodeDeployDefault.LambdaCanary10Percent5Minutes",
      "CodeDeployDefault.LambdaCanary10Percent10Minutes",
      "CodeDeployDefault.LambdaCanary10Percent15Minutes",
      "CodeDeployDefault.LambdaCanary10Percent30Minutes",
      "CodeDeployDefault.LambdaLinear10PercentEvery1Minute",
      "CodeDeployDefault.LambdaLinear10PercentEvery2Minutes",
      "CodeDeployDefault.LambdaLinear10PercentEvery3Minutes",
      "CodeDeployDefault.LambdaLinear10PercentEvery10Minutes",
      "CodeDeployDefault.LambdaAllAtOnce",
    ]);
  });

  it("are found by both names, and by nothing else", () => {
    const schedule = findSchedule("Linear10PercentEvery1Minute");

    expect(schedule).toBe(findSchedule("CodeDeployDefault.LambdaLinear10PercentEvery1Minute"));
    expect(schedule && shortName(schedule)).toBe("Linear10PercentEvery1Minute");
    expect(findSchedule("Linear10PercentEvery1Minutes")).toBeUndefined();
    expect(findSchedule("canary10percent5minutes")).toBeUndefined();
  });

  it("move 10 % at once and the rest at the end, or 10 % more each time", () => {
    expect(findSchedule("Canary10Percent5Minutes")?.steps).toEqual([{ weight: 0.1, forMs: 300_000 }]);
    const linear = findSchedule("Linear10PercentEvery3Minutes");
    expect(linear?.steps.map(({ weight }) => weight)).toEqual([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]);
    expect(linear && totalMs(linear)).toBe(9 * 180_000);
    expect(findSchedule("AllAtOnce")?.steps).toEqual([]);
  });
});

it("a schedule of one's own has one step", () => {
  expect(oneStep(25, 90_000)).toEqual({ name: "25 % for 90 s", steps: [{ weight: 0.25, forMs: 90_000 }] });
});

it.each([
  ["90s", 90_000],
  ["5m", 300_000],
  ["1.5h", 5_400_000],
  ["250ms", 250],
  ["5", undefined],
  ["0s", undefined],
  ["-5m", undefined],
  ["5 m", undefined],
  ["5min", undefined],
])("the time %s is %s ms", (text, ms) => {
  expect(parseDurationMs(text)).toBe(ms);
});
