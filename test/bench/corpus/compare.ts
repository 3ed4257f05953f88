/** Calls original and unit with the same arguments, in a child process with a time limit. */
import { fork, type ChildProcess } from "node:child_process";
import path from "node:path";
import { processCpuMs } from "../lib/process-tree.ts";
import type { Shape } from "./shapes.ts";

/**
 * How long one call may compute before it counts as hanging, in milliseconds of CPU time: on a busy machine the clock
 * says nothing about a program. Whoever computes nothing waits for ever.
 */
const LIMIT_MS = 30_000;
/** By the clock: also for those who wait, and where CPU time is not known. */
const CLOCK_LIMIT_MS = 10 * LIMIT_MS;
const CHECK_MS = 5000;
const MAX_RESTARTS = 1;
/** A list as long as an answer may be is there four times over before it is compared. */
const HEAP_MB = 1500;

export type ToChild =
  | { readonly kind: "open"; readonly entry: string }
  | ({ readonly kind: "compare"; readonly from: number } & Work);

export interface Work {
  /** As exported. */
  readonly name: string;
  /** The unit's bundle: absolute path. */
  readonly file: string;
  readonly overloads: readonly (readonly Shape[])[];
  readonly cases: number;
  readonly seed: number;
}

/**
 * `refused`: the unit said that a value cannot travel · `failed`: only the unit threw · `different`: it gave something
 * else, and no error · `late`: the original did not end, so there is nothing to compare with · `large`: its result is
 * larger than what any platform answers, which is refused there · `hangs`: only the unit did not end.
 */
export type CaseOutcome = "equal" | "refused" | "failed" | "different" | "late" | "large" | "hangs";

export type FromChild =
  | { readonly kind: "opened"; readonly functions: readonly ExportedFunction[] }
  | { readonly kind: "not-loaded"; readonly problem: string }
  | { readonly kind: "at"; readonly index: number; readonly side: "original" | "unit" }
  | { readonly kind: "case"; readonly index: number; readonly outcome: CaseOutcome; readonly detail?: string }
  | { readonly kind: "compared" };

export interface ExportedFunction {
  readonly name: string;
  readonly isClass: boolean;
}

export interface Comparison {
  /** Why the unit could not be loaded. */
  readonly notLoaded?: string;
  readonly cases: readonly { readonly index: number; readonly outcome: CaseOutcome; readonly detail?: string }[];
}

export interface Comparer extends AsyncDisposable {
  /** What the library's entry exports when it is loaded. */
  readonly functions: readonly ExportedFunction[];
  compare(work: Work): Promise<Comparison>;
  /** Loads the library anew: a function has changed what others of it use. */
  renew(): Promise<void>;
}

/** @param entry - absolute path of the library's own entry */
export async function startComparer(entry: string): Promise<Comparer> {
  let child = startChild();
  const { functions } = await open(child, entry);
  const renew = async (): Promise<void> => {
    await stop(child);
    child = startChild();
    await open(child, entry);
  };
  return {
    functions,
    renew,
    async compare(work) {
      const cases: Comparison["cases"][number][] = [];
      let from = 0;
      for (let restarts = 0; ; restarts += 1) {
        const end = await compareFrom(child, { ...work, from, kind: "compare" }, cases);
        if (end.kind === "compared") return { cases };
        if (end.kind === "not-loaded") return { cases, notLoaded: end.problem };
        await renew();
        cases.push({ index: end.index, outcome: end.side === "unit" ? "hangs" : "late", detail: end.why });
        from = end.index + 1;
        if (restarts === MAX_RESTARTS) return { cases };
      }
    },
    [Symbol.asyncDispose]: () => stop(child),
  };
}

function startChild(): ChildProcess {
  return fork(path.join(import.meta.dirname, "comparing.ts"), {
    execArgv: [`--max-old-space-size=${HEAP_MB}`],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    env: { ...process.env, TZ: "Europe/Berlin" },
  });
}

async function open(child: ChildProcess, entry: string): Promise<{ readonly functions: readonly ExportedFunction[] }> {
  const opened = new Promise<Extract<FromChild, { kind: "opened" }>>((resolve, reject) => {
    child.once("message", resolve as (message: unknown) => void);
    child.once("exit", (code) => reject(new Error(`${entry} could not be loaded (status ${code})`)));
  });
  child.send({ kind: "open", entry } satisfies ToChild);
  return opened;
}

type Place = Extract<FromChild, { kind: "at" }>;
type Stuck = Omit<Place, "kind"> & { readonly kind: "stuck"; readonly why: string };
type End = Extract<FromChild, { kind: "compared" | "not-loaded" }> | Stuck;

/** Until all is compared, or the child is stuck or has ended. */
function compareFrom(
  child: ChildProcess,
  work: Extract<ToChild, { kind: "compare" }>,
  cases: Comparison["cases"][number][],
): Promise<End> {
  return new Promise((resolve) => {
    let place: Omit<Place, "kind"> = { index: work.from, side: "original" };
    let heard = performance.now();
    let heardCpuMs = cpuMsOf(child);
    const finish = (end: End): void => {
      clearInterval(timer);
      child.off("message", receive).off("exit", lost);
      resolve(end);
    };
    const lost = (code: number | null, signal: string | null): void =>
      finish({ ...place, kind: "stuck", why: `its process has ended (${signal ?? code})` });
    const timer = setInterval(() => {
      const cpuMs = cpuMsOf(child) - heardCpuMs;
      if (cpuMs > LIMIT_MS) finish({ ...place, kind: "stuck", why: `has computed for ${Math.round(cpuMs / 1000)} s` });
      else if (performance.now() - heard > CLOCK_LIMIT_MS)
        finish({ ...place, kind: "stuck", why: `no answer for ${CLOCK_LIMIT_MS / 1000} s` });
    }, CHECK_MS);
    const receive = (message: unknown): void => {
      const news = message as FromChild;
      heard = performance.now();
      heardCpuMs = cpuMsOf(child);
      if (news.kind === "at") place = news;
      else if (news.kind === "case") {
        const { index, outcome, detail } = news;
        cases.push({ index, outcome, ...(detail !== undefined && { detail }) });
      } else if (news.kind !== "opened") finish(news);
    };
    child.on("message", receive).once("exit", lost);
    child.send(work);
  });
}

/** In milliseconds; zero where it is not known. */
function cpuMsOf({ pid }: ChildProcess): number {
  return pid === undefined ? 0 : (processCpuMs(pid) ?? 0);
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await ended;
}
