/** Whether a pause at an exception is one that the user asked for: conditions are evaluated where it was thrown. */
import type { ShimSettings } from "../../protocol/shim-commands.ts";
import type { Ask } from "./properties.ts";

/** What V8 tells of a pause at an exception. */
export interface ExceptionPause {
  readonly reason?: string;
  readonly data?: unknown;
  readonly callFrames: readonly { readonly callFrameId: string }[];
}

interface Thrown {
  readonly uncaught?: boolean;
  readonly type: string;
  readonly objectId?: string;
  readonly value?: unknown;
  readonly unserializableValue?: string;
}

/** The function is paused, but its time runs, in milliseconds. */
const CONDITION_MS = 1000;

/** False for an exception whose condition does not hold, or fails. */
export async function wantsException(
  ask: Ask,
  conditions: ShimSettings["exceptionConditions"],
  { reason, data, callFrames }: ExceptionPause,
): Promise<boolean> {
  const [top] = callFrames;
  if ((reason !== "exception" && reason !== "promiseRejection") || !top) return true;
  const thrown = data as Thrown;
  const condition = thrown.uncaught ? conditions.uncaught : conditions.caught;
  if (condition === undefined) return true;
  const remember = await ask("Debugger.evaluateOnCallFrame", {
    callFrameId: top.callFrameId,
    expression: `(error) => (${condition})`,
    silent: true,
    timeout: CONDITION_MS,
  });
  const test = (remember["result"] as { objectId?: string }).objectId;
  if (test === undefined || remember["exceptionDetails"]) return false;
  const { objectId, value, unserializableValue } = thrown;
  const answer = await ask("Runtime.callFunctionOn", {
    objectId: test,
    functionDeclaration: "function (error) { return Boolean(this(error)); }",
    arguments: [objectId !== undefined ? { objectId } : unserializableValue ? { unserializableValue } : { value }],
    returnByValue: true,
    silent: true,
  });
  return (answer["result"] as { value?: unknown }).value === true;
}
