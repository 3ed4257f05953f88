/**
 * Steps through a function by the inspector inside its own process: no socket, no adapter, nothing in between. The least
 * that a step can cost. Prints the milliseconds of all steps as JSON.
 *
 *     node in-process-steps.ts FILE LINE STEPS ARGUMENTS
 */
import { once } from "node:events";
import { Session, type Debugger } from "node:inspector";
import { pathToFileURL } from "node:url";
import { isMainThread, parentPort, Worker } from "node:worker_threads";

const [file = "", line = "1", steps = "1", args = "[]"] = process.argv.slice(2);
const url = pathToFileURL(file).href;

await (isMainThread ? runFunction() : stepThroughIt());

async function runFunction(): Promise<void> {
  const { checkout } = (await import(url)) as { checkout: (...args: unknown[]) => unknown };
  const worker = new Worker(import.meta.filename, { argv: process.argv.slice(2) });
  await once(worker, "message");
  checkout(...(JSON.parse(args) as unknown[]));
}

async function stepThroughIt(): Promise<void> {
  // Waiting for a pause alone does not keep a thread alive.
  const alive = setInterval(() => undefined, 60_000);
  const session = new Session();
  session.connectToMainThread();
  const send = <T = unknown>(method: string, params: object = {}): Promise<T> =>
    new Promise((resolve, reject) => {
      session.post(method, params, (error, result) => (error ? reject(error) : resolve(result as T)));
    });
  const nextPause = (): Promise<Debugger.PausedEventDataType> =>
    new Promise((resolve) => session.once("Debugger.paused", ({ params }) => resolve(params)));
  await send("Debugger.enable");
  const { breakpointId } = await send<{ breakpointId: string }>("Debugger.setBreakpointByUrl", {
    url,
    lineNumber: Number(line) - 1,
  });
  const first = nextPause();
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  parentPort?.postMessage("ready");
  await first;
  await send("Debugger.removeBreakpoint", { breakpointId });
  const times: number[] = [];
  for (let step = 0; step < Number(steps); step++) {
    const start = performance.now();
    const pause = nextPause();
    await send("Debugger.stepOver");
    const { callFrames } = await pause;
    const scopes = callFrames[0]?.scopeChain.slice(0, 3) ?? [];
    await Promise.all(
      scopes.map(({ object: { objectId } }) =>
        send("Runtime.getProperties", { objectId, ownProperties: true, generatePreview: true }),
      ),
    );
    times.push(performance.now() - start);
  }
  await send("Debugger.disable");
  session.disconnect();
  clearInterval(alive);
  console.log(JSON.stringify(times));
}
