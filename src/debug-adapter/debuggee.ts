/** The state of one debug session. Handlers and event listeners work on it; the session class only routes. */
import type { DebugProtocol } from "@vscode/debugprotocol";
import type { InvocationInput } from "../core/invocation.ts";
import type { AttachConfiguration, LaunchConfiguration } from "../protocol/launch-configuration.ts";
import { type BreakpointTable, createBreakpointTable } from "./breakpoints/breakpoint-table.ts";
import type { DebugDeployment, DebugTarget } from "./debug-target.ts";
import type { Relay, RelaySession } from "./relay/sandbox-connection.ts";
import type { Sandbox } from "./sandbox.ts";
import { createSourceMaps, type SourceMaps } from "./sources/source-maps.ts";
import { createHandles, type Handles } from "./variables/handles.ts";

export interface AdapterOptions {
  readonly startRelay: (configuration: Configuration) => Promise<Relay>;
  /** How long an invocation may run before the user is told that no shim has connected, in milliseconds. */
  readonly shimSilentAfterMs: number;
  /** Whether the process lives on when a session ends, so that invocations may stay paused. */
  readonly outlivesSession: boolean;
}

/** What the client said in `initialize`. */
export interface ClientTraits {
  readonly linesStartAt1: boolean;
  readonly columnsStartAt1: boolean;
  readonly supportsProgress: boolean;
  readonly supportsInvalidated: boolean;
  readonly supportsMemoryEvent: boolean;
  /** It shows terminal styles in output. */
  readonly supportsAnsi: boolean;
}

/** Before `initialize`. */
const SILENT_CLIENT: ClientTraits = {
  linesStartAt1: true,
  columnsStartAt1: true,
  supportsProgress: false,
  supportsInvalidated: false,
  supportsMemoryEvent: false,
  supportsAnsi: false,
};

export type Configuration =
  | (LaunchConfiguration & { readonly request: "launch" })
  | (AttachConfiguration & { readonly request: "attach" });

/** Resolved from outside: `configurationDone`, the end of the session. */
export interface Gate {
  readonly passed: Promise<void>;
  readonly open: () => void;
}

/** The invocation that a launch began; a restart replaces it. */
export interface Run {
  readonly input: InvocationInput;
  readonly abort: AbortController;
}

/** What a data breakpoint can watch: a property of an object, or a variable of the module that a script is. */
export type DataTarget =
  | { readonly sandbox: Sandbox; readonly objectId: string; readonly name: string }
  | { readonly sandbox: Sandbox; readonly scriptId: string; readonly name: string };

export interface Debuggee {
  readonly target: DebugTarget;
  readonly options: AdapterOptions;
  notify: (event: DebugProtocol.Event) => void;
  readonly sandboxes: Map<number, Sandbox>;
  breakpoints: BreakpointTable;
  readonly handles: Handles;
  readonly sourceMaps: SourceMaps;
  /** The chosen filters, each with its condition; an empty one always holds. */
  exceptionFilters: Map<string, string>;
  /** Scripts that have no file on this machine, by DAP's sourceReference. */
  readonly scriptReferences: Map<number, { readonly sandbox: Sandbox; readonly scriptId: string }>;
  /** By DAP's data id. */
  readonly dataTargets: Map<string, DataTarget>;
  /** Data breakpoint id → where it watches. */
  readonly dataBreakpoints: Map<number, Sandbox>;
  readonly configured: Gate;
  /** What the client is shown the progress of, by DAP's progressId: aborted when it cancels that. */
  readonly progresses: Map<string, AbortController>;
  /** Ends the session when nobody has used it for long. */
  expiry: NodeJS.Timeout | undefined;
  /** Aborted when the session ends. */
  readonly lifetime: AbortController;
  client: ClientTraits;
  configuration: Configuration | undefined;
  relay: Relay | undefined;
  relaySession: RelaySession | undefined;
  /** By function, as the configuration names them. */
  readonly deployments: Map<string, DebugDeployment>;
  /** Settles, and never rejects, when no deployment is under way: only then is every build's source map known. */
  deploying: Promise<unknown>;
  run: Run | undefined;
  /** Invocations that were or may be stopped, where the stop policy counts them. */
  readonly stoppable: Set<string>;
  /** Whether any shim has ever connected. */
  heardShim: boolean;
  lastThreadId: number;
  /** Its client has left, and its paused invocations stay paused. */
  isSuspended: boolean;
  /** Set once: the end is the same for `disconnect`, `terminate` and a client that vanishes. */
  ending: Promise<void> | undefined;
}

export function createDebuggee(
  target: DebugTarget,
  options: AdapterOptions,
  notify: (event: DebugProtocol.Event) => void,
): Debuggee {
  return {
    target,
    options,
    notify,
    sandboxes: new Map(),
    breakpoints: createBreakpointTable(),
    handles: createHandles(),
    sourceMaps: createSourceMaps(),
    exceptionFilters: new Map(),
    scriptReferences: new Map(),
    dataTargets: new Map(),
    dataBreakpoints: new Map(),
    configured: createGate(),
    progresses: new Map(),
    expiry: undefined,
    lifetime: new AbortController(),
    client: SILENT_CLIENT,
    configuration: undefined,
    relay: undefined,
    relaySession: undefined,
    deployments: new Map(),
    deploying: Promise.resolve(),
    run: undefined,
    stoppable: new Set(),
    heardShim: false,
    lastThreadId: 0,
    isSuspended: false,
    ending: undefined,
  };
}

function createGate(): Gate {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { passed: promise, open: resolve };
}

/** Lines and columns as the client counts them; everywhere else in the adapter they count from 1. */
export function toClientPosition(
  { client }: Debuggee,
  { line1, column1 }: { readonly line1: number; readonly column1: number },
): { readonly line: number; readonly column: number } {
  return {
    line: client.linesStartAt1 ? line1 : line1 - 1,
    column: client.columnsStartAt1 ? column1 : column1 - 1,
  };
}

export function fromClientLine({ client }: Debuggee, line: number): number {
  return client.linesStartAt1 ? line : line + 1;
}

export function fromClientColumn({ client }: Debuggee, column: number): number {
  return client.columnsStartAt1 ? column : column + 1;
}
