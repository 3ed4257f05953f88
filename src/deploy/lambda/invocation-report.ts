/** Reads what the platform says of an invocation in its log: `REPORT RequestId: …\tDuration: 1.23 ms\t…`. */

export interface InvocationReport {
  readonly requestId?: string;
  /** In milliseconds, without initialisation. */
  readonly durationMs?: number;
  readonly coldStart: boolean;
}

export function readReport(log: readonly string[]): InvocationReport {
  const line = log.findLast((text) => text.startsWith("REPORT RequestId:")) ?? "";
  const requestId = /^REPORT RequestId: (\S+)/.exec(line)?.[1];
  const duration = /\sDuration: ([\d.]+) ms/.exec(line)?.[1];
  return {
    ...(requestId !== undefined && { requestId }),
    ...(duration !== undefined && { durationMs: Number(duration) }),
    coldStart: /\bInit Duration: /.test(line),
  };
}

/** Decodes the tail of the log that comes with an answer. */
export function readLogTail(base64: string | undefined): readonly string[] {
  const text = Buffer.from(base64 ?? "", "base64").toString("utf8");
  return text.split("\n").filter((line) => line !== "");
}

/** Does the log begin where the invocation began? */
export function isWhole(log: readonly string[]): boolean {
  return log.length === 0 || log.some((line) => line.startsWith("START RequestId: "));
}

/**
 * Picks one invocation's lines out of the function's log: from its START to its REPORT, if both are there. Another
 * invocation that ran at the same time may have lines in between; they stay.
 */
export function linesOf(log: readonly string[], requestId: string): readonly string[] | undefined {
  const start = log.findIndex((line) => line.startsWith(`START RequestId: ${requestId}`));
  const report = log.findIndex((line) => line.startsWith(`REPORT RequestId: ${requestId}`));
  if (start === -1 || report < start) return undefined;
  return log.slice(start, report + 1).filter((line) => line !== "");
}
