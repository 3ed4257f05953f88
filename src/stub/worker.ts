// oxlint-disable unicorn/require-post-message-target-origin -- these ports are no windows
/** The worker of a decomposed program: `.faasify/stub-worker.cjs`. Deploys units and invokes them. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { workerData, type MessagePort } from "node:worker_threads";
import { FaasifyError, serializeError } from "../core/errors.ts";
import { deployedCaller, type InvokeUnit } from "./deploy-unit.ts";
import { isUnreached } from "./fallback.ts";
import { MANIFEST_FILE, parseManifest } from "./manifest.ts";
import { createLiveServer } from "./live-server.ts";
import { SIGNAL, type CallReply, type CallRequest, type LiveRequest, type WorkerStart } from "./messages.ts";

const { folder, blocking, waiting, live, signal } = workerData as WorkerStart;
const flags = new Int32Array(signal);

/** Each call under way takes a sandbox, which is a process. */
const MAX_CALLS = 32;

let invokeUnit: InvokeUnit | undefined;

function theInvoker(): InvokeUnit {
  if (invokeUnit) return invokeUnit;
  const file = path.join(folder, MANIFEST_FILE);
  const manifest = existsSync(file) ? parseManifest(readFileSync(file, "utf8")) : undefined;
  if (!manifest) {
    throw new FaasifyError("dependency-missing", `The decomposed program is not whole (${file})`, {
      remedy: "Run faasify decompose again",
    });
  }
  return (invokeUnit = deployedCaller(folder, manifest));
}

const liveServer = createLiveServer({ invoke: (key, call) => theInvoker()(key, call), wake });

async function answer({ id, key, call }: CallRequest): Promise<CallReply> {
  try {
    await liveServer.whenFree(key);
    return { id, answer: await theInvoker()(key, call) };
  } catch (error) {
    return { id, failure: serializeError(error), ...(isUnreached(error) && { unreached: true }) };
  }
}

function wake(): void {
  Atomics.add(flags, SIGNAL.answered, 1);
  Atomics.notify(flags, SIGNAL.answered);
}

function serve(port: MessagePort, reply: (answer: CallReply) => void): void {
  const queue: CallRequest[] = [];
  let running = 0;
  const next = (): void => {
    const request = running < MAX_CALLS ? queue.shift() : undefined;
    if (!request) return;
    running += 1;
    void serveOne(request);
  };
  const serveOne = async (request: CallRequest): Promise<void> => {
    reply(await answer(request));
    running -= 1;
    next();
  };
  port.on("message", (request: CallRequest) => {
    queue.push(request);
    next();
  });
}

process.on("exit", () => {
  Atomics.store(flags, SIGNAL.ended, 1);
  wake();
});
serve(blocking, (reply) => {
  blocking.postMessage(reply);
  wake();
});
live.on("message", (request: LiveRequest) => void liveServer.serve(request));
serve(waiting, (reply) => waiting.postMessage(reply));
