import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLog } from "../../../src/core/log.ts";
import { createLogBook } from "../../../src/platform/observe/log-book.ts";
import { FunctionMetrics } from "../../../src/platform/observe/metrics.ts";

describe("metrics", () => {
  it("count, and take percentiles by nearest rank", () => {
    const metrics = new FunctionMetrics();
    for (let durationMs = 100; durationMs >= 1; durationMs -= 1)
      metrics.add({ durationMs, failed: durationMs <= 3, cold: durationMs === 100, alias: undefined }, undefined, 1);
    metrics.addThrottle();

    expect(metrics).toMatchObject({ invocations: 100, errors: 3, coldStarts: 1, throttles: 1, dirty: true });
    expect([metrics.percentileMs(0.5), metrics.percentileMs(0.95), metrics.percentileMs(1)]).toEqual([50, 95, 100]);
  });

  it("have no percentiles before the first invocation", () => {
    expect(new FunctionMetrics().percentileMs(0.5)).toBeUndefined();
  });

  it("survive being stored, and forget only the oldest durations", () => {
    const metrics = new FunctionMetrics();
    for (let durationMs = 1; durationMs <= 1_500; durationMs += 1)
      metrics.add({ durationMs, failed: false, cold: false, alias: undefined }, undefined, 1);

    const restored = new FunctionMetrics(metrics.toRecord());

    expect(restored.toRecord()).toEqual(metrics.toRecord());
    expect(restored.toRecord().durationsMs).toEqual(Array.from({ length: 1_000 }, (_, index) => index + 501));
    expect(restored.invocations).toBe(1_500);
  });
});

describe("the log book", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), "faasify-logs-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("gives events since a time, the latest if there are too many", () => {
    const book = createLogBook(folder);
    for (let time = 1; time <= 10; time += 1)
      book.append("f", { timestampMs: time, message: `m${time}\n`, stream: "s" });

    expect(book.read("f", 4, 2)).toEqual([
      { timestampMs: 9, message: "m9\n", stream: "s" },
      { timestampMs: 10, message: "m10\n", stream: "s" },
    ]);
    expect(book.read("f", 11, 5)).toEqual([]);
    expect(book.read("other", 0, 5)).toEqual([]);
    book.flush();
  });

  it("has them still after a restart, and none of a removed function", () => {
    const book = createLogBook(folder);
    book.append("f", { timestampMs: 1, message: 'with "quotes"\nand lines', stream: "s" });
    book.append("g", { timestampMs: 1, message: "x", stream: "s" });
    book.flush();
    book.remove("g");

    const again = createLogBook(folder);
    expect(again.read("f", 0, 5)).toEqual([{ timestampMs: 1, message: 'with "quotes"\nand lines', stream: "s" }]);
    expect(readdirSync(folder)).toEqual(["f.log"]);
  });

  it("is bounded on disk and in memory", () => {
    const book = createLogBook(folder);
    for (let index = 0; index < 30_000; index += 1)
      book.append("f", { timestampMs: index, message: `${"x".repeat(500)}${index}`, stream: "s" });
    book.flush();

    expect(readdirSync(folder).toSorted()).toEqual(["f.log", "f.log.1"]);
    expect(book.read("f", 0, 100_000).length).toBeLessThanOrEqual(10_000);
    expect(book.read("f", 0, 1)[0]?.timestampMs).toBe(29_999);
  });

  it("loses nothing while its folder cannot be written, and tells it once", () => {
    writeFileSync(path.join(folder, "blocked"), "a file where the folder should be");
    const warnings: string[] = [];
    const blocked = path.join(folder, "blocked");
    const book = createLogBook(blocked, { ...silentLog, warn: (message) => warnings.push(message) });
    book.append("f", { timestampMs: 1, message: "a", stream: "s" });
    book.flush();
    book.append("f", { timestampMs: 2, message: "b", stream: "s" });
    book.flush();
    rmSync(blocked);
    book.append("f", { timestampMs: 3, message: "c", stream: "s" });
    book.flush();

    expect(warnings).toEqual([expect.stringContaining("cannot be written")]);
    expect(createLogBook(blocked).read("f", 0, 10)).toEqual([
      { timestampMs: 1, message: "a", stream: "s" },
      { timestampMs: 2, message: "b", stream: "s" },
      { timestampMs: 3, message: "c", stream: "s" },
    ]);
  });

  it("keeps the latest of a flood in memory, not all of it", () => {
    const book = createLogBook(folder);
    for (let time = 1; time <= 100; time += 1)
      book.append("f", { timestampMs: time, message: "x".repeat(200_000), stream: "s" });
    book.flush();

    const events = book.read("f", 0, 1_000);
    expect(events.at(-1)?.timestampMs).toBe(100);
    expect(events.length).toBeLessThan(45);
  });

  it("passes over lines that are no events", () => {
    writeFileSync(path.join(folder, "f.log"), '[1,"a"]\nnull\n[2]\n["3","c"]\n{}\n[4,"d\n');

    expect(createLogBook(folder).read("f", 0, 10)).toEqual([{ timestampMs: 1, message: "a", stream: "earlier" }]);
  });
});
