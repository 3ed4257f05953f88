/** Calls original and unit with the same arguments, in a child process with a time limit. */
import { fork, type ChildProcess } from "node:child_process";
import path from "node:path";
import type { Shape } from "./shapes.ts";

/** How long one call may take before it counts as hanging, in milliseconds; machines may be busy. */
const LIMIT_MS = 20_000;
const MAX_RESTARTS = 1;

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
 * else, and no error · `late`: the original did not end, so there is nothing to compare with · `hangs`: only the unit did not.
 */
export type CaseOutcome = "equal" | "refused" | "failed" | "different" | "late" | "hangs";

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
        cases.push({ index: end.index, outcome: end.side === "unit" ? "hangs" : "late" });
        from = end.index + 1;
        if (restarts === MAX_RESTARTS) return { cases };
      }
    },
    [Symbol.asyncDispose]: () => stop(child),
  };
}

function startChild(): ChildProcess {
  return fork(path.join(import.meta.dirname, "comparing.ts"), {
    execArgv: ["--max-old-space-size=700"],
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
type End = Extract<FromChild, { kind: "compared" | "not-loaded" }> | (Omit<Place, "kind"> & { readonly kind: "stuck" });

/** Until all is compared, or nothing was heard for {@link LIMIT_MS}, or the child has ended. */
function compareFrom(
  child: ChildProcess,
  work: Extract<ToChild, { kind: "compare" }>,
  cases: Comparison["cases"][number][],
): Promise<End> {
  return new Promise((resolve) => {
    let place: Omit<Place, "kind"> = { index: work.from, side: "original" };
    const finish = (end: End): void => {
      clearTimeout(timer);
      child.off("message", receive).off("exit", lost);
      resolve(end);
    };
    const lost = (): void => finish({ ...place, kind: "stuck" });
    let timer = setTimeout(lost, LIMIT_MS);
    const receive = (message: unknown): void => {
      const news = message as FromChild;
      clearTimeout(timer);
      timer = setTimeout(lost, LIMIT_MS);
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

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await ended;
}
