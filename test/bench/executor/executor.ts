/** `executor()` against faast.js and a plain pool of threads, and what stubs cost: each in processes of its own, in turn. */
import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { repository, run as runCommand } from "../../../scripts/lib/run.ts";
import type { Bench, Figure, Measured, Outcome } from "../lib/figure.ts";
import { startOwnPlatform } from "../lib/own-platform.ts";
import { measured, median } from "../lib/statistics.ts";

export const executor: Bench = { name: "executor", run: ({ quick }) => measure(quick ? 2 : 7, quick) };

const home = path.join(repository, ".cache/bench-executor");
const here = import.meta.dirname;

/** The programs lie beside the `node_modules` with faast.js and a link to this project. */
async function install(): Promise<string> {
  const manifest = path.join(here, "package.json");
  const installed = path.join(home, "package.json");
  if (!existsSync(installed) || readFileSync(installed, "utf8") !== readFileSync(manifest, "utf8")) {
    rmSync(home, { recursive: true, force: true });
    mkdirSync(home, { recursive: true });
    writeFileSync(path.join(home, ".npmrc"), "ignore-scripts=true\n");
    cpSync(manifest, installed);
    const quiet = ["--no-audit", "--no-fund", "--loglevel=error"];
    const logFile = path.join(repository, ".cache/bench-executor.log");
    await runCommand("npm", ["install", ...quiet], { cwd: home, logFile, limitMs: 600_000 }).catch((error: unknown) => {
      rmSync(home, { recursive: true, force: true });
      throw error;
    });
    symlinkSync(repository, path.join(home, "node_modules/faasify"));
  }
  const programs = path.join(home, "programs");
  rmSync(programs, { recursive: true, force: true });
  cpSync(path.join(here, "programs"), programs, { recursive: true });
  return programs;
}

interface Field {
  readonly programs: string;
  readonly dataFolder: string;
}

type Contestant = "faasify" | "faast" | "pool";

interface Answer {
  readonly times: readonly number[];
  readonly ms: number;
  readonly sync: readonly number[];
  readonly async: readonly number[];
  /** From the start of the process to its line. */
  readonly startMs: number;
}

/** Runs one program to its end. */
async function ask(
  { programs, dataFolder }: Field,
  args: readonly string[],
  options: readonly string[] = [],
): Promise<Answer> {
  const env = { ...process.env, FAASIFY_DATA: dataFolder, NODE_OPTIONS: "" };
  const start = performance.now();
  let startMs = 0;
  const running = promisify(execFile)(process.execPath, [...options, ...args], {
    cwd: programs,
    env,
    timeout: 300_000,
  });
  running.child.stdout?.once("data", () => (startMs = performance.now() - start));
  const { stdout } = await running;
  return { ...(JSON.parse(stdout) as Omit<Answer, "startMs">), startMs };
}

async function measure(rounds: number, quick: boolean): Promise<readonly Outcome[]> {
  const programs = await install();
  await using platform = await startOwnPlatform();
  const field: Field = { programs, dataFolder: platform.dataFolder };
  const of = (name: Contestant, what: string, amount = 0): Promise<Answer> =>
    ask(field, [`${name}.mjs`, what, String(amount)]);
  await of("faasify", "first");
  await of("faast", "first");
  return [
    ...(await firstResults(rounds, field, of)),
    ...(await warmCalls(quick ? 200 : 3000, of)),
    await mapThroughput(rounds, quick ? 100 : 1000, of),
    await stubOverhead(field, quick ? 100 : 2000),
  ];
}

type Ask = (name: Contestant, what: string, amount?: number) => Promise<Answer>;

async function firstResults(rounds: number, { programs }: Field, of: Ask): Promise<readonly Figure[]> {
  const times = { unchanged: [] as number[], changed: [] as number[], faast: [] as number[] };
  const file = path.join(programs, "functions.cjs");
  const text = readFileSync(file, "utf8");
  for (let round = 0; round < rounds; round++) {
    times.unchanged.push((await of("faasify", "first")).startMs);
    times.faast.push((await of("faast", "first")).startMs);
    writeFileSync(file, `${text}exports.round = ${round};\n`);
    times.changed.push((await of("faasify", "first")).startMs);
    // Once more: file times cannot tell yet that nothing has changed.
    await of("faasify", "first");
  }
  const faast = measured("faast.js", "ms", times.faast);
  return [
    {
      what: "start of a program → first result of executor()",
      ours: measured("FaaSify", "ms", times.unchanged),
      target: { atMost: faast.value * 0.5 },
      baselines: [faast, measured("FaaSify, right behind an edit of the function's file", "ms", times.changed)],
      note: "the platform runs; faast.js builds its bundle at each start, FaaSify when a file has changed",
    },
  ];
}

async function warmCalls(calls: number, of: Ask): Promise<readonly Figure[]> {
  const ours: number[] = [];
  const faast: number[] = [];
  for (let round = 0; round < 3; round++) {
    ours.push(...(await of("faasify", "warm", calls)).times);
    faast.push(...(await of("faast", "warm", calls)).times);
  }
  return (["p50", "p95"] as const).map((statistic) => {
    const rival = measured("faast.js", "ms", faast, statistic);
    return {
      what: `warm call of executor(), one at a time: ${statistic}`,
      ours: measured("FaaSify", "ms", ours, statistic),
      target: { atMost: rival.value * 0.8 },
      baselines: [rival],
    };
  });
}

async function mapThroughput(rounds: number, items: number, of: Ask): Promise<Figure> {
  const shares: Record<"faasify" | "faast", number[]> = { faasify: [], faast: [] };
  for (let round = 0; round < Math.min(rounds, 5); round++) {
    const pool = (await of("pool", "map", items)).ms;
    for (const name of ["faasify", "faast"] as const) shares[name].push(pool / (await of(name, "map", items)).ms);
  }
  const share = (name: string, values: readonly number[]): Measured => ({
    ...measured(name, "×", values),
    value: median(values),
  });
  return {
    what: `map over ${items} items of 20 ms, two at a time: throughput against a plain pool of two threads`,
    ours: share("FaaSify", shares.faasify),
    target: { atLeast: 0.92 },
    baselines: [share("faast.js", shares.faast)],
    note: "each round's share of the pool's in the same round",
  };
}

async function stubOverhead(field: Field, calls: number): Promise<Figure> {
  const { sync, async: later } = await ask(field, ["stubs.mjs", String(calls)], ["--import", "faasify/register"]);
  return {
    what: "warm call of a stub that blocks",
    ours: measured("FaaSify, synchronous", "ms", sync),
    baselines: [measured("FaaSify, asynchronous", "ms", later)],
  };
}
