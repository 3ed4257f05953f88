/** What appears in the debug console. */
import { stripVTControlCharacters } from "node:util";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { ContinuedEvent, Event, OutputEvent, ThreadEvent } from "@vscode/debugadapter";
import type { Debuggee } from "./debuggee.ts";

export type OutputCategory = "console" | "stdout" | "stderr" | "important";

/** One line, with a line break added. */
export function print(
  debuggee: Debuggee,
  category: OutputCategory,
  line: string,
  details: Partial<DebugProtocol.OutputEvent["body"]> = {},
): void {
  const text = debuggee.client.supportsAnsi ? line : stripVTControlCharacters(line);
  const event: DebugProtocol.OutputEvent = new OutputEvent(`${text}\n`, category);
  Object.assign(event.body, details);
  debuggee.notify(event);
}

export function notifyThread(debuggee: Debuggee, reason: "started" | "exited", threadId: number): void {
  debuggee.notify(new ThreadEvent(reason, threadId));
}

export function notifyContinued(debuggee: Debuggee, threadId: number): void {
  debuggee.notify(new ContinuedEvent(threadId, false));
}

/** What the client has fetched of a paused thread is no longer true. */
export function notifyInvalidated({ client, notify }: Debuggee, threadId: number): void {
  const body: DebugProtocol.InvalidatedEvent["body"] = { areas: ["variables"], threadId };
  if (client.supportsInvalidated) notify(Object.assign(new Event("invalidated"), { body }));
}

export function notifyStopped(debuggee: Debuggee, body: DebugProtocol.StoppedEvent["body"]): void {
  const event: DebugProtocol.StoppedEvent = Object.assign(new Event("stopped"), { event: "stopped" as const, body });
  debuggee.notify(event);
}
