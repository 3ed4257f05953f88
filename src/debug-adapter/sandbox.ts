/** One live sandbox of the debugged function: a thread of the debug session. */
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { Protocol } from "devtools-protocol";
import { type CdpClient, createCdpClient } from "./cdp/cdp-client.ts";
import type { Debuggee } from "./debuggee.ts";
import type { SandboxConnection } from "./relay/sandbox-connection.ts";
import { escapeRegExp } from "./sources/skip-files.ts";

export interface Script {
  readonly scriptId: string;
  readonly url: string;
  /** It is the function's bundle: the source map of its build describes it. */
  readonly isBundle: boolean;
  /** The build that the sandbox ran when it loaded the script. */
  readonly buildId: string;
}

/** The code that a sandbox runs from its next invocation on. */
export interface SandboxCode {
  readonly buildId: string;
  /** Script urls below it are the function's. */
  readonly taskRoot: string;
}

/** What is known while the sandbox's main thread is paused. */
export interface Pause {
  /** The thread stands in an accessor of a data breakpoint, above `frames`. */
  readonly isInWatch: boolean;
  readonly frames: readonly Protocol.Debugger.CallFrame[];
  readonly asyncStack: Protocol.Runtime.StackTrace | undefined;
  readonly exception: Protocol.Runtime.RemoteObject | undefined;
  /** objectId → own properties, fetched in the sandbox; emptied once something was changed. */
  readonly prefetched: Map<string, Protocol.Runtime.GetPropertiesResponse>;
  /** A variable may have another value than when it was stopped: V8's scope objects are copies made at the stop. */
  changed: boolean;
  /** What the function that a step left has returned. */
  readonly returned: Returned | undefined;
  /** Ids of `frames`, in the same order; given when first asked for. */
  frameIds: readonly number[] | undefined;
}

/** When the shim resumes a paused function, because the platform would end it soon after. */
export interface Deadline {
  readonly resumesAtMs: number;
  readonly warnAtMs: number;
}

export interface Returned {
  readonly functionName: string;
  readonly value: Protocol.Runtime.RemoteObject;
}

/** Why the main thread will pause next, as far as the user asked for it. */
export type Intent = "none" | "step" | "pause";

export type StepCommand = "Debugger.stepInto" | "Debugger.stepOut" | "Debugger.stepOver";

/** What the step under way still has to do when the thread pauses. */
export type StepPlan =
  /** Go on until the line is another one. */
  | { readonly kind: "leave-line"; readonly command: StepCommand; readonly line: string; readonly depth: number }
  /** Go into the call at `at` of a frame of this depth, and out again of the calls that come before it. */
  | { readonly kind: "into"; readonly at: string; readonly depth: number }
  /** One more command, at this place (`scriptId:line:column`) or wherever it pauses. */
  | { readonly kind: "then"; readonly command: StepCommand; readonly at?: string };

export interface Sandbox {
  /** Of the debug session; never used twice. */
  readonly threadId: number;
  readonly connection: SandboxConnection;
  readonly cdp: CdpClient;
  /** Replaced by a hot deploy. */
  code: SandboxCode;
  /** Settles, and never rejects, when the breakpoints are set in it. */
  admission: Promise<void>;
  readonly scripts: Map<string, Script>;
  /** Breakpoint id → V8's breakpoint ids: a function's name may stand for several places. */
  readonly armed: Map<number, readonly string[]>;
  /** Data breakpoint on a variable → V8's breakpoints. */
  readonly variableWatches: Map<number, readonly string[]>;
  /** The helper that takes snapshots is in the function. */
  takesSnapshots: boolean;
  /** Locations that V8 reported before its answer told which breakpoint they belong to. */
  readonly resolvedEarly: Map<string, Protocol.Debugger.Location>;
  /** The epoch of the shim's V8 session that `armed` belongs to. */
  epoch: number;
  requestId: string | undefined;
  /** Of the invocation in flight. */
  deadline: Deadline | undefined;
  /** Warns while the pause lasts. */
  deadlineWatch: Disposable | undefined;
  pause: Pause | undefined;
  /** Its connection is new, and it has not yet announced again that it is paused. */
  isResyncing: boolean;
  intent: Intent;
  plan: StepPlan | undefined;
  /** Of the step under way. */
  returned: Returned | undefined;
  /** DAP's step-in targets of this pause. */
  stepTargets: ReadonlyMap<number, Protocol.Debugger.Location>;
  /** Steps made in a row to leave code that is not the user's. */
  autoSteps: number;
  entryBreakpoint: string | undefined;
  /** The invocation that has already stopped at the function's first line. */
  enteredRequest: string | undefined;
  /** Its invocation was given up (restart): it runs to its end without stopping. */
  abandoned: boolean;
}

export function createSandbox(threadId: number, connection: SandboxConnection): Sandbox {
  return {
    threadId,
    connection,
    cdp: createCdpClient(connection),
    code: codeIn(connection.hello),
    admission: Promise.resolve(),
    scripts: new Map(),
    armed: new Map(),
    variableWatches: new Map(),
    takesSnapshots: false,
    resolvedEarly: new Map(),
    epoch: connection.hello.epoch,
    requestId: connection.hello.invocation?.requestId,
    deadline: undefined,
    deadlineWatch: undefined,
    pause: undefined,
    isResyncing: false,
    intent: "none",
    plan: undefined,
    returned: undefined,
    stepTargets: new Map(),
    autoSteps: 0,
    entryBreakpoint: undefined,
    enteredRequest: undefined,
    abandoned: false,
  };
}

export function codeIn({ buildId, taskRoot }: SandboxCode): SandboxCode {
  return { buildId, taskRoot };
}

/** As the configuration names it; undefined before its source map is known. */
export function functionOf({ sourceMaps }: Debuggee, { code }: Sandbox): string | undefined {
  return sourceMaps.functionOf(code.buildId);
}

/** Without the file. */
export function shortName(name: string): string {
  return name.split("#").at(-1) ?? name;
}

/** @returns what people call an invocation: the function, and the request */
export function invocationName(debuggee: Debuggee, sandbox: Sandbox): string {
  const { connection, requestId } = sandbox;
  const name = shortName(functionOf(debuggee, sandbox) ?? connection.hello.functionName);
  return `${name} · ${requestId?.slice(0, 8) ?? "idle"}`;
}

/** The invocation, and what is left of its pause. */
export function threadName(debuggee: Debuggee, sandbox: Sandbox): string {
  const { pause, deadline } = sandbox;
  const left = pause && deadline ? ` · ${timeLeft(deadline.resumesAtMs - performance.now())}` : "";
  return invocationName(debuggee, sandbox) + left;
}

function timeLeft(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  return seconds >= 120 ? `${Math.round(seconds / 60)} min left` : `${seconds} s left`;
}

/** The one script that is described by the source map (ARCHITECTURE: "What travels in an artifact"). */
const BUNDLE_URL = /[/\\]index\.[cm]?js(\?.*)?$/;

/**
 * For `Debugger.setBreakpointByUrl`. V8 names a breakpoint by its pattern and place, and refuses a second one of the
 * same name: the prefix, which matches anything, makes names differ. Packages that lie beside the bundle have files of
 * its name, too.
 */
export function bundlePattern(breakpointId: number, taskRoot: string): string {
  const root = taskRoot.split("\\").join("/").replace(/\/$/, "");
  const roots = [...new Set([root, encodeURI(root)])].map(escapeRegExp).join("|");
  return `(?:){${breakpointId}}(?:${roots})${BUNDLE_URL.source}`;
}

export function isBundleUrl(url: string, taskRoot: string): boolean {
  if (!BUNDLE_URL.test(url)) return false;
  const file = url.startsWith("file:") ? fileURLToPath(url) : url;
  return path.resolve(path.dirname(file)) === path.resolve(taskRoot);
}
