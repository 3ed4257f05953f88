/** Invocations that the session gives up: they run to their end without stopping. */
import type { Debuggee } from "./debuggee.ts";
import { notifyContinued } from "./output.ts";
import { clearPause } from "./pause-events.ts";
import type { Sandbox } from "./sandbox.ts";

/** The invocation runs to its end by itself: killing it could leave its work half done. */
export async function abandon(debuggee: Debuggee, sandbox: Sandbox): Promise<void> {
  if (sandbox.requestId === undefined) return;
  sandbox.abandoned = true;
  const wasPaused = sandbox.pause !== undefined;
  clearPause(debuggee, sandbox);
  // A sandbox that is lost needs no resuming: its shim does that by itself.
  const skipped = sandbox.cdp.send("Debugger.setSkipAllPauses", { skip: true }).catch(() => undefined);
  if (wasPaused) {
    sandbox.cdp.send("Debugger.resume").catch(() => undefined);
    notifyContinued(debuggee, sandbox.threadId);
  }
  await skipped;
}

/** The invocation that was given up has ended: the sandbox serves others, with breakpoints. */
export async function readmit(sandbox: Sandbox): Promise<void> {
  sandbox.abandoned = false;
  await sandbox.cdp.send("Debugger.setSkipAllPauses", { skip: false }).catch(() => undefined);
}
