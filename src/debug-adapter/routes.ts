/** Which handler answers which DAP request. */
import type { DebugProtocol } from "@vscode/debugprotocol";
import { HOT_DEPLOY_REQUEST, INVOKE_REQUEST } from "../protocol/launch-configuration.ts";
import type { Debuggee } from "./debuggee.ts";
import { breakpointLocations } from "./handlers/breakpoint-locations.ts";
import { setBreakpoints, setFunctionBreakpoints } from "./handlers/breakpoints.ts";
import { completions } from "./handlers/completions.ts";
import { continueThread, next, pause, restartFrame, stepIn, stepOut, terminateThreads } from "./handlers/control.ts";
import { hotDeploy, invokeOnce } from "./handlers/custom.ts";
import { setExceptionBreakpoints } from "./handlers/exception-breakpoints.ts";
import { dataBreakpointInfo, setDataBreakpoints } from "./handlers/data-breakpoints.ts";
import { evaluate, setExpression, setVariable } from "./handlers/evaluate.ts";
import { exceptionInfo } from "./handlers/exception-info.ts";
import { initialize } from "./handlers/initialize.ts";
import { readMemory, writeMemory } from "./handlers/memory.ts";
import { loadedSources, modules } from "./handlers/modules.ts";
import { source } from "./handlers/sources.ts";
import { stackTrace } from "./handlers/stack-trace.ts";
import { stepInTargets } from "./handlers/step-in-targets.ts";
import { threads } from "./handlers/threads.ts";
import { scopes, variables } from "./handlers/variables.ts";
import { restart } from "./invocations.ts";
import { disconnect, end, parseConfiguration, start } from "./lifecycle.ts";
import { suspend } from "./suspended.ts";

/** From a request's arguments to its response's body. */
export type Route = (debuggee: Debuggee, args: never) => unknown;

type Args = DebugProtocol.Request["arguments"];

export const routes: ReadonlyMap<string, Route> = new Map<string, Route>([
  ["initialize", initialize],
  ["launch", (debuggee, args: Args) => start(debuggee, parseConfiguration("launch", args))],
  ["attach", (debuggee, args: Args) => start(debuggee, parseConfiguration("attach", args))],
  ["configurationDone", (debuggee) => debuggee.configured.open()],
  ["restart", restart],
  ["terminate", end],
  [
    "disconnect",
    (debuggee, args: DebugProtocol.DisconnectArguments) =>
      args.suspendDebuggee ? suspend(debuggee) : disconnect(debuggee, args),
  ],
  ["setBreakpoints", setBreakpoints],
  ["setFunctionBreakpoints", setFunctionBreakpoints],
  ["dataBreakpointInfo", dataBreakpointInfo],
  ["setDataBreakpoints", setDataBreakpoints],
  ["breakpointLocations", breakpointLocations],
  ["setExceptionBreakpoints", setExceptionBreakpoints],
  ["threads", threads],
  ["stackTrace", stackTrace],
  ["scopes", scopes],
  ["variables", variables],
  ["setVariable", setVariable],
  ["setExpression", setExpression],
  ["evaluate", evaluate],
  ["completions", completions],
  ["exceptionInfo", exceptionInfo],
  ["source", source],
  ["loadedSources", loadedSources],
  ["modules", modules],
  ["readMemory", readMemory],
  ["writeMemory", writeMemory],
  ["continue", continueThread],
  ["next", next],
  ["stepIn", stepIn],
  ["stepOut", stepOut],
  ["pause", pause],
  ["restartFrame", restartFrame],
  ["stepInTargets", stepInTargets],
  ["terminateThreads", terminateThreads],
  [INVOKE_REQUEST, invokeOnce],
  [HOT_DEPLOY_REQUEST, hotDeploy],
]);
