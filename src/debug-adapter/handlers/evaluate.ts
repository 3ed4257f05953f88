import type { DebugProtocol } from "@vscode/debugprotocol";
import type { Protocol } from "devtools-protocol";
import { CdpError } from "../cdp/cdp-client.ts";
import { FaasifyError } from "../../core/errors.ts";
import type { AssignRequest } from "../../protocol/shim-commands.ts";
import type { Debuggee } from "../debuggee.ts";
import { notifyInvalidated } from "../output.ts";
import { markChanged } from "../pause-events.ts";
import type { Sandbox } from "../sandbox.ts";
import { describeValue, scopeOf } from "../variables/members.ts";
import { renderValue } from "../variables/render.ts";
import { toBundleNames } from "../sources/bundle-names.ts";
import { findContainer, findFrame } from "./find.ts";

type RemoteObject = Protocol.Runtime.RemoteObject;
type EvaluateResult = Protocol.Runtime.EvaluateResponse;

/** What changes nothing must not hold the function up either, in milliseconds. */
const PURE_LIMIT_MS = 2000;
/** What the user types may take its time, but a loop must not hold the function for ever. */
const FREE_LIMIT_MS = 30_000;
const EVALUATE_WAIT_MS = 60_000;

/** `pure`: V8 refuses before anything is changed. */
export type Mode = "pure" | "free";

/**
 * Evaluates in the frame, or without one in the sandbox that was stopped last. Hovers never change anything. Watches
 * that do not either keep what was fetched ahead valid, so most stops still cost one round trip.
 */
export async function evaluate(
  debuggee: Debuggee,
  args: DebugProtocol.EvaluateArguments,
): Promise<DebugProtocol.EvaluateResponse["body"]> {
  const { expression, frameId, context, format } = args;
  const handle = frameId === undefined ? undefined : findFrame(debuggee, frameId);
  const sandbox = handle?.sandbox ?? anySandbox(debuggee);
  const translated = handle ? await toBundleNames(debuggee, handle, expression) : expression;
  const run = (mode: Mode) =>
    handle ? evaluateInFrame(handle, translated, mode) : evaluateGlobally(sandbox, translated, mode);
  const value = await evaluateFor(context, run, () => {
    markChanged(sandbox);
    // Not for a watch: being fetched again it would change something again.
    if (context === "repl" && sandbox.pause) notifyInvalidated(debuggee, sandbox.threadId);
  });
  if (context === "clipboard") return { result: await clipboardText(sandbox, value), variablesReference: 0 };
  const origin = { sandbox, expression: `(${expression})`, frame: handle?.frame };
  const looks = { lifetime: handle ? "pause" : "session", format } as const;
  const { value: result, ...rest } = describeValue(debuggee, origin, value, looks);
  return { ...rest, result };
}

async function evaluateFor(
  context: string | undefined,
  run: (mode: Mode) => Promise<RemoteObject>,
  changed: () => void,
): Promise<RemoteObject> {
  if (context === "hover") return run("pure");
  if (context === "watch" || context === "variables" || context === "clipboard") {
    try {
      return await run("pure");
    } catch (error) {
      if (!(error instanceof CdpError && /side-effect|terminated/.test(error.message))) throw error;
    }
  }
  // Assignments done before an error stay.
  return run("free").finally(changed);
}

/** What "Copy value" copies: text as it is, objects as JSON where they can be. */
async function clipboardText({ cdp }: Sandbox, value: RemoteObject): Promise<string> {
  if (value.type === "string") return String(value.value);
  if (value.objectId === undefined || value.type === "function") return value.description ?? renderValue(value);
  const { result, exceptionDetails } = await cdp.send("Runtime.callFunctionOn", {
    objectId: value.objectId,
    functionDeclaration: "function () { return JSON.stringify(this, null, 2); }",
    silent: true,
  });
  return !exceptionDetails && result.type === "string" ? String(result.value) : renderValue(value);
}

/** The value is made and assigned in the function: it need not leave it. */
export async function setVariable(
  debuggee: Debuggee,
  { variablesReference, name, value: expression, format }: DebugProtocol.SetVariableArguments,
): Promise<DebugProtocol.SetVariableResponse["body"]> {
  const container = await scopeOf(findContainer(debuggee, variablesReference), name);
  const { sandbox, frame, scopeNumber, objectId } = container;
  if (objectId === undefined) throw new CdpError(`${name} cannot be changed`);
  const request: AssignRequest = {
    expression: asExpression(frame ? await toBundleNames(debuggee, { sandbox, frame }, expression) : expression),
    name: container.names?.get(name) ?? name,
    ...(frame ? { callFrameId: frame.callFrameId } : {}),
    ...(scopeNumber === undefined ? { objectId } : { scopeNumber }),
  };
  try {
    const value = valueOf(await sandbox.cdp.send("Faasify.assign", request));
    const looks = { lifetime: frame ? "pause" : "session", format } as const;
    return describeValue(debuggee, { sandbox, expression: undefined, frame }, value, looks);
  } catch (cause) {
    throw scopeNumber !== undefined && cause instanceof CdpError ? notChanged(name, cause) : cause;
  } finally {
    markChanged(sandbox);
  }
}

export async function setExpression(
  debuggee: Debuggee,
  { expression, value, frameId, format }: DebugProtocol.SetExpressionArguments,
): Promise<DebugProtocol.SetExpressionResponse["body"]> {
  const assignment = `${expression} = (${value})`;
  const args = {
    expression: assignment,
    context: "repl",
    ...(frameId === undefined ? {} : { frameId }),
    ...(format ? { format } : {}),
  };
  const { result, ...rest } = await evaluate(debuggee, args);
  return { ...rest, value: result };
}

type FrameOf = { readonly sandbox: Sandbox; readonly frame: Protocol.Debugger.CallFrame };

export async function evaluateInFrame(
  { sandbox, frame }: FrameOf,
  expression: string,
  mode: Mode,
): Promise<RemoteObject> {
  const request: Protocol.Debugger.EvaluateOnCallFrameRequest = {
    callFrameId: frame.callFrameId,
    expression: asExpression(expression),
    objectGroup: "evaluate",
    includeCommandLineAPI: mode === "free",
    silent: true,
    generatePreview: true,
    throwOnSideEffect: mode === "pure",
    timeout: mode === "pure" ? PURE_LIMIT_MS : FREE_LIMIT_MS,
  };
  return valueOf(await sandbox.cdp.send("Debugger.evaluateOnCallFrame", request, EVALUATE_WAIT_MS));
}

export async function evaluateGlobally(sandbox: Sandbox, expression: string, mode: Mode): Promise<RemoteObject> {
  const { cdp, pause } = sandbox;
  // On a paused thread V8 heeds no time limit but in a frame.
  const frame = pause?.frames[0];
  if (frame) return evaluateInFrame({ sandbox, frame }, expression, mode);
  const request: Protocol.Runtime.EvaluateRequest = {
    expression: asExpression(expression),
    objectGroup: "evaluate",
    includeCommandLineAPI: mode === "free",
    silent: true,
    replMode: mode === "free",
    awaitPromise: mode === "free",
    generatePreview: true,
    throwOnSideEffect: mode === "pure",
    timeout: mode === "pure" ? PURE_LIMIT_MS : FREE_LIMIT_MS,
  };
  return valueOf(await cdp.send("Runtime.evaluate", request, EVALUATE_WAIT_MS));
}

/** `{a: 1}` is an object to whoever types it, not a block. */
function asExpression(text: string): string {
  return /^\s*\{[\s\S]*\}\s*$/.test(text) && !/;\s*\}\s*$/.test(text) ? `(${text})` : text;
}

/** @throws CdpError with the text of what the expression threw */
function valueOf({ result, exceptionDetails }: EvaluateResult): RemoteObject {
  if (!exceptionDetails) return result;
  const { exception, text } = exceptionDetails;
  const what = exception ? (exception.description ?? renderValue(exception)).split("\n", 1)[0] : "";
  throw new CdpError(what ? `${text.replace(/\s*:?$/, "")} ${what}` : text);
}

/** V8 says no more than "Internal error" when the frame runs optimised code, which a step undoes. */
function notChanged(variableName: string, cause: CdpError): Error {
  if (cause.message !== "Internal error") return cause;
  return new FaasifyError("debug-session-failed", `${variableName} cannot be changed here, in optimised code`, {
    remedy: "Step once, then change it",
    cause,
  });
}

/** The console works without a frame too, on the sandbox that is paused, else on any. */
export function anySandbox({ sandboxes }: Debuggee): Sandbox {
  const all = [...sandboxes.values()];
  const found = all.findLast(({ pause }) => pause) ?? all.at(-1);
  if (found) return found;
  throw new FaasifyError("debug-session-failed", "The function is not running", {
    remedy: "Invoke the function, then evaluate",
  });
}
