/**
 * A sandbox: the process in which a deployed function runs. It starts without a function, waits for
 * its assignment, loads the handler and then serves one invocation after the other.
 */
import { TAKE_CODE } from "../../protocol/take-code.ts";
import {
  ASSIGN,
  type Assignment,
  type CodeSwap,
  INIT_FAILED,
  INITIALISED,
  INVOKE,
  SWAP,
  TAKES_CODE,
} from "../frames.ts";
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
  const isAwake = assignment.stayAwake || process.platform === "win32";
  sendText(INITIALISED, isAwake && codeTaker(handler) ? TAKES_CODE : "");
  if (isAwake) serveAwake(handler, assignment);
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

/**
 * Between invocations the event loop turns: an inspector is served at any time. Other code that comes meanwhile is taken
 * between two invocations, too.
 */
function serveAwake(handler: Handler, assignment: Assignment): void {
  let running = false;
  let next: CodeSwap | undefined;
  const swap = (): void => {
    if (next && !running) takeCode(handler, next);
    if (!running) next = undefined;
  };
  const channel = listenForFrames((type, body) => {
    if (type === SWAP) {
      next = JSON.parse(body.toString()) as CodeSwap;
      return swap();
    }
    if (type !== INVOKE) process.exit(1);
    // While the function runs only its own work keeps the loop alive, so that `beforeExit` tells when it is empty.
    channel.unref();
    running = true;
    invoke(handler, assignment, body, () => {
      running = false;
      channel.ref();
      swap();
    });
  });
  process.on("beforeExit", endBecauseIdle);
}

/** What a process that starts with this code would find. */
function takeCode(handler: Handler, { taskRoot }: CodeSwap): void {
  process.env["LAMBDA_TASK_ROOT"] = taskRoot;
  process.chdir(taskRoot);
  codeTaker(handler)?.(taskRoot);
}

function codeTaker(handler: Handler): ((taskRoot: string) => void) | undefined {
  const taker: unknown = Reflect.get(handler, Symbol.for(TAKE_CODE));
  return typeof taker === "function" ? (taker as (taskRoot: string) => void) : undefined;
}

function unhandledRejection(reason: unknown): Error {
  const stack = reason instanceof Error ? reason.stack : undefined;
  return new RuntimeError("Runtime.UnhandledPromiseRejection", String(reason), stack);
}
