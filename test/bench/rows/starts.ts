import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { zipSync } from "fflate";
import type { Bench, BenchOptions, Figure, Measured, Outcome } from "../lib/figure.ts";
import { findLoadGenerator } from "../lib/load.ts";
import { startOwnPlatform, type OwnPlatform } from "../lib/own-platform.ts";
import { treeMemoryMb } from "../lib/process-tree.ts";
import { measured, timed } from "../lib/statistics.ts";
import { answers, invocationOf, startServerlessOffline, type Contestant } from "../peers/contestants.ts";
import { signed, signedInvocation, startFaasifyOn } from "../peers/faasify.ts";
import { ensurePeers, type Peers } from "../peers/install.ts";

/** How long until something answers for the first time, and what it takes to be there. */
export const starts: Bench = { name: "starts", run };

async function run({ quick }: BenchOptions): Promise<readonly Outcome[]> {
  const peers = await ensurePeers();
  const rounds = quick ? 3 : 15;
  const cold = await firstAnswers(peers, rounds);
  return [...cold, ...(await startups(peers, quick ? 1 : 5)), ...(await memory(peers, quick))];
}

/** serverless-offline cannot get a function while it runs: it has them all from its start, and runs each for the first time. */
async function firstAnswers(peers: Peers, rounds: number): Promise<readonly Figure[]> {
  await using platform = await startOwnPlatform();
  const names = Array.from({ length: rounds }, (_, index) => `cold${index}`);
  await using rival = await startServerlessOffline({ ...peers, service: serviceWith(peers, names) });
  const fresh: number[] = [];
  const first: number[] = [];
  const theirs: number[] = [];
  await create(platform, "warm-up");
  for (const name of names) {
    await stockIsFull();
    fresh.push(
      await timed(async () => {
        await create(platform, `fresh-${name}`);
        await mustAnswer(answers(signedInvocation(platform, `fresh-${name}`)));
      }),
    );
    await create(platform, name);
    await stockIsFull();
    first.push(await timed(() => mustAnswer(answers(signedInvocation(platform, name)))));
    const theirRequest = await invocationOf(rival, name);
    theirs.push(await timed(() => mustAnswer(answers(theirRequest))));
  }
  const baseline = measured("serverless-offline, first invocation", "ms", theirs);
  return [
    {
      what: "a fresh function: created, and its first answer",
      ours: measured("FaaSify, CreateFunction and Invoke, signed", "ms", fresh),
      target: { atMost: 40 },
      baselines: [baseline],
    },
    {
      what: "a function's first answer, without a warm sandbox",
      ours: measured("FaaSify, Invoke, signed", "ms", first),
      baselines: [baseline],
    },
  ];
}

/** A sandbox is put into stock again behind the one that was taken; nobody invokes new functions faster than that. */
const stockIsFull = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 700));

async function startups(peers: Peers, rounds: number): Promise<readonly Figure[]> {
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await using platform = await startOwnPlatform();
    await create(platform, "hello");
    await platform.end();
    ours.push(
      await timed(async () => {
        await platform.start();
        await mustAnswer(answers(signedInvocation(platform, "hello")));
      }),
    );
    theirs.push(await timed(async () => (await startServerlessOffline(peers))[Symbol.asyncDispose]()));
  }
  return [
    {
      what: "the platform's start, until a function of before answers",
      ours: measured("FaaSify", "ms", ours),
      target: { atMost: 400 },
      baselines: [measured("serverless-offline", "ms", theirs)],
    },
  ];
}

async function memory(peers: Peers, quick: boolean): Promise<readonly Outcome[]> {
  const what = "memory of all processes, idle and after load";
  if (treeMemoryMb(process.pid) === undefined) return [{ what, skipped: "memory is read from /proc" }];
  const generator = await findLoadGenerator(peers.folder);
  const usage = async (contestant: Contestant): Promise<readonly [idle: Measured, loaded: Measured]> => {
    const of = (name: string): Measured => ({
      name: `${contestant.name}, ${name}`,
      unit: "MB",
      value: treeMemoryMb(contestant.pid) ?? 0,
    });
    const idle = of("idle");
    await generator.run(await contestant.request(), { connections: 10, seconds: quick ? 1 : 10 });
    return [idle, of("after load")];
  };
  await using platform = await startOwnPlatform();
  const mine = await startFaasifyOn(platform);
  await using rival = await startServerlessOffline(peers);
  const [ours, theirs] = [await usage(mine), await usage(rival)];
  return [
    { what: "memory of all processes, with one function, idle", ours: ours[0], baselines: [theirs[0]] },
    { what: "memory of all processes, right after load", ours: ours[1], baselines: [theirs[1]] },
  ];
}

async function create(platform: OwnPlatform, name: string): Promise<void> {
  const source = readFileSync(path.join(import.meta.dirname, "../peers/service/hello.mjs"));
  const body = JSON.stringify({
    FunctionName: name,
    Role: "arn:aws:iam::000000000000:role/bench",
    Runtime: "nodejs24.x",
    Handler: "hello.handler",
    MemorySize: 256,
    Timeout: 30,
    Code: { ZipFile: Buffer.from(zipSync({ "hello.mjs": source })).toString("base64") },
  });
  const { url, headers } = signed(platform, "/2015-03-31/functions", body);
  const answer = await fetch(url, { method: "POST", headers, body });
  await answer.text();
  if (answer.status !== 201) throw new Error(`${name} was not created: ${answer.status}`);
}

async function mustAnswer(answered: Promise<boolean>): Promise<void> {
  if (!(await answered)) throw new Error("not the function's answer");
}

/** Beside node_modules, where its plug-ins are looked for. */
function serviceWith(peers: Peers, names: readonly string[]): string {
  const folder = path.join(peers.folder, "service-cold");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  cpSync(peers.service, folder, { recursive: true });
  const functions = names.map(
    (name) => `  ${name}:\n    handler: hello.handler\n    memorySize: 256\n    timeout: 30\n`,
  );
  const file = path.join(folder, "serverless.yml");
  writeFileSync(file, readFileSync(file, "utf8") + functions.join(""));
  return folder;
}
