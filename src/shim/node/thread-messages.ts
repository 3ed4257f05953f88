/** What the shim's two halves tell each other, by `postMessage`. */

/** Which code it is. */
export interface CodeFacts {
  readonly buildId: string;
  /** Real path: what script urls start with. */
  readonly taskRoot: string;
}

export interface WorkerOptions extends CodeFacts {
  /** `ws://HOST:PORT/SESSION`, without the secret. */
  readonly url: string;
  readonly secret: string;
  readonly functionName: string;
  /** One 32-bit cell; becomes 1 when the inspector is let go at exit. */
  readonly released: SharedArrayBuffer;
  /** See presence.ts. */
  readonly presence: SharedArrayBuffer;
  /** Invocations run free unless they were chosen: see stop-decider.ts. */
  readonly selective: boolean;
}

export type ToWorker =
  | {
      readonly type: "started";
      readonly requestId: string;
      readonly remainingMs: number;
      /** The debugger neither stops it nor hears of it. */
      readonly free: boolean;
      /** Nothing was heard for so long that there may be nobody: it is held until that is known, but not for long. */
      readonly unsure: boolean;
    }
  | { readonly type: "ended"; readonly requestId: string; readonly durationMs: number; readonly error?: string }
  /** What is wrong with the condition that chooses invocations. */
  | { readonly type: "condition-failed"; readonly message: string }
  /** From the next invocation on other code runs. */
  | ({ readonly type: "swapped" } & CodeFacts)
  /** The process ends. */
  | { readonly type: "exit" };

export type ToMain =
  /** The debugger is ready: invocations are debugged from now on. */
  | { readonly type: "attached" }
  /** Nobody to wait for. `final`: nobody will ever come. */
  | { readonly type: "run-free"; readonly final: boolean }
  /** From now on breakpoints stop this invocation. */
  | { readonly type: "armed"; readonly requestId: string }
  /** How many more invocations may be stopped. */
  | { readonly type: "stop-budget"; readonly remaining: number }
  /** The end of this invocation has left the process. */
  | { readonly type: "flushed"; readonly requestId: string };
