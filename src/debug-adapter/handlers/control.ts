import type { DebugProtocol } from "@vscode/debugprotocol";
import { describeError, FaasifyError } from "../../core/errors.ts";
import type { Debuggee } from "../debuggee.ts";
import { notifyContinued, print } from "../output.ts";
import { clearPause } from "../pause-events.ts";
import { type Intent, invocationName, type Pause, type Sandbox, type StepCommand, type StepPlan } from "../sandbox.ts";
import { abortInvocation } from "../sandbox-setup.ts";
import { lineKey, placeKey } from "../sources/locate.ts";
import { findFrame, findPaused, findSandbox } from "./find.ts";

/** How often a thread is asked to pause until it does. */
const ASK_AGAIN_MS = 100;

type Step = DebugProtocol.NextArguments | DebugProtocol.StepInArguments | DebugProtocol.StepOutArguments;

/** Invocations are each other's strangers: only the one that is named goes on, unless the client says otherwise. */
export function continueThread(
  debuggee: Debuggee,
  { threadId, singleThread }: DebugProtocol.ContinueArguments,
): DebugProtocol.ContinueResponse["body"] {
  run(debuggee, threadId, { command: "Debugger.resume", intent: "none" });
  if (singleThread === false) continueOthers(debuggee);
  return { allThreadsContinued: singleThread === false };
}

export function next(debuggee: Debuggee, args: DebugProtocol.NextArguments): void {
  step(debuggee, args, "Debugger.stepOver");
}

export function stepIn(debuggee: Debuggee, args: DebugProtocol.StepInArguments): void {
  const { threadId, targetId } = args;
  if (targetId === undefined) return step(debuggee, args, "Debugger.stepInto");
  const { sandbox, pause } = findPaused(debuggee, threadId);
  const location = sandbox.stepTargets.get(targetId);
  if (!location) {
    throw new FaasifyError("debug-session-failed", "This call cannot be stepped into any more", {
      remedy: "Choose among the calls of the current statement",
    });
  }
  const at = placeKey(location);
  // V8 cannot go on to where it stands: the last call of a statement that begins with it.
  if (pause.frames[0] && placeKey(pause.frames[0].location) === at) {
    const plan: StepPlan = { kind: "into", at, depth: pause.frames.length };
    return run(debuggee, threadId, { command: "Debugger.stepInto", intent: "step", plan });
  }
  clearPause(debuggee, sandbox);
  sandbox.intent = "step";
  sandbox.plan = { kind: "then", command: "Debugger.stepInto", at };
  void attempt(debuggee, sandbox, () =>
    sandbox.cdp.send("Debugger.continueToLocation", { location, targetCallFrames: "current" }),
  );
  if (args.singleThread === false) continueOthers(debuggee);
}

export function stepOut(debuggee: Debuggee, args: DebugProtocol.StepOutArguments): void {
  step(debuggee, args, "Debugger.stepOut");
}

/** V8 knows statements only: its steps are those of the granularities `statement` and `instruction`. */
function step(debuggee: Debuggee, { threadId, granularity, singleThread }: Step, command: StepCommand): void {
  const { sandbox, pause } = findPaused(debuggee, threadId);
  const [top] = pause.frames;
  const line = granularity === "line" && top ? lineKey(debuggee, sandbox, top.location) : undefined;
  const plan: StepPlan | undefined =
    line === undefined ? undefined : { kind: "leave-line", command, line, depth: pause.frames.length };
  run(debuggee, threadId, { command, intent: "step", plan });
  if (singleThread === false) continueOthers(debuggee);
}

function continueOthers(debuggee: Debuggee): void {
  for (const { threadId, pause } of debuggee.sandboxes.values()) {
    if (!pause) continue;
    run(debuggee, threadId, { command: "Debugger.resume", intent: "none" });
    notifyContinued(debuggee, threadId);
  }
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
  if (sandbox.requestId !== undefined) void attempt(debuggee, sandbox, () => sandbox.cdp.send("Debugger.pause"));
  setTimeout(() => askToPause(debuggee, sandbox), ASK_AGAIN_MS).unref();
}

/** Aborts invocations: each one's sandbox ends with it, so that nothing of it goes on. Idle sandboxes stay. */
export async function terminateThreads(
  debuggee: Debuggee,
  { threadIds = [] }: DebugProtocol.TerminateThreadsArguments,
): Promise<void> {
  await Promise.all(threadIds.map((threadId) => abortInvocation(debuggee, findSandbox(debuggee, threadId))));
}

interface Move {
  readonly command: StepCommand | "Debugger.resume";
  readonly intent: Intent;
  readonly plan?: StepPlan | undefined;
}

/** Answers at once: the client wants the response before the next `stopped`, and V8's word for it is not needed. */
function run(debuggee: Debuggee, threadId: number, { command, intent, plan }: Move): void {
  const { sandbox, pause } = findPaused(debuggee, threadId);
  // What was sent now would be lost, or overtaken by the announcement of the pause that it ends.
  if (!sandbox.connection.connected || sandbox.isResyncing) {
    throw new FaasifyError("debug-session-failed", "The function's connection was lost for a moment", {
      remedy: "Try again",
    });
  }
  const leavesWatch = pause.isInWatch && intent === "step";
  if (intent === "step") keepReturned(sandbox, pause);
  clearPause(debuggee, sandbox);
  sandbox.intent = intent;
  // Out of the accessor first, which is the step over the statement that came into it.
  sandbox.plan = leavesWatch && command === "Debugger.stepOut" ? { kind: "then", command } : plan;
  void attempt(debuggee, sandbox, () => sandbox.cdp.send(leavesWatch ? "Debugger.stepOut" : command));
}

/** V8 forgets the value once the function is left. Travels in one frame with the step, and is answered before it. */
function keepReturned(sandbox: Sandbox, { frames: [top] }: Pause): void {
  sandbox.returned = undefined;
  if (!top?.returnValue) return;
  const { functionName, returnValue } = top;
  const { objectId } = returnValue;
  if (objectId === undefined) {
    sandbox.returned = { functionName, value: returnValue };
    return;
  }
  const objectGroup = "faasify-returned";
  const keep = { objectId, objectGroup, functionDeclaration: "function () { return this; }", generatePreview: true };
  sandbox.cdp.send("Runtime.releaseObjectGroup", { objectGroup }).catch(() => undefined);
  sandbox.cdp.send("Runtime.callFunctionOn", keep).then(
    ({ result }) => (sandbox.returned = { functionName, value: result }),
    // Then it is shown only as long as the function stands at its end.
    () => undefined,
  );
}

async function attempt(debuggee: Debuggee, sandbox: Sandbox, command: () => Promise<unknown>): Promise<void> {
  try {
    await command();
  } catch (error) {
    if (!debuggee.sandboxes.has(sandbox.threadId)) return;
    print(debuggee, "stderr", `${invocationName(debuggee, sandbox)}: ${describeError(error)}`);
  }
}
