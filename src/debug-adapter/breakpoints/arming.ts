/** Sets the breakpoints of the table in sandboxes, and keeps the user informed where they went. */
import type { DebugProtocol } from "@vscode/debugprotocol";
import { BreakpointEvent } from "@vscode/debugadapter";
import type { Protocol } from "devtools-protocol";
import { describeError } from "../../core/errors.ts";
import { type Debuggee, toClientPosition } from "../debuggee.ts";
import { bundlePattern, type Sandbox } from "../sandbox.ts";
import { mapOf, toOriginal } from "../sources/locate.ts";
import { type Breakpoint, PENDING } from "./breakpoint-table.ts";
import { conditionOf, hitConditionProblem } from "./condition.ts";
import { placeBreakpoint } from "./placement.ts";

/**
 * Sets one breakpoint in one sandbox; what cannot be set keeps a message for the user. The commands of one tick
 * travel together, so arming many costs one round trip.
 */
export async function armBreakpoint(debuggee: Debuggee, sandbox: Sandbox, breakpoint: Breakpoint): Promise<void> {
  const map = mapOf(debuggee, sandbox);
  if (!map) return;
  const problem = hitConditionProblem(breakpoint.hitCondition);
  if (problem) return unbind(breakpoint, problem);
  const placement = placeBreakpoint(map, breakpoint.wanted);
  if (!placement.ok) {
    // Only the newest build decides what the user is told: an old one may lack a line that exists now.
    if (map === debuggee.sourceMaps.latest()) unbind(breakpoint, placement.message);
    return;
  }
  try {
    const { breakpointId, locations } = await sandbox.cdp.send("Debugger.setBreakpointByUrl", {
      urlRegex: bundlePattern(breakpoint.id, sandbox.connection.hello.taskRoot),
      lineNumber: placement.position.line0,
      columnNumber: placement.position.column0,
      condition: conditionOf(breakpoint.id, breakpoint),
    });
    sandbox.armed.set(breakpoint.id, breakpointId);
    // The user may have removed it in the meantime.
    if (debuggee.breakpoints.byId(breakpoint.id) !== breakpoint) return await disarmBreakpoint(sandbox, breakpoint.id);
    const location = locations[0] ?? sandbox.resolvedEarly.get(breakpointId);
    if (location) bind(debuggee, sandbox, breakpoint, location);
  } catch (error) {
    unbind(breakpoint, describeError(error));
  }
}

/** Before any sandbox is there, the source map already tells what will never bind. */
export function judgeBreakpoint({ sourceMaps }: Debuggee, breakpoint: Breakpoint): void {
  const map = sourceMaps.latest();
  if (!map || breakpoint.bound) return;
  const placement = placeBreakpoint(map, breakpoint.wanted);
  breakpoint.message = hitConditionProblem(breakpoint.hitCondition) ?? (placement.ok ? PENDING : placement.message);
}

export async function disarmBreakpoint(sandbox: Sandbox, id: number): Promise<void> {
  const breakpointId = sandbox.armed.get(id);
  if (breakpointId === undefined) return;
  sandbox.armed.delete(id);
  // A sandbox that is gone has no breakpoints any more.
  await sandbox.cdp.send("Debugger.removeBreakpoint", { breakpointId }).catch(() => undefined);
}

/** V8 has loaded the code and tells where a breakpoint went. */
export function onResolved(
  debuggee: Debuggee,
  sandbox: Sandbox,
  { breakpointId, location }: Protocol.Debugger.BreakpointResolvedEvent,
): void {
  const breakpoint = breakpointOf(debuggee, sandbox, breakpointId);
  if (!breakpoint) return void sandbox.resolvedEarly.set(breakpointId, location);
  bind(debuggee, sandbox, breakpoint, location);
  notifyBreakpoint(debuggee, breakpoint);
}

/** Which of the user's breakpoints V8 means. */
export function breakpointOf(debuggee: Debuggee, sandbox: Sandbox, breakpointId: string): Breakpoint | undefined {
  const id = [...sandbox.armed].find(([, armed]) => armed === breakpointId)?.[0];
  return id === undefined ? undefined : debuggee.breakpoints.byId(id);
}

export function notifyBreakpoint(debuggee: Debuggee, breakpoint: Breakpoint): void {
  debuggee.notify(new BreakpointEvent("changed", toDapBreakpoint(debuggee, breakpoint)));
}

export function toDapBreakpoint(debuggee: Debuggee, breakpoint: Breakpoint): DebugProtocol.Breakpoint {
  const { id, bound, message, wanted } = breakpoint;
  const source = { path: wanted.path };
  if (bound) return { id, verified: true, source, ...toClientPosition(debuggee, bound) };
  const reason = message === PENDING ? "pending" : "failed";
  return { id, verified: false, reason, message, source, line: toClientPosition(debuggee, wanted).line };
}

function bind(
  debuggee: Debuggee,
  sandbox: Sandbox,
  breakpoint: Breakpoint,
  location: Protocol.Debugger.Location,
): void {
  breakpoint.bound = toOriginal(debuggee, sandbox, location) ?? breakpoint.wanted;
  breakpoint.message = "";
}

function unbind(breakpoint: Breakpoint, message: string): void {
  breakpoint.bound = undefined;
  breakpoint.message = message;
}
