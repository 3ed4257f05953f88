// oxlint-disable unicorn/require-post-message-target-origin -- these ports are no windows
/** The least that a pool of two threads can be: the next item goes to whoever has finished one. */
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import functions from "./functions.cjs";
import { measure } from "./measure.mjs";

const { add, spin } = functions;

if (isMainThread) {
  const workers = [new Worker(import.meta.filename), new Worker(import.meta.filename)];
  const run = (worker, request) =>
    new Promise((resolve) => {
      worker.once("message", resolve);
      worker.postMessage(request);
    });
  await measure({
    add: (a, b) => run(workers[0], ["add", a, b]),
    spinAll: async (items) => {
      const results = [];
      let next = 0;
      const lane = async (worker) => {
        for (let at = next++; at < items.length; at = next++) results[at] = await run(worker, ["spin", items[at]]);
      };
      await Promise.all(workers.map(lane));
      return results;
    },
  });
  for (const worker of workers) worker.unref();
} else {
  parentPort.on("message", ([name, a, b]) => parentPort.postMessage(name === "add" ? add(a, b) : spin(a)));
}
