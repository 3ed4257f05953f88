import { defaultConfiguration } from "../../../src/deploy/deploy-function.ts";
import type { FaasProvider } from "../../../src/deploy/provider.ts";
import { HANDLER_ENVIRONMENT } from "../../../src/protocol/shim-messages.ts";
import { type Backend, checkoutArguments, startBackend } from "../lib/backend.ts";
import type { Bench, Measured, Outcome } from "../lib/figure.ts";
import { median, quantile, timed } from "../lib/statistics.ts";

/**
 * What the debug shim costs a function that has it but is not debugged. The function is small, so that nothing hides
 * the shim; a third deployment, without the shim like the second, shows how much is noise.
 */
export const shimOverhead: Bench = { name: "shim", run: ({ quick }) => measureOverhead(quick ? 5 : 50) };

const withShim = "with-shim";
const without = "without-shim";
const twin = "without-shim-again";
const INVOCATIONS_PER_ROUND = 150;
const WARM_UP = 300;

async function measureOverhead(rounds: number): Promise<readonly Outcome[]> {
  await using backend = await startBackend();
  const provider = await backend.deployer.provider("local");
  await deployAs(backend, withShim, { debug: true });
  await deployAs(backend, without, { debug: false });
  await deployAs(backend, twin, { debug: false });
  const names = [withShim, without, twin];
  await invokeInTurn(provider, names, WARM_UP);
  const overheads = { shim: [] as number[], noise: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    const typical = await invokeInTurn(provider, names, INVOCATIONS_PER_ROUND);
    const base = typical(without);
    overheads.shim.push((typical(withShim) / base - 1) * 100);
    overheads.noise.push((typical(twin) / base - 1) * 100);
  }
  return [
    {
      what: "shim present but not configured, against no shim: more time per warm invocation",
      ours: percent("FaaSify", overheads.shim),
      target: { atMost: 3 },
      baselines: [percent("no shim against no shim (noise)", overheads.noise)],
      note: `of a trivial function through the local platform; medians of ${rounds} rounds of ${INVOCATIONS_PER_ROUND} invocations each, in turn; the range is the middle half`,
    },
  ];
}

async function deployAs(
  { deployer, file }: Backend,
  name: string,
  { debug }: { readonly debug: boolean },
): Promise<void> {
  const ref = { file, name: "checkout" };
  const signal = AbortSignal.timeout(60_000);
  const artifact = await deployer.packageFunction(ref, { debug }, signal);
  if (artifact.debug !== debug) throw new Error(`the artifact's shim: ${artifact.debug}, wanted: ${debug}`);
  // As a debug session deploys it, but without the variable that says where the debugger is.
  const environment: Record<string, string> = debug ? { [HANDLER_ENVIRONMENT]: "index.handler" } : {};
  const provider = await deployer.provider("local");
  await provider.deploy(
    { function: ref, name, artifact, configuration: { ...defaultConfiguration, environment } },
    signal,
  );
}

/**
 * Invokes all of them one after the other, again and again. What slows the machine down for a moment meets few single
 * invocations, which the median passes over.
 *
 * @returns the median of a deployment's invocations, in milliseconds
 */
async function invokeInTurn(
  provider: FaasProvider,
  names: readonly string[],
  times: number,
): Promise<(name: string) => number> {
  const signal = AbortSignal.timeout(60_000);
  const input = { kind: "arguments", arguments: checkoutArguments } as const;
  const samples = new Map<string, number[]>(names.map((name) => [name, []]));
  for (let time = 0; time < times; time++) {
    // Each is first, second and last equally often.
    for (let index = 0; index < names.length; index++) {
      const name = names[(index + time) % names.length] ?? "";
      const took = await timed(async () => {
        const { error } = await provider.invoke(name, input, signal);
        if (error) throw new Error(`${error.name}: ${error.message}`);
      });
      samples.get(name)?.push(took);
    }
  }
  return (name) => median(samples.get(name) ?? []);
}

function percent(name: string, samples: readonly number[]): Measured {
  return {
    name,
    unit: "%",
    value: median(samples),
    range: [quantile(samples, 0.25), quantile(samples, 0.75)],
    samples: samples.length,
    statistic: "p50",
  };
}
