import { Script } from "node:vm";
import type { DebugProtocol } from "@vscode/debugprotocol";
import type { Debuggee } from "../debuggee.ts";
import { exceptionState, shimSettings } from "../shim-settings.ts";

/** For `initialize`. Conditions are evaluated in the function, where the exception was thrown. */
export const exceptionBreakpointFilters: DebugProtocol.ExceptionBreakpointsFilter[] = [
  {
    filter: "caught",
    label: "Caught Exceptions",
    description: "Pauses where something is thrown that the function itself catches",
    default: false,
    supportsCondition: true,
    conditionDescription: 'error.name === "TypeError"',
  },
  {
    filter: "uncaught",
    label: "Uncaught Exceptions",
    description: "Pauses where something is thrown that makes the invocation fail",
    default: false,
    supportsCondition: true,
    conditionDescription: 'error.name === "TypeError"',
  },
];

/** Chosen twice, with a condition and without, a filter pauses always. */
export async function setExceptionBreakpoints(
  debuggee: Debuggee,
  { filters, filterOptions = [] }: DebugProtocol.SetExceptionBreakpointsArguments,
): Promise<DebugProtocol.SetExceptionBreakpointsResponse["body"]> {
  const wanted = [...filters.map((filterId) => ({ filterId, condition: "" })), ...filterOptions];
  const judged = wanted.map(({ filterId, condition = "" }) => ({
    filterId,
    condition: condition.trim(),
    problem: problemOf(filterId, condition),
  }));
  debuggee.exceptionFilters.clear();
  for (const { filterId, condition, problem } of judged) {
    if (problem === undefined && debuggee.exceptionFilters.get(filterId) !== "") {
      debuggee.exceptionFilters.set(filterId, condition);
    }
  }
  const state = exceptionState(debuggee);
  const settings = shimSettings(debuggee);
  for (const { cdp } of debuggee.sandboxes.values()) {
    // A sandbox that cannot be told now is told when its shim dials again.
    cdp.send("Faasify.configure", settings).catch(() => undefined);
    cdp.send("Debugger.setPauseOnExceptions", { state }).catch(() => undefined);
  }
  return {
    breakpoints: judged.map(({ problem }) =>
      problem === undefined ? { verified: true } : { verified: false, reason: "failed", message: problem },
    ),
  };
}

function problemOf(filterId: string, condition: string): string | undefined {
  if (!exceptionBreakpointFilters.some(({ filter }) => filter === filterId)) return `There is no filter "${filterId}"`;
  if (condition.trim() === "") return undefined;
  try {
    // Compiled, never run: the condition is the function's to evaluate.
    return void new Script(`(error) => (${condition}\n)`);
  } catch (error) {
    return `The condition is no expression: ${error instanceof Error ? error.message : String(error)}`;
  }
}
