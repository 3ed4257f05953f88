import { setTimeout as delay } from "node:timers/promises";

/** Resolves after so many milliseconds, and rejects with the signal's own reason when aborted before. */
export async function wait(milliseconds: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  // The timer's own rejection would be an AbortError, whatever the reason.
  await delay(milliseconds, undefined, { signal }).catch(() => signal.throwIfAborted());
}
