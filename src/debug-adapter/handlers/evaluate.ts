import type { DebugProtocol } from "@vscode/debugprotocol";
import type { Protocol } from "devtools-protocol";
import { CdpError } from "../cdp/cdp-client.ts";
import { FaasifyError } from "../../core/errors.ts";
import type { Debuggee } from "../debuggee.ts";
import { markChanged } from "../pause-events.ts";
import type { Sandbox } from "../sandbox.ts";
import type { Container } from "../variables/handles.ts";
import { describeValue, scopeOf } from "../variables/members.ts";
import { renderValue } from "../variables/render.ts";
import { findContainer, findFrame } from "./find.ts";

type RemoteObject = Protocol.Runtime.RemoteObject;
type EvaluateResult = Protocol.Runtime.EvaluateResponse;

/** What changes nothing must not hold the function up either, in milliseconds. */
const PURE_LIMIT_MS = 2000;
/** What the user types may take its time. */
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
  const { expression, frameId, context } = args;
  const handle = frameId === undefined ? undefined : findFrame(debuggee, frameId);
  const sandbox = handle?.sandbox ?? anySandbox(debuggee);
  const run = (mode: Mode) =>
    handle ? evaluateInFrame(handle, expression, mode) : evaluateGlobally(sandbox, expression, mode);
  const value = await evaluateFor(context, run, () => markChanged(sandbox));
  if (context === "clipboard") return { result: await clipboardText(sandbox, value), variablesReference: 0 };
  const origin = { sandbox, expression: `(${expression})`, frame: handle?.frame };
  const { value: result, ...rest } = describeValue(debuggee, origin, value, handle ? "pause" : "session");
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

export async function setVariable(
  debuggee: Debuggee,
  { variablesReference, name, value: expression }: DebugProtocol.SetVariableArguments,
): Promise<DebugProtocol.SetVariableResponse["body"]> {
  const container = await scopeOf(findContainer(debuggee, variablesReference), name);
  const { sandbox, frame } = container;
  const value = frame
    ? await evaluateInFrame({ sandbox, frame }, expression, "free")
    : await evaluateGlobally(sandbox, expression, "free");
  if (container.scopeNumber === undefined) await setProperty(container, name, value);
  else await setInScope(container, container.scopeNumber, name, value);
  markChanged(sandbox);
  const lifetime = frame ? "pause" : "session";
  return describeValue(debuggee, { sandbox, expression: undefined, frame }, value, lifetime);
}

export async function setExpression(
  debuggee: Debuggee,
  { expression, value, frameId }: DebugProtocol.SetExpressionArguments,
): Promise<DebugProtocol.SetExpressionResponse["body"]> {
  const assignment = `${expression} = (${value})`;
  const args = { expression: assignment, context: "repl", ...(frameId === undefined ? {} : { frameId }) };
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
    ...(mode === "pure" ? { timeout: PURE_LIMIT_MS } : {}),
  };
  return valueOf(await sandbox.cdp.send("Debugger.evaluateOnCallFrame", request, EVALUATE_WAIT_MS));
}

export async function evaluateGlobally({ cdp, pause }: Sandbox, expression: string, mode: Mode): Promise<RemoteObject> {
  const request: Protocol.Runtime.EvaluateRequest = {
    expression: asExpression(expression),
    objectGroup: "evaluate",
    includeCommandLineAPI: mode === "free",
    silent: true,
    replMode: mode === "free",
    // While the thread is paused no promise settles.
    awaitPromise: mode === "free" && pause === undefined,
    generatePreview: true,
    throwOnSideEffect: mode === "pure",
    ...(mode === "pure" ? { timeout: PURE_LIMIT_MS } : {}),
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

async function setProperty({ sandbox, objectId }: Container, name: string, value: RemoteObject): Promise<void> {
  if (objectId === undefined) throw new CdpError(`${name} cannot be changed`);
  const { exceptionDetails, result } = await sandbox.cdp.send("Runtime.callFunctionOn", {
    objectId,
    functionDeclaration: "function (name, value) { 'use strict'; this[name] = value; }",
    arguments: [{ value: name }, toArgument(value)],
    silent: true,
  });
  valueOf({ result, ...(exceptionDetails ? { exceptionDetails } : {}) });
}

async function setInScope(
  { sandbox, frame }: Container,
  scopeNumber: number,
  variableName: string,
  value: RemoteObject,
): Promise<void> {
  if (!frame) throw new CdpError(`${variableName} cannot be changed`);
  const { callFrameId } = frame;
  const newValue = toArgument(value);
  try {
    await sandbox.cdp.send("Debugger.setVariableValue", { scopeNumber, variableName, newValue, callFrameId });
  } catch (cause) {
    throw cause instanceof CdpError ? notChanged(variableName, cause) : cause;
  }
}

/** V8 says no more than "Internal error" when the frame runs optimised code, which a step undoes. */
function notChanged(variableName: string, cause: CdpError): Error {
  if (cause.message !== "Internal error") return new CdpError(`${variableName} cannot be changed: ${cause.message}`);
  return new FaasifyError("debug-session-failed", `${variableName} cannot be changed here, in optimised code`, {
    remedy: "Step once, then change it",
    cause,
  });
}

function toArgument({ objectId, unserializableValue, value, type }: RemoteObject): Protocol.Runtime.CallArgument {
  if (objectId !== undefined) return { objectId };
  if (unserializableValue !== undefined) return { unserializableValue };
  return type === "undefined" ? {} : { value };
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
