/**
 * A paused function against its time limit: what is left is shown, the user is warned, and when the shim resumes it the
 * console has what could be seen at that moment.
 */
import { ProgressEndEvent, ProgressStartEvent, ProgressUpdateEvent } from "@vscode/debugadapter";
import type { Protocol } from "devtools-protocol";
import { DEADLINE_MARGIN_MS, DEADLINE_MARGIN_SHARE } from "../protocol/shim-messages.ts";
import type { Debuggee } from "./debuggee.ts";
import { print } from "./output.ts";
import { type Deadline, type Pause, type Sandbox, invocationName } from "./sandbox.ts";
import { toPlace } from "./sources/locate.ts";
import { renderValue } from "./variables/render.ts";

type Prefetched = Readonly<Record<string, Protocol.Runtime.GetPropertiesResponse>>;

/** The user is warned this long before the function is resumed, but not before half of its time is over. */
const WARN_MS = 10_000;
const WARN_SHARE = 0.5;
const TICK_MS = 1000;
const MAX_TIMER_MS = 2 ** 31 - 1;
/** Of one frame in a snapshot. */
const MAX_VARIABLES = 50;

let lastProgress = 0;

/** @param remainingMs - what the platform leaves of the invocation */
export function deadlineIn(remainingMs: number): Deadline {
  const marginMs = Math.min(DEADLINE_MARGIN_MS, remainingMs * DEADLINE_MARGIN_SHARE);
  const resumesInMs = remainingMs - marginMs;
  const now = performance.now();
  return { resumesAtMs: now + resumesInMs, warnAtMs: now + resumesInMs - Math.min(WARN_MS, resumesInMs * WARN_SHARE) };
}

/** While it is paused: a warning in time, and a countdown where the client shows one. Ends when disposed. */
export function watchDeadline(debuggee: Debuggee, sandbox: Sandbox): Disposable | undefined {
  const { deadline } = sandbox;
  if (!deadline) return undefined;
  let countdown: Disposable | undefined;
  const warn = (): void => {
    const seconds = secondsLeft(deadline);
    const name = invocationName(debuggee, sandbox);
    print(
      debuggee,
      "important",
      `${name} will be resumed in ${seconds} s, before the platform ends it at its time limit.`,
    );
    if (debuggee.client.supportsProgress) countdown = countDown(debuggee, name, deadline);
  };
  const timer = setTimeout(warn, Math.min(MAX_TIMER_MS, Math.max(0, deadline.warnAtMs - performance.now())));
  return {
    [Symbol.dispose]: () => {
      clearTimeout(timer);
      countdown?.[Symbol.dispose]();
    },
  };
}

function countDown(debuggee: Debuggee, name: string, deadline: Deadline): Disposable {
  const id = `faasify-deadline-${++lastProgress}`;
  const left = (): string => `resumed in ${secondsLeft(deadline)} s`;
  debuggee.notify(new ProgressStartEvent(id, `${name} is paused`, left()));
  const timer = setInterval(() => debuggee.notify(new ProgressUpdateEvent(id, left())), TICK_MS);
  return {
    [Symbol.dispose]: () => {
      clearInterval(timer);
      debuggee.notify(new ProgressEndEvent(id));
    },
  };
}

function secondsLeft({ resumesAtMs }: Deadline): number {
  return Math.max(0, Math.round((resumesAtMs - performance.now()) / 1000));
}

/** Where the function was, and its variables, as the shim fetched them just before it resumed the function. */
export function printSnapshot(debuggee: Debuggee, sandbox: Sandbox, pause: Pause, variables: Prefetched): void {
  for (const frame of pause.frames) {
    const { source, line, isUserCode } = toPlace(debuggee, sandbox, frame.location);
    if (!isUserCode) continue;
    const name = frame.functionName || "<anonymous>";
    const place = source === undefined ? {} : { source, line };
    print(debuggee, "console", `  at ${name} (${source?.name ?? "?"}:${line})`, place);
    const known = frame.scopeChain.flatMap(({ object }) => variables[object.objectId ?? ""]?.result ?? []);
    for (const property of known.slice(0, MAX_VARIABLES)) {
      if (property.value) print(debuggee, "console", `      ${property.name} = ${renderValue(property.value)}`);
    }
  }
}
