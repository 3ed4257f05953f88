/** Identifies a provider in settings, in the deployment record, on the command line (`--target`) and in the UI. */
export const providerIds = ["local", "aws"] as const;

export type ProviderId = (typeof providerIds)[number];

/** What a call carries: positional arguments (a FaaSify call) or an event as a trigger would send it. */
export type InvocationInput = (
  | { readonly kind: "arguments"; readonly arguments: readonly unknown[] }
  | { readonly kind: "event"; readonly event: unknown }
) & {
  /** Travels beside the event: `context.clientContext.custom` in the function. */
  readonly clientContext?: Readonly<Record<string, string>>;
  /** A version or an alias; absent: what was deployed last. */
  readonly qualifier?: string;
};

/** What the function threw, as the platform reports it. */
export interface FunctionError {
  readonly name: string;
  readonly message: string;
  readonly stack: readonly string[];
}

export interface InvocationResult {
  readonly requestId: string;
  /** Exactly one of `result` and `error` is there; a function that returned nothing has `result: null`. */
  readonly result?: unknown;
  readonly error?: FunctionError;
  /** Of a result that plain JSON would change. */
  readonly notPlain?: {
    /** As it travelled: JSON. */
    readonly encoded: unknown;
    /** For people. Instances of classes that only the function has are shown with their class's name. */
    readonly text: string;
  };
  /** As the platform measured it, in milliseconds, without the network and without initialisation. */
  readonly durationMs: number;
  /** As the caller measured it, in milliseconds, network included. */
  readonly totalMs: number;
  readonly coldStart: boolean;
  /** That ran: of an alias with a canary, one or the other. */
  readonly version?: string;
  /** The function's output and the platform's START/END/REPORT lines, oldest first. */
  readonly log: readonly string[];
}
