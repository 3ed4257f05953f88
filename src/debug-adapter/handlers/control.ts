import type { DebugProtocol } from "@vscode/debugprotocol";
import { describeError, FaasifyError } from "../../core/errors.ts";
import type { Debuggee } from "../debuggee.ts";
import { print } from "../output.ts";
import { clearPause } from "../pause-events.ts";
import type { Intent, Sandbox } from "../sandbox.ts";
import { threadName } from "../sandbox-setup.ts";
import { findFrame, findPaused, findSandbox } from "./find.ts";

/** How often a thread is asked to pause until it does. */
const ASK_AGAIN_MS = 100;

type ResumeCommand = "Debugger.resume" | "Debugger.stepInto" | "Debugger.stepOut" | "Debugger.stepOver";

export function continueThread(
  debuggee: Debuggee,
  { threadId }: DebugProtocol.ContinueArguments,
): DebugProtocol.ContinueResponse["body"] {
  run(debuggee, threadId, "Debugger.resume", "none");
  return { allThreadsContinued: false };
}

export function next(debuggee: Debuggee, { threadId }: DebugProtocol.NextArguments): void {
  run(debuggee, threadId, "Debugger.stepOver", "step");
}

export function stepIn(debuggee: Debuggee, { threadId }: DebugProtocol.StepInArguments): void {
  run(debuggee, threadId, "Debugger.stepInto", "step");
}

export function stepOut(debuggee: Debuggee, { threadId }: DebugProtocol.StepOutArguments): void {
  run(debuggee, threadId, "Debugger.stepOut", "step");
}

/** Runs the function of a frame from its beginning again; side effects stay done. */
export async function restartFrame(
  debuggee: Debuggee,
  { frameId }: DebugProtocol.RestartFrameArguments,
): Promise<void> {
  const { sandbox, frame } = findFrame(debuggee, frameId);
  if (frame.canBeRestarted === false) {
    throw new FaasifyError("debug-session-failed", `${frame.functionName} cannot be run again from its beginning`, {
      remedy: "Restart the whole invocation instead",
    });
  }
  sandbox.intent = "step";
  await sandbox.cdp.send("Debugger.restartFrame", { callFrameId: frame.callFrameId, mode: "StepInto" });
  // V8 resumes only after it has agreed.
  if (sandbox.pause?.frames.includes(frame)) clearPause(debuggee, sandbox);
}

/** Takes effect in the user's code: a sandbox without an invocation pauses in the next one. */
export function pause(debuggee: Debuggee, { threadId }: DebugProtocol.PauseArguments): void {
  const sandbox = findSandbox(debuggee, threadId);
  if (sandbox.pause || sandbox.intent === "pause") return;
  sandbox.intent = "pause";
  askToPause(debuggee, sandbox);
}

/** Again and again: V8 forgets the wish when the thread wakes in code that is not the user's. */
function askToPause(debuggee: Debuggee, sandbox: Sandbox): void {
  const isWanted = sandbox.intent === "pause" && !sandbox.pause && debuggee.sandboxes.has(sandbox.threadId);
  if (!isWanted) return;
  if (sandbox.requestId !== undefined) void send(debuggee, sandbox, "Debugger.pause");
  setTimeout(() => askToPause(debuggee, sandbox), ASK_AGAIN_MS).unref();
}

/** Answers at once: the client wants the response before the next `stopped`, and V8's word for it is not needed. */
function run(debuggee: Debuggee, threadId: number, command: ResumeCommand, intent: Intent): void {
  const { sandbox } = findPaused(debuggee, threadId);
  clearPause(debuggee, sandbox);
  sandbox.intent = intent;
  void send(debuggee, sandbox, command);
}

async function send(debuggee: Debuggee, sandbox: Sandbox, command: ResumeCommand | "Debugger.pause"): Promise<void> {
  try {
    await sandbox.cdp.send(command);
  } catch (error) {
    if (!debuggee.sandboxes.has(sandbox.threadId)) return;
    print(debuggee, "stderr", `${threadName(debuggee, sandbox)}: ${describeError(error)}`);
  }
}
