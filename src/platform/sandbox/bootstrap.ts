/**
 * A sandbox: the process in which a deployed function runs. It starts without a function, waits for
 * its assignment, loads the handler and then serves one invocation after the other.
 */
import { ASSIGN, INIT_FAILED, INITIALISED, INVOKE, type Assignment } from "../frames.ts";
import { listenForFrames, readFrameBlocking, sendText } from "./channel.ts";
import { captureOutput, writeLogLine } from "./console.ts";
import { endBecauseIdle, endBecauseUncaught, invoke } from "./invocation.ts";
import { loadHandler, type Handler } from "./load-handler.ts";
import { defineAwsLambda } from "./response-stream.ts";
import { describeForLog, RuntimeError, toRuntimeFailure } from "./runtime-failure.ts";

/** Lambda's exit statuses of the Node runtime. */
const EXIT_UNHANDLED_REJECTION = 128;
const EXIT_UNCAUGHT = 129;

captureOutput();
readFrameBlocking((type, body) => {
  if (type !== ASSIGN) process.exit(1);
  void start(JSON.parse(body.toString()) as Assignment);
});

async function start(assignment: Assignment): Promise<void> {
  replaceEnvironment(assignment.environment);
  process.on("uncaughtException", (error) => {
    endBecauseUncaught(error);
    process.exit(EXIT_UNCAUGHT);
  });
  process.on("unhandledRejection", (reason) => {
    endBecauseUncaught(unhandledRejection(reason));
    process.exit(EXIT_UNHANDLED_REJECTION);
  });
  defineAwsLambda();
  let handler: Handler;
  try {
    process.chdir(assignment.taskRoot);
    handler = await loadHandler(assignment.taskRoot, assignment.handler);
  } catch (error) {
    writeLogLine("ERROR", `Uncaught Exception \t${describeForLog(error)}`);
    sendText(INIT_FAILED, JSON.stringify(toRuntimeFailure(error)));
    process.exit(1);
  }
  sendText(INITIALISED, "");
  if (assignment.stayAwake || process.platform === "win32") serveAwake(handler, assignment);
  else serveFrozen(handler, assignment);
}

function replaceEnvironment(environment: Readonly<Record<string, string>>): void {
  for (const name of Object.keys(process.env)) {
    if (!(name in environment)) delete process.env[name];
  }
  Object.assign(process.env, environment);
}

/** Between invocations the main thread sleeps in a read: timers and sockets of the function stand still. */
function serveFrozen(handler: Handler, assignment: Assignment): void {
  const next = (): void => {
    readFrameBlocking((type, body) => {
      if (type !== INVOKE) process.exit(1);
      invoke(handler, assignment, body, next);
    });
  };
  process.on("beforeExit", endBecauseIdle);
  setImmediate(next);
}

/** Between invocations the event loop turns: an inspector is served at any time. */
function serveAwake(handler: Handler, assignment: Assignment): void {
  const channel = listenForFrames((type, body) => {
    if (type !== INVOKE) process.exit(1);
    // While the function runs only its own work keeps the loop alive, so that `beforeExit` tells when it is empty.
    channel.unref();
    invoke(handler, assignment, body, () => channel.ref());
  });
  process.on("beforeExit", endBecauseIdle);
}

function unhandledRejection(reason: unknown): Error {
  const stack = reason instanceof Error ? reason.stack : undefined;
  return new RuntimeError("Runtime.UnhandledPromiseRejection", String(reason), stack);
}
