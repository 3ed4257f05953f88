/** Runs units' handlers, in a thread that never loads the originals. Messages are JSON texts, as on the wire. */
import { resetWorld } from "./fixed-world.ts";
import { parentPort } from "node:worker_threads";
import { pathToFileURL } from "node:url";

type Handler = (event: unknown) => Promise<unknown>;

/** `file`: load this unit from now on; `event`: call it. */
export type ToThread = { readonly file: string } | { readonly event: string };

export type FromThread = { readonly loaded: true } | { readonly answer: string } | { readonly problem: string };

const port = parentPort;
if (!port) throw new Error("runs as a thread only");
let handler: Handler | undefined;

port.on("message", (message: ToThread) => {
  const reply = "file" in message ? load(message.file) : answer(message.event);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  void reply.then((text) => port.postMessage(text));
});

async function load(file: string): Promise<FromThread> {
  try {
    ({ handler } = (await import(pathToFileURL(file).href)) as { readonly handler: Handler });
    return { loaded: true };
  } catch (error) {
    return { problem: textOf(error) };
  }
}

async function answer(event: string): Promise<FromThread> {
  try {
    resetWorld();
    return { answer: JSON.stringify(await handler?.(JSON.parse(event))) };
  } catch (error) {
    return { problem: textOf(error) };
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
