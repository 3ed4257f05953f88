/** Snapshots appear in the debug console, expandable, and as an event of their own for whoever shows them elsewhere. */
import { Event } from "@vscode/debugadapter";
import type { Protocol } from "devtools-protocol";
import * as v from "valibot";
import { SNAPSHOT_EVENT, type Snapshot, type SnapshotVariable } from "../protocol/launch-configuration.ts";
import { SNAPSHOT_BINDING } from "./breakpoints/snapshot.ts";
import type { Debuggee } from "./debuggee.ts";
import { print } from "./output.ts";
import type { Sandbox } from "./sandbox.ts";
import { mapOf, mapStackText } from "./sources/locate.ts";
import { renderSnapshot } from "./variables/snapshots.ts";

const variable: v.GenericSchema<SnapshotVariable> = v.object({
  name: v.string(),
  type: v.string(),
  value: v.string(),
  count: v.optional(v.number()),
  children: v.optional(v.array(v.lazy(() => variable))),
});

/** What the helper in the function sends. */
const payloadSchema = v.object({
  id: v.number(),
  stack: v.array(v.string()),
  variables: v.array(variable),
  dropped: v.number(),
});

export function onBinding(debuggee: Debuggee, sandbox: Sandbox, event: Protocol.Runtime.BindingCalledEvent): void {
  if (event.name !== SNAPSHOT_BINDING) return;
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), payloadSchema), event.payload);
  const breakpoint = parsed.success ? debuggee.breakpoints.byId(parsed.output.id) : undefined;
  // The helper lives in the user's process: what does not look like a snapshot is none.
  if (!parsed.success || !breakpoint) return;
  const { id, stack, variables, dropped } = parsed.output;
  const { path: source, line1, column1 } = breakpoint.bound ?? breakpoint.wanted;
  const snapshot: Snapshot = {
    breakpointId: id,
    threadId: sandbox.threadId,
    ...(sandbox.requestId === undefined ? {} : { requestId: sandbox.requestId }),
    source,
    line: line1,
    stack: stack.map((line) => mapStackText(mapOf(debuggee, sandbox), line.trim().replace(/^at /, ""))),
    variables,
    dropped,
  };
  const fixed = [...variables, stackNode(snapshot.stack)];
  const container = { sandbox, objectId: undefined, expression: undefined, fixed };
  const missed = dropped > 0 ? ` (${dropped} left out)` : "";
  print(debuggee, "console", `${variables.map(renderSnapshot).join(", ")}${missed}`, {
    source: { path: source },
    line: debuggee.client.linesStartAt1 ? line1 : line1 - 1,
    column: debuggee.client.columnsStartAt1 ? column1 : column1 - 1,
    variablesReference: debuggee.handles.addContainer(container, "session"),
  });
  debuggee.notify(Object.assign(new Event(SNAPSHOT_EVENT), { body: snapshot }));
}

function stackNode(stack: readonly string[]): SnapshotVariable {
  const children = stack.map((value, index) => ({ name: String(index), type: "frame", value }));
  return { name: "[[Stack]]", type: "stack", value: stack[0] ?? "", children };
}
