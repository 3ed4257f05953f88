/** Runs one invocation as Lambda's Node runtime does. */
import { BAD_PAYLOAD, decodeInvoke, FAILURE, FATAL_FAILURE, RESULT, type Assignment, type Invoke } from "../frames.ts";
import { sendText } from "./channel.ts";
import { setRequestId, writeLogLine } from "./console.ts";
import type { Handler } from "./load-handler.ts";
import { describeForLog, RuntimeError, toRuntimeFailure } from "./runtime-failure.ts";

/** Ends the invocation that is running; undefined between invocations. */
let running: Ending | undefined;

interface Ending {
  /** What the invocation answers once nothing is left in the event loop. */
  resultWhenIdle: unknown;
  readonly succeed: (result: unknown) => void;
  readonly fail: (error: unknown) => void;
}

/** Nothing is left in the event loop: answers what the callback got, or null if nobody ever answered, as Lambda does. */
export function endBecauseIdle(): void {
  running?.succeed(running.resultWhenIdle);
}

/** The function left an exception uncaught or a rejection unhandled: the invocation fails and the process ends. */
export function endBecauseUncaught(error: unknown): void {
  writeLogLine("ERROR", `Uncaught Exception \t${describeForLog(error)}`);
  if (running) sendText(FATAL_FAILURE, JSON.stringify(toRuntimeFailure(error)));
}

/** Calls the handler with one `INVOKE` frame's body and `whenDone` behind its answer. */
export function invoke(handler: Handler, assignment: Assignment, body: Buffer, whenDone: () => void): void {
  const invocation = decodeInvoke(body);
  let event: unknown;
  try {
    event = invocation.payload.length === 0 ? {} : JSON.parse(invocation.payload.toString());
  } catch (error) {
    sendText(BAD_PAYLOAD, error instanceof Error ? error.message : String(error));
    setImmediate(whenDone);
    return;
  }
  setRequestId(invocation.requestId);
  const ending = createEnding(whenDone);
  running = ending;
  callHandler(handler, event, createContext(assignment, invocation), ending);
}

function createEnding(whenDone: () => void): Ending {
  let ended = false;
  const end = (send: () => void): void => {
    if (ended) return;
    ended = true;
    // One turn later: by then a rejection that nobody handles has come up, and fails this invocation and not the next.
    setImmediate(() => {
      send();
      running = undefined;
      whenDone();
    });
  };
  return {
    resultWhenIdle: undefined,
    succeed: (result) => end(() => sendResult(result)),
    fail: (error) => end(() => sendFailure(error)),
  };
}

function sendResult(result: unknown): void {
  let text: string;
  try {
    text = JSON.stringify(result === undefined ? null : result) ?? "null";
  } catch (error) {
    sendFailure(new RuntimeError("Runtime.MarshalError", `Unable to stringify response body: ${String(error)}`));
    return;
  }
  sendText(RESULT, text);
}

function sendFailure(error: unknown): void {
  writeLogLine("ERROR", `Invoke Error \t${describeForLog(error)}`);
  sendText(FAILURE, JSON.stringify(toRuntimeFailure(error)));
}

/** The properties of Lambda's context object that a handler may change. */
interface MutableContext {
  callbackWaitsForEmptyEventLoop: boolean;
}

function callHandler(handler: Handler, event: unknown, context: MutableContext, ending: Ending): void {
  const callback = (error?: unknown, result?: unknown): void => {
    if (error !== undefined && error !== null) ending.fail(error);
    else if (context.callbackWaitsForEmptyEventLoop) ending.resultWhenIdle = result;
    else ending.succeed(result);
  };
  let returned: unknown;
  try {
    returned = handler(event, context, callback);
  } catch (error) {
    ending.fail(error);
    return;
  }
  if (isThenable(returned)) void returned.then(ending.succeed, ending.fail);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

function createContext(assignment: Assignment, { requestId, deadlineMs, extras }: Invoke): MutableContext {
  const clientContext: unknown = extras?.clientContext === undefined ? undefined : JSON.parse(extras.clientContext);
  const context = {
    callbackWaitsForEmptyEventLoop: true,
    functionVersion: assignment.functionVersion,
    functionName: assignment.functionName,
    memoryLimitInMB: String(assignment.memoryMb),
    logGroupName: assignment.logGroupName,
    logStreamName: assignment.logStreamName,
    clientContext,
    identity: undefined,
    invokedFunctionArn: extras?.invokedFunctionArn ?? assignment.invokedFunctionArn,
    awsRequestId: requestId,
    getRemainingTimeInMillis: () => deadlineMs - Date.now(),
  };
  return context;
}
