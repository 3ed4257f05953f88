import { expect, it } from "vitest";
import { readObservations } from "../../../src/deploy/lambda/observations.ts";
import type { LogEvent } from "../../../src/deploy/provider.ts";

const id = (number: number): string => `0000000${number}-0000-4000-8000-000000000000`;
const event = (timestampMs: number, message: string, version = "2"): LogEvent => ({
  timestampMs,
  message,
  stream: `2026/11/28/[${version}]0123456789abcdef`,
});
const report = (number: number, rest = ""): string =>
  `REPORT RequestId: ${id(number)}\tDuration: ${number}.50 ms\tBilled Duration: ${number + 1} ms\tMemory Size: 128 MB\tMax Memory Used: 64 MB\t${rest}`;

it("reads what was measured, and of which version", () => {
  const events = [
    event(10, `START RequestId: ${id(1)} Version: 2`),
    event(12, report(1, "Init Duration: 80.25 ms\t")),
    event(20, `END RequestId: ${id(2)}\n${report(2)}\n`, "$LATEST"),
  ];

  expect(readObservations(events, { sinceMs: 0 })).toEqual([
    { requestId: id(1), endMs: 12, version: "2", durationMs: 1.5, initMs: 80.25, maxMemoryMb: 64, failed: false },
    { requestId: id(2), endMs: 20, version: "$LATEST", durationMs: 2.5, maxMemoryMb: 64, failed: false },
  ]);
  expect(readObservations(events, { sinceMs: 15 })).toHaveLength(1);
  expect(readObservations(events, { sinceMs: 0, version: "2" })).toHaveLength(1);
});

it.each([
  [`2026-11-28T10:00:00.000Z\t${id(1)}\tERROR\tInvoke Error \t{"errorType":"Error"}`, ""],
  [`2026-11-28T10:00:00.000Z\t${id(1)}\tERROR\tUnhandled Promise Rejection \t{}`, ""],
  [`2026-11-28T10:00:00.000Z ${id(1)} Task timed out after 3.00 seconds\n`, ""],
  [`RequestId: ${id(1)} Error: Runtime exited with error: exit status 3\nRuntime.ExitError`, ""],
  ["nothing", "Status: timeout"],
  ["nothing", "Status: error\tError Type: Runtime.ExitError"],
])("sees by %j and %j that it failed, and no other", (message, status) => {
  const events = [event(1, message), event(2, report(1, status)), event(3, report(2))];

  expect(readObservations(events, { sinceMs: 0 }).map(({ failed }) => failed)).toEqual([true, false]);
});

it("is not fooled by what a function prints", () => {
  const printed = `2026-11-28T10:00:00.000Z\t${id(1)}\tINFO\tREPORT RequestId: ${id(9)}\tDuration: 1.00 ms`;

  expect(readObservations([event(1, printed), event(2, report(1))], { sinceMs: 0 })).toHaveLength(1);
});
