/** Schedules: at their times they put events for their functions into the queue. What was missed is not made up for. */
import { randomUUID } from "node:crypto";
import * as v from "valibot";
import type { Clock } from "../clock.ts";
import { ACCOUNT, REGION } from "../state/function-record.ts";
import type { Collection } from "../state/state-store.ts";
import type { EventQueue } from "./event-queue.ts";
import { nextTimeMs, parseTiming } from "./schedule-time.ts";

export const scheduleSchema = v.object({
  name: v.string(),
  expression: v.string(),
  timezone: v.string(),
  enabled: v.boolean(),
  description: v.optional(v.string()),
  /** Times in milliseconds since the epoch. */
  startMs: v.optional(v.number()),
  endMs: v.optional(v.number()),
  deleteWhenDone: v.boolean(),
  /** The rule of EventBridge that it belongs to. Missing: a schedule of its own. */
  ruleArn: v.optional(v.string()),
  target: v.object({
    functionName: v.string(),
    qualifier: v.optional(v.string()),
    /** As it was given. */
    arn: v.string(),
    roleArn: v.optional(v.string()),
    /** JSON text. */
    input: v.optional(v.string()),
  }),
  createdMs: v.number(),
  modifiedMs: v.number(),
});

export type ScheduleRecord = Readonly<v.InferOutput<typeof scheduleSchema>>;

/** setTimeout takes no more. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export const scheduleArn = (name: string): string => `arn:aws:scheduler:${REGION}:${ACCOUNT}:schedule/default/${name}`;

export interface SchedulesOptions {
  readonly collection: Collection<ScheduleRecord>;
  readonly queue: Pick<EventQueue, "accept">;
  readonly clock: Clock;
  readonly onProblem: (error: unknown) => void;
}

export class Schedules {
  readonly #options: SchedulesOptions;
  readonly #schedules: Map<string, ScheduleRecord>;
  readonly #timers = new Map<string, NodeJS.Timeout>();

  constructor(options: SchedulesOptions) {
    this.#options = options;
    this.#schedules = new Map(options.collection.all().map((schedule) => [schedule.name, schedule]));
    for (const schedule of this.#schedules.values()) this.#wait(schedule);
  }

  /** Those of their own, in the order of their names. */
  all(): ScheduleRecord[] {
    const own = [...this.#schedules.values()].filter(({ ruleArn }) => ruleArn === undefined);
    return own.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  get(name: string): ScheduleRecord | undefined {
    return this.#schedules.get(name);
  }

  save(schedule: ScheduleRecord): void {
    this.#options.collection.save(schedule.name, schedule);
    this.#schedules.set(schedule.name, schedule);
    this.#wait(schedule);
  }

  delete(name: string): void {
    this.#options.collection.delete(name);
    this.#schedules.delete(name);
    this.#clear(name);
  }

  close(): void {
    for (const name of this.#timers.keys()) this.#clear(name);
  }

  #clear(name: string): void {
    clearTimeout(this.#timers.get(name));
    this.#timers.delete(name);
  }

  #wait(schedule: ScheduleRecord): void {
    this.#clear(schedule.name);
    const nowMs = this.#options.clock.nowMs();
    const nextMs = schedule.enabled ? nextOf(schedule, nowMs) : undefined;
    if (nextMs === undefined) return;
    const delayMs = Math.min(MAX_TIMER_MS, nextMs - nowMs);
    const timer = setTimeout(() => this.#wake(schedule, nextMs), delayMs);
    this.#timers.set(schedule.name, timer);
  }

  #wake(schedule: ScheduleRecord, dueMs: number): void {
    if (this.#options.clock.nowMs() < dueMs) return this.#wait(schedule);
    const { functionName, qualifier, input } = schedule.target;
    const event = {
      requestId: randomUUID(),
      functionName,
      qualifier,
      payload: Buffer.from(input ?? JSON.stringify(defaultInput(schedule, dueMs))),
      clientContext: undefined,
    };
    this.#options.queue.accept(event).catch(this.#options.onProblem);
    const isOver = nextOf(schedule, dueMs) === undefined;
    if (isOver && schedule.deleteWhenDone) this.delete(schedule.name);
    else this.#wait(schedule);
  }
}

function nextOf(
  { expression, timezone, startMs, endMs, createdMs }: ScheduleRecord,
  nowMs: number,
): number | undefined {
  const timing = parseTiming(expression, timezone);
  if (typeof timing === "string") return undefined;
  const nextMs = nextTimeMs(timing, startMs ?? createdMs, nowMs);
  return nextMs !== undefined && endMs !== undefined && nextMs > endMs ? undefined : nextMs;
}

function defaultInput(schedule: ScheduleRecord, dueMs: number): unknown {
  return {
    version: "0",
    id: randomUUID(),
    "detail-type": "Scheduled Event",
    source: schedule.ruleArn === undefined ? "aws.scheduler" : "aws.events",
    account: ACCOUNT,
    time: new Date(dueMs).toISOString().replace(/\.\d{3}/, ""),
    region: REGION,
    resources: [schedule.ruleArn ?? scheduleArn(schedule.name)],
    // A text in the one, an object in the other: so do their models.
    detail: schedule.ruleArn === undefined ? "{}" : {},
  };
}
