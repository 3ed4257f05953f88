/** What the shim knows of the function's main thread. */
import type inspector from "node:inspector";
import type { ShimSettings } from "../../protocol/shim-commands.ts";
import type { CommandLine } from "./command-line.ts";
import type { CallFrame } from "./prefetch.ts";
import type { Redaction } from "./redaction.ts";
import type { AnswerAhead, Replay } from "./replay.ts";

export type CdpPayload = Record<string, unknown>;

export interface CdpMessage {
  readonly type: "cdp";
  readonly payload: CdpPayload;
  readonly prefetched?: Record<string, CdpPayload>;
  readonly answers?: AnswerAhead[];
}

export interface Paused {
  readonly callFrames: (CallFrame & { readonly callFrameId: string })[];
  readonly hitBreakpoints?: readonly string[];
  readonly reason?: string;
  readonly data?: unknown;
}

export interface ThreadState {
  readonly session: inspector.Session;
  readonly commands: CommandLine;
  /** Of all code that was ever in this process: urls of its folders, with a slash at the end. The latest is the last. */
  readonly rootUrls: string[];
  readonly urls: Map<string, string>;
  readonly emit: (message: CdpMessage) => void;
  readonly replay: Replay;
  /** Ends the process, if this invocation still runs in it. */
  readonly abort: (requestId: string) => boolean;
  redaction: Redaction;
  exceptionConditions: ShimSettings["exceptionConditions"];
  /** The step that is under way, and the depth of the stack where it began. */
  step: { readonly method: string; readonly depth: number } | undefined;
  paused: Paused | undefined;
  pausedMessage: CdpMessage | undefined;
  /** It is paused, but nobody is told: there is no code of the user on the stack. */
  hidden: boolean;
  /** The debugger asked for a pause, and no code of the user has run since. */
  pauseWanted: boolean;
  /** Steps made in a row through code that is not the user's. */
  hiddenSteps: number;
  /** Asks for the pause again. */
  pauseTimer: NodeJS.Timeout | undefined;
  /** Why nothing stops: the platform's limit is near, the invocation is nobody's, the adapter wants it so. */
  readonly skips: Set<"deadline" | "free" | "adapter">;
  /** What the function prints is not the debugger's business. */
  muted: boolean;
}
