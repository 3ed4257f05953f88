/**
 * What every file of a decomposed program loads: `.faasify/runtime.cjs`. Small, and nothing else is loaded before the
 * first call.
 */
import { createRequire } from "node:module";
import path from "node:path";
import type { RegisteredNames } from "../protocol/registered-names.ts";
import type * as mainThread from "./main.ts";

const registered: RegisteredNames[] = [];
let remote: ReturnType<typeof mainThread.createRemote> | undefined;

/** Makes known how a file's variables are read and set, and its classes. Asked for at the calls. */
export function names(ofFile: RegisteredNames): void {
  registered.push(ofFile);
}

/**
 * Runs a function where it is deployed; deploys it at the first call.
 *
 * @param key - the function's, in the manifest
 * @param args - all that the stub was called with
 * @param self - `this` of a method
 * @returns what the function returned; a promise for an asynchronous function that waits for something
 * @throws what the function has thrown, or a FaasifyError
 */
export function call(key: string, args: ArrayLike<unknown>, self?: unknown): unknown {
  remote ??= load().createRemote(__dirname, registered);
  return remote.call(key, args, self);
}

function load(): typeof mainThread {
  return createRequire(__filename)(path.join(__dirname, "stub-main.cjs")) as typeof mainThread;
}
