/** Whether code goes on later than its call, while other code of the program runs. */
import { ts } from "ts-morph";
import type { Effect, EffectUse } from "../../core/function-model.ts";

const outside: ReadonlySet<Effect> = new Set<Effect>(["timers", "network"]);

/** Does it wait for something outside the program? What its variables waited for when they were made is over. */
export function waitsOutside(uses: readonly EffectUse[]): boolean {
  return uses.some(({ effect, whileLoading }) => outside.has(effect) && !whileLoading);
}

/** Does anything in it run later than the call itself, as a microtask? */
export function waits(node: ts.Node): boolean {
  if (ts.isAwaitExpression(node)) return true;
  if (ts.isForOfStatement(node) && node.awaitModifier) return true;
  if (ts.isPropertyAccessExpression(node) && /^(?:then|catch|finally)$/.test(node.name.text)) return true;
  return ts.forEachChild(node, (child) => waits(child) || undefined) ?? false;
}
