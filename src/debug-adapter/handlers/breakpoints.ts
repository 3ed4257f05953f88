import type { DebugProtocol } from "@vscode/debugprotocol";
import { FaasifyError } from "../../core/errors.ts";
import {
  armBreakpoint,
  disarmBreakpoint,
  judgeBreakpoint,
  toDapBreakpoint,
  notifyBreakpoint,
} from "../breakpoints/arming.ts";
import type { Breakpoint, BreakpointWish } from "../breakpoints/breakpoint-table.ts";
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
  const { current, added, removed } = debuggee.breakpoints.replace(path, wishes);
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
  const { line, column, condition, hitCondition, logMessage } = breakpoint;
  return {
    wanted: {
      path,
      line1: fromClientLine(debuggee, line),
      column1: column === undefined ? 1 : fromClientColumn(debuggee, column),
    },
    ...(condition === undefined ? {} : { condition }),
    ...(hitCondition === undefined ? {} : { hitCondition }),
    ...(logMessage === undefined ? {} : { logMessage }),
  };
}
