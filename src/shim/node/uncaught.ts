/**
 * Lets "pause on uncaught exceptions" work in a handler.
 *
 * V8 calls an exception caught when anything on the stack, or on the chain of promises, would catch it, and every
 * platform awaits its handler. So the handler is called from the event loop itself, its promise gets no reject
 * handler, and what Node then reports as unhandled becomes the handler's failure.
 */
import { callbackTo, type Handler, isThenable } from "./user-handler.ts";

export interface UncaughtCaller {
  readonly call: (handler: Handler, event: unknown, context: unknown) => Promise<unknown>;
  /** Takes the hook out of `process.emit` again, once the calls that need it have ended. */
  readonly restore: () => void;
}

type Emit = (this: NodeJS.Process, event: string, ...args: unknown[]) => boolean;
type Fail = (reason: unknown) => void;

/** Undefined where this process treats unhandled failures in a way of its own. */
export function createUncaughtCaller(): UncaughtCaller | undefined {
  const flags = [...process.execArgv, process.env["NODE_OPTIONS"] ?? ""].join(" ");
  if (flags.includes("--unhandled-rejections") || process.hasUncaughtExceptionCaptureCallback()) return undefined;
  const host = process as unknown as { emit: Emit };
  const original = host.emit;
  const pending = new Map<unknown, Fail>();
  let failNow: Fail | undefined;
  let leaving = false;

  const forget = (derived: unknown): void => {
    pending.delete(derived);
    if (leaving && pending.size === 0 && host.emit === hook) host.emit = original;
  };
  const hook: Emit = function (event, ...args) {
    if (event === "unhandledRejection") {
      const fail = pending.get(args[1]);
      if (fail) {
        forget(args[1]);
        fail(args[0]);
        return true;
      }
    }
    if (failNow && event === "uncaughtExceptionMonitor") return true;
    if (failNow && event === "uncaughtException") {
      failNow(args[0]);
      failNow = undefined;
      return true;
    }
    return original.call(this, event, ...args);
  };
  host.emit = hook;

  return {
    call: (handler, event, context) =>
      new Promise((resolve, reject) => {
        setImmediate(() => {
          failNow = reject;
          const result = handler(event, context, callbackTo(resolve, reject));
          failNow = undefined;
          if (!isThenable(result)) return;
          const derived: Promise<void> = Promise.resolve(result).then((value) => {
            forget(derived);
            resolve(value);
          });
          pending.set(derived, reject);
        });
      }),
    restore: () => {
      leaving = true;
      forget(undefined);
    },
  };
}
