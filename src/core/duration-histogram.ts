/** Durations in buckets of 2 %: what percentiles and tests of many invocations need, in a few hundred numbers. */

/** Buckets grow by this factor: a percentile is right to half of it. */
const GROWTH = 1.02;
const LOG_GROWTH = Math.log(GROWTH);

export const bucketOf = (durationMs: number): number => Math.round(Math.log(Math.max(durationMs, 0.001)) / LOG_GROWTH);
/** The middle of a bucket, in milliseconds. */
export const durationOf = (bucket: number): number => GROWTH ** bucket;
