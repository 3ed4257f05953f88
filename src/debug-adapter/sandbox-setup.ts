/** From a shim's `hello` to a sandbox that runs with the user's breakpoints in it. */
import type { Protocol } from "devtools-protocol";
import { describeError } from "../core/errors.ts";
import type { ShimMessage } from "../protocol/shim-messages.ts";
import { readmit } from "./abandon.ts";
import { armBreakpoint, disarmBreakpoint, notifyBreakpoint, onResolved } from "./breakpoints/arming.ts";
import { armEntry } from "./breakpoints/entry.ts";
import { onConsole } from "./console-events.ts";
import { deadlineIn, printSnapshot } from "./deadline.ts";
import type { Debuggee } from "./debuggee.ts";
import { notifyContinued, notifyThread, print } from "./output.ts";
import { clearPause, onPaused, onResumed } from "./pause-events.ts";
import type { SandboxConnection } from "./relay/sandbox-connection.ts";
import { onBinding } from "./snapshot-events.ts";
import {
  codeIn,
  createSandbox,
  functionOf,
  invocationName,
  isBundleUrl,
  type Sandbox,
  type SandboxCode,
} from "./sandbox.ts";
import { exceptionState, shimSettings } from "./shim-settings.ts";
import { mapOf } from "./sources/locate.ts";
import { blackboxPatterns, skipsFile } from "./sources/skip-files.ts";
import { countStoppable } from "./stop-policy.ts";

/** The shim tells of new code at once, unless its sandbox was frozen. */
const SWAP_MS = 1000;
/** More frames than this of asynchronous callers help nobody. */
const ASYNC_DEPTH = 8;

/** Makes a thread of a sandbox, and lets its held invocation run once the breakpoints are set. */
export function admitSandbox(debuggee: Debuggee, connection: SandboxConnection): void {
  const sandbox = createSandbox(++debuggee.lastThreadId, connection);
  debuggee.sandboxes.set(sandbox.threadId, sandbox);
  debuggee.heardShim = true;
  listen(debuggee, sandbox);
  connection.onReconnected(() => onReconnected(debuggee, sandbox));
  connection.onGone(() => dismissSandbox(debuggee, sandbox));
  connection.onMessage((message) => onMessage(debuggee, sandbox, message));
  notifyThread(debuggee, "started", sandbox.threadId);
  const { requestId } = sandbox;
  if (connection.hello.invocation) sandbox.deadline = deadlineIn(connection.hello.invocation.remainingMs);
  // One too many: it is not held while breakpoints are set.
  if (requestId !== undefined && !countStoppable(debuggee, sandbox, requestId)) connection.send({ type: "ready" });
  sandbox.admission = release(debuggee, sandbox);
}

function listen(debuggee: Debuggee, sandbox: Sandbox): void {
  const { cdp } = sandbox;
  cdp.on("Debugger.scriptParsed", (script) => onScript(debuggee, sandbox, script));
  cdp.on("Debugger.breakpointResolved", (event) => onResolved(debuggee, sandbox, event));
  cdp.on("Debugger.paused", (event, prefetched) => onPaused(debuggee, sandbox, event, prefetched));
  cdp.on("Debugger.resumed", () => onResumed(debuggee, sandbox));
  cdp.on("Runtime.consoleAPICalled", (event) => onConsole(debuggee, sandbox, event));
  cdp.on("Runtime.bindingCalled", (event) => onBinding(debuggee, sandbox, event));
}

async function release(debuggee: Debuggee, sandbox: Sandbox, first: () => void = () => {}): Promise<void> {
  await Promise.all([debuggee.deploying, debuggee.configured.passed]);
  try {
    first();
    await configure(debuggee, sandbox);
  } catch (error) {
    if (debuggee.sandboxes.has(sandbox.threadId)) print(debuggee, "stderr", describeError(error));
  }
  // Whatever went wrong: the function must not wait for a debugger that cannot help.
  sandbox.connection.send({ type: "ready" });
}

/** Everything V8 must know before the user's code is loaded: one round trip. */
async function configure(debuggee: Debuggee, sandbox: Sandbox): Promise<void> {
  const { cdp, code } = sandbox;
  const map = mapOf(debuggee, sandbox);
  if (!map) {
    const build = code.buildId;
    print(debuggee, "important", `The source map of build ${build} is unknown: breakpoints do not bind in it.`);
  }
  const patterns = blackboxPatterns(code.taskRoot);
  const breakpoints = debuggee.breakpoints.all();
  // Those that V8 still has, of an earlier connection or of earlier code, may be others than the user's of today.
  for (const id of sandbox.armed.keys()) void disarmBreakpoint(sandbox, id);
  await Promise.all([
    // A shim without it redacts by its own list, and pauses at every exception.
    cdp.send("Faasify.configure", shimSettings(debuggee)).catch(() => undefined),
    cdp.send("Runtime.enable"),
    cdp.send("Debugger.enable", {}),
    cdp.send("Debugger.setBlackboxPatterns", { patterns }),
    cdp.send("Debugger.setPauseOnExceptions", { state: exceptionState(debuggee) }),
    ...(debuggee.configuration?.asyncStacks
      ? [cdp.send("Debugger.setAsyncCallStackDepth", { maxDepth: ASYNC_DEPTH })]
      : []),
    ...breakpoints.map((breakpoint) => armBreakpoint(debuggee, sandbox, breakpoint)),
    armEntry(debuggee, sandbox),
  ]);
  for (const breakpoint of breakpoints) notifyBreakpoint(debuggee, breakpoint);
}

function onScript(debuggee: Debuggee, sandbox: Sandbox, event: Protocol.Debugger.ScriptParsedEvent): void {
  const { scriptId, url } = event;
  const { buildId, taskRoot } = sandbox.code;
  const isBundle = isBundleUrl(url, taskRoot);
  sandbox.scripts.set(scriptId, { scriptId, url, isBundle, buildId });
  if (isBundle) skipRanges(debuggee, sandbox, scriptId);
  for (const resolved of event.resolvedBreakpoints ?? []) onResolved(debuggee, sandbox, resolved);
}

/** Inside the bundle V8 knows no files: it is told which ranges stepping passes over. */
function skipRanges(debuggee: Debuggee, sandbox: Sandbox, scriptId: string): void {
  const skipFiles = debuggee.configuration?.skipFiles ?? [];
  const ranges = mapOf(debuggee, sandbox)?.rangesOf((file) => skipsFile(skipFiles, file)) ?? [];
  if (ranges.length === 0) return;
  const positions = ranges.map(({ line0, column0 }) => ({ lineNumber: line0, columnNumber: column0 }));
  // Should it fail, stepping leaves these ranges by itself, only more slowly.
  sandbox.cdp.send("Debugger.setBlackboxedRanges", { scriptId, positions }).catch(() => undefined);
}

function onMessage(debuggee: Debuggee, sandbox: Sandbox, message: ShimMessage): void {
  debuggee.expiry?.refresh();
  switch (message.type) {
    case "invocation-started":
      sandbox.requestId = message.requestId;
      sandbox.deadline = deadlineIn(message.remainingMs);
      countStoppable(debuggee, sandbox, message.requestId);
      break;
    case "invocation-ended":
      sandbox.requestId = undefined;
      sandbox.returned = undefined;
      if (sandbox.abandoned) void readmit(sandbox);
      break;
    case "auto-resumed":
      onAutoResumed(debuggee, sandbox, message);
      break;
    case "code-swapped":
      takeCode(debuggee, sandbox, message);
      break;
    case "condition-failed":
      print(debuggee, "important", `The stop condition failed, so this invocation runs free: ${message.message}`);
      break;
    case "cdp":
      break;
  }
}

function onAutoResumed(
  debuggee: Debuggee,
  sandbox: Sandbox,
  { reason, snapshot }: Extract<ShimMessage, { type: "auto-resumed" }>,
): void {
  const why =
    reason === "deadline"
      ? "the platform was about to kill it at its time limit. Raise timeoutSeconds in launch.json to pause longer"
      : "the debugger's connection was lost";
  print(debuggee, "important", `${invocationName(debuggee, sandbox)} was resumed: ${why}.`);
  if (sandbox.pause) {
    if (snapshot) printSnapshot(debuggee, sandbox, sandbox.pause, snapshot as never);
    clearPause(debuggee, sandbox);
    notifyContinued(debuggee, sandbox.threadId);
  }
}

function onReconnected(debuggee: Debuggee, sandbox: Sandbox): void {
  const { hello } = sandbox.connection;
  sandbox.cdp.abandon("its connection was lost for a moment");
  sandbox.requestId = hello.invocation?.requestId;
  if (hello.invocation) sandbox.deadline = deadlineIn(hello.invocation.remainingMs);
  sandbox.isResyncing = hello.paused;
  if (sandbox.pause && !hello.paused) {
    clearPause(debuggee, sandbox);
    notifyContinued(debuggee, sandbox.threadId);
  }
  sandbox.code = codeIn(hello);
  // If V8's session survived, so have its breakpoints.
  if (hello.epoch !== sandbox.epoch) {
    sandbox.epoch = hello.epoch;
    sandbox.armed.clear();
    sandbox.takesSnapshots = false;
    sandbox.scripts.clear();
    sandbox.entryBreakpoint = undefined;
  }
  sandbox.admission = release(debuggee, sandbox);
}

/** A hot deploy: the sandbox's next invocation runs other code, and is held until the breakpoints are in it. */
function takeCode(debuggee: Debuggee, sandbox: Sandbox, code: SandboxCode): void {
  sandbox.code = codeIn(code);
  const { entryBreakpoint } = sandbox;
  sandbox.entryBreakpoint = undefined;
  sandbox.admission = release(debuggee, sandbox, () => {
    if (entryBreakpoint === undefined) return;
    sandbox.cdp.send("Debugger.removeBreakpoint", { breakpointId: entryBreakpoint }).catch(() => undefined);
  });
}

/** Resolves when the idle sandboxes have the breakpoints in code that was just deployed, or take too long. */
export async function whenSwapped(debuggee: Debuggee, buildIds: ReadonlySet<string>): Promise<void> {
  const idle = [...debuggee.sandboxes.values()].filter((sandbox) => !sandbox.requestId && sandbox.connection.connected);
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), SWAP_MS);
  const swaps = idle.map(async (sandbox) => {
    const wanted = latestBuildOf(debuggee, sandbox);
    if (wanted !== undefined && buildIds.has(wanted)) await swapped(sandbox, wanted, late.signal);
  });
  await Promise.all(swaps);
  clearTimeout(timer);
}

async function swapped(sandbox: Sandbox, buildId: string, late: AbortSignal): Promise<void> {
  const { promise: told, resolve: tell } = Promise.withResolvers<void>();
  const { promise: over, resolve: giveUp } = Promise.withResolvers<void>();
  late.addEventListener("abort", () => giveUp());
  const stops = [
    sandbox.connection.onGone(giveUp),
    sandbox.connection.onMessage(({ type }) => {
      if (type === "code-swapped") tell();
      // It is busy: what holds it up is its own.
      if (type === "invocation-started") giveUp();
    }),
  ];
  if (sandbox.code.buildId !== buildId) await Promise.race([told, over]);
  if (sandbox.code.buildId === buildId) await Promise.race([sandbox.admission, over]);
  for (const stop of stops) stop();
}

/** Of the function that it runs. */
function latestBuildOf(debuggee: Debuggee, sandbox: Sandbox): string | undefined {
  return debuggee.sourceMaps.latest(functionOf(debuggee, sandbox) ?? "")?.buildId;
}

/** Idle sandboxes of an earlier build get no more invocations: they leave the session, free. */
export function dismissOutdated(debuggee: Debuggee): void {
  for (const sandbox of debuggee.sandboxes.values()) {
    const { connection, code, requestId, pause } = sandbox;
    if (code.buildId === latestBuildOf(debuggee, sandbox) || requestId !== undefined || pause) continue;
    connection.send({ type: "detach" });
    dismissSandbox(debuggee, sandbox);
  }
}

/** Ends an invocation where it stands, and its sandbox with it: its caller gets the platform's own error. */
export async function abortInvocation(debuggee: Debuggee, sandbox: Sandbox): Promise<void> {
  const { requestId, cdp } = sandbox;
  if (requestId === undefined) return;
  const { aborted } = await cdp.send("Faasify.abort", { requestId });
  if (!aborted) return;
  print(debuggee, "important", `${invocationName(debuggee, sandbox)} was aborted.`);
  clearPause(debuggee, sandbox);
  dismissSandbox(debuggee, sandbox);
}

function dismissSandbox(debuggee: Debuggee, sandbox: Sandbox): void {
  if (!debuggee.sandboxes.has(sandbox.threadId)) return;
  const wasPaused = sandbox.pause !== undefined;
  clearPause(debuggee, sandbox);
  debuggee.sandboxes.delete(sandbox.threadId);
  if (wasPaused && !debuggee.lifetime.signal.aborted) {
    const name = invocationName(debuggee, sandbox);
    print(debuggee, "important", `${name} is gone: its sandbox ended or lost its connection while paused.`);
    notifyContinued(debuggee, sandbox.threadId);
  }
  notifyThread(debuggee, "exited", sandbox.threadId);
}
