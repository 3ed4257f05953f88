import * as v from "valibot";
import { FaasifyError } from "../../core/errors.ts";
import type { InvocationInput, InvocationResult } from "../../core/invocation.ts";
import type { Configuration, Debuggee } from "../debuggee.ts";
import { invoke } from "../invocations.ts";
import { deploy } from "../lifecycle.ts";
import { dismissOutdated, whenSwapped } from "../sandbox-setup.ts";

const inputSchema = v.object({
  function: v.optional(v.string()),
  args: v.optional(v.array(v.unknown())),
  event: v.optional(v.unknown()),
});

/** `faasify/invoke`: one more invocation of what is debugged; the session does not end with it. */
export async function invokeOnce(debuggee: Debuggee, args: unknown): Promise<InvocationResult> {
  const parsed = v.safeParse(inputSchema, args ?? {});
  if (!parsed.success) {
    throw new FaasifyError("bad-arguments", `faasify/invoke: ${v.summarize(parsed.issues)}`, {
      remedy: "Give args as an array, or event",
    });
  }
  const input = inputOf(parsed.output) ?? { kind: "arguments", arguments: [] };
  return invoke(debuggee, input, debuggee.lifetime.signal, parsed.output.function);
}

/** `faasify/hotDeploy`: the next invocation runs the edited code; breakpoints stay. */
export async function hotDeploy(debuggee: Debuggee): Promise<{ buildId: string; durationMs: number }> {
  const startedAt = performance.now();
  const [first, ...others] = await deploy(debuggee);
  const swapped = [first, ...others].flatMap((deployment) => (deployment?.swapped ? deployment.artifact.buildId : []));
  await whenSwapped(debuggee, new Set(swapped));
  dismissOutdated(debuggee);
  return { buildId: first?.artifact.buildId ?? "", durationMs: performance.now() - startedAt };
}

/** What a launch invokes with; undefined when it waits for others to invoke. */
export function launchInput(configuration: Configuration): InvocationInput | undefined {
  return configuration.request === "launch" ? inputOf(configuration) : undefined;
}

function inputOf(from: { args?: unknown[] | undefined; event?: unknown }): InvocationInput | undefined {
  if (from.args !== undefined) return { kind: "arguments", arguments: from.args };
  return from.event === undefined ? undefined : { kind: "event", event: from.event };
}
