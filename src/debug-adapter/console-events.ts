/** What the function prints appears in the debug console, with the line that printed it. */
import { OutputEvent } from "@vscode/debugadapter";
import type { DebugProtocol } from "@vscode/debugprotocol";
import type { Protocol } from "devtools-protocol";
import type { Debuggee } from "./debuggee.ts";
import { type OutputCategory, print } from "./output.ts";
import type { Sandbox } from "./sandbox.ts";
import { mapOf, mapStackText, type Place, toPlace } from "./sources/locate.ts";
import { referenceFor } from "./variables/members.ts";
import { renderConsole } from "./variables/render.ts";

type ConsoleEvent = Protocol.Runtime.ConsoleAPICalledEvent;

const CATEGORIES: Partial<Record<ConsoleEvent["type"], OutputCategory>> = {
  error: "stderr",
  warning: "stderr",
  assert: "stderr",
  trace: "stderr",
};

/** Calls that print nothing. */
const SILENT = new Set<ConsoleEvent["type"]>(["clear", "profile", "profileEnd"]);

export function onConsole(debuggee: Debuggee, sandbox: Sandbox, event: ConsoleEvent): void {
  if (SILENT.has(event.type)) return;
  if (event.type === "endGroup") return debuggee.notify(endOfGroup());
  const text = renderConsole(event.args);
  const place = callerOf(debuggee, sandbox, event.stackTrace);
  const expandable = event.args.some(({ objectId, subtype }) => objectId !== undefined && subtype !== "error");
  print(debuggee, CATEGORIES[event.type] ?? "stdout", mapStackText(mapOf(debuggee, sandbox), text), {
    ...(place?.source ? { source: place.source, line: place.line, column: place.column } : {}),
    ...groupOf(event.type),
    ...(expandable ? { variablesReference: argumentsReference(debuggee, sandbox, event.args) } : {}),
  });
}

/** The first of the user's files on the stack: a log point's own frame has none. */
function callerOf(
  debuggee: Debuggee,
  sandbox: Sandbox,
  stack: Protocol.Runtime.StackTrace | undefined,
): Place | undefined {
  const places = (stack?.callFrames ?? []).map((frame) => toPlace(debuggee, sandbox, frame));
  return places.find(({ isUserCode }) => isUserCode);
}

function argumentsReference(
  debuggee: Debuggee,
  sandbox: Sandbox,
  args: readonly Protocol.Runtime.RemoteObject[],
): number {
  const [only] = args;
  if (args.length === 1 && only) return referenceFor(debuggee, { sandbox, expression: undefined }, only, "session");
  const extras = args.map((value, index) => ({ name: String(index), value }));
  return debuggee.handles.addContainer({ sandbox, objectId: undefined, expression: undefined, extras }, "session");
}

function groupOf(type: ConsoleEvent["type"]): { readonly group?: "start" | "startCollapsed" } {
  if (type === "startGroup") return { group: "start" };
  return type === "startGroupCollapsed" ? { group: "startCollapsed" } : {};
}

/** Without a line of its own. */
function endOfGroup(): DebugProtocol.OutputEvent {
  const event: DebugProtocol.OutputEvent = new OutputEvent("", "stdout");
  event.body.group = "end";
  return event;
}
