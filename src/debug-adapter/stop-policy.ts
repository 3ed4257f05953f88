/** What the adapter does for the stop policy: it checks it, and counts over all sandboxes what each counts for itself. */
import { Script } from "node:vm";
import { FaasifyError } from "../core/errors.ts";
import type { StopPolicy } from "../protocol/stop-policy.ts";
import { abandon } from "./abandon.ts";
import type { Debuggee } from "./debuggee.ts";
import type { Sandbox } from "./sandbox.ts";

/** @throws FaasifyError `wrong-usage` for a condition that is no expression: the function would never stop */
export function checkStopPolicy(policy: StopPolicy): void {
  if (typeof policy === "string" || !("condition" in policy)) return;
  try {
    // Compiled only: it runs in the function.
    void new Script(`(${policy.condition}\n)`);
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw new FaasifyError("wrong-usage", `stop.condition is not a JavaScript expression: ${problem}`, {
      remedy: "Correct the configuration in launch.json",
      cause,
    });
  }
}

/**
 * An invocation that may be stopped has begun. Sandboxes do not know of each other: one that begins an invocation
 * beyond the first N lets it go on, before anybody sees a stop.
 *
 * @returns false if it is one too many
 */
export function countStoppable(debuggee: Debuggee, sandbox: Sandbox, requestId: string): boolean {
  const policy = debuggee.configuration?.stop ?? "all";
  if (typeof policy === "string" || !("first" in policy)) return true;
  const { stoppable } = debuggee;
  if (stoppable.has(requestId)) return true;
  if (stoppable.size >= policy.first) {
    void abandon(debuggee, sandbox);
    return false;
  }
  stoppable.add(requestId);
  tellBudget(debuggee, policy.first - stoppable.size);
  return true;
}

function tellBudget({ sandboxes }: Debuggee, remaining: number): void {
  for (const { connection } of sandboxes.values()) connection.send({ type: "stop-budget", remaining });
}
