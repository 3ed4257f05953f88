/** The commands that the shim serves itself: see src/protocol/shim-commands.ts. */
import type {
  AbortRequest,
  AssignRequest,
  GetterRequest,
  PropertiesRequest,
  ShimSettings,
} from "../../protocol/shim-commands.ts";
import { evaluate, getProperties, type Inspected, readGetter } from "./properties.ts";

/** What the commands are allowed to touch. */
export interface Host extends Inspected {
  configure(settings: ShimSettings): void;
  /** Ends the process with the invocation in it. False if that invocation does not run any more. */
  abort(requestId: string): boolean;
}

type Answer = object;

/** @returns undefined for a command that is V8's. The promise rejects with what V8 refused. */
export function serveOwn(host: Host, method: string, params: unknown): Promise<Answer> | undefined {
  switch (method) {
    case "Faasify.configure":
      host.configure(params as ShimSettings);
      return Promise.resolve({});
    case "Faasify.getProperties":
      return getProperties(host, params as PropertiesRequest);
    case "Faasify.readGetter":
      return readGetter(host, params as GetterRequest);
    case "Faasify.assign":
      return assign(host, params as AssignRequest);
    case "Faasify.abort":
      return Promise.resolve({ aborted: host.abort((params as AbortRequest).requestId) });
    default:
      return undefined;
  }
}

interface Evaluated {
  readonly result: {
    readonly type: string;
    readonly objectId?: string;
    readonly value?: unknown;
    readonly unserializableValue?: string;
  };
  readonly exceptionDetails?: unknown;
}

/** What was typed may take its time, but not for ever, in milliseconds. */
const ASSIGN_MS = 10_000;

async function assign({ ask, frame }: Host, request: AssignRequest): Promise<Answer> {
  const { expression, callFrameId = frame, name, scopeNumber, objectId } = request;
  const answer = await evaluate({ ask, frame: callFrameId }, { expression, timeout: ASSIGN_MS });
  const evaluated = answer as unknown as Evaluated;
  if (evaluated.exceptionDetails) return evaluated;
  const newValue = toArgument(evaluated.result);
  if (scopeNumber !== undefined) {
    await ask("Debugger.setVariableValue", { scopeNumber, variableName: name, newValue, callFrameId });
    return evaluated;
  }
  const set = await ask("Runtime.callFunctionOn", {
    objectId,
    functionDeclaration: "function (name, value) { 'use strict'; this[name] = value; }",
    arguments: [{ value: name }, newValue],
    silent: true,
  });
  return set["exceptionDetails"] ? set : evaluated;
}

function toArgument({ type, objectId, unserializableValue, value }: Evaluated["result"]): object {
  if (objectId !== undefined) return { objectId };
  if (unserializableValue !== undefined) return { unserializableValue };
  return type === "undefined" ? {} : { value };
}
