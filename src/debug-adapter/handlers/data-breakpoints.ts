import type { DebugProtocol } from "@vscode/debugprotocol";
import { describeError } from "../../core/errors.ts";
import { countedHits, hitConditionProblem } from "../breakpoints/condition.ts";
import { CHECK_WATCHABLE, unwatchExpression, watchFunction } from "../breakpoints/data-watch.ts";
import type { DataTarget, Debuggee } from "../debuggee.ts";
import type { Sandbox } from "../sandbox.ts";
import { CdpError } from "../cdp/cdp-client.ts";
import { evaluateInFrame } from "./evaluate.ts";
import { toBundleNames } from "../sources/bundle-names.ts";
import { findContainer, findFrame } from "./find.ts";

type Info = DebugProtocol.DataBreakpointInfoResponse["body"];

/** The objects of data breakpoints outlive the pause in which they were found. */
const GROUP = "faasify-data";

/** Properties of objects can be watched; V8 has no means to watch a variable. */
export async function dataBreakpointInfo(
  debuggee: Debuggee,
  args: DebugProtocol.DataBreakpointInfoArguments,
): Promise<Info> {
  const found = await findObject(debuggee, args);
  if (typeof found === "string") return { dataId: null, description: found };
  const { sandbox, objectId, name, label } = found;
  const { result } = await sandbox.cdp.send("Runtime.callFunctionOn", {
    objectId,
    functionDeclaration: CHECK_WATCHABLE,
    arguments: [{ value: name }],
    objectGroup: GROUP,
    silent: true,
  });
  if (result.objectId === undefined) {
    return { dataId: null, description: `${label} cannot be watched: ${String(result.value)}` };
  }
  const dataId = `${sandbox.threadId}:${result.objectId}:${name}`;
  debuggee.dataTargets.set(dataId, { sandbox, objectId: result.objectId, name });
  return { dataId, description: label, accessTypes: ["write", "read", "readWrite"], canPersist: false };
}

type Found = DataTarget & { readonly label: string };

/** @returns why there is no such object, as text */
async function findObject(
  debuggee: Debuggee,
  { variablesReference, name, frameId }: DebugProtocol.DataBreakpointInfoArguments,
): Promise<Found | string> {
  if (variablesReference !== undefined) return findMember(debuggee, variablesReference, name);
  const [, object, property] = /^(.+)\.([\w$]+)$/.exec(name.trim()) ?? [];
  if (object === undefined || property === undefined || frameId === undefined) {
    return `${name} is no property of an object`;
  }
  const handle = findFrame(debuggee, frameId);
  const { objectId } = await evaluateInFrame(handle, await toBundleNames(debuggee, handle, object), "pure");
  if (objectId === undefined) return `${object} is no object`;
  return { sandbox: handle.sandbox, objectId, name: property, label: name };
}

function findMember(debuggee: Debuggee, reference: number, name: string): Found | string {
  const { sandbox, objectId, scopeNumber, frame, expression } = findContainer(debuggee, reference);
  const isVariable = scopeNumber !== undefined && frame?.scopeChain[scopeNumber]?.type !== "global";
  if (isVariable || objectId === undefined) return `${name} is a variable: only properties of objects can be watched`;
  return { sandbox, objectId, name, label: expression ? `${expression}.${name}` : name };
}

/** Replaces all of them, as DAP does. */
export async function setDataBreakpoints(
  debuggee: Debuggee,
  { breakpoints }: DebugProtocol.SetDataBreakpointsArguments,
): Promise<DebugProtocol.SetDataBreakpointsResponse["body"]> {
  await unwatchAll(debuggee);
  // One after the other: two may watch the same property.
  const answers: DebugProtocol.Breakpoint[] = [];
  for (const breakpoint of breakpoints) answers.push(await watch(debuggee, breakpoint));
  return { breakpoints: answers };
}

async function watch(debuggee: Debuggee, breakpoint: DebugProtocol.DataBreakpoint): Promise<DebugProtocol.Breakpoint> {
  const { dataId, accessType = "write", condition = "", hitCondition } = breakpoint;
  const target = debuggee.dataTargets.get(dataId);
  const failed = (message: string): DebugProtocol.Breakpoint => ({ verified: false, reason: "failed", message });
  if (!target || !debuggee.sandboxes.has(target.sandbox.threadId)) return failed("Its invocation has ended");
  const conditions = hitCondition === undefined ? {} : { hitCondition };
  const problem = hitConditionProblem(conditions);
  if (problem) return failed(problem);
  const id = debuggee.breakpoints.newId();
  const { sandbox, objectId, name } = target;
  try {
    const { result, exceptionDetails } = await sandbox.cdp.send("Runtime.callFunctionOn", {
      objectId,
      functionDeclaration: watchFunction({
        id,
        accessType,
        condition: condition.trim(),
        hits: countedHits(id, conditions),
      }),
      arguments: [{ value: name }],
      returnByValue: true,
      silent: true,
    });
    if (exceptionDetails) return failed(`The condition is no expression: ${condition}`);
    if (result.value !== true) return failed(`${name} cannot be watched any more`);
    debuggee.dataBreakpoints.set(id, sandbox);
    return { id, verified: true };
  } catch (error) {
    if (error instanceof CdpError) return failed(describeError(error));
    throw error;
  }
}

/** Every watched property is what it was, with its value of now. A sandbox that is gone has none. */
export async function unwatchAll({ dataBreakpoints }: Debuggee): Promise<void> {
  const watched = [...dataBreakpoints];
  dataBreakpoints.clear();
  await Promise.all(watched.map(([id, sandbox]) => unwatch(sandbox, id)));
}

async function unwatch({ cdp }: Sandbox, id: number): Promise<void> {
  await cdp.send("Runtime.evaluate", { expression: unwatchExpression(id), silent: true }).catch(() => undefined);
}
