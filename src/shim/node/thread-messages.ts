/** What the shim's two halves tell each other, by `postMessage`. */

export interface WorkerOptions {
  /** `ws://HOST:PORT/SESSION`, without the secret. */
  readonly url: string;
  readonly secret: string;
  readonly functionName: string;
  readonly buildId: string;
  /** Real path: what script urls start with. */
  readonly taskRoot: string;
  /** One 32-bit cell; becomes 1 when the inspector is let go at exit. */
  readonly released: SharedArrayBuffer;
}

export type ToWorker =
  | { readonly type: "started"; readonly requestId: string; readonly remainingMs: number }
  | { readonly type: "ended"; readonly requestId: string; readonly durationMs: number; readonly error?: string }
  /** The process ends. */
  | { readonly type: "exit" };

export type ToMain =
  /** The debugger is ready: invocations are debugged from now on. */
  | { readonly type: "attached" }
  /** Nobody to wait for. `final`: nobody will ever come. */
  | { readonly type: "run-free"; readonly final: boolean }
  /** The end of this invocation has left the process. */
  | { readonly type: "flushed"; readonly requestId: string };
