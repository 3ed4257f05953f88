/** Conditions, hit counts and log points become one expression, so that a pass costs no round trip. */
import { createSensitiveNames, REDACTED, type SensitiveNames } from "../../protocol/sensitive-names.ts";
import type { BreakpointWish } from "./breakpoint-table.ts";
import { snapshotExpression } from "./snapshot.ts";

/** Where the function's process keeps the passes of each breakpoint; a symbol, so that no user code meets it. */
const COUNTERS = `globalThis[Symbol.for("faasify.hits")]`;
/** A sampling breakpoint takes one pass in so many, if it does not say. */
const DEFAULT_SAMPLE = 10;
const SAMPLE_CONDITION = /^\s*%?\s*([1-9]\d*)\s*$/;
const HIT_CONDITION = /^\s*(>=|>|<=|<|={1,3}|%)?\s*(\d+)\s*$/;

type Conditions = Pick<BreakpointWish, "condition" | "hitCondition" | "logMessage" | "mode">;

/** What is known of the breakpoint's place. */
export interface Surroundings {
  /** From the names of the source to those of the bundle. */
  readonly translate: (code: string) => string;
  /** What a log point without a message prints. */
  readonly place: string;
  /** Variables that a snapshot takes along. */
  readonly names: readonly string[];
  readonly sensitive: SensitiveNames;
}

const NOWHERE: Surroundings = { translate: (code) => code, place: "", names: [], sensitive: createSensitiveNames([]) };

/**
 * What V8 evaluates at each pass of a breakpoint; the empty string pauses always.
 *
 * The operands of `&&` keep DAP's order: a hit counts only when the condition holds, a log point
 * prints only when its hit condition holds too, and never pauses.
 */
export function conditionOf(id: number, wish: Conditions, surroundings: Surroundings = NOWHERE): string {
  const parts = [
    ...(wish.condition?.trim() ? [`(${surroundings.translate(wish.condition)})`] : []),
    ...hitParts(id, wish),
    ...actionParts(id, wish, surroundings),
  ];
  return parts.join(" && ");
}

/** For what counts passes but is no place in the code. */
export function countedHits(id: number, conditions: Pick<Conditions, "hitCondition">): string {
  return hitParts(id, conditions)[0] ?? "";
}

function hitParts(id: number, { hitCondition, mode }: Conditions): string[] {
  if (mode === "sample") {
    const every = Number(SAMPLE_CONDITION.exec(hitCondition ?? "")?.[1] ?? DEFAULT_SAMPLE);
    return [countExpression(id, `n % ${every} === ${1 % every}`)];
  }
  return hitCondition?.trim() ? [hitExpression(id, hitCondition)] : [];
}

/** What is done instead of pausing. */
function actionParts(id: number, { logMessage, mode }: Conditions, surroundings: Surroundings): string[] {
  const { place, names, translate } = surroundings;
  if (mode === "snapshot" || mode === "sample") return [`(${snapshotExpression(id, names, translate)}, false)`];
  const message = logMessage ?? (mode === "log" ? place : undefined);
  return message === undefined ? [] : [`(${logExpression(message, surroundings)}, false)`];
}

/** What is wrong with a hit condition, or undefined. */
export function hitConditionProblem({ hitCondition, mode }: Conditions): string | undefined {
  if (!hitCondition?.trim()) return undefined;
  if (mode === "sample") {
    return SAMPLE_CONDITION.test(hitCondition)
      ? undefined
      : `"${hitCondition}" is no sampling rate: write a number, to take one pass in so many`;
  }
  if (HIT_CONDITION.test(hitCondition)) return undefined;
  return `"${hitCondition}" is no hit condition: write a number, or one of > >= < <= == % and a number`;
}

function hitExpression(id: number, hitCondition: string): string {
  const [, operator = "==", count = "1"] = HIT_CONDITION.exec(hitCondition) ?? [];
  const test = operator === "%" ? `n % ${count} === 0` : `n ${operator === "=" ? "==" : operator} ${count}`;
  return countExpression(id, test);
}

/** Counts a pass; `test` says of its number `n` whether it counts. */
function countExpression(id: number, test: string): string {
  const pass = `((m, n) => (m.set(${id}, n), ${test}))`;
  return `((m) => ${pass}(m, (m.get(${id}) ?? 0) + 1))(${COUNTERS} ??= new Map())`;
}

/** `total {net}, {items.length}` → `console.log("total %s, %s", …)`; braces nest, `\{` stands for itself. */
function logExpression(message: string, surroundings: Surroundings): string {
  const pieces = splitMessage(message);
  const format = pieces.map(({ text, isCode }) => (isCode ? "%s" : text.split("%").join("%%"))).join("");
  const values = pieces.filter(({ isCode }) => isCode).map(({ text }) => valueExpression(text.trim(), surroundings));
  return `console.log(${[JSON.stringify(format), ...values].join(", ")})`;
}

/** What is printed is in the function's log as well: a secret's value is not taken there either. */
function valueExpression(code: string, { sensitive, translate }: Surroundings): string {
  return sensitive.mentions(code) ? JSON.stringify(REDACTED) : `(${translate(code) || "undefined"})`;
}

interface Piece {
  readonly text: string;
  readonly isCode: boolean;
}

function splitMessage(message: string): Piece[] {
  const pieces: Piece[] = [];
  let depth = 0;
  let text = "";
  const close = (isCode: boolean) => {
    if (text !== "" || isCode) pieces.push({ text, isCode });
    text = "";
  };
  for (let index = 0; index < message.length; index++) {
    const character = message.charAt(index);
    if (depth === 0 && character === "\\" && "{}".includes(message.charAt(index + 1))) text += message.charAt(++index);
    else if (character === "{" && depth++ === 0) close(false);
    else if (character === "}" && depth > 0 && --depth === 0) close(true);
    else text += character;
  }
  if (depth > 0) return [...pieces, { text: `{${text}`, isCode: false }];
  close(false);
  return pieces;
}
