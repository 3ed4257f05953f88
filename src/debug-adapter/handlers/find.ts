/** Looks up what a request names by number; what is not there gives an error that says so. */
import { FaasifyError } from "../../core/errors.ts";
import type { Debuggee } from "../debuggee.ts";
import type { Pause, Sandbox } from "../sandbox.ts";
import type { Container, FrameHandle } from "../variables/handles.ts";

export interface PausedSandbox {
  readonly sandbox: Sandbox;
  readonly pause: Pause;
}

export function findSandbox({ sandboxes }: Debuggee, threadId: number): Sandbox {
  const sandbox = sandboxes.get(threadId);
  if (!sandbox) throw notThere(`Thread ${threadId} is not there: its sandbox has ended`);
  return sandbox;
}

export function findPaused(debuggee: Debuggee, threadId: number): PausedSandbox {
  const sandbox = findSandbox(debuggee, threadId);
  if (!sandbox.pause) throw notThere(`Thread ${threadId} is running`);
  return { sandbox, pause: sandbox.pause };
}

export function findFrame({ handles }: Debuggee, frameId: number): FrameHandle {
  const frame = handles.frame(frameId);
  if (!frame) throw notThere("This stack frame is gone: the function has run on");
  return frame;
}

export function findContainer({ handles }: Debuggee, reference: number): Container {
  const container = handles.container(reference);
  if (!container) throw notThere("This value is gone: the function has run on");
  return container;
}

function notThere(message: string): FaasifyError {
  return new FaasifyError("debug-session-failed", message, { remedy: "Pause the function and try again" });
}
