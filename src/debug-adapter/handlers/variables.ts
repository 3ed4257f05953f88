import type { DebugProtocol } from "@vscode/debugprotocol";
import type { Protocol } from "devtools-protocol";
import type { Debuggee } from "../debuggee.ts";
import type { Sandbox } from "../sandbox.ts";
import type { Container, FrameHandle, NamedValue } from "../variables/handles.ts";
import { renamesAt } from "../sources/bundle-names.ts";
import { membersOf } from "../variables/members.ts";
import { findContainer } from "./find.ts";

type Scope = Protocol.Debugger.Scope;

const SCOPE_NAMES: Partial<Record<Scope["type"], string>> = {
  local: "Local",
  closure: "Closure",
  catch: "Catch Block",
  block: "Block",
  script: "Script",
  module: "Module",
  global: "Global",
  with: "With Block",
  eval: "Eval",
};

/** Frames of asynchronous callers have no scopes any more. */
export function scopes(
  debuggee: Debuggee,
  { frameId }: DebugProtocol.ScopesArguments,
): DebugProtocol.ScopesResponse["body"] {
  const handle = debuggee.handles.frame(frameId);
  if (!handle) return { scopes: [] };
  const { scopeChain } = handle.frame;
  const body = bodyBlock(scopeChain);
  return {
    scopes: scopeChain.flatMap((scope, index) => {
      if (index === body) return toDapScope(debuggee, scopeChain[index + 1] ?? scope, functionContainer(handle, index));
      if (index - 1 === body) return [];
      const names = scope.type === "module" || scope.type === "script" ? renamesAt(debuggee, handle) : undefined;
      return toDapScope(debuggee, scope, { ...scopeContainer(handle, index), names });
    }),
  };
}

/**
 * When parameters have defaults or patterns, V8 keeps the variables of the function's body in a block of their own, in
 * front of the local scope and ending where that ends. To their author they are one scope.
 *
 * @returns its index in the chain, or undefined when there is none
 */
function bodyBlock(chain: readonly Scope[]): number | undefined {
  const local = chain.findIndex(({ type }) => type === "local");
  const [block, end] = [chain[local - 1], chain[local]?.endLocation];
  const isBody =
    block?.type === "block" &&
    end !== undefined &&
    block.endLocation?.lineNumber === end.lineNumber &&
    block.endLocation.columnNumber === end.columnNumber;
  return isBody ? local - 1 : undefined;
}

function functionContainer(handle: FrameHandle, body: number): Container {
  return { ...scopeContainer(handle, body), parameters: { ...scopeContainer(handle, body + 1), extras: [] } };
}

function scopeContainer({ sandbox, frame }: FrameHandle, scopeNumber: number): Container {
  return {
    sandbox,
    objectId: frame.scopeChain[scopeNumber]?.object.objectId,
    expression: "",
    frame,
    scopeNumber,
    extras: scopeNumber === 0 ? extrasOf(sandbox, frame) : [],
  };
}

function toDapScope({ handles }: Debuggee, scope: Scope, container: Container): DebugProtocol.Scope {
  const name = SCOPE_NAMES[scope.type] ?? scope.type;
  return {
    name: scope.type === "closure" && scope.name ? `${name} (${scope.name})` : name,
    variablesReference: handles.addContainer(container, "pause"),
    expensive: scope.type === "global",
    ...(scope.type === "local" ? { presentationHint: "locals" } : {}),
  };
}

/** What belongs to a frame but to none of its scopes. */
function extrasOf({ pause }: Sandbox, frame: Protocol.Debugger.CallFrame): NamedValue[] {
  const { this: self, returnValue } = frame;
  const returned = pause?.frames[0] === frame ? pause.returned : undefined;
  return [
    ...(returned ? [{ name: `${returned.functionName || "<anonymous>"} returned`, value: returned.value }] : []),
    ...(returnValue ? [{ name: "Return value", value: returnValue }] : []),
    ...(self.type === "undefined" ? [] : [{ name: "this", value: self }]),
  ];
}

export async function variables(
  debuggee: Debuggee,
  { variablesReference, ...page }: DebugProtocol.VariablesArguments,
): Promise<DebugProtocol.VariablesResponse["body"]> {
  const container = findContainer(debuggee, variablesReference);
  return { variables: await membersOf(debuggee, container, page) };
}
