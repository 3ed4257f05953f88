/** What only the engine knows of a function: where its text stands, and the values of the variables that it captures. */
import { Session, type Debugger, type Runtime } from "node:inspector";
import { fileURLToPath } from "node:url";
import { FaasifyError } from "../core/errors.ts";

export interface InspectedFunction {
  /** Absolute path. */
  readonly file: string;
  /** From 0. */
  readonly line0: number;
  readonly column0: number;
  readonly source: string;
  /** Its scopes' variables, the innermost first. Live: the names' values at the time they are asked for. */
  readonly scopes: readonly Readonly<Record<string, unknown>>[];
}

type AnyFunction = (...args: never[]) => unknown;

/** Through it the engine's protocol is given a value, and gives one back. */
const HANDOVER: unique symbol = Symbol.for("faasify.executor.handover") as never;

interface Handover {
  [HANDOVER]?: unknown;
}

/** @throws FaasifyError `function-not-found` for one that no file has */
export function inspectFunction(fn: AnyFunction): InspectedFunction {
  const session = new Session();
  session.connect();
  try {
    return inspect(session, fn);
  } finally {
    delete (globalThis as Handover)[HANDOVER];
    session.disconnect();
  }
}

function inspect(session: Session, fn: AnyFunction): InspectedFunction {
  const scripts = new Map<string, string>();
  session.on("Debugger.scriptParsed", ({ params }) => void scripts.set(params.scriptId, params.url));
  send(session, "Debugger.enable");
  const objectId = handOver(session, fn);
  const { internalProperties = [] } = send<Runtime.GetPropertiesReturnType>(session, "Runtime.getProperties", {
    objectId,
    ownProperties: true,
  });
  const named = (name: string): Runtime.RemoteObject | undefined =>
    internalProperties.find((property) => property.name === name)?.value;
  const location = named("[[FunctionLocation]]")?.value as Debugger.Location | undefined;
  const file = location && fileOf(scripts.get(location.scriptId) ?? "");
  if (!location || file === undefined) throw nowhere(fn);
  const list = named("[[Scopes]]")?.objectId;
  return {
    file,
    line0: location.lineNumber,
    column0: location.columnNumber ?? 0,
    source: Function.prototype.toString.call(fn),
    scopes: list === undefined ? [] : scopesIn(session, list),
  };
}

/** The engine's own types say what each method takes; this only waits for the answer, which comes at once. */
function send<T>(session: Session, method: string, parameters?: object): T {
  let answer: T | undefined;
  let failure: Error | null = null;
  session.post(method, parameters, (error, result) => {
    failure = error;
    answer = result as T;
  });
  if (failure) throw failure as Error;
  return answer as T;
}

function handOver(session: Session, value: unknown): string {
  (globalThis as Handover)[HANDOVER] = value;
  const { result } = send<Runtime.EvaluateReturnType>(session, "Runtime.evaluate", {
    expression: `globalThis[Symbol.for(${JSON.stringify(Symbol.keyFor(HANDOVER))})]`,
  });
  return result.objectId ?? "";
}

function scopesIn(session: Session, listId: string): readonly Record<string, unknown>[] {
  const { result } = send<Runtime.GetPropertiesReturnType>(session, "Runtime.getProperties", {
    objectId: listId,
    ownProperties: true,
  });
  return result.flatMap(({ value }) => {
    if (value?.objectId === undefined || value.description?.startsWith("Global")) return [];
    send(session, "Runtime.callFunctionOn", {
      objectId: value.objectId,
      functionDeclaration: `function () { globalThis[Symbol.for(${JSON.stringify(Symbol.keyFor(HANDOVER))})] = this; }`,
    });
    const scope = (globalThis as Handover)[HANDOVER] as { readonly object?: unknown } | undefined;
    return isRecord(scope?.object) ? [scope.object] : [];
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** Scripts that were compiled have the name of their file without a scheme. */
function fileOf(url: string): string | undefined {
  if (url.startsWith("file:")) return fileURLToPath(url.replace(/[?#].*$/, ""));
  return /^(?:\/|[a-z]:\\)/i.test(url) ? url : undefined;
}

function nowhere(fn: AnyFunction): FaasifyError {
  const name = fn.name === "" ? "The function" : `\`${fn.name}\``;
  return new FaasifyError("function-not-found", `${name} is in no file: it is built in, bound, or made of a text`, {
    remedy: "Give a function that a file of the program defines, such as (item) => f(item)",
  });
}

/** The value of a variable that a function captures. Undefined: the engine has not kept it. */
export function capturedValue(
  scopes: InspectedFunction["scopes"],
  name: string,
): { readonly value: unknown } | undefined {
  const scope = scopes.find((one) => Object.hasOwn(one, name));
  return scope && { value: scope[name] };
}
