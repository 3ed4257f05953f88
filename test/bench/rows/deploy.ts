import { deployFunction, invokeDeployment, type DeployResult } from "../../../src/deploy/deploy-function.ts";
import { checkoutArguments, startBackend, type Backend } from "../lib/backend.ts";
import type { Bench, Outcome } from "../lib/figure.ts";
import { measured, timed } from "../lib/statistics.ts";
import { runPlainNode, startToolchain } from "../lib/toolchain.ts";

/** Deploying a small function: changed, and again unchanged, through what the editor's command runs. */
export const deploy: Bench = { name: "deploy", run: ({ quick }) => measureDeploy(quick ? 3 : 30) };

/** From the saved file to the first answer of the new code. */
export const hotDeploy: Bench = { name: "hot-deploy", run: ({ quick }) => measureHotDeploy(quick ? 3 : 20) };

async function measureDeploy(rounds: number): Promise<readonly Outcome[]> {
  await using backend = await startBackend();
  const byHand = await startToolchain(backend.platform, backend.file);
  await deployCheckout(backend);
  const times: Record<"changed" | "soon" | "unchanged" | "byHand" | "again", number[]> = {
    changed: [],
    soon: [],
    unchanged: [],
    byHand: [],
    again: [],
  };
  for (let percent = 1; percent <= rounds; percent++) {
    backend.save(percent);
    times.changed.push(await timed(async () => expectUnchanged(await deployCheckout(backend), false)));
    // Time stamps cannot tell yet whether the file was saved before or after that: it is packaged once more, to be sure.
    times.soon.push(await timed(async () => expectUnchanged(await deployCheckout(backend), true)));
    times.unchanged.push(await timed(async () => expectUnchanged(await deployCheckout(backend), true)));
    times.byHand.push(await timed(() => byHand.deploy()));
    times.again.push(await timed(() => byHand.deploy()));
    expectPercent(percent, await invokeCheckout(backend));
    expectPercent(percent, await byHand.invoke(checkoutArguments));
  }
  return [
    {
      what: "deploy a changed small function locally",
      ours: measured("FaaSify", "ms", times.changed),
      target: { atMost: 250 },
      baselines: [measured("esbuild + AWS SDK with waiter", "ms", times.byHand)],
    },
    {
      what: "deploy an unchanged small function locally",
      ours: measured("FaaSify", "ms", times.unchanged),
      target: { atMost: 40 },
      baselines: [
        measured("FaaSify, deployed less than 20 ms after the edit before", "ms", times.soon),
        measured("esbuild + AWS SDK with waiter", "ms", times.again),
      ],
    },
  ];
}

async function measureHotDeploy(rounds: number): Promise<readonly Outcome[]> {
  await using backend = await startBackend();
  const byHand = await startToolchain(backend.platform, backend.file);
  await deployCheckout(backend);
  await invokeCheckout(backend);
  await byHand.invoke(checkoutArguments);
  const times = { ours: [] as number[], byHand: [] as number[], plainNode: [] as number[] };
  for (let percent = 1; percent <= rounds; percent++) {
    times.ours.push(
      await timed(async () => {
        backend.save(percent);
        await deployCheckout(backend);
        expectPercent(percent, await invokeCheckout(backend));
      }),
    );
    times.byHand.push(
      await timed(async () => {
        await byHand.deploy();
        expectPercent(percent, await byHand.invoke(checkoutArguments));
      }),
    );
    times.plainNode.push(
      await timed(async () => expectPercent(percent, await runPlainNode(backend.file, checkoutArguments))),
    );
  }
  return [
    {
      what: "hot deploy: file saved → first invocation that runs the new code has answered",
      ours: measured("FaaSify", "ms", times.ours),
      target: { atMost: 150 },
      baselines: [
        measured("esbuild + AWS SDK with waiter, Invoke", "ms", times.byHand),
        measured("node: a fresh process, no platform", "ms", times.plainNode),
      ],
    },
  ];
}

function deployCheckout({ deployer, file }: Backend): Promise<DeployResult> {
  return deployFunction(deployer, { file, name: "checkout" }, { target: "local" }, AbortSignal.timeout(60_000));
}

async function invokeCheckout({ deployer, file }: Backend): Promise<unknown> {
  const deployment = await deployer.store.find({ file, name: "checkout" }, "local");
  if (!deployment) throw new Error("checkout is not deployed");
  const input = { kind: "arguments", arguments: checkoutArguments } as const;
  const { result, error } = await invokeDeployment(deployer, deployment, input, AbortSignal.timeout(60_000));
  if (error) throw new Error(`${error.name}: ${error.message}`);
  return result;
}

/** A benchmark of the wrong thing is worse than none. */
function expectUnchanged({ unchanged }: DeployResult, expected: boolean): void {
  if (unchanged !== expected) throw new Error(`deployed, and unchanged was ${unchanged}`);
}

function expectPercent(percent: number, result: unknown): void {
  const actual = (result as { percent?: unknown } | null)?.percent;
  if (actual !== percent) throw new Error(`expected the code with ${percent}, but ${JSON.stringify(result)} came`);
}
