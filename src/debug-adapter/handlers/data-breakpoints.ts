import vm from "node:vm";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { describeError } from "../../core/errors.ts";
import { countedHits, hitConditionProblem } from "../breakpoints/condition.ts";
import { CHECK_WATCHABLE, unwatchExpression, type Watch, watchFunction } from "../breakpoints/data-watch.ts";
import { blocksWith, changeExpression, noteExpression } from "../breakpoints/variable-watch.ts";
import type { DataTarget, Debuggee } from "../debuggee.ts";
import { bundlePattern, type Sandbox } from "../sandbox.ts";
import { CdpError } from "../cdp/cdp-client.ts";
import { evaluateInFrame } from "./evaluate.ts";
import { toBundleNames } from "../sources/bundle-names.ts";
import { findContainer, findFrame } from "./find.ts";

type Info = DebugProtocol.DataBreakpointInfoResponse["body"];

/** The objects of data breakpoints outlive the pause in which they were found. */
const GROUP = "faasify-data";
/** A condition at more places than this would take longer to set than anybody waits. */
const MAX_PLACES = 2000;

/** Properties of objects can be watched, and variables of modules: see data-watch.ts and variable-watch.ts. */
export async function dataBreakpointInfo(
  debuggee: Debuggee,
  args: DebugProtocol.DataBreakpointInfoArguments,
): Promise<Info> {
  const found = await findObject(debuggee, args);
  if (typeof found === "string") return { dataId: null, description: found };
  if ("scriptId" in found) return variableInfo(debuggee, found);
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

function variableInfo({ dataTargets }: Debuggee, target: Extract<Found, { scriptId: string }>): Info {
  const { sandbox, scriptId, name, label } = target;
  const dataId = `${sandbox.threadId}:${scriptId}:${name}`;
  dataTargets.set(dataId, { sandbox, scriptId, name });
  return { dataId, description: label, accessTypes: ["write"], canPersist: false };
}

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
  const { sandbox, objectId, scopeNumber, frame, expression, names } = findContainer(debuggee, reference);
  const scope = scopeNumber === undefined ? undefined : frame?.scopeChain[scopeNumber]?.type;
  if (frame && scope === "module") {
    const { scriptId } = frame.location;
    return { sandbox, scriptId, name: names?.get(name) ?? name, label: name };
  }
  if ((scope !== undefined && scope !== "global") || objectId === undefined)
    return `${name} is a local variable: only those of modules and properties of objects can be watched`;
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
  const wish: Watch = { id, accessType, condition: condition.trim(), hits: countedHits(id, conditions) };
  try {
    const refusal = await ("scriptId" in target ? watchVariable(target, wish) : watchProperty(target, wish));
    if (refusal !== undefined) return failed(refusal);
    debuggee.dataBreakpoints.set(id, target.sandbox);
    return { id, verified: true };
  } catch (error) {
    if (error instanceof CdpError) return failed(describeError(error));
    throw error;
  }
}

/** @returns why it cannot be watched, if so */
async function watchProperty(
  { sandbox, objectId, name }: Extract<DataTarget, { objectId: string }>,
  wish: Watch,
): Promise<string | undefined> {
  const { result, exceptionDetails } = await sandbox.cdp.send("Runtime.callFunctionOn", {
    objectId,
    functionDeclaration: watchFunction(wish),
    arguments: [{ value: name }],
    returnByValue: true,
    silent: true,
  });
  if (exceptionDetails) return `The condition is no expression: ${wish.condition}`;
  return result.value === true ? undefined : `${name} cannot be watched any more`;
}

/** @returns why it cannot be watched, if so */
async function watchVariable(
  { sandbox, scriptId, name }: Extract<DataTarget, { scriptId: string }>,
  { id, accessType, condition, hits }: Watch,
): Promise<string | undefined> {
  const { cdp, code, pause } = sandbox;
  if (accessType !== "write") return "Of a variable only changes can be watched";
  if (!isExpression(condition)) return `The condition is no expression: ${condition}`;
  const { scriptSource } = await cdp.send("Debugger.getScriptSource", { scriptId });
  const places = await Promise.all(
    blocksWith(scriptSource, name).map(async ({ start, end }) => {
      const [from, to] = [start, end].map(({ line0, column0 }) => ({
        scriptId,
        lineNumber: line0,
        columnNumber: column0,
      }));
      if (!from || !to) return [];
      return (await cdp.send("Debugger.getPossibleBreakpoints", { start: from, end: to })).locations;
    }),
  );
  const locations = places.flat();
  if (locations.length === 0) return `No function mentions ${name}`;
  if (locations.length > MAX_PLACES) return `${name} is mentioned in too much code: ${locations.length} places`;
  const frame = pause?.frames.find(({ location }) => location.scriptId === scriptId);
  const noted = frame && evaluateInFrame({ sandbox, frame }, noteExpression({ id, name }), "free");
  const urlRegex = bundlePattern(id, code.taskRoot);
  const set = locations.map(({ lineNumber, columnNumber = 0 }) =>
    cdp.send("Debugger.setBreakpointByUrl", {
      urlRegex,
      lineNumber,
      columnNumber,
      condition: changeExpression({ id, name, condition, hits }),
    }),
  );
  const [answers] = await Promise.all([Promise.all(set), noted]);
  sandbox.variableWatches.set(
    id,
    answers.map(({ breakpointId }) => breakpointId),
  );
  return undefined;
}

function isExpression(text: string): boolean {
  if (text === "") return true;
  try {
    // Only parsed, never run.
    return new vm.Script(`(${text})`) instanceof vm.Script;
  } catch {
    return false;
  }
}

/** Every watched property is what it was, with its value of now. A sandbox that is gone has none. */
export async function unwatchAll({ dataBreakpoints }: Debuggee): Promise<void> {
  const watched = [...dataBreakpoints];
  dataBreakpoints.clear();
  await Promise.all(watched.map(([id, sandbox]) => unwatch(sandbox, id)));
}

async function unwatch({ cdp, variableWatches }: Sandbox, id: number): Promise<void> {
  const breakpointIds = variableWatches.get(id);
  variableWatches.delete(id);
  if (breakpointIds) {
    const removals = breakpointIds.map((breakpointId) => cdp.send("Debugger.removeBreakpoint", { breakpointId }));
    await Promise.allSettled(removals);
    return;
  }
  await cdp.send("Runtime.evaluate", { expression: unwatchExpression(id), silent: true }).catch(() => undefined);
}
