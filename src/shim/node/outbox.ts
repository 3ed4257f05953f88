/** What was said while the line was down, and what is not worth saying. */
import type { ShimMessage } from "../../protocol/shim-messages.ts";

export interface Outbox {
  keep(message: ShimMessage): void;
  /** Empties it, oldest first. The start of the invocation that `hello` has told of is left out. */
  take(told: string | undefined): readonly ShimMessage[];
  /** The inspector session is gone: what it said means nothing to the next one. */
  forgetCdp(): void;
  /** The function prints faster than the line carries it away. */
  isFlood(message: ShimMessage, backlogBytes: number): boolean;
}

const MAX_KEPT = 2000;
const MAX_BACKLOG_BYTES = 32 * 1024 * 1024;

export function createOutbox(): Outbox {
  let kept: ShimMessage[] = [];
  return {
    keep: (message) => {
      // A pause that lasts is announced again at the next welcome.
      if (methodOf(message) !== "Debugger.paused" && kept.length < MAX_KEPT) kept.push(message);
    },
    take: (told) => {
      const all = kept.filter((message) => message.type !== "invocation-started" || message.requestId !== told);
      kept = [];
      return all;
    },
    forgetCdp: () => {
      kept = kept.filter((message) => message.type !== "cdp");
    },
    isFlood: (message, backlogBytes) =>
      backlogBytes > MAX_BACKLOG_BYTES && methodOf(message) === "Runtime.consoleAPICalled",
  };
}

function methodOf(message: ShimMessage): unknown {
  return message.type === "cdp" ? message.payload["method"] : undefined;
}
