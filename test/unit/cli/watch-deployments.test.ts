import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { watchDeployments } from "../../../src/cli/watch-deployments.ts";
import type { FunctionRef } from "../../../src/core/function-ref.ts";
import type { DeployResult } from "../../../src/deploy/deploy-function.ts";
import type { Deployment } from "../../../src/deploy/provider.ts";
import { temporaryFolder } from "../packager/support.ts";
import { artifactIn } from "../deploy/support.ts";

it("deploys again what has a changed source, and leaves the rest alone", async () => {
  const { edit, deployed, watching } = watch();

  edit("a.ts");
  await expect.poll(() => deployed(), { timeout: 120_000 }).toEqual(["a"]);
  edit("b.ts");
  await expect.poll(() => deployed(), { timeout: 120_000 }).toEqual(["a", "b"]);

  await watching.end();
});

it("deploys what changes during a deployment after it", async () => {
  let release = (): void => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  const { edit, started, deployed, watching } = watch({ before: () => held });

  edit("a.ts");
  await expect.poll(() => started(), { timeout: 120_000 }).toEqual(["a"]);
  edit("a.ts");
  release();

  await expect.poll(() => deployed().length, { timeout: 120_000 }).toBeGreaterThanOrEqual(2);
  await watching.end();
});

it("reports a failure and goes on", async () => {
  const failures: unknown[] = [];
  let broken = true;
  const { edit, deployed, watching } = watch({
    before: async () => {
      if (broken) throw new Error("does not parse");
    },
    onFailed: (_ref, error) => void failures.push(error),
  });

  edit("a.ts");
  await expect.poll(() => failures.length, { timeout: 120_000 }).toBeGreaterThan(0);
  broken = false;
  edit("a.ts");

  await expect.poll(() => deployed().at(-1), { timeout: 120_000 }).toBe("a");
  await watching.end();
});

it("survives that a source is deleted and comes back", async () => {
  const failures: unknown[] = [];
  const { root, edit, deployed, watching } = watch({ onFailed: (_ref, error) => void failures.push(error) });

  rmSync(path.join(root, "a.ts"));
  edit("a.ts");

  await expect.poll(() => deployed().at(-1), { timeout: 120_000 }).toBe("a");
  await watching.end();
});

interface Behaviour {
  readonly before?: () => Promise<void>;
  readonly onFailed?: (ref: FunctionRef, error: unknown) => void;
}

function watch({ before = async () => {}, onFailed = () => {} }: Behaviour = {}) {
  const root = temporaryFolder({ "a.ts": "", "b.ts": "" });
  const abort = new AbortController();
  onTestFinished(() => abort.abort());
  const started: string[] = [];
  const deployed: string[] = [];
  const deployment = (name: string): Deployment => ({
    function: { file: path.join(root, `${name}.ts`), name },
    target: "local",
    name,
    version: "1",
    id: name,
    sha256: "",
    buildId: "",
    artifactBytes: 0,
    // Later than now by more than the margin for coarse clocks: only a real edit makes it stale.
    deployedAt: new Date(Date.now() + 40).toISOString(),
    configuration: { memoryMb: 1, timeoutMs: 1, environment: {} },
    inputs: [path.join(root, `${name}.ts`)],
    sourceMapPath: "",
  });
  const ended = watchDeployments([deployment("a"), deployment("b")], {
    signal: abort.signal,
    deploy: async ({ name }): Promise<DeployResult> => {
      // As a real one: dated at its start.
      const result = deployment(name);
      started.push(name);
      await before();
      const environment = { given: [], taken: [], kept: [], withheld: [], unset: [] };
      return { deployment: result, unchanged: false, durationMs: 1, artifact: artifactIn(root), environment };
    },
    onDeployed: (result) => deployed.push(result.deployment.name),
    onFailed,
  });
  let counter = 0;
  return {
    root,
    started: () => started,
    deployed: () => deployed,
    edit: (name: string) => {
      // Newer than any deployment of this test.
      const text = `// ${counter++}`;
      const until = Date.now() + 100;
      while (Date.now() < until);
      writeFileSync(path.join(root, name), text);
    },
    watching: {
      end: async () => {
        abort.abort();
        await ended;
      },
    },
  };
}
