/** The function's main thread, as a debugger in the worker sees it: CDP in, CDP out, and what the shim adds to it. */
import inspector from "node:inspector";
import { pathToFileURL } from "node:url";
import { SENSITIVE_WORDS } from "../../protocol/sensitive-names.ts";
import { createCommandLine, type Done } from "./command-line.ts";
import { wantsException } from "./exception-filter.ts";
import { serveOwn } from "./own-commands.ts";
import { type CallFrame, prefetchScopes } from "./prefetch.ts";
import { type AnswerAhead, type CdpAnswer, createReplay, type Params } from "./replay.ts";
import type { Ask, Inspected } from "./properties.ts";
import { createRedaction } from "./redaction.ts";
import type { CdpMessage, CdpPayload, Paused, ThreadState } from "./thread-state.ts";

export interface InspectedThread {
  readonly paused: boolean;
  /** The pause that lasts right now, to be sent again. */
  readonly pausedMessage: CdpMessage | undefined;
  /** The variables of the user's frames on the stack of the pause that lasts; what cannot be had soon is left out. */
  snapshot(): Promise<Record<string, CdpPayload>>;
  /** Runs commands in order; answers and events go to `emit`. */
  serve(payloads: readonly CdpPayload[]): void;
  /** Lets a paused thread run. `skipPauses`: nothing stops it until {@link enter}. */
  resume(skipPauses: boolean): void;
  /** Pauses that were skipped until now are no more; in a `free` stretch no breakpoint is even evaluated, and nothing is reported. */
  enter(stretch: "debugged" | "free", done: () => void): void;
  /** Code of the user's is also in this folder, from now on. */
  adopt(taskRoot: string): void;
  /** Answers ahead that nobody wants. */
  forget(ids: readonly number[]): void;
  /** Removes all breakpoints, resumes, lets the inspector go. */
  release(): void;
}

interface Notification {
  readonly method: string;
  readonly params?: CdpPayload;
}

/** How long a pause may wait for its prefetched variables. */
const PREFETCH_MS = 250;
/** More of a stack than this is too much for a console. */
const SNAPSHOT_FRAMES = 5;
/** Node's loader alone takes thousands of steps: after so many the function runs on for a while, and is paused again. */
const MAX_HIDDEN_STEPS = 400;
const HIDDEN_REST_MS = 30;
const METHOD_NOT_FOUND = -32_601;
const INTERNAL_ERROR = -32_603;
/** The shim's own thread must never be paused: it is the one that answers. */
const refusedDomain = "NodeWorker.";
/** Properties that data breakpoints watch become what they were. */
const UNWATCH = `globalThis[Symbol.for("faasify.watches")]?.forEach((unwatch) => unwatch())`;
const shimUrl = /\/faasify-shim(-worker)?\.cjs$/;

/**
 * Opens an inspector session on the main thread. Only a worker can.
 *
 * @param abort - ends the process, if this invocation still runs in it
 */
export function inspectMainThread(
  taskRoot: string,
  emit: (message: CdpMessage) => void,
  abort: (requestId: string) => boolean,
): InspectedThread {
  const session = new inspector.Session();
  const state: ThreadState = {
    session,
    commands: createCommandLine((...command) => session.post(...command)),
    rootUrls: [urlOf(taskRoot)],
    urls: new Map(),
    emit,
    replay: createReplay(),
    abort,
    redaction: createRedaction(SENSITIVE_WORDS),
    exceptionConditions: {},
    step: undefined,
    paused: undefined,
    pausedMessage: undefined,
    hidden: false,
    pauseWanted: false,
    hiddenSteps: 0,
    pauseTimer: undefined,
    skips: new Set(),
    muted: false,
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
    snapshot: () => takeSnapshot(state),
    serve: (payloads) => {
      for (const payload of payloads) serveOne(state, payload);
    },
    resume: (skipPauses) => {
      state.pauseWanted = false;
      if (skipPauses) setSkip(state, "deadline", true);
      if (state.paused) post(state, "Debugger.resume");
    },
    enter: (stretch, done) => enter(state, stretch === "free", done),
    adopt: (root) => {
      if (!state.rootUrls.includes(urlOf(root))) state.rootUrls.push(urlOf(root));
    },
    forget: (ids) => state.replay.forget(ids),
    release: () => release(state),
  };
}

function release(state: ThreadState): void {
  state.pauseWanted = false;
  state.commands.flush();
  state.session.removeAllListeners();
  post(state, "Runtime.evaluate", { expression: UNWATCH, silent: true });
  if (state.paused) post(state, "Debugger.resume");
  post(state, "Debugger.disable");
  post(state, "Runtime.disable");
  state.session.disconnect();
}

function post({ commands }: ThreadState, method: string, params: object = {}, done?: Done): void {
  commands.post(method, params, done);
}

function enter(state: ThreadState, free: boolean, done: () => void): void {
  if (!state.skips.has("deadline") && state.skips.has("free") === free) return done();
  state.skips.delete("deadline");
  if (!free) state.muted = false;
  post(state, "Debugger.setBreakpointsActive", { active: !free });
  // What was printed before arrives before this is done.
  setSkip(state, "free", free, () => {
    state.muted = state.skips.has("free");
    done();
  });
}

function setSkip(state: ThreadState, why: "deadline" | "free" | "adapter", skip: boolean, done?: Done): void {
  if (skip) state.skips.add(why);
  else state.skips.delete(why);
  post(state, "Debugger.setSkipAllPauses", { skip: state.skips.size > 0 }, done);
}

function onNotification(state: ThreadState, notification: Notification): void {
  const payload = { ...notification };
  switch (notification.method) {
    case "Debugger.scriptParsed":
      return onScript(state, payload);
    case "Debugger.paused":
      state.commands.setPaused(true);
      return void onPaused(state, notification.params as unknown as Paused);
    case "Debugger.resumed":
      state.commands.setPaused(false);
      return onResumed(state, payload);
    default:
      if (state.muted && notification.method === "Runtime.consoleAPICalled") return undefined;
      state.redaction.event(notification.method, payload.params);
      return state.emit({ type: "cdp", payload });
  }
}

function onScript(state: ThreadState, payload: Notification & CdpPayload): void {
  const { scriptId, url } = payload.params as { scriptId: string; url: string };
  state.urls.set(scriptId, url);
  if (!url.startsWith("node:") && !shimUrl.test(url)) state.emit({ type: "cdp", payload });
}

/**
 * Stepping out of the handler stops in Node's own queues, blackboxed or not: such a pause ends here, at once. So does a
 * pause that was asked for, but it goes on step by step: V8 would forget it, and the user's code may be next.
 */
async function onPaused(state: ThreadState, params: Paused): Promise<void> {
  for (const frame of params.callFrames) frame.url ||= state.urls.get(frame.location.scriptId) ?? "";
  // The accessors of data breakpoints are nobody's code.
  const userFrame = params.callFrames.find(
    ({ url, functionName = "" }) => isUserCode(state, url) && !functionName.startsWith("faasifyWatch"),
  );
  state.hidden = userFrame === undefined && (params.hitBreakpoints ?? []).length === 0;
  if (state.hidden) return passBy(state);
  state.paused = params;
  const isWanted = await wantsException(asker(state), state.exceptionConditions, params).catch(() => true);
  if (state.paused !== params) return;
  if (!isWanted) return passException(state, params);
  await announce(state, params, userFrame ?? params.callFrames[0]);
}

/** The pause is one for the user. */
async function announce(state: ThreadState, params: Paused, frame: CallFrame | undefined): Promise<void> {
  state.pauseWanted = false;
  clearTimeout(state.pauseTimer);
  state.hiddenSteps = 0;
  const ahead = await fetchAhead(state, frame);
  if (state.paused !== params) return;
  state.step = undefined;
  state.redaction.event("Debugger.paused", params);
  state.pausedMessage = { type: "cdp", payload: { method: "Debugger.paused", params }, ...ahead };
  state.emit(state.pausedMessage);
}

/** What the debugger will ask for, as far as it can be had soon. */
async function fetchAhead(
  state: ThreadState,
  frame: CallFrame | undefined,
): Promise<Pick<CdpMessage, "prefetched" | "answers">> {
  const answers: AnswerAhead[] = [];
  const late = new AbortController();
  let prefetched: Record<string, CdpPayload> | undefined;
  const fetching = (async () => {
    const scopes = await prefetchScopes(frame, inspectedBy(state));
    prefetched = withoutSecrets(state, scopes);
    state.replay.begin(frame?.callFrameId, prefetched);
    await state.replay.run((method, params) => ask(state, method, params), answers, late.signal);
  })();
  await within(PREFETCH_MS, fetching);
  late.abort();
  return { ...(prefetched && { prefetched }), ...(answers.length > 0 && { answers }) };
}

/** As if the debugger had asked: what the shim serves itself, too, and without secrets. */
async function ask(state: ThreadState, method: string, params: Params): Promise<CdpAnswer> {
  const asked = serveOwn(hostOf(state), method, params) ?? asker(state)(method, params);
  return asked.then(
    (result) => answerOf(state, { method, params }, { error: null, result }),
    (error: Error) => answerOf(state, { method, params }, { error, result: {} }),
  );
}

function answerOf(
  state: ThreadState,
  { method, params }: { readonly method: string; readonly params: unknown },
  { error, result }: { readonly error: Error | null; readonly result: object },
): CdpAnswer {
  if (error) return { error: toCdpError(error) };
  state.redaction.answer(method, params, result);
  return { result: { ...result } };
}

function withoutSecrets(state: ThreadState, scopes: Record<string, CdpPayload>): Record<string, CdpPayload> {
  for (const properties of Object.values(scopes)) state.redaction.answer("Runtime.getProperties", {}, properties);
  return scopes;
}

async function takeSnapshot(state: ThreadState): Promise<Record<string, CdpPayload>> {
  const frames = (state.paused?.callFrames ?? []).filter(({ url }) => isUserCode(state, url)).slice(0, SNAPSHOT_FRAMES);
  const fetching = Promise.all(frames.map((frame) => prefetchScopes(frame, inspectedBy(state))));
  return withoutSecrets(state, Object.assign({}, ...((await within(PREFETCH_MS, fetching)) ?? [])));
}

function passBy(state: ThreadState): void {
  state.hiddenSteps += 1;
  const goOn = state.pauseWanted && state.hiddenSteps <= MAX_HIDDEN_STEPS;
  if (!goOn) state.hiddenSteps = 0;
  post(state, goOn ? "Debugger.stepInto" : "Debugger.resume");
  if (state.pauseWanted) pauseAgain(state);
}

/** An exception that is not wanted must not end the step that met it. */
function passException(state: ThreadState, { callFrames }: Paused): void {
  const { step } = state;
  state.hidden = true;
  if (!step) return post(state, "Debugger.resume");
  post(state, callFrames.length > step.depth ? "Debugger.stepOut" : step.method);
}

/** The same as a promise, for what takes several commands. */
function asker(state: ThreadState): Ask {
  return (method, params) =>
    new Promise((resolve, reject) => {
      post(state, method, params, (error, result) => (error ? reject(error) : resolve({ ...result })));
    });
}

function wantPause(state: ThreadState): void {
  state.pauseWanted = true;
  pauseAgain(state);
}

/**
 * V8 sometimes forgets a pause that was asked for while nothing ran, and a step that ends where nothing called the
 * code; a rest needs a new pause anyway.
 */
function pauseAgain(state: ThreadState): void {
  clearTimeout(state.pauseTimer);
  state.pauseTimer = setTimeout(() => {
    if (state.pauseWanted) post(state, "Debugger.pause", {}, () => pauseAgain(state));
  }, HIDDEN_REST_MS).unref();
}

function onResumed(state: ThreadState, payload: CdpPayload): void {
  const wasHidden = state.hidden;
  state.hidden = false;
  state.paused = undefined;
  state.pausedMessage = undefined;
  if (!wasHidden) state.emit({ type: "cdp", payload });
}

function serveOne(state: ThreadState, { id, method, params }: CdpPayload): void {
  const answer = (result: CdpPayload): void => state.emit({ type: "cdp", payload: { id, ...result } });
  if (typeof method !== "string" || method.startsWith(refusedDomain)) {
    const message = `${String(method)} is not served by the debug shim`;
    return answer({ error: { code: METHOD_NOT_FOUND, message } });
  }
  const settle = (error: Error | null, result: object = {}): void => {
    const answered = answerOf(state, { method, params }, { error, result });
    if (state.paused) state.replay.learn(method, { ...(params as object | undefined) }, answered);
    answer(answered);
  };
  const own = serveOwn(hostOf(state), method, params);
  if (own) return void own.then((result) => settle(null, result), settle);
  if (method === "Debugger.setSkipAllPauses") {
    const skip = (params as { skip?: unknown } | undefined)?.skip === true;
    return setSkip(state, "adapter", skip, settle);
  }
  prepare(state, method);
  const isBlackbox = method === "Debugger.setBlackboxPatterns";
  const changed = isBlackbox ? blackbox(state, params) : ((params as object | undefined) ?? {});
  post(state, method, changed, settle);
  if (method === "Debugger.enable") post(state, "Debugger.setBlackboxPatterns", blackbox(state));
}

/** What a command means for what comes after it. */
function prepare(state: ThreadState, method: string): void {
  if (method === "Debugger.pause") wantPause(state);
  if (/^Debugger\.step(Into|Over|Out)$/.test(method)) {
    state.step = { method, depth: state.paused?.callFrames.length ?? 0 };
  } else if (method === "Debugger.resume") {
    state.step = undefined;
  }
}

function inspectedBy(state: ThreadState): Inspected {
  return { ask: asker(state), frame: state.paused?.callFrames[0]?.callFrameId };
}

function hostOf(state: ThreadState): Parameters<typeof serveOwn>[0] {
  return {
    ...inspectedBy(state),
    configure: ({ redact, exceptionConditions }) => {
      state.redaction = createRedaction(redact);
      state.exceptionConditions = exceptionConditions;
    },
    abort: state.abort,
  };
}

function urlOf(taskRoot: string): string {
  return `${pathToFileURL(taskRoot).href}/`;
}

function isUserCode({ rootUrls }: ThreadState, url: string): boolean {
  if (url.startsWith("node:")) return false;
  if (!url.startsWith("file:")) return true;
  const root = rootUrls.find((candidate) => url.startsWith(candidate));
  return root !== undefined && !url.startsWith(`${root}node_modules/`) && !shimUrl.test(url);
}

/** Steps pass over Node's own code, the shim, packages beside the bundle and the platform's runtime; `params` are the adapter's: its patterns stay. */
function blackbox({ rootUrls }: ThreadState, params?: unknown): object {
  const patterns = rootUrls.map((url) =>
    url.slice("file://".length).replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`),
  );
  const roots = patterns.join("|");
  const own = ["^node:", shimUrl.source, `^file://(?!${roots})`, `^file://(?:${roots})node_modules/`];
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
