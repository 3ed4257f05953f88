/** Injected, so that tests decide what time it is. */
export interface Clock {
  /** Milliseconds since the epoch. */
  nowMs(): number;
}

export const systemClock: Clock = { nowMs: () => Date.now() };

/** Whole milliseconds since the epoch as the process's start saw them: goes on evenly when the system's clock is set. */
export const steadyClock: Clock = { nowMs: () => Math.floor(performance.timeOrigin + performance.now()) };
