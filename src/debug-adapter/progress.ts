import { ProgressEndEvent, ProgressStartEvent } from "@vscode/debugadapter";
import type { DebugProtocol } from "@vscode/debugprotocol";
import type { Debuggee } from "./debuggee.ts";
import { print } from "./output.ts";

let lastProgress = 0;

/**
 * Shows that something is being done: as the client's progress where it has one, else as a line. The client may cancel the
 * progress, which aborts the signal.
 */
export async function withProgress<T>(
  debuggee: Debuggee,
  title: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const ended = debuggee.lifetime.signal;
  if (!debuggee.client.supportsProgress) {
    print(debuggee, "console", `${title} …`);
    return work(ended);
  }
  const id = `faasify-${++lastProgress}`;
  const cancelled = new AbortController();
  debuggee.progresses.set(id, cancelled);
  const start: DebugProtocol.ProgressStartEvent = new ProgressStartEvent(id, title);
  start.body.cancellable = true;
  debuggee.notify(start);
  try {
    return await work(AbortSignal.any([ended, cancelled.signal]));
  } finally {
    debuggee.progresses.delete(id);
    debuggee.notify(new ProgressEndEvent(id));
  }
}
