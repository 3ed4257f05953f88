/**
 * Measures the figures that FaaSify promises, each beside its baseline in the same run.
 *
 *     npm run bench [-- [--quick] [--strict] [--json FILE] [NAME...]]
 *
 * `--quick` takes few samples: to see that everything runs, not to quote. A missed target is printed, and is an error
 * only with `--strict`.
 */
import { writeFileSync } from "node:fs";
import os from "node:os";
import { parseArgs } from "node:util";
import { codec } from "../test/bench/codec.ts";
import type { Bench, Outcome } from "../test/bench/lib/figure.ts";
import { isReached, isSkipped } from "../test/bench/lib/figure.ts";
import { formatOutcome, formatSummary } from "../test/bench/lib/table.ts";
import { analysisSpeed } from "../test/bench/analysis-speed.ts";
import { corpus } from "../test/bench/corpus/corpus.ts";
import { executor } from "../test/bench/executor/executor.ts";
import { unitSize } from "../test/bench/corpus/unit-size.ts";
import { activation } from "../test/bench/rows/activation.ts";
import { debugStart } from "../test/bench/rows/debug-start.ts";
import { deploy, hotDeploy } from "../test/bench/rows/deploy.ts";
import { distantStep } from "../test/bench/rows/distant-step.ts";
import { lenses } from "../test/bench/rows/lenses.ts";
import { shimOverhead as shimOnPlatform } from "../test/bench/rows/shim-overhead.ts";
import { stepLatency } from "../test/bench/rows/step-latency.ts";
import { canaryGate } from "../test/bench/rows/canary-gate.ts";
import { load } from "../test/bench/rows/load.ts";
import { starts } from "../test/bench/rows/starts.ts";
import { throughput } from "../test/bench/rows/throughput.ts";
import { shimOverhead as shimInProcess } from "../test/bench/shim-overhead.ts";
import { buildAll } from "./build.ts";
import { runScript, StepError } from "./lib/run.ts";

const benches: readonly Bench[] = [
  activation,
  lenses,
  deploy,
  hotDeploy,
  debugStart,
  stepLatency,
  distantStep,
  throughput,
  starts,
  load,
  canaryGate,
  executor,
  shimInProcess,
  shimOnPlatform,
  codec,
  analysisSpeed,
  corpus,
  unitSize,
];

// Ends this process, and with it all that it started: see killedAtExit.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

await runScript(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: "boolean", default: false },
      strict: { type: "boolean", default: false },
      json: { type: "string" },
    },
  });
  const chosen = choose(positionals);
  await buildAll();
  const machine = describeMachine();
  const busy = await busyShare();
  const warnings = [
    values.quick ? "QUICK RUN: too few samples to quote" : "",
    busy > 0.1 ? `THE MACHINE IS BUSY (${Math.round(busy * 100)} % before the start): times are longer than usual` : "",
  ].filter((warning) => warning !== "");
  console.log(`${[machine, ...warnings].join("\n")}\n`);

  const outcomes: Outcome[] = [];
  let failed = false;
  for (const bench of chosen) {
    try {
      for (const outcome of await bench.run({ quick: values.quick })) {
        outcomes.push(outcome);
        console.log(formatOutcome(outcome));
      }
    } catch (error) {
      failed = true;
      console.error(`${bench.name} failed:`, error instanceof StepError ? error.message : error, "\n");
    }
  }
  console.log(formatSummary(outcomes));
  if (values.json !== undefined) {
    writeFileSync(values.json, JSON.stringify({ machine, warnings, outcomes: withVerdicts(outcomes) }, null, 2));
  }
  const missed = outcomes.some((outcome) => !isSkipped(outcome) && isReached(outcome) === false);
  return failed || (values.strict && missed) ? 1 : 0;
});

function choose(names: readonly string[]): readonly Bench[] {
  const unknown = names.filter((name) => !benches.some((bench) => bench.name === name));
  if (unknown.length > 0) {
    const known = benches.map(({ name }) => name).join(", ");
    throw new StepError(`There is no benchmark called ${unknown.join(", ")}. Use any of: ${known}`);
  }
  return names.length === 0 ? benches : benches.filter(({ name }) => names.includes(name));
}

function withVerdicts(outcomes: readonly Outcome[]): readonly unknown[] {
  return outcomes.map((outcome) => (isSkipped(outcome) ? outcome : { ...outcome, reached: isReached(outcome) }));
}

/** The share of all cores that others take while we wait for a second, from 0 to 1. */
async function busyShare(): Promise<number> {
  const before = cpuTimes();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const after = cpuTimes();
  return (after.busy - before.busy) / (after.all - before.all);
}

function cpuTimes(): { readonly busy: number; readonly all: number } {
  const cores = os.cpus().map(({ times: { user, nice, sys, irq, idle } }) => ({ busy: user + nice + sys + irq, idle }));
  const busy = cores.reduce((sum, core) => sum + core.busy, 0);
  return { busy, all: cores.reduce((sum, core) => sum + core.idle, busy) };
}

function describeMachine(): string {
  const [cpu] = os.cpus();
  const memoryGb = (os.totalmem() / 1024 ** 3).toFixed(0);
  return `${os.availableParallelism()} cores (${cpu?.model.trim() ?? "?"}), ${memoryGb} GiB, ${os.platform()} ${os.release()}, Node ${process.versions.node}`;
}
