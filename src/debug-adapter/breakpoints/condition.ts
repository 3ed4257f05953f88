/** Conditions, hit counts and log points become one expression, so that a pass costs no round trip. */
import type { BreakpointWish } from "./breakpoint-table.ts";

/** Where the function's process keeps the passes of each breakpoint; a symbol, so that no user code meets it. */
const COUNTERS = `globalThis[Symbol.for("faasify.hits")]`;
const HIT_CONDITION = /^\s*(>=|>|<=|<|={1,3}|%)?\s*(\d+)\s*$/;

/**
 * What V8 evaluates at each pass of a breakpoint; the empty string pauses always.
 *
 * The operands of `&&` keep DAP's order: a hit counts only when the condition holds, a log point
 * prints only when its hit condition holds too, and never pauses.
 */
export function conditionOf(id: number, wish: Omit<BreakpointWish, "wanted">): string {
  const parts = [
    ...(wish.condition?.trim() ? [`(${wish.condition})`] : []),
    ...(wish.hitCondition?.trim() ? [hitExpression(id, wish.hitCondition)] : []),
    ...(wish.logMessage === undefined ? [] : [`(${logExpression(wish.logMessage)}, false)`]),
  ];
  return parts.join(" && ");
}

/** What is wrong with a hit condition, or undefined. */
export function hitConditionProblem(hitCondition: string | undefined): string | undefined {
  if (!hitCondition?.trim() || HIT_CONDITION.test(hitCondition)) return undefined;
  return `"${hitCondition}" is no hit condition: write a number, or one of > >= < <= == % and a number`;
}

function hitExpression(id: number, hitCondition: string): string {
  const [, operator = "==", count = "1"] = HIT_CONDITION.exec(hitCondition) ?? [];
  const test = operator === "%" ? `n % ${count} === 0` : `n ${operator === "=" ? "==" : operator} ${count}`;
  const pass = `((m, n) => (m.set(${id}, n), ${test}))`;
  return `((m) => ${pass}(m, (m.get(${id}) ?? 0) + 1))(${COUNTERS} ??= new Map())`;
}

/** `total {net}, {items.length}` → `console.log("total %s, %s", …)`; braces nest, `\{` stands for itself. */
function logExpression(message: string): string {
  const pieces = splitMessage(message);
  const format = pieces.map(({ text, isCode }) => (isCode ? "%s" : text.split("%").join("%%"))).join("");
  const values = pieces.filter(({ isCode }) => isCode).map(({ text }) => `(${text.trim() || "undefined"})`);
  return `console.log(${[JSON.stringify(format), ...values].join(", ")})`;
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
