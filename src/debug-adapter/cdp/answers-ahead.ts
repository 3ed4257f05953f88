/** Answers that came with a pause: what is asked then costs no round trip, as long as nothing was changed. */
import type { AnswerAhead } from "../../protocol/shim-messages.ts";

export interface AnswersAhead {
  /** A pause has begun. */
  take(answers: readonly AnswerAhead[]): void;
  /** The answer, if it came along. A question that may change something makes all answers doubtful: they are dropped. */
  find(method: string, params: object | undefined): AnswerAhead["answer"] | undefined;
  drop(): void;
}

/** An answer that nobody wants at so many pauses in a row is not sent any more. */
const MAX_UNWANTED = 3;

/** Change nothing in the function. Expressions are not among them, unless V8 is told to see to it. */
const harmless = new Set([
  "Debugger.getPossibleBreakpoints",
  "Debugger.getScriptSource",
  "Debugger.removeBreakpoint",
  "Debugger.setBlackboxPatterns",
  "Debugger.setBlackboxedRanges",
  "Debugger.setBreakpointByUrl",
  "Debugger.setPauseOnExceptions",
  "Faasify.configure",
  "Faasify.getProperties",
  "Runtime.getProperties",
]);

/** @param unwanted - told which answers are not worth sending */
export function createAnswersAhead(unwanted: (ids: number[]) => void): AnswersAhead {
  const known = new Map<string, AnswerAhead>();
  const used = new Set<number>();
  const misses = new Map<number, number>();

  const review = (): void => {
    const ids: number[] = [];
    for (const { id } of known.values()) {
      const missed = used.has(id) ? 0 : (misses.get(id) ?? 0) + 1;
      misses.set(id, missed);
      if (missed < MAX_UNWANTED) continue;
      ids.push(id);
      misses.delete(id);
    }
    if (ids.length > 0) unwanted(ids);
  };
  const drop = (): void => {
    known.clear();
    used.clear();
  };
  return {
    take: (answers) => {
      drop();
      for (const answer of answers) known.set(keyOf(answer.method, answer.params), answer);
    },
    find: (method, params) => {
      if (known.size === 0) return undefined;
      const found = known.get(keyOf(method, params));
      if (found) used.add(found.id);
      else if (isResume(method)) review();
      if (!found && !harmless.has(method) && !isPure(params)) drop();
      return found?.answer;
    },
    drop,
  };
}

function keyOf(method: string, params: object | undefined): string {
  return `${method} ${JSON.stringify(params)}`;
}

function isResume(method: string): boolean {
  return method === "Debugger.resume" || method.startsWith("Debugger.step");
}

function isPure(params: object | undefined): boolean {
  return params !== undefined && "throwOnSideEffect" in params && params.throwOnSideEffect === true;
}
