/** Reads from a function's log which invocations there were: its REPORT lines, and what the platform prints of failures. */
import type { Observation } from "../../core/observation.ts";
import type { LogEvent } from "../provider.ts";

/** As a filter pattern of CloudWatch Logs: the events that {@link readObservations} needs. */
export const OBSERVED_EVENTS = `?"REPORT RequestId" ?"Invoke Error" ?"Task timed out after" ?"Uncaught Exception" ?"Unhandled Promise Rejection" ?"Error: Runtime exited"`;

export interface ObservationRange {
  readonly sinceMs: number;
  /** Absent: of all versions. */
  readonly version?: string;
}

/** @param events - oldest first, with their streams */
export function readObservations(events: readonly LogEvent[], { sinceMs, version }: ObservationRange): Observation[] {
  const failed = new Set(events.flatMap(({ message }) => failureIn(message) ?? []));
  return events
    .flatMap((event) => (event.timestampMs < sinceMs ? [] : (observationIn(event, failed) ?? [])))
    .filter((observation) => version === undefined || observation.version === version);
}

const ID = "([0-9a-f]{8}-[0-9a-f-]{27})";
const FAILURES = [
  new RegExp(String.raw`\t${ID}\tERROR\t(?:Invoke Error|Uncaught Exception|Unhandled Promise Rejection)`),
  new RegExp(`${ID} Task timed out after`),
  new RegExp(`RequestId: ${ID} Error: Runtime exited`),
];

function failureIn(message: string): string | undefined {
  return FAILURES.map((pattern) => pattern.exec(message)?.[1]).find((id) => id !== undefined);
}

function observationIn(
  { message, timestampMs, stream }: LogEvent,
  failed: ReadonlySet<string>,
): Observation | undefined {
  // END and REPORT may be one event.
  const line = /^REPORT RequestId: (\S+)\t.*$/m.exec(message);
  const [text, requestId] = line ?? [];
  const durationMs = text === undefined ? undefined : numberIn(text, /\tDuration: ([\d.]+) ms/);
  if (text === undefined || requestId === undefined || durationMs === undefined) return undefined;
  const initMs = numberIn(text, /\tInit Duration: ([\d.]+) ms/);
  const maxMemoryMb = numberIn(text, /\tMax Memory Used: (\d+) MB/);
  return {
    requestId,
    endMs: timestampMs,
    version: /\[([^\]]+)\]/.exec(stream ?? "")?.[1] ?? "$LATEST",
    durationMs,
    ...(initMs !== undefined && { initMs }),
    ...(maxMemoryMb !== undefined && { maxMemoryMb }),
    failed: failed.has(requestId) || /\tStatus: (?:error|timeout)/.test(text),
  };
}

function numberIn(text: string, pattern: RegExp): number | undefined {
  const found = pattern.exec(text)?.[1];
  return found === undefined ? undefined : Number(found);
}
