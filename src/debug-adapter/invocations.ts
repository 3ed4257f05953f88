/** Invoking the debugged function, and saying what came of it. */
import { TerminatedEvent } from "@vscode/debugadapter";
import { describeError, FaasifyError } from "../core/errors.ts";
import type { FunctionError, InvocationInput, InvocationResult } from "../core/invocation.ts";
import { abandon } from "./abandon.ts";
import { SESSION_IN_CONTEXT, sessionIn } from "../protocol/stop-policy.ts";
import type { Debuggee, Run } from "./debuggee.ts";
import { deploy } from "./lifecycle.ts";
import { print } from "./output.ts";
import { shortName } from "./sandbox.ts";
import { mapStackText } from "./sources/locate.ts";

/** How long the function's last output may trail its result, in milliseconds. */
const OUTPUT_TRAIL_MS = 1000;

/** More than this of a result is of no use in a console. */
const MAX_RESULT_TEXT = 10_000;

/** The launch's own invocation; the session ends with it. Resolves when that is done; never rejects. */
export async function runToEnd(debuggee: Debuggee, input: InvocationInput): Promise<void> {
  const run: Run = { input, abort: new AbortController() };
  debuggee.run = run;
  try {
    await invoke(debuggee, input, run.abort.signal);
  } catch (error) {
    if (debuggee.run === run && !debuggee.ending) print(debuggee, "stderr", describeError(error));
  }
  if (debuggee.run === run && !debuggee.ending) debuggee.notify(new TerminatedEvent());
}

/**
 * Invokes and prints the outcome.
 *
 * @param wanted - which function of the session, as the configuration names it; without it the first one
 */
export async function invoke(
  debuggee: Debuggee,
  input: InvocationInput,
  signal: AbortSignal,
  wanted?: string,
): Promise<InvocationResult> {
  const { configuration, deployments, target } = debuggee;
  const functionName = wanted ?? configuration?.function ?? "";
  const deployment = deployments.get(functionName);
  if (!deployment && wanted !== undefined && deployments.size > 0) {
    throw new FaasifyError("wrong-usage", `${wanted} is no function of this debug session`, {
      remedy: `Choose one of ${[...deployments.keys()].join(", ")}`,
    });
  }
  if (!deployment) {
    throw new FaasifyError("wrong-usage", "Nothing is being debugged", { remedy: "Launch a debug session first" });
  }
  using _ = warnWhenSilent(debuggee);
  const result = await target.invoke(deployment, { ...input, ...callerOf(debuggee) }, signal);
  await outputOf(debuggee, result.requestId);
  if (!signal.aborted) printResult(debuggee, functionName, result);
  return result;
}

/** A session that stops only its own invocations marks them. The others change nothing that the function could see. */
function callerOf({ configuration, relaySession }: Debuggee): Pick<InvocationInput, "clientContext"> {
  if (configuration?.stop !== "mine" || !relaySession) return {};
  return { clientContext: { [SESSION_IN_CONTEXT]: sessionIn(relaySession.environmentValue) } };
}

/**
 * Deploys what was edited, gives the old invocation up, and invokes with the same input. A session that waits for
 * invocations goes on waiting, with the new code.
 */
export async function restart(debuggee: Debuggee): Promise<void> {
  const { run } = debuggee;
  await deploy(debuggee);
  if (!run) return;
  debuggee.run = undefined;
  debuggee.stoppable.clear();
  await Promise.all([...debuggee.sandboxes.values()].map((sandbox) => abandon(debuggee, sandbox)));
  run.abort.abort();
  void runToEnd(debuggee, run.input);
}

/** The result can overtake the output, which travels another way. */
async function outputOf({ sandboxes }: Debuggee, requestId: string): Promise<void> {
  const sandbox = [...sandboxes.values()].find((candidate) => candidate.requestId === requestId);
  if (!sandbox) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, OUTPUT_TRAIL_MS);
  const stops = [
    sandbox.connection.onGone(resolve),
    sandbox.connection.onMessage((message) => {
      if (message.type === "invocation-ended" && message.requestId === requestId) resolve();
    }),
  ];
  await promise;
  clearTimeout(timer);
  for (const stop of stops) stop();
}

function warnWhenSilent(debuggee: Debuggee): Disposable {
  const { shimSilentAfterMs } = debuggee.options;
  const timer = setTimeout(() => {
    if (!debuggee.heardShim) print(debuggee, "important", describeError(shimSilent(shimSilentAfterMs)));
  }, shimSilentAfterMs);
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}

function shimSilent(afterMs: number): FaasifyError {
  return new FaasifyError(
    "shim-silent",
    `The function's debug shim has not connected within ${afterMs / 1000} s; the function runs without stopping (shim-silent)`,
    { remedy: "Check that the function may make outbound connections to this machine, then start again" },
  );
}

function printResult(debuggee: Debuggee, functionName: string, outcome: InvocationResult): void {
  const { result, error, notPlain, durationMs, coldStart } = outcome;
  const name = shortName(functionName);
  const took = `${Math.round(durationMs * 10) / 10} ms${coldStart ? ", cold start" : ""}`;
  if (error) {
    print(debuggee, "stderr", `${name} failed after ${took}: ${stackText(debuggee, functionName, error)}`);
    return;
  }
  const text = notPlain?.text ?? JSON.stringify(result) ?? "undefined";
  const shown = text.length > MAX_RESULT_TEXT ? `${text.slice(0, MAX_RESULT_TEXT)}… (${text.length} characters)` : text;
  print(debuggee, "console", `${name} returned ${shown} · ${took}`);
}

function stackText({ sourceMaps }: Debuggee, functionName: string, { name, message, stack }: FunctionError): string {
  const head = `${name}: ${message}`;
  if (stack.length === 0) return head;
  const lines = stack[0]?.startsWith(name) ? stack : [head, ...stack];
  return mapStackText(sourceMaps.latest(functionName), lines.join("\n"));
}
