import type { FaasProvider, LogEvent } from "./provider.ts";
import { wait } from "./wait.ts";

export interface FollowOptions {
  /** Of the function. */
  readonly name: string;
  readonly sinceMs: number;
  readonly pollMs?: number;
}

/** Clouds show what was printed some seconds later, and not in its order: so much is read again each time. */
const OVERLAP_MS = 60_000;
const POLL_MS = 1000;

/** What a function prints, until aborted: every event once, as soon as its platform shows it. */
export async function* followLogs(
  provider: Pick<FaasProvider, "logs">,
  { name, sinceMs, pollMs = POLL_MS }: FollowOptions,
  signal: AbortSignal,
): AsyncGenerator<LogEvent, never> {
  /** How many of each event were given, of those that may come again. */
  let given = new Map<string, number>();
  let newestMs = sinceMs;
  for (;;) {
    const from = Math.max(sinceMs, newestMs - OVERLAP_MS);
    const events = await provider.logs(name, { sinceMs: from }, signal);
    const seen = new Map<string, number>();
    for (const event of events) {
      const key = keyOf(event);
      const count = (seen.get(key) ?? 0) + 1;
      seen.set(key, count);
      newestMs = Math.max(newestMs, event.timestampMs);
      if (count > (given.get(key) ?? 0)) yield event;
    }
    given = seen;
    await wait(pollMs, signal);
  }
}

function keyOf({ id, timestampMs, stream = "", message }: LogEvent): string {
  return id ?? `${timestampMs} ${stream} ${message}`;
}
