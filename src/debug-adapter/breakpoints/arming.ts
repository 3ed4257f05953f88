/** Sets the breakpoints of the table in sandboxes, and keeps the user informed where they went. */
import path from "node:path";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { BreakpointEvent } from "@vscode/debugadapter";
import type { Protocol } from "devtools-protocol";
import { describeError } from "../../core/errors.ts";
import { type Debuggee, toClientPosition } from "../debuggee.ts";
import { createSensitiveNames } from "../../protocol/sensitive-names.ts";
import { bundlePattern, type Sandbox } from "../sandbox.ts";
import { shimSettings } from "../shim-settings.ts";
import type { BundleMap } from "../sources/bundle-map.ts";
import { blankNonCode } from "../sources/blank-code.ts";
import { inBundleNames } from "../sources/renames.ts";
import { mapOf, toOriginal } from "../sources/locate.ts";
import { type Breakpoint, PENDING } from "./breakpoint-table.ts";
import { conditionOf, hitConditionProblem } from "./condition.ts";
import { placeFunction } from "./function-placement.ts";
import { FOREIGN_FILE, type Placement, placeBreakpoint, readLinesOf } from "./placement.ts";
import { installSnapshots, namesAround, SNAPSHOT_BINDING } from "./snapshot.ts";

/**
 * Sets one breakpoint in one sandbox; what cannot be set keeps a message for the user. The commands of one tick
 * travel together, so arming many costs one round trip.
 */
export async function armBreakpoint(debuggee: Debuggee, sandbox: Sandbox, breakpoint: Breakpoint): Promise<void> {
  const map = mapOf(debuggee, sandbox);
  if (!map) return;
  const problem = hitConditionProblem(breakpoint);
  if (problem) return unbind(breakpoint, problem);
  const places = placementsOf(map, breakpoint).flatMap((placement) => (placement.ok ? placement : []));
  if (places.length === 0) {
    // Only the newest builds decide what the user is told: an old one may lack a line that exists now.
    const reason = reasonOf(debuggee, breakpoint);
    if (debuggee.sourceMaps.current().includes(map) && reason !== undefined) unbind(breakpoint, reason);
    return;
  }
  try {
    if (takesSnapshots(breakpoint)) enableSnapshots(debuggee, sandbox);
    const answers = await Promise.all(places.map((place) => setInV8(debuggee, sandbox, breakpoint, { map, place })));
    const ids = answers.map(({ breakpointId }) => breakpointId);
    sandbox.armed.set(breakpoint.id, ids);
    // The user may have removed it in the meantime.
    if (debuggee.breakpoints.byId(breakpoint.id) !== breakpoint) return await disarmBreakpoint(sandbox, breakpoint.id);
    const early = ids.flatMap((id) => sandbox.resolvedEarly.get(id) ?? []);
    const location = answers.flatMap(({ locations }) => locations)[0] ?? early[0];
    if (location) bind(debuggee, sandbox, breakpoint, location);
  } catch (error) {
    unbind(breakpoint, describeError(error));
  }
}

interface Site {
  readonly map: BundleMap;
  readonly place: Extract<Placement, { ok: true }>;
}

function setInV8(
  debuggee: Debuggee,
  sandbox: Sandbox,
  breakpoint: Breakpoint,
  { map, place: { position, original } }: Site,
): Promise<Protocol.Debugger.SetBreakpointByUrlResponse> {
  const { path: file, line1 } = original;
  const { renames, kept } = map.namesIn(file);
  const names = takesSnapshots(breakpoint) ? namesAround(blankNonCode(readLinesOf(file).join("\n")), line1) : [];
  return sandbox.cdp.send("Debugger.setBreakpointByUrl", {
    urlRegex: bundlePattern(breakpoint.id, sandbox.code.taskRoot),
    lineNumber: position.line0,
    columnNumber: position.column0,
    condition: conditionOf(breakpoint.id, breakpoint, {
      translate: (code) => inBundleNames(code, renames, (name) => kept.has(name)),
      place: `${breakpoint.functionName ?? path.basename(file)}:${line1}`,
      names,
      sensitive: createSensitiveNames(shimSettings(debuggee).redact),
    }),
  });
}

function placementsOf(map: BundleMap, { wanted, functionName }: Breakpoint): readonly Placement[] {
  return functionName === undefined ? [placeBreakpoint(map, wanted)] : placeFunction(map, functionName);
}

function takesSnapshots({ mode }: Breakpoint): boolean {
  return mode === "snapshot" || mode === "sample";
}

/** Before the first breakpoint that needs it: V8 serves commands in order. */
function enableSnapshots(debuggee: Debuggee, sandbox: Sandbox): void {
  if (sandbox.takesSnapshots) return;
  sandbox.takesSnapshots = true;
  const expression = installSnapshots(shimSettings(debuggee).redact);
  // Should it fail, the breakpoints pass without a snapshot.
  sandbox.cdp.send("Runtime.addBinding", { name: SNAPSHOT_BINDING }).catch(() => undefined);
  sandbox.cdp.send("Runtime.evaluate", { expression, silent: true }).catch(() => undefined);
}

/** Before any sandbox is there, the source map already tells what will never bind. */
export function judgeBreakpoint(debuggee: Debuggee, breakpoint: Breakpoint): void {
  if (debuggee.sourceMaps.current().length === 0 || breakpoint.bound) return;
  breakpoint.message = hitConditionProblem(breakpoint) ?? reasonOf(debuggee, breakpoint) ?? PENDING;
}

/** Why none of the session's functions has a place for it; that its file belongs to another one is the least of reasons. */
function reasonOf({ sourceMaps }: Debuggee, breakpoint: Breakpoint): string | undefined {
  const placements = sourceMaps.current().map((map) => placementsOf(map, breakpoint));
  if (placements.flat().some(({ ok }) => ok)) return undefined;
  const reasons = placements.flat().flatMap((placement) => (placement.ok ? [] : placement.message));
  return reasons.toSorted((a, b) => Number(a.endsWith(FOREIGN_FILE)) - Number(b.endsWith(FOREIGN_FILE)))[0];
}

export async function disarmBreakpoint(sandbox: Sandbox, id: number): Promise<void> {
  const breakpointIds = sandbox.armed.get(id) ?? [];
  sandbox.armed.delete(id);
  const remove = (breakpointId: string) =>
    // A sandbox that is gone has no breakpoints any more.
    sandbox.cdp.send("Debugger.removeBreakpoint", { breakpointId }).catch(() => undefined);
  await Promise.all(breakpointIds.map(remove));
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
  const id = [...sandbox.armed].find(([, armed]) => armed.includes(breakpointId))?.[0];
  return id === undefined ? undefined : debuggee.breakpoints.byId(id);
}

export function notifyBreakpoint(debuggee: Debuggee, breakpoint: Breakpoint): void {
  debuggee.notify(new BreakpointEvent("changed", toDapBreakpoint(debuggee, breakpoint)));
}

export function toDapBreakpoint(debuggee: Debuggee, breakpoint: Breakpoint): DebugProtocol.Breakpoint {
  const { id, bound, message, wanted, functionName } = breakpoint;
  if (bound) return { id, verified: true, source: { path: bound.path }, ...toClientPosition(debuggee, bound) };
  const reason = message === PENDING ? "pending" : "failed";
  if (functionName !== undefined) return { id, verified: false, reason, message };
  const source = { path: wanted.path };
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
