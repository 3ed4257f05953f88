import { describe, expect, it } from "vitest";
import { ChunkQueue, type Range } from "../../../src/executor/chunks.ts";

function takeAll(queue: ChunkQueue): readonly Range[] {
  const ranges: Range[] = [];
  for (let range = queue.take(); range; range = queue.take()) ranges.push(range);
  return ranges;
}

const sizes = (ranges: readonly Range[]): readonly number[] => ranges.map(({ start, end }) => end - start);

describe("the queue of a run", () => {
  it("gives each item once, in pieces of the size that is asked for", () => {
    const ranges = takeAll(new ChunkQueue(10, { concurrency: 2, chunk: 4 }));
    expect(ranges.map(({ start, end }) => [start, end])).toEqual([
      [0, 4],
      [4, 8],
      [8, 10],
    ]);
  });

  it("begins with single items, then makes calls of 0.1 s, then shares what is left", () => {
    const queue = new ChunkQueue(100, { concurrency: 2, chunk: undefined });
    expect(queue.take()).toEqual({ start: 0, end: 1, losses: 0 });
    queue.measured(1, 10);
    const taken = sizes(takeAll(queue));
    expect(taken[0]).toBe(10);
    expect(taken.at(-1)).toBe(1);
    expect(taken.reduce((sum, size) => sum + size, 1)).toBe(100);
  });

  it("gives what was lost again one by one, and what was too large in halves", () => {
    const queue = new ChunkQueue(5, { concurrency: 1, chunk: 3 });
    const first = queue.take();
    if (first) queue.putBackLost(first);
    expect(sizes(takeAll(queue))).toEqual([1, 1, 1, 2]);
    queue.putBackHalves({ start: 0, end: 5, losses: 1 });
    expect(takeAll(queue)).toEqual([
      { start: 0, end: 3, losses: 1 },
      { start: 3, end: 5, losses: 1 },
    ]);
  });
});
