/** Compares functions of one library with their units. A child process: a function may hang, or use up its memory. */
import { resetWorld } from "./fixed-world.ts";
import { registerHooks } from "node:module";
import { pathToFileURL } from "node:url";
import { types } from "node:util";
import { Worker } from "node:worker_threads";
import type { FaasifyAnswer, FaasifyCall } from "../../../src/protocol/invocation-event.ts";
import { decodeAnswer, encodeCall } from "../../../src/protocol/values/codec.ts";
import type { FromChild, ToChild } from "./compare.ts";
import { firstDifference } from "./same.ts";
import type { FromThread, ToThread } from "./unit-thread.ts";
import { argumentLists } from "./values.ts";

/** How long a promise of the original may take, in milliseconds. */
const PROMISE_LIMIT_MS = 1500;
/** A function that does so this often is not asked again: it waits, as its arguments say. */
const MAX_LATE = 2;

type AnyFunction = (...args: readonly unknown[]) => unknown;

// validator's ES modules leave the ending out, as bundlers allow.
registerHooks({
  resolve(specifier, context, next) {
    try {
      return next(specifier, context);
    } catch (error) {
      if (!specifier.startsWith(".")) throw error;
      return next(`${specifier}.js`, context);
    }
  },
});

let exported: Record<string, unknown> = {};
const thread = startThread();

process.on("message", (message: ToChild) => {
  void (message.kind === "open" ? open(message.entry) : compare(message)).catch((error: unknown) => {
    console.error(error);
    process.exit(70);
  });
});
// What a function leaves behind (a rejected promise that nobody awaits) is not this program's end.
process.on("unhandledRejection", () => {});
process.on("uncaughtException", () => {});

function tell(message: FromChild): void {
  process.send?.(message);
}

async function open(entry: string): Promise<void> {
  const module = (await import(pathToFileURL(entry).href)) as Record<string, unknown>;
  const names = Object.keys(module).filter((name) => name !== "default");
  const whole = module["default"];
  exported = names.length <= 1 && typeof whole === "object" && whole !== null ? { ...whole } : module;
  const functions = Object.entries(exported).flatMap(([name, value]) =>
    typeof value === "function" ? [{ name, isClass: /^class\b/.test(Function.prototype.toString.call(value)) }] : [],
  );
  tell({ kind: "opened", functions });
}

async function compare(work: Extract<ToChild, { kind: "compare" }>): Promise<void> {
  const original = exported[work.name] as AnyFunction;
  const sample = { cases: work.cases, seed: work.seed, arity: original.length };
  // Twice: each side gets values of its own, and may change them.
  const [ours, theirs] = [argumentLists(work.overloads, sample), argumentLists(work.overloads, sample)];
  const loaded = await thread.ask({ file: work.file });
  if ("problem" in loaded) {
    tell({ kind: "not-loaded", problem: loaded.problem });
    return;
  }
  let late = 0;
  for (let index = work.from; index < ours.length && late < MAX_LATE; index += 1) {
    tell({ kind: "at", index, side: "original" });
    const args = theirs[index] ?? [];
    const expected = await runOriginal(original, args);
    if (expected === "late" || isLarge(expected.value)) {
      tell({ kind: "case", index, outcome: expected === "late" ? "late" : "large" });
      late += 1;
      continue;
    }
    tell({ kind: "at", index, side: "unit" });
    const result = await compareCase({ expected, args, own: ours[index] ?? [] });
    tell({ kind: "case", index, ...result });
  }
  tell({ kind: "compared" });
}

/** What a function may answer on AWS Lambda, in bytes. */
const MAX_ANSWER_BYTES = 6 * 1024 * 1024;

/** By the least that its elements take as text: `1,`, or a reference and an object. */
function isLarge(value: unknown): boolean {
  if (!Array.isArray(value)) return false;
  const [first] = value as readonly unknown[];
  return value.length * (typeof first === "object" && first !== null ? 20 : 2) > MAX_ANSWER_BYTES;
}

interface Expected {
  readonly value: unknown;
  readonly failed: boolean;
  readonly isPromise: boolean;
}

async function runOriginal(original: AnyFunction, args: readonly unknown[]): Promise<Expected | "late"> {
  resetWorld();
  let isPromise = false;
  try {
    const returned = original(...args);
    isPromise = types.isPromise(returned);
    if (!isPromise) return { value: returned, failed: false, isPromise };
    const timeout = new Promise<"late">((resolve) => setTimeout(resolve, PROMISE_LIMIT_MS, "late").unref());
    const value = await Promise.race([(returned as Promise<unknown>).then((value) => ({ value })), timeout]);
    return value === "late" ? value : { ...value, failed: false, isPromise };
  } catch (value) {
    return { value, failed: true, isPromise };
  }
}

interface UnitThread {
  ask(message: ToThread): Promise<FromThread>;
}

/** One for all units of the library: each is a module of its own, and a thread takes longer to start than to load one. */
function startThread(): UnitThread {
  const worker = new Worker(new URL("unit-thread.ts", import.meta.url));
  worker.unref();
  return {
    ask: (message) =>
      new Promise((resolve, reject) => {
        const receive = (reply: FromThread): void => {
          worker.off("error", reject);
          resolve(reply);
        };
        worker.once("message", receive).once("error", reject);
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
        worker.postMessage(message);
      }),
  };
}

interface Case {
  readonly expected: Expected;
  /** As the original left them. */
  readonly args: readonly unknown[];
  /** For the unit: equal to what the original got. */
  readonly own: readonly unknown[];
}

type CaseResult = Omit<Extract<FromChild, { kind: "case" }>, "kind" | "index">;

async function compareCase({ expected, args, own }: Case): Promise<CaseResult> {
  const sent = encodeCall({ args: own });
  const event: FaasifyCall = { faasify: 1, args: sent.encoded, effects: true };
  const reply = await thread.ask({ event: JSON.stringify(event) });
  if (!("answer" in reply)) return { outcome: "refused", detail: "problem" in reply ? reply.problem : "no answer" };
  const answer = JSON.parse(reply.answer) as FaasifyAnswer;
  const failed = answer.error !== undefined;
  const { value } = decodeAnswer(failed ? answer.error : answer.result, sent);
  if (failed !== expected.failed) {
    const [what, of] = failed ? [value, "the unit"] : [expected.value, "the original"];
    return { outcome: failed ? "failed" : "different", detail: `only ${of} throws ${String(what)}` };
  }
  const difference =
    (answer.promise === true) === expected.isPromise
      ? firstDifference({ value: expected.value, args: [...args] }, { value, args: [...own] })
      : "only one returns a promise";
  return difference === undefined ? { outcome: "equal" } : { outcome: "different", detail: difference };
}
