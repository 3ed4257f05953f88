/** Sessions whose client left and let the paused invocations stay paused, until somebody debugs the function again. */
import { FaasifyError } from "../core/errors.ts";
import { armBreakpoint, disarmBreakpoint } from "./breakpoints/arming.ts";
import type { Configuration, Debuggee } from "./debuggee.ts";
import { unwatchAll } from "./handlers/data-breakpoints.ts";
import { end } from "./lifecycle.ts";
import { notifyStopped, notifyThread } from "./output.ts";
import { exceptionState, shimSettings } from "./shim-settings.ts";

/** Nobody thinks that long; each invocation's time limit ends its pause before, where it is shorter. */
const MAX_SUSPENDED_MS = 15 * 60_000;

interface Suspended {
  readonly debuggee: Debuggee;
  readonly timer: NodeJS.Timeout;
}

const suspended = new Map<string, Suspended>();

/** @throws FaasifyError `debug-session-failed` when this adapter ends with its session, or nothing is debugged */
export function suspend(debuggee: Debuggee): void {
  const { configuration, options } = debuggee;
  if (!configuration || debuggee.deployments.size === 0 || !options.outlivesSession) {
    throw new FaasifyError(
      "debug-session-failed",
      "Nothing can stay paused: this debug adapter ends with its session",
      {
        remedy: "Use an editor's session or faasify dap --port, or disconnect without suspending",
      },
    );
  }
  debuggee.isSuspended = true;
  debuggee.notify = () => undefined;
  const timer = setTimeout(() => void endSuspended(debuggee), MAX_SUSPENDED_MS).unref();
  suspended.set(keyOf(configuration), { debuggee, timer });
}

/**
 * The suspended session of the same function goes on with what the new client has set up: its breakpoints replace the
 * old ones. Undefined when there is none.
 */
export function takeSuspended(configuration: Configuration, fresh: Debuggee): Debuggee | undefined {
  const found = suspended.get(keyOf(configuration));
  if (!found) return undefined;
  const { debuggee, timer } = found;
  clearTimeout(timer);
  suspended.delete(keyOf(configuration));
  debuggee.isSuspended = false;
  debuggee.notify = fresh.notify;
  debuggee.client = fresh.client;
  debuggee.breakpoints = fresh.breakpoints;
  debuggee.exceptionFilters = fresh.exceptionFilters;
  debuggee.configuration = configuration;
  return debuggee;
}

/** Tells the new client what is there, and sets its breakpoints where the old ones were. */
export async function resumeSession(debuggee: Debuggee): Promise<void> {
  await unwatchAll(debuggee);
  const state = exceptionState(debuggee);
  const work = [...debuggee.sandboxes.values()].flatMap((sandbox) => [
    ...[...sandbox.armed.keys()].map((id) => disarmBreakpoint(sandbox, id)),
    ...debuggee.breakpoints.all().map((breakpoint) => armBreakpoint(debuggee, sandbox, breakpoint)),
    sandbox.cdp.send("Faasify.configure", shimSettings(debuggee)),
    sandbox.cdp.send("Debugger.setPauseOnExceptions", { state }),
  ]);
  await Promise.allSettled(work);
  for (const { threadId, pause } of debuggee.sandboxes.values()) {
    notifyThread(debuggee, "started", threadId);
    if (!pause) continue;
    notifyStopped(debuggee, { reason: "pause", description: "Suspended", threadId, allThreadsStopped: false });
  }
}

/** When the adapter itself ends. */
export async function endAllSuspended(): Promise<void> {
  await Promise.all([...suspended.values()].map(({ debuggee }) => endSuspended(debuggee)));
}

async function endSuspended(debuggee: Debuggee): Promise<void> {
  for (const [key, { debuggee: held, timer }] of suspended) {
    if (held !== debuggee) continue;
    clearTimeout(timer);
    suspended.delete(key);
  }
  await end(debuggee);
}

function keyOf({ target, function: name }: Configuration): string {
  return `${target} ${name}`;
}
