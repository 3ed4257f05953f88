/**
 * Evaluates the stop policy's condition, in a thread of its own. What never ends there can be ended with the thread;
 * `node:vm`'s time limits are lost when an inspector talks to the same thread, and would hang the function.
 */
import { atMost } from "./at-most.ts";

export interface ConditionThread {
  /** False for what throws or takes too long. */
  holds(event: unknown, context: unknown): Promise<boolean>;
  /** No invocation is chosen any more. */
  end(): void;
}

/** From the message to the answer; then the condition is given up, so that it delays nobody else. */
const CONDITION_MS = 250;
/** The same, for the thread to start. */
const START_MS = 1000;

const EVALUATOR = `
const { parentPort, workerData } = require("node:worker_threads");
const { createContext, Script } = require("node:vm");
const script = new Script("(" + workerData + "\\n)", { filename: "condition" });
parentPort.on("message", ({ event, context }) => {
  try {
    const scope = createContext({ event, context, args: event?.args });
    parentPort.postMessage({ holds: Boolean(script.runInContext(scope)) });
  } catch (error) {
    parentPort.postMessage({ holds: false, problem: String(error?.message ?? error) });
  }
});
parentPort.postMessage({ holds: false });
`;

interface Answer {
  readonly holds: boolean;
  readonly problem?: string;
}

/** @param onProblem - told once what is wrong with the condition */
export function startConditionThread(expression: string, onProblem: (message: string) => void): ConditionThread {
  const { Worker } = process.getBuiltinModule("node:worker_threads");
  const options = { eval: true, workerData: expression, name: "faasify-condition", env: {}, execArgv: [] };
  const worker = new Worker(EVALUATOR, options);
  let waiting: PromiseWithResolvers<void> | undefined = Promise.withResolvers<void>();
  let latest: Answer | undefined;
  let given = false;
  let reported = false;
  const report = (message: string): void => {
    if (!reported) onProblem(message);
    reported = true;
  };
  const end = (): void => {
    given = true;
    waiting?.resolve();
    void worker.terminate();
  };
  const answerWithin = async (ms: number): Promise<Answer | undefined> => {
    if (waiting) await atMost(ms, waiting.promise);
    return latest;
  };
  worker.unref();
  worker.on("error", end);
  worker.on("message", (answer: Answer) => {
    latest = answer;
    waiting?.resolve();
    waiting = undefined;
  });
  const started = answerWithin(START_MS);

  const ask = async (event: unknown, context: unknown): Promise<boolean> => {
    const hasStarted = await started;
    if (!hasStarted) report("its thread did not start");
    if (!hasStarted || given) return false;
    latest = undefined;
    waiting = Promise.withResolvers();
    worker.postMessage({ event: plain(event), context: plain(context) }, []);
    const answer = await answerWithin(CONDITION_MS);
    if (answer?.problem !== undefined) report(answer.problem);
    if (answer || given) return answer?.holds ?? false;
    report(`it took longer than ${CONDITION_MS} ms, so it is not asked again in this sandbox`);
    end();
    return false;
  };
  // One after the other, where a sandbox has several invocations at once.
  let last: Promise<unknown> = Promise.resolve();
  return {
    holds: (event, context) => {
      const mine = last.then(() => ask(event, context));
      last = mine;
      return mine;
    },
    end,
  };
}

/** What JSON keeps of it: a context has methods, which cannot go to another thread. */
function plain(value: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(value) ?? "null");
  } catch {
    return null;
  }
}
