/** Splits the invocations of an alias between its versions. */
import type { AliasRecord } from "../state/function-record.ts";

/** The golden ratio's fraction: its multiples fill the unit interval evenly, and in step with no caller's period. */
const STEP = (Math.sqrt(5) - 1) / 2;

/** Where each alias stands in the interval. An alias that is changed is another object and begins anew. */
const positions = new WeakMap<AliasRecord, number>();

/**
 * The version for the next invocation. Shares are exact after few invocations already, where drawing lots would stray
 * by their square root.
 */
export function pickVersion(alias: AliasRecord): string {
  let position: number | undefined;
  for (const version in alias.weights) {
    position ??= nextPosition(alias);
    position -= alias.weights[version] ?? 0;
    if (position < 0) return version;
  }
  return alias.version;
}

function nextPosition(alias: AliasRecord): number {
  const position = ((positions.get(alias) ?? Math.random()) + STEP) % 1;
  positions.set(alias, position);
  return position;
}
