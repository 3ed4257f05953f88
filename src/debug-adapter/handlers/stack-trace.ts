import type { DebugProtocol } from "@vscode/debugprotocol";
import type { Protocol } from "devtools-protocol";
import type { Debuggee } from "../debuggee.ts";
import type { Pause, Sandbox } from "../sandbox.ts";
import { toPlace } from "../sources/locate.ts";
import { findPaused, type PausedSandbox } from "./find.ts";

/**
 * Answers from the frames that came with the pause. Frames outside the user's files (Node, the shim, the calling
 * convention) stay in the list, as DAP wants a gapless stack, but greyed out.
 */
export function stackTrace(
  debuggee: Debuggee,
  { threadId, startFrame = 0, levels = 0 }: DebugProtocol.StackTraceArguments,
): DebugProtocol.StackTraceResponse["body"] {
  const { sandbox, pause } = findPaused(debuggee, threadId);
  const ids = frameIdsOf(debuggee, { sandbox, pause });
  const frames = [
    ...pause.frames.map((frame, index) => toDapFrame(debuggee, sandbox, frame, ids[index] ?? 0)),
    ...asyncFrames(debuggee, sandbox, pause),
  ];
  return {
    stackFrames: frames.slice(startFrame, levels > 0 ? startFrame + levels : undefined),
    totalFrames: frames.length,
  };
}

function frameIdsOf({ handles }: Debuggee, { sandbox, pause }: PausedSandbox): readonly number[] {
  pause.frameIds ??= pause.frames.map((frame) => handles.addFrame({ sandbox, frame }));
  return pause.frameIds;
}

function toDapFrame(
  debuggee: Debuggee,
  sandbox: Sandbox,
  frame: Protocol.Debugger.CallFrame,
  id: number,
): DebugProtocol.StackFrame {
  const { isUserCode, ...place } = toPlace(debuggee, sandbox, frame.location);
  const name = frame.functionName || "<anonymous>";
  const canRestart = isUserCode && frame.canBeRestarted === true;
  return { id, name, canRestart, ...place, ...(isUserCode ? {} : { presentationHint: "subtle" }) };
}

/** The callers of asynchronous code, with a label in between as js-debug has it. They have no variables. */
function asyncFrames(debuggee: Debuggee, sandbox: Sandbox, pause: Pause): DebugProtocol.StackFrame[] {
  const frames: DebugProtocol.StackFrame[] = [];
  for (let stack = pause.asyncStack; stack; stack = stack.parent) {
    if (stack.callFrames.length === 0) continue;
    const label = stack.description ?? "async";
    frames.push({ id: debuggee.handles.reserve(), name: label, line: 0, column: 0, presentationHint: "label" });
    for (const frame of stack.callFrames) {
      const { isUserCode, ...place } = toPlace(debuggee, sandbox, frame);
      const id = debuggee.handles.reserve();
      const name = frame.functionName || "<anonymous>";
      frames.push({ id, name, ...place, ...(isUserCode ? {} : { presentationHint: "subtle" }) });
    }
  }
  return frames;
}
