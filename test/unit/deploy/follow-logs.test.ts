import { expect, it } from "vitest";
import { followLogs } from "../../../src/deploy/follow-logs.ts";
import type { LogEvent } from "../../../src/deploy/provider.ts";

const event = (timestampMs: number, message: string, id?: string): LogEvent => ({
  timestampMs,
  message,
  ...(id !== undefined && { id }),
});

/** Answers the first question with the first list, and so on; the last one is followed by the end. */
async function messagesOf(answers: readonly (readonly LogEvent[])[]): Promise<readonly string[]> {
  const abort = new AbortController();
  const reason = new Error("enough");
  const asked: (number | undefined)[] = [];
  const provider = {
    logs: async (_name: string, { sinceMs }: { readonly sinceMs?: number }) => {
      asked.push(sinceMs);
      const answer = answers[asked.length - 1];
      if (!answer) abort.abort(reason);
      return (answer ?? []).filter(({ timestampMs }) => timestampMs >= (sinceMs ?? 0));
    },
  };
  const messages: string[] = [];
  const following = async (): Promise<void> => {
    for await (const { message } of followLogs(provider, { name: "f", sinceMs: 1000, pollMs: 1 }, abort.signal)) {
      messages.push(message);
    }
  };
  await expect(following()).rejects.toBe(reason);
  expect(asked[0]).toBe(1000);
  return messages;
}

it("gives every event once, also one that is shown late or twice the same", async () => {
  const [first, late, second] = [event(2000, "first"), event(1500, "late"), event(2500, "second")];

  expect(await messagesOf([[first], [late, first], [late, first, second, second]])).toEqual([
    "first",
    "late",
    "second",
    "second",
  ]);
});

it("tells events by their ids where there are some", async () => {
  const same = [event(2000, "tick", "1"), event(2000, "tick", "2")];

  expect(await messagesOf([same.slice(1), same])).toEqual(["tick", "tick"]);
});

it("does not ask for what was long ago again and again", async () => {
  const old = event(2000, "old");
  const recent = event(200_000, "recent");

  expect(await messagesOf([[old], [old, recent], [recent], [recent]])).toEqual(["old", "recent"]);
});
