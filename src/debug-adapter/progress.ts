import { ProgressEndEvent, ProgressStartEvent } from "@vscode/debugadapter";
import type { Debuggee } from "./debuggee.ts";
import { print } from "./output.ts";

let lastProgress = 0;

/** Shows that something is being done: as the client's progress where it has one, else as a line. */
export async function withProgress<T>(debuggee: Debuggee, title: string, work: () => Promise<T>): Promise<T> {
  if (!debuggee.client.supportsProgress) {
    print(debuggee, "console", `${title} …`);
    return work();
  }
  const id = `faasify-${++lastProgress}`;
  debuggee.notify(new ProgressStartEvent(id, title));
  try {
    return await work();
  } finally {
    debuggee.notify(new ProgressEndEvent(id));
  }
}
