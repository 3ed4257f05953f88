/** Runs one invocation as Lambda's Node runtime does. */
import {
  BAD_PAYLOAD,
  decodeInvoke,
  FAILURE,
  FATAL_FAILURE,
  RESULT,
  STREAM_END,
  type Assignment,
  type Invoke,
} from "../frames.ts";
import { sendText } from "./channel.ts";
import { setRequestId, writeLogLine } from "./console.ts";
import type { Handler } from "./load-handler.ts";
import { isStreaming, ResponseStream } from "./response-stream.ts";
import { describeForLog, RuntimeError, toRuntimeFailure } from "./runtime-failure.ts";

/** Ends the invocation that is running; undefined between invocations. */
let running: Ending | undefined;

interface Ending {
  /** What the invocation answers once nothing is left in the event loop. */
  resultWhenIdle: unknown;
  readonly succeed: (result: unknown) => void;
  readonly fail: (error: unknown) => void;
  /** What a streaming handler writes to. */
  stream: ResponseStream | undefined;
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
  const context = createContext(assignment, invocation);
  if (isStreaming(handler)) streamResult(handler, event, context, ending);
  else callHandler(handler, event, context, ending);
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
  const ending: Ending = {
    resultWhenIdle: undefined,
    stream: undefined,
    succeed: (result) => end(() => (ending.stream ? sendStreamEnd(ending.stream) : sendResult(result))),
    fail: (error) => end(() => sendFailure(error, ending.stream)),
  };
  return ending;
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

function sendStreamEnd(stream: ResponseStream): void {
  stream.start();
  sendText(STREAM_END, "");
}

function sendFailure(error: unknown, stream?: ResponseStream): void {
  writeLogLine("ERROR", `Invoke Error \t${describeForLog(error)}`);
  sendText(stream?.started === true ? STREAM_END : FAILURE, JSON.stringify(toRuntimeFailure(error)));
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

/** The result is what the handler writes; what it returns counts for nothing. */
function streamResult(handler: Handler, event: unknown, context: MutableContext, ending: Ending): void {
  const stream = new ResponseStream();
  ending.stream = stream;
  stream.once("finish", () => ending.succeed(undefined));
  stream.once("error", ending.fail);
  const streamingHandler = handler as (event: unknown, stream: ResponseStream, context: unknown) => unknown;
  try {
    const returned = streamingHandler(event, stream, context);
    if (isThenable(returned)) void returned.then(undefined, ending.fail);
    else
      ending.fail(
        new RuntimeError("Runtime.InvalidStreamingOperation", "Streaming does not support non-async handlers."),
      );
  } catch (error) {
    ending.fail(error);
  }
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
