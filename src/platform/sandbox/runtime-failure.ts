/** How Lambda's Node runtime reports a failure: https://github.com/aws/aws-lambda-nodejs-runtime-interface-client */
export interface RuntimeFailure {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace: readonly string[];
}

/** A failure of the runtime itself, with Lambda's name for it. */
export class RuntimeError extends Error {
  constructor(name: `Runtime.${string}`, message: string, stack?: string) {
    super(message);
    this.name = name;
    if (stack !== undefined) this.stack = stack;
  }
}

/** Never throws, whatever was thrown. */
export function toRuntimeFailure(error: unknown): RuntimeFailure {
  try {
    if (error instanceof Error || Object.prototype.toString.call(error) === "[object Error]") {
      // What is thrown may carry anything under these names.
      const { name, message, stack } = error as Readonly<Record<"name" | "message" | "stack", unknown>>;
      return {
        errorType: String(name),
        errorMessage: String(message),
        trace: typeof stack === "string" ? stack.split("\n") : [],
      };
    }
    return { errorType: typeof error, errorMessage: String(error), trace: [] };
  } catch {
    return {
      errorType: "handled",
      errorMessage:
        "callback called with Error argument, but there was a problem while retrieving one or more of its message, name, and stack",
      trace: [],
    };
  }
}

/** The text behind `Invoke Error` and `Uncaught Exception` in the log, with the error's own fields. */
export function describeForLog(error: unknown): string {
  const { errorType, errorMessage, trace } = toRuntimeFailure(error);
  const own = typeof error === "object" && error !== null ? Object.fromEntries(Object.entries(error)) : {};
  try {
    return JSON.stringify({ errorType, errorMessage, ...own, stack: trace });
  } catch {
    return JSON.stringify({ errorType, errorMessage, stack: trace });
  }
}
