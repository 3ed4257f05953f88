import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { EventQueue, type EventRunner, type Settled } from "../../../src/platform/events/event-queue.ts";
import type { EventDraft, QueuedEvent } from "../../../src/platform/state/event-store.ts";
import { openStateStore, type StateStore } from "../../../src/platform/state/state-store.ts";

let folder: string;
let state: StateStore;
let nowMs: number;
let room: boolean;
let ran: string[];
let answer: (event: QueuedEvent) => Settled | Promise<Settled>;

const done: Settled = { attempt: { kind: "done" }, followers: [] };
const again = (delayMs: number, counted = true): Settled => ({
  attempt: { kind: "again", delayMs, counted },
  followers: [],
});

const runner: EventRunner = {
  hasRoom: () => room,
  run: async (event) => {
    ran.push(`${event.requestId}#${event.attempts}`);
    return answer(event);
  },
};

beforeEach(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), "faasify-queue-"));
  state = await openStateStore(folder);
  [nowMs, room, ran, answer] = [1_000_000_000, true, [], () => done];
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(() => {
  vi.useRealTimers();
  state.close();
  rmSync(folder, { recursive: true, force: true });
});

const open = (): EventQueue =>
  new EventQueue({
    onAccepted: () => {},
    store: state.events,
    runner,
    clock: { nowMs: () => nowMs },
    onProblem: (error) => {
      throw error;
    },
  });

const draft = (requestId: string, more: Partial<EventDraft> = {}): EventDraft => ({
  requestId,
  functionName: "f",
  qualifier: undefined,
  payload: Buffer.from("{}"),
  clientContext: undefined,
  ...more,
});

/** Lets so much time pass, and everything that was due happen. */
async function pass(ms: number): Promise<void> {
  nowMs += ms;
  await vi.advanceTimersByTimeAsync(ms);
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

describe("the queue of events", () => {
  it("keeps an event until it is done with", async () => {
    const queue = open();
    await queue.accept(draft("a"));
    expect(queue.size).toBe(1);
    await pass(0);

    expect(ran).toEqual(["a#0"]);
    expect(queue.size).toBe(0);
  });

  it("tries again when it is time, also in another life", async () => {
    answer = ({ attempts }) => again(100 * (attempts + 1));
    const queue = open();
    await queue.accept(draft("a"));
    await pass(0);
    await pass(99);
    expect(ran).toEqual(["a#0"]);
    await pass(1);
    expect(ran).toEqual(["a#0", "a#1"]);
    queue.stop();
    await pass(500);
    expect(ran).toHaveLength(2);

    open();
    await pass(0);

    expect(ran).toEqual(["a#0", "a#1", "a#2"]);
  });

  it("does not count what was not the function's fault", async () => {
    const answers = [again(10, false), done];
    answer = () => answers.shift() ?? done;
    await open().accept(draft("a"));
    await pass(0);
    await pass(10);

    expect(ran).toEqual(["a#0", "a#0"]);
  });

  it("lets new events pass one that waits for another attempt", async () => {
    answer = ({ requestId, attempts }) => (requestId === "slow" && attempts === 0 ? again(60_000) : done);
    const queue = open();
    await queue.accept(draft("slow"));
    await pass(0);
    await queue.accept(draft("new"));
    await pass(0);
    expect(ran).toEqual(["slow#0", "new#0"]);
    await pass(60_000);

    expect(ran).toEqual(["slow#0", "new#0", "slow#1"]);
    expect(queue.size).toBe(0);
  });

  it("waits while there is no room, and goes on when told", async () => {
    room = false;
    const queue = open();
    await queue.accept(draft("a"));
    await pass(5_000);
    expect(ran).toEqual([]);
    room = true;
    queue.onRoom();
    await pass(0);

    expect(ran).toEqual(["a#0"]);
  });

  it("runs few at once, more when they take long, and all in the end", async () => {
    const held: (() => void)[] = [];
    answer = () => new Promise((resolve) => held.push(() => resolve(done)));
    const queue = open();
    await Promise.all(Array.from({ length: 500 }, (_, index) => queue.accept(draft(String(index)))));
    await pass(0);
    const few = ran.length;
    for (let turn = 0; turn < 20; turn += 1) await pass(60);
    const more = ran.length;
    while (held.length > 0) {
      for (const letGo of held.splice(0)) letGo();
      await pass(0);
    }

    expect(few).toBe(8);
    expect(more).toBeGreaterThan(8);
    expect(more).toBeLessThanOrEqual(200);
    expect(new Set(ran).size).toBe(500);
    expect(ran).toHaveLength(500);
    expect(queue.size).toBe(0);
  });

  it("is not stopped by a clock that was set back between two lives", async () => {
    answer = () => again(20);
    const queue = open();
    await queue.accept(draft("a"));
    await pass(0);
    queue.stop();
    nowMs -= 3_600_000;
    answer = () => done;
    open();
    await pass(600_000);

    expect(ran).toEqual(["a#0", "a#1"]);
  });

  it("writes what follows from an event together with its end", async () => {
    answer = ({ requestId }) =>
      requestId === "a" ? { ...done, followers: [draft("b", { functionName: "g" })] } : done;
    const queue = open();
    await queue.accept(draft("a"));
    await pass(0);
    await pass(0);

    expect(ran).toEqual(["a#0", "b#0"]);
    expect(queue.size).toBe(0);
  });

  it("forgets the events of a function that is gone", async () => {
    room = false;
    const queue = open();
    await queue.accept(draft("a"));
    queue.removeFunction("f");
    room = true;
    queue.onRoom();
    await pass(0);

    expect([ran, queue.size]).toEqual([[], 0]);
  });
});
