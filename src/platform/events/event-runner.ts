/** Runs one attempt of an event, and decides what follows: nothing, another attempt, a destination. */
import type { Log } from "../../core/log.ts";
import { pickVersion } from "../api/alias-routing.ts";
import { findVersion, type Catalogue } from "../api/catalogue.ts";
import type { Clock } from "../clock.ts";
import type { Outcome } from "../runtime/invocation.ts";
import type { Invoker } from "../runtime/invoker.ts";
import { functionArn, LATEST, type EventConfigRecord, type VersionRecord } from "../state/function-record.ts";
import type { EventDraft, QueuedEvent } from "../state/event-store.ts";
import {
  appendLine,
  deadLetter,
  destinationRecord,
  followUp,
  parseDestination,
  type Condition,
  type LastAttempt,
} from "./destinations.ts";
import type { EventRunner, Settled } from "./event-queue.ts";

export interface EventRunnerOptions {
  readonly catalogue: Catalogue;
  readonly invoker: Invoker;
  readonly clock: Clock;
  readonly log: Log;
  /** Files of queues and topics. */
  readonly queueFolder: string;
  /** Before the second attempt; before the third it is twice as long. */
  readonly retryDelayMs: number;
}

const DEFAULT_RETRIES = 2;
const DEFAULT_MAX_AGE_SECONDS = 21_600;
/** What is not the function's fault is tried again after 1, 2, 4 … seconds, until the event is too old. */
const FIRST_BACKOFF_MS = 1_000;
const MAX_BACKOFF_MS = 300_000;

/** An event on its way, with what its function says about events. */
interface Run {
  readonly event: QueuedEvent;
  readonly config: EventConfigRecord | undefined;
  readonly version: VersionRecord;
  readonly alias: string | undefined;
}

const done: Settled = { attempt: { kind: "done" }, followers: [] };

export function createEventRunner(options: EventRunnerOptions): EventRunner {
  /** Attempts that failed without the function's fault, of events on their way. */
  const backoffs = new Map<number, number>();

  const run = async (event: QueuedEvent): Promise<Settled> => {
    const found = findRun(options.catalogue, event);
    if (!found) {
      const { requestId, functionName, qualifier = LATEST } = event;
      options.log.warn(`Event ${requestId} is dropped: there is no ${functionName}:${qualifier} any more`);
      return done;
    }
    const condition = refusal(options, found);
    if (condition) return deliver(options, found, condition, undefined);
    options.invoker.metrics(event.functionName).addEventAge(options.clock.nowMs() - event.acceptedMs);
    const outcome = await invokeOnce(options.invoker, found);
    if (outcome && "body" in outcome) {
      backoffs.delete(event.id);
      return settle(options, found, outcome);
    }
    const before = backoffs.get(event.id) ?? 0;
    backoffs.set(event.id, before + 1);
    const delayMs = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** before);
    return { attempt: { kind: "again", delayMs, counted: false }, followers: [] };
  };

  return {
    hasRoom: (name) => options.invoker.hasRoom(name) || options.invoker.reservedConcurrency(name) === 0,
    run,
  };
}

function findRun(catalogue: Catalogue, event: QueuedEvent): Run | undefined {
  const record = catalogue.find(event.functionName);
  const alias = record?.aliases.find(({ name }) => name === event.qualifier);
  const version = record && findVersion(record, alias ? pickVersion(alias) : event.qualifier);
  if (!version) return undefined;
  return { event, version, alias: alias?.name, config: record.eventConfigs[event.qualifier ?? LATEST] };
}

/** Why it is not even tried. */
function refusal({ clock, invoker }: EventRunnerOptions, { event, config }: Run): Condition | undefined {
  if (invoker.reservedConcurrency(event.functionName) === 0) return "ZeroReservedConcurrency";
  const maxAgeMs = (config?.maxAgeSeconds ?? DEFAULT_MAX_AGE_SECONDS) * 1000;
  return clock.nowMs() - event.acceptedMs > maxAgeMs ? "EventAgeExceeded" : undefined;
}

/** Undefined when it was throttled after all. */
function invokeOnce(invoker: Invoker, { event, version, alias }: Run): Promise<Outcome | undefined> {
  return new Promise((resolve) => {
    const extras = {
      ...(event.clientContext !== undefined && { clientContext: event.clientContext }),
      ...(alias !== undefined && { invokedFunctionArn: functionArn(event.functionName, alias) }),
    };
    const throttled = invoker.invoke(event.functionName, version, {
      requestId: event.requestId,
      payload: event.payload,
      extras: Object.keys(extras).length > 0 ? extras : undefined,
      tail: undefined,
      waitingSince: 0,
      finish: resolve,
    });
    if (throttled) resolve(undefined);
  });
}

function settle(options: EventRunnerOptions, run: Run, outcome: Outcome & { body: Buffer }): Settled {
  const last: LastAttempt = {
    executedVersion: run.version.version,
    functionError: outcome.kind === "failure" ? "Unhandled" : undefined,
    payload: outcome.body,
  };
  if (outcome.kind === "result") return deliver(options, run, "Success", last);
  const { event, config } = run;
  if (event.attempts >= (config?.maxRetries ?? DEFAULT_RETRIES)) return deliver(options, run, "RetriesExhausted", last);
  const delayMs = options.retryDelayMs * (event.attempts + 1);
  return { attempt: { kind: "again", delayMs, counted: true }, followers: [] };
}

/** Hands an event that is through to where it belongs; that this fails is told in the log and holds nothing up. */
function deliver(
  options: EventRunnerOptions,
  { event, config, version }: Run,
  condition: Condition,
  last: LastAttempt | undefined,
): Settled {
  const nowMs = options.clock.nowMs();
  const followers: EventDraft[] = [];
  const send = (target: string, document: unknown): void => {
    const destination = parseDestination(target, options.queueFolder);
    try {
      if (typeof destination === "string") throw new Error(`the destination is ${destination}`);
      if (destination.kind === "file") appendLine(destination.file, document);
      else followers.push(followUp(destination, document));
    } catch (error) {
      options.log.warn(`Event ${event.requestId} of ${event.functionName} cannot be delivered to ${target}`, error);
    }
  };
  if (condition !== "Success") options.invoker.metrics(event.functionName).addEvent("eventsDropped");
  const target = condition === "Success" ? config?.onSuccess : config?.onFailure;
  if (target !== undefined) send(target, destinationRecord(event, condition, last, nowMs));
  if (condition !== "Success" && version.deadLetterArn !== undefined) {
    send(version.deadLetterArn, deadLetter(event, errorMessageOf(last) ?? condition));
  }
  return { attempt: { kind: "done" }, followers };
}

function errorMessageOf(last: LastAttempt | undefined): string | undefined {
  if (!last) return undefined;
  const { errorMessage } = JSON.parse(last.payload.toString()) as { readonly errorMessage?: unknown };
  return typeof errorMessage === "string" ? errorMessage : undefined;
}
