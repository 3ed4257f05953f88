/**
 * What the debug shim costs a function that is deployed with it but not debugged.
 *
 * The platform's handler is the user's own, or the shim's without `FAASIFY_DEBUG`. Warm: batches of awaited calls of
 * both, in turn in one process; the fastest batch of each counts, so that other work on the machine does not. Cold: the
 * CPU time of a whole process from its start to its first result, each in a process of its own.
 */
import { execFile } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import type { Bench, Outcome } from "./lib/figure.ts";
import { measured, median } from "./lib/statistics.ts";

export interface ShimOverhead {
  readonly name: string;
  /** Milliseconds without and with the shim: medians of the rounds. */
  readonly baselineMs: number;
  readonly ms: number;
  /** Median of the rounds' ratios `ms / baselineMs`. */
  readonly ratio: number;
  /** All of them, round by round. */
  readonly samples: readonly Sample[];
}

interface Sample {
  readonly baselineMs: number;
  readonly ms: number;
}

const run = promisify(execFile);
const shimFolder = path.resolve(import.meta.dirname, "../../dist/shim/debug");
const shimFiles = ["faasify-shim.cjs", "faasify-shim-worker.cjs"];
const BATCHES = 20;
const CALLS = 50_000;

const userCode = `export const handler = async (event) => ({ ok: event.n });\n`;
/** Prints the milliseconds of the fastest batch of each, per 1,000 calls. */
const warmHost = `
const context = { awsRequestId: "r", getRemainingTimeInMillis: () => 1000 };
const fastest = async (handler, best) => {
  const start = performance.now();
  for (let n = 0; n < ${CALLS}; n++) await handler({ n }, context);
  return Math.min(best, (performance.now() - start) / ${CALLS / 1000});
};
const plain = (await import("./index.mjs")).handler;
const shimmed = (await import("./faasify-shim.cjs")).handler;
let baselineMs = Infinity;
let ms = Infinity;
for (let batch = 0; batch < ${BATCHES}; batch++) {
  baselineMs = await fastest(plain, baselineMs);
  ms = await fastest(shimmed, ms);
}
console.log(JSON.stringify({ baselineMs, ms }));
`;
/** argv: the module. Prints the milliseconds of CPU time that the process has used when the first result is there. */
const coldHost = `
import { createRequire } from "node:module";
const file = process.argv[2];
const { handler } = file.endsWith(".cjs") ? createRequire(import.meta.url)(file) : await import(file);
await handler({ n: 0 }, { awsRequestId: "r", getRemainingTimeInMillis: () => 1000 });
const { user, system } = process.cpuUsage();
console.log((user + system) / 1000);
`;

/** `shim`: as one row of `npm run bench`. */
export const shimOverhead: Bench = {
  name: "shim",
  run: async ({ quick }) => (await measureShimOverhead(quick ? 3 : 15)).map(toOutcome),
};

/** Expects the shim's bundles in dist/shim/debug. @returns the warm and the cold invocation */
export async function measureShimOverhead(rounds = 15): Promise<readonly [ShimOverhead, ShimOverhead]> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "faasify-shim-bench-"));
  try {
    writeFileSync(path.join(folder, "index.mjs"), userCode);
    writeFileSync(path.join(folder, "warm.mjs"), warmHost);
    writeFileSync(path.join(folder, "cold.mjs"), coldHost);
    for (const file of shimFiles) copyFileSync(path.join(shimFolder, file), path.join(folder, file));
    const warm: Sample[] = [];
    const cold: Sample[] = [];
    for (let round = 0; round < rounds; round++) {
      warm.push((await runHost(folder, "warm.mjs")) as Sample);
      const baselineMs = (await runHost(folder, "cold.mjs", "./index.mjs")) as number;
      cold.push({ baselineMs, ms: (await runHost(folder, "cold.mjs", "./faasify-shim.cjs")) as number });
    }
    return [summarize("1,000 warm invocations", warm), summarize("cold start, CPU time", cold)];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function runHost(folder: string, ...argv: string[]): Promise<unknown> {
  const environment = { ...process.env, LAMBDA_TASK_ROOT: folder, FAASIFY_HANDLER: "index.handler" };
  const { stdout } = await run(process.execPath, argv, { cwd: folder, env: environment });
  return JSON.parse(stdout);
}

function summarize(name: string, samples: readonly Sample[]): ShimOverhead {
  return {
    name,
    baselineMs: median(samples.map(({ baselineMs }) => baselineMs)),
    ms: median(samples.map(({ ms }) => ms)),
    ratio: median(samples.map(({ ms, baselineMs }) => ms / baselineMs)),
    samples,
  };
}

function toOutcome({ name, samples }: ShimOverhead): Outcome {
  return {
    what: `Shim present but not configured, against no shim: ${name}`,
    ours: measured(
      "overhead of the shim",
      "%",
      samples.map(({ ms, baselineMs }) => (ms / baselineMs - 1) * 100),
    ),
    ...(name.includes("warm") && { target: { atMost: 3 } }),
    baselines: [
      measured(
        "no shim",
        "ms",
        samples.map(({ baselineMs }) => baselineMs),
      ),
      measured(
        "with the shim",
        "ms",
        samples.map(({ ms }) => ms),
      ),
    ],
  };
}
