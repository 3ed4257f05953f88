import { availableParallelism } from "node:os";
import type { Bench, BenchOptions, Figure, Measured, Outcome, Unit } from "../lib/figure.ts";
import { findLoadGenerator, type LoadGenerator, type LoadResult } from "../lib/load.ts";
import { treeCpuMs } from "../lib/process-tree.ts";
import { median } from "../lib/statistics.ts";
import {
  startFunctionsFramework,
  startRuntimeClient,
  startServerlessOffline,
  type Contestant,
} from "../peers/contestants.ts";
import { startFaasify } from "../peers/faasify.ts";
import { ensurePeers, type Peers } from "../peers/install.ts";

/** Warm invocations of a trivial function: ours against the peers, all up at once, in alternating rounds. */
export const throughput: Bench = { name: "throughput", run };

interface Round extends LoadResult {
  readonly cpuMs: number | undefined;
}

interface Standing {
  readonly name: string;
  readonly role: "ours" | "rival" | "beside";
  readonly rounds: readonly Round[];
}

const title = "warm invocation of a trivial function";

async function run({ quick }: BenchOptions): Promise<readonly Outcome[]> {
  const peers = await ensurePeers();
  const generator = await findLoadGenerator(peers.folder);
  const outcomes: Outcome[] = peers.problem === undefined ? [] : [{ what: "aws-lambda-ric", skipped: peers.problem }];
  await using field = new AsyncDisposableStack();
  const contestants = await startAll(peers, field);
  for (const connections of [10, 1]) {
    const standings = await race(contestants, generator, { connections, quick });
    outcomes.push(...figures(standings, connections, generator.name));
  }
  return outcomes;
}

type Entry = readonly [contestant: Contestant, role: Standing["role"]];

/** The official client runs once alone and once on every core: the better one is the one to beat. */
async function startAll(peers: Peers, field: AsyncDisposableStack): Promise<readonly Entry[]> {
  const entries: Entry[] = [
    [field.use(await startFaasify()), "ours"],
    [field.use(await startServerlessOffline(peers)), "rival"],
  ];
  if (peers.runtimeClient !== undefined) {
    for (const processes of new Set([1, availableParallelism()])) {
      entries.push([field.use(await startRuntimeClient(peers, peers.runtimeClient, processes)), "rival"]);
    }
  }
  entries.push([field.use(await startFunctionsFramework(peers)), "beside"]);
  return entries;
}

interface RaceOptions {
  readonly connections: number;
  readonly quick: boolean;
}

async function race(
  entries: readonly Entry[],
  generator: LoadGenerator,
  { connections, quick }: RaceOptions,
): Promise<readonly Standing[]> {
  const [rounds, seconds] = quick ? [2, 1] : [9, 2];
  for (const [contestant] of entries) {
    await generator.run(await contestant.request(), { connections, seconds: quick ? 1 : 3 });
  }
  const results = new Map<Contestant, Round[]>(entries.map(([contestant]) => [contestant, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [contestant] of entries) {
      const cpuBefore = treeCpuMs(contestant.pid);
      const result = await generator.run(await contestant.request(), { connections, seconds });
      const cpuAfter = treeCpuMs(contestant.pid);
      const cpuMs = cpuBefore === undefined || cpuAfter === undefined ? undefined : cpuAfter - cpuBefore;
      results.get(contestant)?.push({ ...result, cpuMs });
    }
  }
  return entries.map(([contestant, role]) => ({ name: contestant.name, role, rounds: results.get(contestant) ?? [] }));
}

function figures(standings: readonly Standing[], connections: number, generator: string): readonly Figure[] {
  const at = connections === 1 ? "1 connection" : `${connections} connections`;
  const [mine] = standings.filter(({ role }) => role === "ours");
  const others = standings.filter(({ role }) => role !== "ours");
  const [best, ...rest] = standings
    .filter(({ role }) => role === "rival")
    .toSorted((a, b) => requestsPerSecond(b).value - requestsPerSecond(a).value);
  if (!mine || !best) throw new Error("nobody ran");
  const fastest = Math.min(...[best, ...rest].map((rival) => p50(rival).value));
  const judged = connections === 10;
  const [client] = standings
    .filter(isRuntimeClient)
    .map((each) => p99(each).value)
    .toSorted((a, b) => a - b);
  return [
    {
      what: `${title}, ${at}: requests per second against the better of serverless-offline and aws-lambda-ric`,
      ours: ratio(mine, best),
      ...(judged && { target: { atLeast: 2 } }),
      baselines: standings.map(requestsPerSecond),
      note: `load by ${generator}, rounds in turn; the ratio is that of each round, the rest medians of all rounds`,
    },
    {
      what: `${title}, ${at}: response time`,
      ours: p50(mine),
      ...(judged && { target: { atMost: fastest } }),
      baselines: others.map(p50),
    },
    {
      what: `${title}, ${at}: the slowest of a hundred`,
      ours: p99(mine),
      // Without the client there is nobody to be no worse than.
      ...(judged && client !== undefined && { target: { atMost: client } }),
      baselines: others.map(p99),
    },
    ...cpuFigures(mine, others, { at, judged }),
  ];
}

const isRuntimeClient = ({ name }: Standing): boolean => name.startsWith("aws-lambda-ric");

/** Of all processes together, with the signature checked and the function in a process of its own. */
const MAX_CPU_MS = 0.11;

function cpuFigures(
  mine: Standing,
  others: readonly Standing[],
  { at, judged }: { readonly at: string; readonly judged: boolean },
): readonly Figure[] {
  const ours = cpu(mine);
  if (!ours) return [];
  return [
    {
      what: `${title}, ${at}: CPU time per request, over all processes`,
      ours,
      ...(judged && { target: { atMost: MAX_CPU_MS } }),
      baselines: others.flatMap((other) => cpu(other) ?? []),
    },
  ];
}

function cpu({ name, rounds }: Standing): Measured | undefined {
  const values = rounds.flatMap(({ cpuMs, requests }) => (cpuMs === undefined ? [] : [cpuMs / requests]));
  return values.length === 0 ? undefined : overRounds(name, "ms", values);
}

function p99({ name, rounds }: Standing): Measured {
  return {
    ...overRounds(
      name,
      "ms",
      rounds.map(({ p99Ms }) => p99Ms),
    ),
    statistic: "p99",
  };
}

/** Round by round: what disturbs the machine for seconds disturbs both. */
function ratio(mine: Standing, rival: Standing): Measured {
  const ratios = mine.rounds.flatMap((round, index) => {
    const other = rival.rounds[index];
    return other ? [round.requestsPerSecond / other.requestsPerSecond] : [];
  });
  return overRounds(`FaaSify against ${rival.name}`, "×", ratios);
}

function requestsPerSecond({ name, rounds }: Standing): Measured {
  const measured = overRounds(
    name,
    "req/s",
    rounds.map((round) => round.requestsPerSecond),
  );
  const cpu = rounds.flatMap(({ cpuMs, requests }) => (cpuMs === undefined ? [] : [cpuMs / requests]));
  return cpu.length === 0 ? measured : { ...measured, cpuMs: median(cpu) };
}

function p50({ name, rounds }: Standing): Measured {
  return {
    ...overRounds(
      name,
      "ms",
      rounds.map(({ p50Ms }) => p50Ms),
    ),
    statistic: "p50",
  };
}

function overRounds(name: string, unit: Unit, values: readonly number[]): Measured {
  return {
    name,
    unit,
    value: median(values),
    range: [Math.min(...values), Math.max(...values)],
    samples: values.length,
  };
}
