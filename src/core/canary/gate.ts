/**
 * Decides whether a canary is worse than what it is to replace.
 *
 * It looks several times, and each look is another chance for bad luck: so the chance of a false alarm is divided among
 * the looks beforehand (alpha spending by Bonferroni's inequality, which asks for no independence). Half of it is kept
 * for the last look, which sees most. That they are due by the clock and not by what was seen is what makes it right.
 */
import { errorsP, latencyP } from "./tests.ts";
import type { Stratum } from "./traffic.ts";

/** Of all canaries that are as good as the version before, at most this share is rolled back. */
export const FALSE_ROLLBACKS = 0.02;
/** Each of the two tests may spend half. */
const FALSE_ALARMS_PER_TEST = FALSE_ROLLBACKS / 2;
const KEPT_FOR_LAST_LOOK = 0.5;
/** In a whole schedule, if its steps are no more. */
const LOOKS = 20;

/** A canary may be slower by this share, or by so many milliseconds: a fresh process's code is not yet compiled. */
const TOLERATED_SHARE = 0.05;
const TOLERATED_MS = 1;

export interface GateReading {
  /** The smaller, the less can it be chance that the canary fails more often. */
  readonly errorsP: number;
  /** The same for its being slower by more than is tolerated. */
  readonly latencyP: number;
  /** At or below this it was no chance. */
  readonly threshold: number;
  /** Why to roll back; undefined while nothing speaks for it. */
  readonly worse?: "errors" | "latency";
}

/** Every step is looked at equally often. */
export function looksPerStep(steps: number): number {
  return Math.max(1, Math.round(LOOKS / steps));
}

/** @param look - from 1 to `looks` */
export function readGate(strata: readonly Stratum[], look: number, looks: number): GateReading {
  const threshold = thresholdOf(look, looks);
  const reading = {
    errorsP: errorsP(strata),
    latencyP: latencyP(strata, (ms) => Math.max(ms * (1 + TOLERATED_SHARE), ms + TOLERATED_MS)),
    threshold,
  };
  if (reading.errorsP <= threshold) return { ...reading, worse: "errors" };
  return reading.latencyP <= threshold ? { ...reading, worse: "latency" } : reading;
}

function thresholdOf(look: number, looks: number): number {
  if (looks === 1) return FALSE_ALARMS_PER_TEST;
  return look === looks
    ? FALSE_ALARMS_PER_TEST * KEPT_FOR_LAST_LOOK
    : (FALSE_ALARMS_PER_TEST * (1 - KEPT_FOR_LAST_LOOK)) / (looks - 1);
}
