/** The caller's side in the program's own thread: `.faasify/stub-main.cjs`, loaded at the first call. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { debuglog } from "node:util";
import { deserializeError, FaasifyError, type SerializedError } from "../core/errors.ts";
import type { FaasifyCall } from "../protocol/invocation-event.ts";
import type { RegisteredNames, StateAccess } from "../protocol/registered-names.ts";
import { checkAssets } from "./assets.ts";
import { createCallValues, type CallValues, type Prepared } from "./call-values.ts";
import { fallbackPolicy, warnOf } from "./fallback.ts";
import { MANIFEST_FILE, parseManifest, type Manifest, type RemoteFunction } from "./manifest.ts";
import type { CallReply } from "./messages.ts";
import { replayOutput } from "./output.ts";
import { createLiveCalls, environmentOf, type LiveCalls, type LiveOutcome } from "./live-functions.ts";
import { addCallerStack } from "./remote-stack.ts";
import { createWorkerLink, type WorkerLink } from "./worker-link.ts";

export interface Remote {
  /** See runtime.ts. */
  call(key: string, args: ArrayLike<unknown>, stub: Stub): unknown;
}

/** A function's own code, with `this` and the variables around it as they are in the program. */
export type OwnCode = (...args: unknown[]) => unknown;

interface Stub {
  readonly self: unknown;
  readonly own: OwnCode | undefined;
  /** Of a nested function: the variables around it, by name. */
  readonly captured: Readonly<Record<string, StateAccess>> | undefined;
}

/**
 * @param folder - absolute path of `.faasify/`
 * @param registered - what the program's files have registered; more may be added
 */
export function createRemote(folder: string, registered: readonly RegisteredNames[]): Remote {
  const callValues = createCallValues(registered);
  const context: Context = {
    folder,
    manifest: readManifest(folder),
    values: callValues,
    link: undefined,
    live: createLiveCalls({ folder, values: callValues, link: () => (context.link ??= createWorkerLink(folder)) }),
  };
  return {
    call: (key, args, { self, own, captured }) => {
      const remote = context.manifest.functions[key];
      if (!remote) throw damaged(folder, `it has no function ${key}`);
      if (remote.assets) checkAssets(context.manifest.root ?? path.dirname(folder), key, remote.assets);
      const runHere = own && ((): unknown => own(...Array.from(args)));
      const values = {
        args: argumentsOf(remote, args),
        ...(self !== undefined && { self }),
        ...(captured && { captured }),
      };
      const local = { key, remote, runHere };
      const attempt = context.live.attempt({ key, remote, values });
      if (attempt.isOpen) return throughLine(() => attempt.callAgain(), local);
      let prepared: Prepared;
      try {
        prepared = context.values.encode({ key, remote, values }, attempt.references);
      } catch (error) {
        attempt.discard();
        return insteadOf(error, local, "unsent");
      }
      const request = { key, call: eventOf(remote, prepared) };
      if (attempt.isNeeded) return throughLine(() => attempt.begin(request, prepared), local);
      context.link ??= createWorkerLink(folder);
      const outcome = { context, key, remote, prepared, runHere, captured };
      if (remote.mode === "waiting") return waitFor(outcome, context.link.start(request));
      return finish(outcome, context.link.callBlocking(request), new Error());
    },
  };
}

/** A call that is a conversation. Its function's own code runs as long as nobody has noticed that it ran elsewhere. */
function throughLine(call: () => LiveOutcome, local: Local): unknown {
  const { ok, value, isUnnoticed, isUnreached } = call();
  const fallback = isUnreached ? fallbackRun(local, (value as Error).message) : undefined;
  if (fallback) return fallback();
  if (!ok && isUnnoticed !== undefined) return insteadOf(value, local, isUnnoticed);
  if (!ok) throw value;
  return value;
}

type Happened = "unsent" | "unanswered";

/** Calls that nothing but values stands in the way of run here; NODE_DEBUG=faasify tells of them. */
const tell = debuglog("faasify");

type Local = Pick<Call, "key" | "remote" | "runHere">;

/** What the function's own code gives, where the call has left no trace; undefined: it must not run, or is not there. */
function ownRun({ key, remote, runHere }: Local, what: Happened, why: string): (() => unknown) | undefined {
  const isAllowed = remote.runsHere === what || remote.runsHere === "unanswered";
  if (!runHere || !isAllowed || process.env["FAASIFY_REMOTE_ONLY"] === "1") return undefined;
  return () => {
    tell("%s runs here: %s", key, why);
    return runHere();
  };
}

function failedCall(call: Call, { failure, unreached }: CallReply & { readonly failure: SerializedError }): unknown {
  const error = withPlace(deserializeError(failure), call.key);
  const fallback = unreached ? fallbackRun(call, failure.message) : undefined;
  if (fallback) return fallback();
  return insteadOf(error, call, failure.code === "bad-arguments" ? "unsent" : "unanswered");
}

/** Where the target cannot be reached, if the program's user wants that; undefined: the call fails. */
function fallbackRun({ key, remote, runHere }: Local, why: string): (() => unknown) | undefined {
  const policy = fallbackPolicy(process.env["FAASIFY_FALLBACK"]);
  // The program has another value of what is pinned than the sandboxes.
  const isAllowed = policy !== "off" && remote.runsHere !== "never" && process.env["FAASIFY_REMOTE_ONLY"] !== "1";
  if (!runHere || !isAllowed) return undefined;
  return () => {
    if (policy === "warn") warnOf(key, why);
    return runHere();
  };
}

function insteadOf(error: unknown, call: Local, what: Happened): unknown {
  // Of the platform, `bad-arguments` says that the call is too large.
  const isAboutValues = error instanceof FaasifyError && /^(?:value-not-portable|bad-arguments)$/.test(error.code);
  const run = isAboutValues ? ownRun(call, what, error.message) : undefined;
  if (!run) throw error;
  return run();
}

interface Context {
  readonly folder: string;
  readonly manifest: Manifest;
  readonly values: CallValues;
  link: WorkerLink | undefined;
  readonly live: LiveCalls;
}

interface Call {
  readonly context: Context;
  readonly key: string;
  readonly remote: RemoteFunction;
  readonly prepared: Prepared;
  /** Undefined: the stub has no code of the function's own. */
  readonly runHere: (() => unknown) | undefined;
  readonly captured: Stub["captured"];
}

/** Only what the function can see: what it cannot need not be able to travel. */
function argumentsOf({ maxArguments }: RemoteFunction, args: ArrayLike<unknown>): readonly unknown[] {
  const all: unknown[] = Array.prototype.slice.call(args, 0, maxArguments);
  // Left out or undefined is the same to a function that does not look at `arguments`.
  if (maxArguments === undefined) return all;
  return all.slice(0, all.findLastIndex((value) => value !== undefined) + 1);
}

function eventOf(remote: RemoteFunction, { encoded }: Prepared): FaasifyCall {
  if (remote.environment.length === 0) return { faasify: 1, effects: true, args: encoded };
  return { faasify: 1, effects: true, args: encoded, environment: environmentOf(remote) };
}

async function waitFor(call: Call, reply: Promise<CallReply>): Promise<unknown> {
  const place = new Error();
  return finish(call, await reply, place);
}

/** Does what the function did beside computing, then gives its result or throws its error. */
function finish(call: Call, reply: CallReply, place: Error): unknown {
  const { context, key, remote, prepared, captured } = call;
  const { answer, failure } = reply;
  if (failure) return failedCall(call, { ...reply, failure });
  const received = context.values.decode(key, remote, { prepared, answer, captured });
  if (received.engine !== undefined && received.engine !== process.versions.node) {
    // "Unexpected end of JSON input" is another text in another version: the program's own says it again.
    const run = ownRun(call, "unanswered", `it threw an error in the words of Node ${received.engine}`);
    if (run) return run();
  }
  let opened: ReturnType<typeof received.open>;
  try {
    opened = received.open();
  } catch (error) {
    return insteadOf(error, call, "unanswered");
  }
  replayOutput(received.output);
  const { value, isError, isPromise } = opened;
  const isSettled = isPromise && !remote.isAsync;
  if (!isError) return isSettled ? Promise.resolve(value) : value;
  addCallerStack(value, { sourceMapPath: path.join(context.folder, remote.artifact.sourceMapPath), place });
  if (isSettled) return Promise.reject(value);
  // Thrown as it is, error or not: the caller sees what the function threw.
  throw value;
}

/** Which function it was about. */
function withPlace(error: Error, key: string): Error {
  if (!(error instanceof FaasifyError)) return error;
  return new FaasifyError(error.code, `${key}: ${error.message}`, { remedy: error.remedy, cause: error });
}

function readManifest(folder: string): Manifest {
  const file = path.join(folder, MANIFEST_FILE);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    throw damaged(folder, String(cause));
  }
  const manifest = parseManifest(text);
  if (!manifest) throw damaged(folder, `${MANIFEST_FILE} is not one`);
  return manifest;
}

function damaged(folder: string, what: string): FaasifyError {
  return new FaasifyError("dependency-missing", `The decomposed program is not whole (${folder}: ${what})`, {
    remedy: "Run faasify decompose again",
  });
}
