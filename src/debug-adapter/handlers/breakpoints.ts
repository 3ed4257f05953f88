import type { DebugProtocol } from "@vscode/debugprotocol";
import { FaasifyError } from "../../core/errors.ts";
import {
  armBreakpoint,
  disarmBreakpoint,
  judgeBreakpoint,
  toDapBreakpoint,
  notifyBreakpoint,
} from "../breakpoints/arming.ts";
import { type Breakpoint, breakpointModes, type BreakpointWish, FUNCTIONS } from "../breakpoints/breakpoint-table.ts";
import { type Debuggee, fromClientColumn, fromClientLine } from "../debuggee.ts";

/** A busy function may serve V8's debugger late: the rest then comes as events. */
const ARM_WAIT_MS = 4000;

export async function setBreakpoints(
  debuggee: Debuggee,
  { source, breakpoints = [] }: DebugProtocol.SetBreakpointsArguments,
): Promise<DebugProtocol.SetBreakpointsResponse["body"]> {
  const { path } = source;
  if (path === undefined) {
    throw new FaasifyError("debug-session-failed", `Breakpoints need a file, but ${source.name ?? "this"} has none`, {
      remedy: "Set the breakpoint in a file of the workspace",
    });
  }
  const wishes = breakpoints.map((breakpoint) => toWish(debuggee, path, breakpoint));
  return replace(debuggee, path, wishes);
}

export function setFunctionBreakpoints(
  debuggee: Debuggee,
  { breakpoints }: DebugProtocol.SetFunctionBreakpointsArguments,
): Promise<DebugProtocol.SetFunctionBreakpointsResponse["body"]> {
  const wanted = { path: FUNCTIONS, line1: 1, column1: 1 };
  const wishes = breakpoints.map(({ name, ...rest }) => ({ wanted, functionName: name.trim(), ...optionsOf(rest) }));
  return replace(debuggee, FUNCTIONS, wishes);
}

async function replace(
  debuggee: Debuggee,
  file: string,
  wishes: readonly BreakpointWish[],
): Promise<{ breakpoints: DebugProtocol.Breakpoint[] }> {
  const { current, added, removed } = debuggee.breakpoints.replace(file, wishes);
  for (const breakpoint of added) judgeBreakpoint(debuggee, breakpoint);
  await settleInTime(debuggee, added, rearm(debuggee, added, removed));
  return { breakpoints: current.map((breakpoint) => toDapBreakpoint(debuggee, breakpoint)) };
}

/** Disarming goes first: V8 refuses a second breakpoint at the place of an old one. */
async function rearm(
  debuggee: Debuggee,
  added: readonly Breakpoint[],
  removed: readonly Breakpoint[],
): Promise<unknown> {
  return Promise.all(
    [...debuggee.sandboxes.values()].flatMap((sandbox) => [
      ...removed.map(({ id }) => disarmBreakpoint(sandbox, id)),
      ...added.map((breakpoint) => armBreakpoint(debuggee, sandbox, breakpoint)),
    ]),
  );
}

async function settleInTime(debuggee: Debuggee, added: readonly Breakpoint[], armed: Promise<unknown>): Promise<void> {
  const { promise: timeUp, resolve } = Promise.withResolvers<"late">();
  const timer = setTimeout(resolve, ARM_WAIT_MS, "late");
  const outcome = await Promise.race([armed, timeUp]);
  clearTimeout(timer);
  if (outcome !== "late") return;
  void armed.then(() => added.forEach((breakpoint) => notifyBreakpoint(debuggee, breakpoint)));
}

function toWish(debuggee: Debuggee, path: string, breakpoint: DebugProtocol.SourceBreakpoint): BreakpointWish {
  const { line, column } = breakpoint;
  return {
    wanted: {
      path,
      line1: fromClientLine(debuggee, line),
      column1: column === undefined ? 1 : fromClientColumn(debuggee, column),
    },
    ...optionsOf(breakpoint),
  };
}

/** @throws FaasifyError `debug-session-failed` for a mode that was never offered */
function optionsOf({
  condition,
  hitCondition,
  logMessage,
  mode,
}: Omit<DebugProtocol.SourceBreakpoint, "line" | "column">): Omit<BreakpointWish, "wanted"> {
  const known = breakpointModes.find((candidate) => candidate === mode);
  if (mode !== undefined && known === undefined) {
    throw new FaasifyError("debug-session-failed", `There is no breakpoint mode "${mode}"`, {
      remedy: `Choose one of ${breakpointModes.join(", ")}`,
    });
  }
  return {
    ...(condition === undefined ? {} : { condition }),
    ...(hitCondition === undefined ? {} : { hitCondition }),
    ...(logMessage === undefined ? {} : { logMessage }),
    ...(known === undefined || known === "pause" ? {} : { mode: known }),
  };
}
