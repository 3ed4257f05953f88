import { expect, it } from "vitest";
import { linesOf, readLogTail, readReport } from "../../../src/deploy/lambda/invocation-report.ts";

const cold =
  "REPORT RequestId: 1-a\tDuration: 12.34 ms\tBilled Duration: 13 ms\tMemory Size: 128 MB\tMax Memory Used: 20 MB\tInit Duration: 45.60 ms\t";
const warm = cold.replace(/\tInit Duration.*/, "\t");

it("reads duration and cold start, not the billed or the initial duration", () => {
  expect(readReport(["START RequestId: 1-a", cold])).toEqual({ requestId: "1-a", durationMs: 12.34, coldStart: true });
  expect(readReport([warm])).toEqual({ requestId: "1-a", durationMs: 12.34, coldStart: false });
});

it("is not fooled by what the function prints, and does without a report", () => {
  expect(readReport(["REPORT on sales: Duration: 9 ms Init Duration: 9 ms"])).toEqual({ coldStart: false });
  expect(readReport([])).toEqual({ coldStart: false });
});

it("reads the tail of a log in UTF-8", () => {
  expect(readLogTail(Buffer.from("ünï\nline 2\n").toString("base64"))).toEqual(["ünï", "line 2"]);
  expect(readLogTail(undefined)).toEqual([]);
});

it("picks one invocation out of a function's log", () => {
  const log = [
    "START RequestId: 0",
    "a",
    warm.replace("1-a", "0"),
    "START RequestId: 1-a Version: 1",
    "b",
    "",
    warm,
    "c",
  ];

  expect(linesOf(log, "1-a")).toEqual(["START RequestId: 1-a Version: 1", "b", warm]);
  expect(linesOf(log, "2")).toBeUndefined();
});
