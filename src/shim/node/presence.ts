/**
 * Is there somebody at the other end? The worker notes it down in memory that the main thread reads at the start of an
 * invocation, at no cost: a developer who has closed the laptop must not hold anybody up.
 */

export interface Presence {
  /** By the wall clock: time in which the sandbox was frozen counts. */
  readonly heardMsAgo: number;
  /** Nobody has answered since it was last doubted. */
  readonly away: boolean;
}

/** Longer than a heartbeat and its answer take: after such a silence an invocation asks first. */
export const STALE_MS = 6500;

export const PRESENCE_BYTES = 16;

export function readPresence(cells: SharedArrayBuffer): Presence {
  const [heardAt = 0] = new Float64Array(cells, 0, 1);
  return { heardMsAgo: Date.now() - heardAt, away: Atomics.load(new Int32Array(cells, 8, 1), 0) === 1 };
}

export function noteHeard(cells: SharedArrayBuffer): void {
  new Float64Array(cells, 0, 1)[0] = Date.now();
}

export function noteAway(cells: SharedArrayBuffer, away: boolean): void {
  Atomics.store(new Int32Array(cells, 8, 1), 0, away ? 1 : 0);
}
