/** Runs chunks of items where the function is deployed, and says what became of them. */
import { FaasifyError } from "../core/errors.ts";
import type { InvocationResult } from "../core/invocation.ts";
import type { FaasProvider } from "../deploy/provider.ts";
import type { FaasifyAnswer, FaasifyCall } from "../protocol/invocation-event.ts";
import { decodeAnswer, encodeCall } from "../protocol/values/codec.ts";
import type { ClassTable, SentCall } from "../protocol/values/contract.ts";
import { EncodedValueBroken, ValueNotPortable } from "../protocol/values/errors.ts";
import { replayOutput } from "../stub/output.ts";
import { addCallerStack } from "../stub/remote-stack.ts";
import type { BuiltUnit } from "./unit-request.ts";

/** What one item gave. */
export type ItemOutcome = { readonly value: unknown } | { readonly error: unknown };

export type ChunkOutcome =
  /** In the order of the items. `accept` does what the function did beside computing: once per item. */
  | { readonly kind: "done"; accept(): readonly ItemOutcome[] }
  /** Nothing has run: it can be sent again. `smaller`: it was too large for one call. */
  | { readonly kind: "refused"; readonly error: FaasifyError; readonly smaller: boolean }
  /** It has run, perhaps in part, and nobody knows how far. */
  | { readonly kind: "lost"; readonly error: FaasifyError }
  /** It makes no sense to send it again. */
  | { readonly kind: "failed"; readonly error: unknown };

export interface Chunk {
  readonly items: readonly unknown[];
  /** Of the first one; -1: each item is a list of arguments. */
  readonly first: number;
}

export interface RemoteFunction {
  readonly unit: BuiltUnit;
  readonly provider: FaasProvider;
  /** The name at the provider. */
  readonly name: string;
  readonly classes: ClassTable;
  /** As they are when the run starts: every item sees the same. */
  readonly captured: Readonly<Record<string, unknown>>;
  readonly state: Readonly<Record<string, unknown>>;
  /** Where the run was started. */
  readonly place: Error;
}

/** Rejects only when aborted, and for what nobody foresaw. */
export async function runChunk(remote: RemoteFunction, chunk: Chunk, signal: AbortSignal): Promise<ChunkOutcome> {
  const { provider, name } = remote;
  let sent: SentCall;
  try {
    sent = encode(remote, chunk);
  } catch (error) {
    if (error instanceof ValueNotPortable) return { kind: "failed", error: notPortable(chunk, error) };
    throw error;
  }
  try {
    const event = eventOf(remote.unit, sent);
    return read(remote, { chunk, sent, result: await provider.invoke(name, { kind: "event", event }, signal) });
  } catch (error) {
    signal.throwIfAborted();
    return failed(chunk, error);
  }
}

function encode({ captured, state, classes }: RemoteFunction, { items, first }: Chunk): SentCall {
  const withState = Object.keys(state).length > 0 && { state };
  return encodeCall({ args: [captured, items, first], ...withState }, { classes });
}

function eventOf({ environment }: BuiltUnit, { encoded }: SentCall): FaasifyCall {
  if (environment.length === 0) return { faasify: 1, effects: true, args: encoded };
  const values = Object.fromEntries(environment.map((name) => [name, process.env[name] ?? null]));
  return { faasify: 1, effects: true, args: encoded, environment: values };
}

const notRun: ReadonlySet<string> = new Set(["bad-arguments", "function-not-deployed", "invocation-throttled"]);
const perhapsRun: ReadonlySet<string> = new Set(["invocation-failed", "platform-unreachable"]);

/** What the provider says went wrong before there was a result. */
function failed(chunk: Chunk, error: unknown): ChunkOutcome {
  if (!(error instanceof FaasifyError)) throw error;
  if (error.code === "value-not-portable") return { kind: "failed", error: resultStays(chunk, error.message) };
  if (notRun.has(error.code)) return { kind: "refused", error, smaller: error.code === "bad-arguments" };
  return perhapsRun.has(error.code) ? { kind: "lost", error } : { kind: "failed", error };
}

interface Received {
  readonly chunk: Chunk;
  readonly sent: SentCall;
  readonly result: InvocationResult;
}

/** Of the unit's handler and of the platform: about what was to be sent back. */
const aboutValues: ReadonlySet<string> = new Set([
  "EncodedValueBroken",
  "ValueNotPortable",
  "Function.ResponseSizeTooLarge",
]);

function read(remote: RemoteFunction, { chunk, sent, result: { error, result } }: Received): ChunkOutcome {
  if (!error) return { kind: "done", accept: () => accept(remote, { chunk, sent, answer: result as FaasifyAnswer }) };
  if (aboutValues.has(error.name)) return { kind: "failed", error: resultStays(chunk, error.message) };
  const lost = new FaasifyError("invocation-failed", `A sandbox was lost (${error.name}: ${error.message})`, {
    remedy: "Look into the log: faasify logs; give `retries` if running an item twice does no harm",
  });
  return { kind: "lost", error: lost };
}

interface Accepted {
  readonly chunk: Chunk;
  readonly sent: SentCall;
  readonly answer: FaasifyAnswer;
}

function accept({ unit, classes, place }: RemoteFunction, { chunk, sent, answer }: Accepted): readonly ItemOutcome[] {
  const value = decoded(
    chunk,
    () => decodeAnswer("error" in answer ? answer.error : answer.result, sent, { classes }).value,
  );
  replayOutput(answer.output ?? []);
  if ("error" in answer) throw value;
  return (value as readonly (readonly [value: unknown, error?: unknown])[]).map((entry) => {
    if (entry.length === 1) return { value: entry[0] };
    const [, error] = entry;
    addCallerStack(error, { sourceMapPath: unit.artifact.sourceMapPath, place });
    moveLines(error, unit);
    return { error };
  });
}

function decoded<T>(chunk: Chunk, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof EncodedValueBroken) throw resultStays(chunk, error.message);
    throw error;
  }
}

/**
 * The text of a function inside others was moved behind the end of its file: its lines are told as they are there. What
 * is ours is left out.
 */
function moveLines(error: unknown, { artifact: { inputs }, line, liftedLine }: BuiltUnit): void {
  if (!(error instanceof Error) || error.stack === undefined) return;
  const lines = error.stack
    .split("\n")
    .filter((text) => !text.includes("at __faasifyChunk ") && !text.includes(__filename));
  const stack = lines
    .join("\n")
    .replaceAll(/^(\s+at .*?)(\/[^():]+|[A-Za-z]:[^():]+):(\d+)(:\d+\)?)$/gm, (whole, ...parts: string[]) => {
      const [before = "", file = "", at = "", after = ""] = parts;
      const isMoved = line !== liftedLine && inputs.includes(file) && Number(at) >= liftedLine;
      return isMoved ? `${before}${file}:${Number(at) - liftedLine + line}${after}` : whole;
    });
  Reflect.defineProperty(error, "stack", { value: stack, writable: true, configurable: true, enumerable: false });
}

function notPortable(chunk: Chunk, { path, what }: ValueNotPortable): FaasifyError {
  return new FaasifyError(
    "value-not-portable",
    `The function cannot be given ${named(path, chunk)}, which is ${what}`,
    {
      remedy: "Give it something that can be copied",
    },
  );
}

/** `args[1][3].x` → `items[17].x`; `args[0].limit` → `limit`, which it captures. */
function named(path: string, { first }: Chunk): string {
  const item = (_whole: string, at: string): string => `items[${Math.max(first, 0) + Number(at)}]`;
  return path.replace(/^args\[1\]\[(\d+)\]/, item).replace(/^args\[0\]\./, "");
}

function resultStays({ first }: Chunk, message: string): FaasifyError {
  const text = message.replace(
    /result\[(\d+)\]\[0\]/,
    (_whole, at: string) => `the result of item ${Math.max(first, 0) + Number(at)}`,
  );
  return new FaasifyError("value-not-portable", `A result cannot be sent back: ${text}`, {
    remedy: "Return something that can be copied",
  });
}
