/** The function's main thread, as a debugger in the worker sees it: CDP in, CDP out, and what the shim adds to it. */
import inspector from "node:inspector";
import { pathToFileURL } from "node:url";
import { type CallFrame, prefetchScopes } from "./prefetch.ts";

export type CdpPayload = Record<string, unknown>;

export interface CdpMessage {
  readonly type: "cdp";
  readonly payload: CdpPayload;
  readonly prefetched?: Record<string, CdpPayload>;
}

export interface InspectedThread {
  readonly paused: boolean;
  /** The pause that lasts right now, to be sent again. */
  readonly pausedMessage: CdpMessage | undefined;
  /** Runs commands in order; answers and events go to `emit`. */
  serve(payloads: readonly CdpPayload[]): void;
  /** Lets a paused thread run. `skipPauses`: nothing stops it until {@link liftSkip}. */
  resume(skipPauses: boolean): void;
  liftSkip(done: () => void): void;
  /** Removes all breakpoints, resumes, lets the inspector go. */
  release(): void;
}

interface State {
  readonly session: inspector.Session;
  /** Of the deployed code, with a slash at its end. */
  readonly rootUrl: string;
  readonly urls: Map<string, string>;
  readonly emit: (message: CdpMessage) => void;
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
  skipping: boolean;
}

interface Notification {
  readonly method: string;
  readonly params?: CdpPayload;
}

interface Paused {
  readonly callFrames: CallFrame[];
  readonly hitBreakpoints?: readonly string[];
}

type Done = (error: Error | null, result?: object) => void;

/** How long a pause may wait for its prefetched variables. */
const PREFETCH_MS = 250;
/** Node's loader alone takes thousands of steps: after so many the function runs on for a while, and is paused again. */
const MAX_HIDDEN_STEPS = 400;
const HIDDEN_REST_MS = 30;
const METHOD_NOT_FOUND = -32_601;
const INTERNAL_ERROR = -32_603;
/** The shim's own thread must never be paused: it is the one that answers. */
const refusedDomain = "NodeWorker.";
const shimUrl = /\/faasify-shim(-worker)?\.cjs$/;

/** Opens an inspector session on the main thread. Only a worker can. */
export function inspectMainThread(taskRoot: string, emit: (message: CdpMessage) => void): InspectedThread {
  const state: State = {
    session: new inspector.Session(),
    rootUrl: `${pathToFileURL(taskRoot).href}/`,
    urls: new Map(),
    emit,
    paused: undefined,
    pausedMessage: undefined,
    hidden: false,
    pauseWanted: false,
    hiddenSteps: 0,
    pauseTimer: undefined,
    skipping: false,
  };
  state.session.connectToMainThread();
  state.session.on("inspectorNotification", (message: unknown) => onNotification(state, message as Notification));
  return {
    get paused() {
      return state.paused !== undefined;
    },
    get pausedMessage() {
      return state.pausedMessage;
    },
    serve: (payloads) => {
      for (const payload of payloads) serveOne(state, payload);
    },
    resume: (skipPauses) => {
      state.skipping = skipPauses;
      state.pauseWanted = false;
      if (skipPauses) post(state, "Debugger.setSkipAllPauses", { skip: true });
      if (state.paused) post(state, "Debugger.resume");
    },
    liftSkip: (done) => {
      if (!state.skipping) return done();
      state.skipping = false;
      post(state, "Debugger.setSkipAllPauses", { skip: false }, () => done());
    },
    release: () => {
      state.pauseWanted = false;
      state.session.removeAllListeners();
      if (state.paused) post(state, "Debugger.resume");
      post(state, "Debugger.disable");
      post(state, "Runtime.disable");
      state.session.disconnect();
    },
  };
}

function post({ session }: State, method: string, params: object = {}, done?: Done): void {
  try {
    session.post(method, params, done);
  } catch (error) {
    done?.(error as Error);
  }
}

function onNotification(state: State, notification: Notification): void {
  const payload = { ...notification };
  switch (notification.method) {
    case "Debugger.scriptParsed":
      return onScript(state, payload);
    case "Debugger.paused":
      return void onPaused(state, notification.params as unknown as Paused);
    case "Debugger.resumed":
      return onResumed(state, payload);
    default:
      return state.emit({ type: "cdp", payload });
  }
}

function onScript(state: State, payload: Notification & CdpPayload): void {
  const { scriptId, url } = payload.params as { scriptId: string; url: string };
  state.urls.set(scriptId, url);
  if (!url.startsWith("node:") && !shimUrl.test(url)) state.emit({ type: "cdp", payload });
}

/**
 * Stepping out of the handler stops in Node's own queues, blackboxed or not: such a pause ends here, at once. So does a
 * pause that was asked for, but it goes on step by step: V8 would forget it, and the user's code may be next.
 */
async function onPaused(state: State, params: Paused): Promise<void> {
  for (const frame of params.callFrames) frame.url ||= state.urls.get(frame.location.scriptId) ?? "";
  const userFrame = params.callFrames.find((frame) => isUserCode(state, frame.url));
  state.hidden = userFrame === undefined && (params.hitBreakpoints ?? []).length === 0;
  if (state.hidden) return passBy(state);
  state.pauseWanted = false;
  clearTimeout(state.pauseTimer);
  state.hiddenSteps = 0;
  state.paused = params;
  const fetching = prefetchScopes(userFrame ?? params.callFrames[0], (...args) => post(state, ...args));
  const prefetched = await within(PREFETCH_MS, fetching);
  if (state.paused !== params) return;
  const payload = { method: "Debugger.paused", params };
  state.pausedMessage = prefetched ? { type: "cdp", payload, prefetched } : { type: "cdp", payload };
  state.emit(state.pausedMessage);
}

function passBy(state: State): void {
  state.hiddenSteps += 1;
  const goOn = state.pauseWanted && state.hiddenSteps <= MAX_HIDDEN_STEPS;
  if (!goOn) state.hiddenSteps = 0;
  post(state, goOn ? "Debugger.stepInto" : "Debugger.resume");
  if (state.pauseWanted) pauseAgain(state);
}

function wantPause(state: State): void {
  state.pauseWanted = true;
  pauseAgain(state);
}

/**
 * V8 sometimes forgets a pause that was asked for while nothing ran, and a step that ends where nothing called the
 * code; a rest needs a new pause anyway.
 */
function pauseAgain(state: State): void {
  clearTimeout(state.pauseTimer);
  state.pauseTimer = setTimeout(() => {
    if (state.pauseWanted) post(state, "Debugger.pause", {}, () => pauseAgain(state));
  }, HIDDEN_REST_MS).unref();
}

function onResumed(state: State, payload: CdpPayload): void {
  const wasHidden = state.hidden;
  state.hidden = false;
  state.paused = undefined;
  state.pausedMessage = undefined;
  if (!wasHidden) state.emit({ type: "cdp", payload });
}

function serveOne(state: State, { id, method, params }: CdpPayload): void {
  const answer = (result: CdpPayload): void => state.emit({ type: "cdp", payload: { id, ...result } });
  if (typeof method !== "string" || method.startsWith(refusedDomain)) {
    const message = `${String(method)} is not served by the debug shim`;
    return answer({ error: { code: METHOD_NOT_FOUND, message } });
  }
  if (method === "Debugger.pause") wantPause(state);
  const isBlackbox = method === "Debugger.setBlackboxPatterns";
  const own = isBlackbox ? blackbox(state, params) : ((params as object | undefined) ?? {});
  post(state, method, own, (error, result) => {
    answer(error ? { error: toCdpError(error) } : { result: result ?? {} });
  });
  if (method === "Debugger.enable") post(state, "Debugger.setBlackboxPatterns", blackbox(state));
}

function isUserCode({ rootUrl }: State, url: string): boolean {
  if (url.startsWith("node:") || url.startsWith(`${rootUrl}node_modules/`)) return false;
  return !url.startsWith("file:") || (url.startsWith(rootUrl) && !shimUrl.test(url));
}

/** Steps pass over Node's own code, the shim, packages beside the bundle and the platform's runtime; `params` are the adapter's: its patterns stay. */
function blackbox({ rootUrl }: State, params?: unknown): object {
  const root = rootUrl.slice("file://".length).replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  const own = ["^node:", shimUrl.source, `^file://(?!${root})`, `^file://${root}node_modules/`];
  const theirs = (params as { patterns?: string[] } | undefined)?.patterns ?? [];
  return { ...(params as object | undefined), patterns: [...own, ...theirs] };
}

/** Node puts CDP's code into the message: `Inspector error -32000: …`. */
function toCdpError({ message }: Error): { code: number; message: string } {
  const match = /^Inspector error (-?\d+): (.*)$/s.exec(message);
  return match ? { code: Number(match[1]), message: match[2] ?? "" } : { code: INTERNAL_ERROR, message };
}

async function within<T>(limitMs: number, promise: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), limitMs);
  });
  const result = await Promise.race([promise, limit]);
  clearTimeout(timer);
  return result;
}
