import type { DebugProtocol } from "@vscode/debugprotocol";
import { FaasifyError } from "../../core/errors.ts";
import type { Debuggee } from "../debuggee.ts";
import { exceptionBreakpointFilters } from "./exception-breakpoints.ts";

/** Says only what is done. */
const capabilities: DebugProtocol.Capabilities = {
  supportsConfigurationDoneRequest: true,
  supportsConditionalBreakpoints: true,
  supportsHitConditionalBreakpoints: true,
  supportsLogPoints: true,
  supportsEvaluateForHovers: true,
  supportsSetVariable: true,
  supportsSetExpression: true,
  supportsExceptionInfoRequest: true,
  supportsDelayedStackTraceLoading: true,
  supportsLoadedSourcesRequest: true,
  supportsTerminateRequest: true,
  supportsRestartRequest: true,
  supportsRestartFrame: true,
  supportsBreakpointLocationsRequest: true,
  supportsCompletionsRequest: true,
  completionTriggerCharacters: ["."],
  supportsClipboardContext: true,
  exceptionBreakpointFilters,
  supportsExceptionFilterOptions: true,
  supportsValueFormattingOptions: true,
  supportsANSIStyling: true,
  supportsReadMemoryRequest: true,
  supportsWriteMemoryRequest: true,
  supportsStepInTargetsRequest: true,
  supportsSteppingGranularity: true,
  supportsSingleThreadExecutionRequests: true,
  supportsTerminateThreadsRequest: true,
  supportTerminateDebuggee: true,
  supportSuspendDebuggee: true,
  supportsCancelRequest: true,
  supportsModulesRequest: true,
  supportsFunctionBreakpoints: true,
  supportsDataBreakpoints: true,
  breakpointModes: [
    { mode: "pause", label: "Pause", description: "Pauses the invocation", appliesTo: ["source", "function"] },
    { mode: "log", label: "Log", description: "Prints and goes on", appliesTo: ["source", "function"] },
    {
      mode: "snapshot",
      label: "Snapshot",
      description: "Takes stack and variables along without pausing",
      appliesTo: ["source", "function"],
    },
    {
      mode: "sample",
      label: "Sample",
      description: "A snapshot of one pass in as many as the hit count says, or in 10",
      appliesTo: ["source", "function"],
    },
  ],
};

/** @throws FaasifyError `wrong-usage` for a client that names files by URI */
export function initialize(
  debuggee: Debuggee,
  args: DebugProtocol.InitializeRequestArguments,
): DebugProtocol.Capabilities {
  if (args.pathFormat !== undefined && args.pathFormat !== "path") {
    throw new FaasifyError("wrong-usage", `Paths in the format "${args.pathFormat}" are not supported`, {
      remedy: 'Use the path format "path"',
    });
  }
  debuggee.client = {
    linesStartAt1: args.linesStartAt1 ?? true,
    columnsStartAt1: args.columnsStartAt1 ?? true,
    supportsProgress: args.supportsProgressReporting ?? false,
    supportsInvalidated: args.supportsInvalidatedEvent ?? false,
    supportsMemoryEvent: args.supportsMemoryEvent ?? false,
    supportsAnsi: args.supportsANSIStyling ?? false,
  };
  return capabilities;
}
