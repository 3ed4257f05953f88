/** A sandbox's main thread stops and runs on. */
import type { Protocol } from "devtools-protocol";
import { breakpointOf } from "./breakpoints/arming.ts";
import { watchDeadline } from "./deadline.ts";
import { hitWatch, isWatchFrame, withoutWatchFrames } from "./breakpoints/data-watch.ts";
import type { Debuggee } from "./debuggee.ts";
import { notifyContinued, notifyStopped } from "./output.ts";
import type { Intent, Sandbox, StepCommand, StepPlan } from "./sandbox.ts";
import { isUserCode, lineKey, placeKey } from "./sources/locate.ts";
import { renderValue } from "./variables/render.ts";

type PausedEvent = Protocol.Debugger.PausedEvent;
type Prefetched = Readonly<Record<string, Protocol.Runtime.GetPropertiesResponse>>;

/** Stepping leaves generated code by itself, but not for ever. */
const MAX_AUTO_STEPS = 64;

export function onPaused(
  debuggee: Debuggee,
  sandbox: Sandbox,
  event: PausedEvent,
  prefetched: Prefetched | undefined,
): void {
  sandbox.isResyncing = false;
  const known = sandbox.pause;
  const frames = withoutWatchFrames(event.callFrames);
  const isRepeated = known?.frames[0]?.callFrameId === frames[0]?.callFrameId;
  // After a reconnect the shim announces the same pause again.
  if (known && isRepeated) return;
  const intent = sandbox.intent;
  if (passesOver(debuggee, sandbox, event)) return;
  sandbox.autoSteps = 0;
  sandbox.intent = "none";
  sandbox.plan = undefined;
  const { returned } = sandbox;
  sandbox.returned = undefined;
  sandbox.pause = {
    frames,
    isInWatch: frames.length < event.callFrames.length,
    asyncStack: event.asyncStackTrace,
    exception: isException(event) ? (event.data as Protocol.Runtime.RemoteObject) : undefined,
    prefetched: new Map(Object.entries(prefetched ?? {})),
    changed: false,
    returned,
    frameIds: undefined,
  };
  sandbox.deadlineWatch = watchDeadline(debuggee, sandbox);
  notifyStopped(debuggee, {
    ...whyStopped(debuggee, sandbox, event, intent),
    threadId: sandbox.threadId,
    allThreadsStopped: false,
  });
}

export function onResumed(debuggee: Debuggee, sandbox: Sandbox): void {
  sandbox.isResyncing = false;
  // The user's own commands clear the pause before V8 confirms: this one was somebody else's.
  if (!sandbox.pause) return;
  clearPause(debuggee, sandbox);
  notifyContinued(debuggee, sandbox.threadId);
}

/** Somebody may have changed something: what was fetched ahead is no longer true. */
export function markChanged({ pause }: Sandbox): void {
  if (!pause) return;
  pause.changed = true;
  pause.prefetched.clear();
}

export function clearPause(debuggee: Debuggee, sandbox: Sandbox): void {
  sandbox.pause = undefined;
  sandbox.deadlineWatch?.[Symbol.dispose]();
  sandbox.deadlineWatch = undefined;
  sandbox.stepTargets = new Map();
  debuggee.handles.dropPaused(sandbox);
}

/** Sends the sandbox on its way without telling the user, where the stop would mean nothing to them. */
function passesOver(debuggee: Debuggee, sandbox: Sandbox, event: PausedEvent): boolean {
  const resume = (method: "Debugger.resume" | StepCommand) => {
    sandbox.cdp.send(method).catch(() => undefined);
    return true;
  };
  if (sandbox.abandoned) return resume("Debugger.resume");
  const hits = event.hitBreakpoints ?? [];
  if (hits.length > 0) return isSecondEntry(sandbox, hits) && resume("Debugger.resume");
  // What was neither stepped to nor asked for is a `debugger` statement: the user's own, wherever it is.
  if (isException(event) || hitWatch(event.callFrames) !== undefined || sandbox.intent === "none") return false;
  const command = nextOfStep(debuggee, sandbox, event);
  return command !== undefined && resume(command);
}

/** How a step goes on that is not over, or has ended in code that is not the user's. */
function nextOfStep(
  debuggee: Debuggee,
  sandbox: Sandbox,
  event: PausedEvent,
): "Debugger.resume" | StepCommand | undefined {
  const [top] = event.callFrames;
  if (isWatchFrame(top)) return "Debugger.stepOut";
  const planned = nextOfPlan(debuggee, sandbox, event);
  if (planned || !top || isUserCode(debuggee, sandbox, top.location)) return planned;
  if (++sandbox.autoSteps > MAX_AUTO_STEPS) return "Debugger.resume";
  const isInside = event.callFrames.some((frame) => isUserCode(debuggee, sandbox, frame.location));
  return isInside ? "Debugger.stepOut" : "Debugger.resume";
}

/** What a step that is not over yet does next; undefined when it is over. */
function nextOfPlan(debuggee: Debuggee, sandbox: Sandbox, { callFrames }: PausedEvent): StepCommand | undefined {
  const { plan } = sandbox;
  const [top] = callFrames;
  if (!plan || !top) return undefined;
  if (plan.kind === "then") {
    sandbox.plan = undefined;
    return plan.at === undefined || plan.at === placeKey(top.location) ? plan.command : undefined;
  }
  if (++sandbox.autoSteps > MAX_AUTO_STEPS) return undefined;
  if (plan.kind === "into") return nextOnWayInto(plan, callFrames);
  const isSame = callFrames.length === plan.depth && lineKey(debuggee, sandbox, top.location) === plan.line;
  return isSame ? plan.command : undefined;
}

function nextOnWayInto(
  { at, depth }: Extract<StepPlan, { kind: "into" }>,
  frames: readonly Protocol.Debugger.CallFrame[],
): StepCommand | undefined {
  const caller = frames[frames.length - depth];
  // The statement is over when its frame stands on another line.
  const isOver = caller?.location.lineNumber !== Number(at.split(":")[1]);
  if (frames.length === depth) return isOver ? undefined : "Debugger.stepInto";
  if (!caller || (frames.length === depth + 1 && placeKey(caller.location) === at)) return undefined;
  return "Debugger.stepOut";
}

/** The function called itself: one stop on entry per invocation is enough. */
function isSecondEntry(sandbox: Sandbox, hits: readonly string[]): boolean {
  if (!hits.every((hit) => hit === sandbox.entryBreakpoint)) return false;
  return sandbox.enteredRequest !== undefined && sandbox.enteredRequest === sandbox.requestId;
}

function whyStopped(
  debuggee: Debuggee,
  sandbox: Sandbox,
  event: PausedEvent,
  intent: Intent,
): { reason: string; description?: string; text?: string; hitBreakpointIds?: number[] } {
  const watch = hitWatch(event.callFrames) ?? hitVariable(sandbox, event.hitBreakpoints ?? []);
  if (watch !== undefined) {
    return { reason: "data breakpoint", description: "Paused on data breakpoint", hitBreakpointIds: [watch] };
  }
  if (isException(event)) {
    const text = renderValue(event.data as Protocol.Runtime.RemoteObject);
    return { reason: "exception", description: "Paused on exception", text };
  }
  const hits = event.hitBreakpoints ?? [];
  const breakpoints = hits.flatMap((hit) => breakpointOf(debuggee, sandbox, hit) ?? []);
  const hitBreakpointIds = breakpoints.map(({ id }) => id);
  if (hitBreakpointIds.length > 0) {
    if (breakpoints.every(({ functionName }) => functionName !== undefined)) {
      return { reason: "function breakpoint", description: "Paused on function breakpoint", hitBreakpointIds };
    }
    return { reason: "breakpoint", description: "Paused on breakpoint", hitBreakpointIds };
  }
  if (sandbox.entryBreakpoint !== undefined && hits.includes(sandbox.entryBreakpoint)) {
    sandbox.enteredRequest = sandbox.requestId;
    return { reason: "entry", description: "Paused on entry" };
  }
  if (intent === "step") return { reason: "step", description: "Paused" };
  if (intent === "pause") return { reason: "pause", description: "Paused" };
  return { reason: "pause", description: "Paused on debugger statement" };
}

/** The data breakpoint on a variable that has led to a pause. */
function hitVariable({ variableWatches }: Sandbox, hits: readonly string[]): number | undefined {
  return [...variableWatches].find(([, ids]) => ids.some((id) => hits.includes(id)))?.[0];
}

function isException({ reason }: PausedEvent): boolean {
  return reason === "exception" || reason === "promiseRejection";
}
