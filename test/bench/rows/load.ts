import { readdirSync, readFileSync } from "node:fs";
import { CreateFunctionCommand } from "@aws-sdk/client-lambda";
import { zipSync } from "fflate";
import type { Bench, BenchOptions, Figure, Measured, Outcome, Unit } from "../lib/figure.ts";
import { findLoadGenerator, type LoadGenerator } from "../lib/load.ts";
import { signedRequest, startFaasifyOn } from "../peers/faasify.ts";
import { ensurePeers } from "../peers/install.ts";
import { startOwnPlatform, type OwnPlatform } from "../lib/own-platform.ts";

/** Very many invocations, and very many functions: nothing of either may stay in the platform's process. */
export const load: Bench = { name: "load", run };

interface Usage {
  readonly memoryMb: number;
  readonly descriptors: number;
}

async function run({ quick }: BenchOptions): Promise<readonly Outcome[]> {
  if (process.platform !== "linux") return [{ what: "load", skipped: "memory and descriptors are read from /proc" }];
  const [invocations, functions] = quick ? [20_000, 500] : [1_000_000, 10_000];
  const generator = await findLoadGenerator((await ensurePeers()).folder);
  await using platform = await startOwnPlatform();
  await startFaasifyOn(platform);
  // What is kept on purpose, such as the latest lines of the log, is there after this.
  await invokeMany(platform, generator, Math.min(50_000, invocations));
  const start = usageOf(platform);
  await invokeMany(platform, generator, invocations);
  const afterInvocations = usageOf(platform);
  await deployMany(platform, functions);
  const afterFunctions = usageOf(platform);
  return [
    ...figures(`${invocations} invocations of a trivial function`, start, afterInvocations, MAX_GROWTH_MB),
    ...figures(`${functions} functions deployed`, afterInvocations, afterFunctions, functions * MAX_FUNCTION_MB),
  ];
}

/** Garbage that was not collected yet is no leak. */
const MAX_GROWTH_MB = 40;
/** A deployed function is there until it is removed: its record is a few kB. */
const MAX_FUNCTION_MB = 0.02;
/** Connections of the load generator close a little later. */
const MAX_DESCRIPTORS = 20;

function figures(what: string, before: Usage, after: Usage, maxMb: number): readonly Figure[] {
  const one = (name: string, unit: Unit, value: number): Measured => ({ name, unit, value });
  return [
    {
      what: `${what}: memory of the platform's process, grown by`,
      ours: one("FaaSify", "MB", after.memoryMb - before.memoryMb),
      target: { atMost: maxMb },
      baselines: [one("at the start", "MB", before.memoryMb), one("at the end", "MB", after.memoryMb)],
    },
    {
      what: `${what}: descriptors of the platform's process, more by`,
      ours: one("FaaSify", "open", after.descriptors - before.descriptors),
      target: { atMost: MAX_DESCRIPTORS },
      baselines: [one("at the start", "open", before.descriptors), one("at the end", "open", after.descriptors)],
    },
  ];
}

async function invokeMany(platform: OwnPlatform, generator: LoadGenerator, count: number): Promise<void> {
  for (let done = 0; done < count;) {
    const { requests } = await generator.run(signedRequest(platform), {
      connections: 10,
      seconds: count > 100_000 ? 10 : 2,
    });
    done += requests;
  }
}

const AT_ONCE = 20;

async function deployMany({ lambda }: OwnPlatform, count: number): Promise<void> {
  for (let first = 0; first < count; first += AT_ONCE) {
    const numbers = Array.from({ length: Math.min(AT_ONCE, count - first) }, (_, index) => first + index);
    await Promise.all(
      numbers.map((number) =>
        lambda.send(
          new CreateFunctionCommand({
            FunctionName: `many-${number}`,
            Role: "arn:aws:iam::000000000000:role/bench",
            Runtime: "nodejs24.x",
            Handler: "index.handler",
            Code: { ZipFile: zipSync({ "index.mjs": Buffer.from(`export const handler = async () => ${number};`) }) },
          }),
        ),
      ),
    );
  }
}

function usageOf({ info: { pid } }: OwnPlatform): Usage {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return {
    memoryMb: (Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024) / 1e6,
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
  };
}
