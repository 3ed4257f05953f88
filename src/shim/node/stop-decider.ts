/** Decides at the start of an invocation whether the debugger may stop it. Whatever goes wrong, the invocation runs. */
import { startConditionThread } from "./condition-thread.ts";
import { SESSION_IN_CONTEXT, type StopPolicy } from "../../protocol/stop-policy.ts";

export interface StopDecider {
  /** False when every invocation may be stopped: then nothing has to be switched between two of them. */
  readonly selective: boolean;
  /** Asked once per invocation. Only a condition takes time. */
  stops(event: unknown, context: unknown): boolean | Promise<boolean>;
  /** Of `first`: what all sandboxes together have left. */
  limit(remaining: number): void;
  /** Nobody will debug this sandbox any more. */
  end(): void;
}

export interface DeciderOptions {
  /** JSON; undefined for `all`. */
  readonly policy: string | undefined;
  /** As `FAASIFY_DEBUG` names it. */
  readonly session: string;
  /** Told once what is wrong with a condition. */
  readonly onProblem: (message: string) => void;
}

/** @throws SyntaxError if the policy is none */
export function createStopDecider({ policy: text, session, onProblem }: DeciderOptions): StopDecider {
  const policy: StopPolicy = text === undefined ? "all" : (JSON.parse(text) as StopPolicy);
  const selective = policy !== "all";
  const always = { selective, limit: () => {}, end: () => {} };
  if (policy === "all") return { ...always, stops: () => true };
  if (policy === "mine") return { ...always, stops: (_event, context) => callerOf(context) === session };
  if ("condition" in policy) {
    const thread = startConditionThread(policy.condition, onProblem);
    return { ...always, stops: (event, context) => thread.holds(event, context), end: () => thread.end() };
  }
  if ("oneIn" in policy) return { ...always, stops: oneInTest(policy.oneIn) };
  let remaining = policy.first;
  return {
    ...always,
    stops: () => remaining-- > 0,
    limit: (left) => (remaining = Math.min(remaining, left)),
  };
}

function callerOf(context: unknown): unknown {
  const { clientContext } = (context ?? {}) as { clientContext?: { custom?: Record<string, unknown> } | null };
  return clientContext?.custom?.[SESSION_IN_CONTEXT];
}

/** A random beginning, or of many sandboxes with one invocation each all would be stopped. */
function oneInTest(count: number): () => boolean {
  let turn = Math.floor(Math.random() * count);
  return () => {
    turn = (turn + 1) % count;
    return turn === 0;
  };
}
