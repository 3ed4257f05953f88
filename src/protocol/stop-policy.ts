/** Which invocations a debug session stops; all others run free. The shim decides, before anything is held. */
export type StopPolicy =
  | "all"
  /** Those that the session itself invokes. */
  | "mine"
  /** Those for which the expression is true: of `event`, `args` (of a FaaSify call) and `context`. */
  | { readonly condition: string }
  /** So many, over all sandboxes. */
  | { readonly first: number }
  /** One in so many of each sandbox, beginning with a random one. */
  | { readonly oneIn: number };

/** In the function's environment: a {@link StopPolicy} in JSON; absent for `all`. Removed from `process.env` at once. */
export const STOP_ENVIRONMENT = "FAASIFY_STOP";

/** In the client context of an invocation, under `custom`: the session that it belongs to, as `FAASIFY_DEBUG` names it. */
export const SESSION_IN_CONTEXT = "faasify-debug-session";

/** @param address - the value of `FAASIFY_DEBUG` */
export function sessionIn(address: string): string {
  return new URL(address).pathname.slice(1);
}
