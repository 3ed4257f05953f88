/**
 * Commands to the main thread, one after the other while it runs.
 *
 * Node takes a batch of commands when the thread can be interrupted. If user code that one of them runs is paused, the
 * rest of the batch is stuck: Node's loop of the pause spins on it and takes nothing any more, `Debugger.resume` included.
 * A batch of one has no rest. On a paused thread nothing that a command runs is paused, so there all go at once.
 */
export type Done = (error: Error | null, result?: object) => void;

export interface CommandLine {
  /** An error of Node's goes to `done`, too. */
  post(method: string, params: object, done?: Done): void;
  /** The thread is paused: `true` from its pause on, `false` when it was resumed. */
  setPaused(paused: boolean): void;
  /** What still waits is sent at once; nothing waits any more. */
  flush(): void;
}

/** A command that takes longer waits for something (a promise, a pause): the next one is in no batch with it. */
const ALONE_MS = 20;
/** After these the thread runs. */
const RESUMING = /^Debugger\.(resume|step(Into|Over|Out))$/;

/** @param post - the inspector session's */
export function createCommandLine(post: (method: string, params: object, done: Done) => void): CommandLine {
  const waiting: (() => void)[] = [];
  let paused = false;
  let flushed = false;
  /** The one on its way to a thread that runs. */
  let alone: object | undefined;

  const mayGo = (): boolean => flushed || paused || alone === undefined;
  const next = (): void => {
    while (waiting.length > 0 && mayGo()) waiting.shift()?.();
  };
  const send = (method: string, params: object, done: Done | undefined): void => {
    if (RESUMING.test(method)) paused = false;
    const own = {};
    if (!paused) alone = own;
    const leave = (): void => {
      clearTimeout(timer);
      if (alone !== own) return;
      alone = undefined;
      next();
    };
    const timer = setTimeout(leave, ALONE_MS).unref();
    try {
      post(method, params, (error, result) => {
        done?.(error, result);
        leave();
      });
    } catch (error) {
      done?.(error as Error);
      leave();
    }
  };
  return {
    post(method, params, done) {
      waiting.push(() => send(method, params, done));
      next();
    },
    setPaused(value) {
      paused = value;
      if (value) alone = undefined;
      next();
    },
    flush() {
      flushed = true;
      next();
    },
  };
}
