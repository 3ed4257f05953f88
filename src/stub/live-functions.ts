/** Which calls are conversations, and which function's conversation is open. */
import path from "node:path";
import { FaasifyError } from "../core/errors.ts";
import type { FaasifyCall } from "../protocol/invocation-event.ts";
import type { Outcome } from "../protocol/live/contract.ts";
import { canConverse } from "../protocol/live/host.ts";
import type { ReferenceTable } from "../protocol/values/contract.ts";
import type { CallValues, Prepared, Sending } from "./call-values.ts";
import { LiveCall } from "./live-calls.ts";
import type { RemoteFunction } from "./manifest.ts";
import { addCallerStack } from "./remote-stack.ts";
import type { WorkerLink } from "./worker-link.ts";

export interface LiveOutcome extends Outcome {
  /** Of a failure that is FaaSify's: whether the program could notice that something has run. */
  readonly isUnnoticed?: "unsent" | "unanswered";
  /** Its target could not be reached, and nothing was sent. */
  readonly isUnreached?: boolean;
}

/** One call, of which it is not known yet what it needs. */
export interface Attempt {
  /** The function runs and talks already. */
  readonly isOpen: boolean;
  callAgain(): LiveOutcome;
  /** For the encoder; absent: what cannot be copied cannot travel. */
  readonly references: ReferenceTable | undefined;
  /** After encoding: it must be a conversation. */
  readonly isNeeded: boolean;
  begin(request: { readonly key: string; readonly call: FaasifyCall }, prepared: Prepared): LiveOutcome;
  discard(): void;
}

export interface LiveCalls {
  attempt(call: Sending): Attempt;
}

export interface LiveCallsOptions {
  /** Absolute path of `.faasify/`. */
  readonly folder: string;
  readonly values: CallValues;
  link(): WorkerLink;
}

export function createLiveCalls(options: LiveCallsOptions): LiveCalls {
  const open = new Map<string, LiveCall>();
  return {
    attempt: (sending) => {
      const { key, remote, values } = sending;
      // Each time that a nested function is made it has other variables around it.
      const isShared = values.captured === undefined;
      const running = isShared ? open.get(key) : undefined;
      let live: LiveCall | undefined;
      const theLive = (): LiveCall => (live ??= create(options, sending, open));
      const canTalk = remote.channel !== "never" && canConverse();
      if (canTalk && !running && remote.channel === "always") theLive();
      return {
        isOpen: running !== undefined,
        callAgain: () =>
          running ? guarded(running, "unsent", () => running.callAgain(values)) : { ok: true, value: undefined },
        references: canTalk
          ? {
              describe: (value) => theLive().references.describe(value),
              restore: (description) => theLive().references.restore(description),
            }
          : undefined,
        get isNeeded() {
          return live !== undefined;
        },
        begin: (request, { sent }) => {
          const call = theLive();
          if (isShared) open.set(key, call);
          return guarded(call, "unanswered", () => call.begin(options.link().converse(request), sent, values));
        },
        discard: () => live?.discard(),
      };
    },
  };
}

/** Failures of ours are told apart from what the function has thrown. */
function guarded(live: LiveCall, what: "unsent" | "unanswered", call: () => Outcome): LiveOutcome {
  try {
    return call();
  } catch (value) {
    if (!(value instanceof FaasifyError)) throw value;
    const isUnnoticed = what === "unsent" || !live.isNoticed;
    const { isUnreached } = live;
    if (!isUnnoticed) return { ok: false, value };
    return { ok: false, value, isUnreached, isUnnoticed: unsentCodes.has(value.code) ? "unsent" : what };
  }
}

/** The platform says that what was sent is too large. */
const unsentCodes: ReadonlySet<string> = new Set(["bad-arguments"]);

function create({ folder, values }: LiveCallsOptions, sending: Sending, open: Map<string, LiveCall>): LiveCall {
  const { key, remote } = sending;
  const live: LiveCall = new LiveCall({
    key,
    ...values.sidesOf(sending),
    isLate: remote.isLate,
    environment: () => environmentOf(remote),
    onThrown: (value) => {
      const sourceMapPath = path.join(folder, remote.artifact.sourceMapPath);
      addCallerStack(value, { sourceMapPath, place: placeHere() });
    },
    onOver: () => {
      if (open.get(key) === live) open.delete(key);
    },
  });
  return live;
}

export function environmentOf({ environment }: RemoteFunction): Readonly<Record<string, string | null>> {
  return Object.fromEntries(environment.map((name) => [name, process.env[name] ?? null]));
}

/** Frames of ours between the program and here, which are left out of what it sees. */
const OWN_FRAMES = 20;

function placeHere(): Error {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = limit + OWN_FRAMES;
  const place = new Error();
  Error.stackTraceLimit = limit;
  return place;
}
